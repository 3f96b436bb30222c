"""What a model is for beside new music: the applications of Greshler et al. 2021, section 4."""
