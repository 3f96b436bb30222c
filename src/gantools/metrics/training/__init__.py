"""How a training went: curves of losses and validations, the best step, symptoms and returns."""
