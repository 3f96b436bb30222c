"""Effects of FxNorm-Automix: what a stem has of each, and how to bring it to a target."""
