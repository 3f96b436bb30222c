"""The generators of a CycleGAN for other programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from gantools.models.export import Export, Parts, Port
from gantools.systems.cyclegan.generate import NOISE_FRAMES, open_generator
from gantools.systems.cyclegan.time_networks import TimeGenerator
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.translation.export import mel_export


class Styled(nn.Module):
    """A `TimeGenerator` that takes the number of a style in place of its statistics."""

    def __init__(self, generator: TimeGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, mel: torch.Tensor, style: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return mels (batch, 1, mel, frame)."""
        made: torch.Tensor = self.generator(mel, self.generator.bank[style], noise)
        return made


def exports(folder: Path, config: TranslateConfig) -> Parts:
    """Return both generators, that of ``direction`` first; ``ema`` is that of the options."""
    ways = ("forward", "backward") if config.direction == "forward" else ("backward", "forward")
    return {way: lambda way=way: _generator(folder, replace(config, direction=way)) for way in ways}  # type: ignore[misc]


def _generator(folder: Path, config: TranslateConfig) -> Export:
    translator, generator, _ = open_generator(folder, config)
    frames = translator.frames
    if not isinstance(generator, TimeGenerator):
        return mel_export(translator, generator, 4, (), {"batch": (2, 3), "frames": (frames, frames + 4)}, "")
    steps = (frames // NOISE_FRAMES, frames // NOISE_FRAMES + 2)
    more = (
        Port("style", ("batch",), "Number of a style, such as a drum kit.", "int64", below=(len(generator.bank),)),
        Port(
            "noise",
            ("batch", generator.noise_channels, "frames / 4"),
            "Normal noise; windows that overlap share that of their frames.",
        ),
    )
    sizes = {"batch": (2, 3), "frames": (frames, frames + 8), "frames / 4": steps}
    seeds = "gantools draws the style of a song from its seed, and the noise from the seed and the place in the song."
    return mel_export(translator, Styled(generator), NOISE_FRAMES, more, sizes, seeds)
