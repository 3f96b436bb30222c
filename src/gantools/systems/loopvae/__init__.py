"""Loops in codes: the VQ-VAE of Han et al. 2022, and the CNN-VAE that they compare it with."""
