"""The generator of a pix2pix for other programs."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from gantools.models.export import Export, Parts, Port
from gantools.systems.pix2pix.generate import open_generator
from gantools.systems.pix2pix.networks import Level, UNetGenerator
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.translation.export import mel_export


class Told(nn.Module):
    """The U-Net with its noise as inputs: random numbers of which those below one half drop a place.

    The norms take the statistics of each window alone, as gantools gives windows to the network one at a time; batch
    norm over a single window is instance norm.
    """

    def __init__(self, generator: UNetGenerator) -> None:
        super().__init__()
        self.generator = generator
        self.drops: list[tuple[int, int]] = []
        level: nn.Module = generator.level
        halvings = 1
        while isinstance(level, Level):
            if any(isinstance(layer, nn.Dropout) for layer in level.up):
                norm = next(layer for layer in level.up if isinstance(layer, nn.BatchNorm2d))
                self.drops.append((norm.num_features, halvings))
            level, halvings = level.below, halvings + 1

    def forward(self, mel: torch.Tensor, *noise: torch.Tensor) -> torch.Tensor:
        """Return mels (batch, 1, mel, frame)."""
        generator, waiting = self.generator, list(noise)
        made: torch.Tensor = generator.up(self._level(generator.level, generator.down(mel), waiting))
        return made

    def _level(self, level: nn.Module, x: torch.Tensor, waiting: list[torch.Tensor]) -> torch.Tensor:
        if not isinstance(level, Level):
            return x
        drops = any(isinstance(layer, nn.Dropout) for layer in level.up)
        own = waiting.pop(0) if drops else None
        y = x
        for layer in level.down:
            y = _normed(layer, y)
        y = self._level(level.below, y, waiting)
        for layer in level.up:
            if isinstance(layer, nn.Dropout):
                assert own is not None
                y = y * (2.0 * (own >= 0.5).to(y.dtype))
            else:
                y = _normed(layer, y)
        return torch.cat([x, y], 1)


def _normed(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    if isinstance(layer, nn.BatchNorm2d):
        return functional.instance_norm(x, weight=layer.weight, bias=layer.bias, eps=layer.eps)
    made: torch.Tensor = layer(x)
    return made


def exports(folder: Path, config: TranslateConfig) -> Parts:
    """Return the generator; ``ema`` is that of the options."""
    return {"forward": lambda: _generator(folder, config)}


def _generator(folder: Path, config: TranslateConfig) -> Export:
    translator, generator, options, _ = open_generator(folder, config)
    told, step = Told(generator), 2**options.depth
    frames, n_mels = translator.frames, translator.params.n_mels
    sizes = {"batch": (2, 3), "frames": (frames, frames + step)}
    more = []
    for number, (channels, halvings) in enumerate(told.drops):
        size = f"frames / {2**halvings}"
        sizes[size] = (frames >> halvings, (frames + step) >> halvings)
        meaning = "Random numbers in [0, 1): the only noise there is. Those below 0.5 drop a place, 1 drops none."
        more.append(
            Port(f"noise{number}", ("batch", channels, n_mels >> halvings, size), meaning, drawn="share")
        )  # fmt: skip
    return mel_export(translator, told, step, more, sizes, "gantools draws the dropout anew for each window of a song.")
