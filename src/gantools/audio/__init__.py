"""Signals: reading and writing, resampling, mel-spectrograms and their inversion."""
