"""Musika's generator and the decoder of the codec that it carries, for other programs."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from gantools.models.export import Export, Parts, Port
from gantools.models.folder import read_model
from gantools.systems.codec.export import decoder_exports
from gantools.systems.latents.carried import open_carried
from gantools.systems.musika.generate import MusicMaker
from gantools.systems.musika.generate_config import MusikaGenerateConfig


class LatentsOf(nn.Module):
    """Coordinates to latents in [-1, 1]: the generator, and the way back from the scale that it works in."""

    def __init__(self, maker: MusicMaker) -> None:
        super().__init__()
        self.generator, self.scale = maker.sound.maker.generator, maker.sound.maker.scale
        self.channels = maker.model.channels

    def forward(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, sound channel, latent channel, n) of coordinates (batch, size, n + 2 margin)."""
        return self.scale.latents(self.generator(coordinates)).unflatten(1, (self.channels, -1))


def exports(folder: Path, config: MusikaGenerateConfig) -> Parts:
    """Return the generator, and what the codec exports; ``ema`` is that of the options."""
    decoders = decoder_exports(lambda: open_carried(folder, read_model(folder, "musika")))
    return {"generator": lambda: _generator(MusicMaker(folder, config, "cpu")), **decoders}


def _generator(maker: MusicMaker) -> Export:
    model, codec = maker.model, maker.sound.codec
    generator = maker.sound.maker.generator
    margin, grid = int(generator.margin), int(generator.grid)  # type: ignore[arg-type]
    told = maker.conditions.channels
    size = model.detail_size + model.anchor_size + model.style_size + told
    length = f"latents + {2 * margin}" if margin else "latents"
    counts = (model.patch_latents, 2 * model.patch_latents)
    layout = [
        {"name": "detail", "channels": model.detail_size, "meaning": "normal, drawn anew for each latent"},
        {
            "name": "anchors",
            "channels": model.anchor_size,
            "meaning": f"on the straight line between two normal vectors, one every {model.anchor_latents} latents",
        },
        {"name": "style", "channels": model.style_size, "meaning": "a normal vector, the same for the whole piece"},
        {"name": "conditions", "channels": told, "meaning": "what the music is asked to be; see conditions"},
    ]
    rows = "mid and side" if model.channels == 2 and model.stereo == "midside" else "the channels of the sound"
    return Export(
        "Latents of endless music from coordinates.",
        LatentsOf(maker).eval(),
        (
            Port(
                "coordinates",
                ("batch", size, length),
                "What it is made of: see layout.",
            ),
        ),
        (
            Port(
                "latents",
                ("batch", model.channels, codec.channels, "latents"),
                f"Latents in [-1, 1] of {rows}; the part decoder makes sound of them, each row for itself.",
            ),
        ),
        {"batch": (2, 3), "latents": counts, **({length: (counts[0] + 2 * margin, counts[1] + 2 * margin)})},
        maker.rate_hz,
        "gantools draws detail, anchors and style from hashes of the seed and their place in the piece.",
        (
            f"Latents come in multiples of {grid}, from latents whose number is a multiple of {grid} on; {margin} "
            "coordinates more are seen on either side.",
            "Above 0.9 gantools bends the sound so that it stays below 1.",
        ),
        facts={
            "layout": layout,
            "conditions": maker.conditions.describe(),
            "samples_per_latent": codec.samples_per_latent,
            "grid": grid,
            "margin": margin,
        },
    )
