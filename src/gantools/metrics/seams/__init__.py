"""Whether music that is made of patches can be heard to be."""
