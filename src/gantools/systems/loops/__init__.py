"""What the loop systems share: windows of piano rolls, and generating from any of the trained models."""
