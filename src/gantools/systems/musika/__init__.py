"""Musika (Pasini and Schlüter, ISMIR 2022): endless music as sequences of a codec's latents, made by a GAN."""
