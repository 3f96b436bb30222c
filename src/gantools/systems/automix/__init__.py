"""FxNorm-Automix: Martínez-Ramírez et al. 2022, a network that learns to mix by undoing effect normalisation."""
