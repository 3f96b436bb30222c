"""The model folder: its description, its weights, how far it was trained."""
