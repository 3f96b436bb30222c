"""gantools: music from generative adversarial networks, as Unix verbs over one library."""

__version__ = "0.1.0"
