"""MuseGAN (Dong et al. 2018) as the loop paper uses it: two generators and two discriminators, for drums and bass."""
