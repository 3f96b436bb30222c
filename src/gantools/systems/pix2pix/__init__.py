"""pix2pix on mels: Isola et al. 2017, the paired baseline of "Automatic Music Production Using GANs"."""
