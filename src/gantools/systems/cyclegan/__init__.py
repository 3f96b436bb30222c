"""CycleGAN on mels: Zhu et al. 2017, as used by "Automatic Music Production Using Generative Adversarial Networks"."""
