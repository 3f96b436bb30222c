"""Novelty and likeness of generated music beside the clip it was learned from."""
