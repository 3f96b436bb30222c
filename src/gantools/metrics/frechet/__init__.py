"""The Fréchet distance."""
