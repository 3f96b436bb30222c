"""A small Music Transformer (Huang et al. 2018) over rolls, as a baseline of the loop paper."""
