"""Whether music is as it was asked to be."""
