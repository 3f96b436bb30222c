"""What the style vector of a Musika does: whether a piece stays itself, and whether style or anchors decide how it is.

    python examples/musika_style.py MODEL... [--pieces 16] [--patches 24]

``stays`` is the share of the variance of patches (their mean latents, as the GAN sees them) that lies between pieces:
near 0 where music of one piece is as various as all music. ``other anchors`` and ``other style`` are the distances
between pieces that share a style, or anchors, over that of pieces that share nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from gantools.runtime.seeds import item_seed
from gantools.systems.musika.drawing import draw_style
from gantools.systems.musika.generate import load
from gantools.systems.musika.generate_config import MusikaGenerateConfig
from gantools.systems.musika.stream import Piece
from gantools.systems.musika.wishes import Wishes


def main() -> None:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--pieces", type=int, default=16)
    parser.add_argument("--patches", type=int, default=24)
    arguments = parser.parse_args()
    print("| model | stays | other anchors | other style |\n|---|---|---|---|")
    for folder in arguments.models:
        stays, anchors, style = figures(folder, arguments.pieces, arguments.patches)
        print(f"| {folder.name} | {stays:.2f} | {anchors:.2f} | {style:.2f} |", flush=True)


def figures(folder: Path, pieces: int, patches: int) -> tuple[float, float, float]:
    """Return the share of the variance between pieces, and the distances with other anchors and with another style."""
    model = load(folder, MusikaGenerateConfig(), "cpu")
    maker = model.sound.maker
    seconds = model.sound.codec.samples_per_latent / model.rate_hz
    # What the model is told is the same in all pieces: it shall not tell them apart.
    wishes = Wishes(model.conditions, {}, 0, seconds) if model.conditions.channels else None

    def means(anchors: int, style: int) -> torch.Tensor:
        """Return the mean latents of each patch of a piece, (patches, channels)."""
        vector = draw_style(item_seed(style, "style of a table"), model.model.style_size)
        latents = maker.latents(Piece(anchors, wishes=wishes, style=vector), 0, patches)
        scaled = maker.scale.scaled(latents.flatten(0, 1))
        return scaled.unflatten(1, (patches, -1)).mean(2).T

    own = torch.stack([means(n, n) for n in range(pieces)])
    within = own.var(1).mean(0).sum()
    # The mean of some patches varies by itself, too.
    between = (own.mean(1).var(0).sum() - within / patches).clamp(min=0)
    whole = own.mean(1)
    shifted = {
        "anchors": torch.stack([means((n + 1) % pieces, n) for n in range(pieces)]).mean(1),
        "style": torch.stack([means(n, (n + 1) % pieces) for n in range(pieces)]).mean(1),
    }
    usual = (whole - whole.roll(1, 0)).norm(dim=1).mean()
    distances = {name: float((whole - other).norm(dim=1).mean() / usual) for name, other in shifted.items()}
    return float(between / (between + within)), distances["anchors"], distances["style"]


if __name__ == "__main__":
    main()
