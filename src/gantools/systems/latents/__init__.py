"""What the systems share that make latents of a codec: songs encoded, their scale, a discriminator, a score."""
