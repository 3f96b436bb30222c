"""What Musika's networks are trained on: crops of songs, beside random coordinates that a generator makes music of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from gantools.runtime.seeds import item_seed
from gantools.systems.musika.config import MusikaConfig
from gantools.systems.musika.coordinates import (
    ANCHORS,
    anchors_for,
    free_offsets,
    interpolate,
    training_offsets,
    with_style,
)
from gantools.systems.musika.latents import LatentSongs

Tensors = dict[str, torch.Tensor]


class TrainingItems:
    """Training items, each of which follows from the seed, its step and its number.

    Parameters
    ----------
    config : MusikaConfig
    songs : LatentSongs
    generator : nn.Module
        Its ``grid`` and ``margin`` say how many latents are made of an item, and where they may begin.
    """

    def __init__(self, config: MusikaConfig, songs: LatentSongs, generator: nn.Module) -> None:
        self.config, self.songs = config, songs
        self._margin, grid = int(generator.margin), int(generator.grid)  # type: ignore[arg-type]
        # Without patches, what the discriminator sees begins anywhere within a step.
        self._spare = grid if self._margin else 0
        self._count = 2 * config.patch_latents + self._spare + 2 * self._margin
        if self._margin:
            self._offsets = free_offsets(grid, config.anchor_latents)
            self._anchors = anchors_for(self._count, config.anchor_latents)
        else:
            self._offsets, self._anchors = training_offsets(config.patch_latents, config.anchor_patches), ANCHORS

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return the items of a step.

        ``real`` has crops (batch, channels, 2 L), ``around`` the conditions of all latents that are made, ``wrong``
        those of other crops, where conditions are learnt; see `noise` for the rest.
        """
        c = self.config
        mismatched = c.mismatch_weight and self.songs.conditions.channels
        rows = []
        for item in items:
            random = np.random.default_rng(item_seed(c.seed, "data", step, item))
            row = self._row(random, "train", item_seed(c.seed, "noise", step, item))
            # Left and right have no names: either may come first. Mid and side have.
            if c.channels == 2 and c.stereo == "sides" and c.mix_channels == "swap" and random.random() < 0.5:
                row["real"] = torch.cat(row["real"].chunk(2)[::-1])
            if mismatched:
                random = np.random.default_rng(item_seed(c.seed, "mismatch", step, item))
                row["wrong"] = self.songs.draw(random).conditions
            rows.append(row)
        return _stacked(rows)

    def fixed(self, side: str, count: int) -> Tensors:
        """Return items that are always the same, of the songs of one side: ``train``, or ``val`` for what is held out.

        Music that is made of them is asked to be as theirs.
        """
        seed = self.config.seed
        randoms = (np.random.default_rng(item_seed(seed, "fixed", side, n)) for n in range(count))
        return _stacked([self._row(random, side, item_seed(seed, "validation", n)) for n, random in enumerate(randoms)])

    def _row(self, random: np.random.Generator, side: str, seed: int) -> Tensors:
        noise = self.noise(seed)
        before = self._margin + int(noise["shift"])
        crop = self.songs.draw(random, side, before, self._count - before - 2 * self.config.patch_latents)
        return {"real": crop.latents, "around": crop.conditions, **noise}

    def noise(self, seed: int) -> Tensors:
        """Return what a generator makes one item of.

        The anchors (n, size), the style, the places (count,) between the anchors, the detail (size, count), and the
        first latent that the discriminator sees.
        """
        c = self.config
        random = torch.Generator().manual_seed(seed)
        offset = self._offsets[int(torch.randint(len(self._offsets), (), generator=random))]
        anchors = torch.randn(self._anchors, c.anchor_size, generator=random)
        style = torch.randn(c.style_size, generator=random)
        detail = torch.randn(c.detail_size, self._count, generator=random)
        shift = torch.randint(self._spare, (), generator=random) if self._spare else torch.zeros((), dtype=torch.int64)
        return {
            "anchors": anchors,
            "style": style,
            "places": ((torch.arange(self._count) + offset) / c.anchor_latents).float(),
            "detail": detail,
            "shift": shift,
        }

    def make(self, generator: nn.Module, batch: Tensors) -> torch.Tensor:
        """Return one sequence as long as two neighbouring patches (batch, channels, 2 L): section 3.2."""
        points = interpolate(batch["anchors"], batch["places"])
        made: torch.Tensor = generator(with_style(points, batch["style"], batch["detail"], batch["around"]))
        return self._seen(made, batch["shift"])

    def conditions(self, batch: Tensors) -> torch.Tensor:
        """Return the conditions (batch, conditions, 2 L) of what the discriminator sees."""
        return self._seen(batch["around"], self._margin + batch["shift"])

    def _seen(self, sequence: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        """Return 2 L steps of each sequence (batch, channel, n), from the step `first` (batch,) of it on."""
        steps = first[:, None] + torch.arange(2 * self.config.patch_latents, device=first.device)
        return sequence.gather(2, steps[:, None].expand(-1, sequence.shape[1], -1))


def _stacked(rows: Sequence[Tensors]) -> Tensors:
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
