"""The generator of a WaveGAN for other programs."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from gantools.errors import ConfigError
from gantools.models.export import Export, Parts, Port
from gantools.systems.wavegan.generate import ClipMaker
from gantools.systems.wavegan.generate_config import WaveGANGenerateConfig
from gantools.systems.wavegan.latent_networks import LatentGenerator
from gantools.systems.wavegan.style import StyleGenerator


class Truncated(nn.Module):
    """A generator with the truncation of its options, as `ClipMaker` makes clips."""

    def __init__(self, maker: ClipMaker) -> None:
        super().__init__()
        self.generator, self.psi = maker.generator, maker.config.truncation
        centre = torch.zeros(1)
        if isinstance(self.generator, StyleGenerator) and self.psi != 1.0:
            centre = maker.style_centre()
        self.register_buffer("centre", centre)

    def forward(self, z: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return clips (batch, channels, samples)."""
        noise = None if noise is None else min(self.psi, 1.0) * noise
        if self.psi == 1.0:
            made: torch.Tensor = self.generator(z, noise)
        elif isinstance(self.generator, StyleGenerator):
            made = self.generator(
                self.psi * z, noise, self.centre + self.psi * (self.generator.mapping(z) - self.centre)
            )
        else:
            made = self.generator(self.psi * z, noise)
        return made


def exports(folder: Path, config: WaveGANGenerateConfig) -> Parts:
    """Return the generator; ``truncation`` and ``ema`` are those of the options.

    Raises
    ------
    ConfigError
        It makes latents, which are no sound without their codec.
    """
    maker = ClipMaker(folder, config, "cpu")
    if isinstance(maker.generator, LatentGenerator):
        raise ConfigError("clips of latents are not exported: export a model trained with --domain wave", folder)
    return {"generator": lambda: _generator(maker)}


def _generator(maker: ClipMaker) -> Export:
    model, noise = maker.model, int(maker.generator.noise_samples)  # type: ignore[arg-type]
    even = model.latent_kind == "uniform"
    kind = "even in [-1, 1)" if even else "normal, of mean 0 and deviation 1"
    inputs = [Port("z", ("batch", model.latent), f"Latents, {kind}.", drawn="even" if even else "normal")]
    if noise:
        inputs.append(
            Port("noise", ("batch", noise), "Noise of each clip, normal; zeros give a cleaner, duller sound.")
        )
    return Export(
        "Clips from latents.",
        Truncated(maker).eval(),
        tuple(inputs),
        (Port("clips", ("batch", model.channels, model.samples), "Sound, full scale 1, never beyond it."),),
        {"batch": (2, 3)},
        model.sample_rate_hz,
        "The z of a seed is in z.safetensors beside what gantools generate wavegan --seeds makes.",
        (f"Truncation {maker.config.truncation:g} is within.",),
    )
