"""Catch-A-Waveform: learn one recording, make more of it (Greshler, Shaham and Michaeli 2021)."""
