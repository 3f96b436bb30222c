"""The one training loop of every system."""
