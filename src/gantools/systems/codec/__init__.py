"""Musika's autoencoder: sound in two levels of latents, a handful of numbers for each tenth of a second."""
