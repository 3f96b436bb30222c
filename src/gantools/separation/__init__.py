"""Songs into stems: Demucs' networks and our own behind one small interface."""
