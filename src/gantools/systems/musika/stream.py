"""Endless music in constant memory: patches of latents from coordinates, and the sound of them, from any place on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import resample
from torch import nn

from gantools.audio.midside import from_mid_side
from gantools.runtime.seeds import item_seed
from gantools.systems.latents.encoding import LatentCodec
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.latents.sound import soften
from gantools.systems.musika.conditions import Conditions
from gantools.systems.musika.config import MusikaConfig
from gantools.systems.musika.coordinates import (
    generation_offset,
    interpolate,
    with_style,
)
from gantools.systems.musika.drawing import between, draw_anchors, draw_style
from gantools.systems.musika.wishes import Wishes

#: Patches that are made at a time; the first comes alone, so that sound begins at once.
_AT_ONCE = 2
#: Latents decoded before the place from which sound is wanted, beside what the decoder looks at.
_LEAD = 4
_JOIN_SECONDS = 0.03


@dataclass(frozen=True)
class Piece:
    """What one piece of music is made of.

    Attributes
    ----------
    seed : int
    walk_to : int, optional
        Seed of the style that the piece ends with.
    walk_latents : int
        Latents that the walk takes.
    loop_latents, loop_samples : int
        Length of a loop; 0 for music without an end.
    style_bound, anchor_bound : float
        See `drawing.draw_normal`.
    wishes : Wishes, optional
        What it shall be like, where the model can be told.
    anchors : tensor (k, size), optional
        Its first anchors, in place of those of the seed.
    detail : tensor (k, size), optional
        The detail of its first latents.
    style : tensor (size,), optional
        Its style, in place of that of the seed.
    """

    seed: int
    walk_to: int | None = None
    walk_latents: int = 1
    loop_latents: int = 0
    loop_samples: int = 0
    style_bound: float = 0.0
    anchor_bound: float = 0.0
    wishes: Wishes | None = None
    anchors: torch.Tensor | None = None
    detail: torch.Tensor | None = None
    style: torch.Tensor | None = None


class LatentMaker:
    """The generator of a model, and the latents that it makes of a piece.

    Parameters
    ----------
    generator : nn.Module
    scale : LatentScale
    config : MusikaConfig
    """

    def __init__(self, generator: nn.Module, scale: LatentScale, config: MusikaConfig) -> None:
        self.generator, self.scale, self.config = generator.eval(), scale, config
        self._margin = int(generator.margin)  # type: ignore[arg-type]
        # Patches lie to the anchors as in training; without them any place between two anchors is as good.
        self._offset = 0.0 if self._margin else generation_offset(config.patch_latents, config.anchor_patches)

    def coordinates(self, piece: Piece, first: int, count: int) -> torch.Tensor:
        """Return what the generator takes for `count` latents from latent `first` on, (1, coordinates, n).

        For a generator that looks beside what it makes, n is by twice its margin larger.
        """
        c = self.config
        first, count = first - self._margin, count + 2 * self._margin
        latents, spacing, period = torch.arange(first, first + count, dtype=torch.float64), float(c.anchor_latents), 0
        if piece.loop_latents:
            # A whole number of anchors goes round the loop, as near to their usual distance as it allows.
            period = max(1, round(piece.loop_latents / spacing))
            spacing = piece.loop_latents / period
        places = (latents + self._offset) / spacing
        low, high = math.floor(places[0]), math.floor(places[-1]) + 1
        numbers = [number % period if period else number for number in range(low, high + 1)]
        anchors = draw_anchors(piece.seed, numbers, c.anchor_size, piece.anchor_bound)
        points = interpolate(_with_own(anchors, piece.anchors, numbers)[None], (places - low).float())
        wishes = None
        if piece.wishes is not None:
            around = latents % piece.loop_latents if piece.loop_latents else latents
            wishes = torch.from_numpy(piece.wishes.at(around.numpy()))[None]
        return with_style(points, self._style(piece, latents)[None], self._detail(piece, first, count), wishes)

    def _detail(self, piece: Piece, first: int, count: int) -> torch.Tensor:
        """Return the numbers that each latent has of its own, (1, size, count)."""
        numbers = [
            number % piece.loop_latents if piece.loop_latents else number for number in range(first, first + count)
        ]
        drawn = draw_anchors(piece.seed, numbers, self.config.detail_size, piece.anchor_bound, "detail")
        return _with_own(drawn, piece.detail, numbers).T[None]

    def _style(self, piece: Piece, latents: torch.Tensor) -> torch.Tensor:
        size, bound = self.config.style_size, piece.style_bound
        first = draw_style(piece.seed, size, bound) if piece.style is None else piece.style
        if piece.walk_to is None:
            return first
        shares = (latents / max(1, piece.walk_latents)).clamp(0, 1).float()
        return between(first, draw_style(piece.walk_to, size, bound), shares)

    def latents(self, piece: Piece, first: int, count: int) -> torch.Tensor:
        """Return the latents (channels, C, count L) of some patches of a piece, in (-1, 1)."""
        length = self.config.patch_latents
        with torch.inference_mode():
            return self._latents(self.scaled(piece, first * length, count * length))

    def loop(self, piece: Piece) -> torch.Tensor:
        """Return the latents (channels, C, n) of one round of a loop.

        Patches lie evenly around it. A whole number of them seldom fits, so that neighbours overlap by some latents,
        in which one is faded into the next.
        """
        length, whole = self.config.patch_latents, piece.loop_latents
        count = -(-whole // length)
        starts = [round(number * whole / count) for number in range(count + 1)]
        with torch.inference_mode():
            patches = [self.scaled(piece, start, length) for start in starts[:-1]]
        total = torch.zeros(len(patches[0]), whole, device=patches[0].device)
        for number, (start, patch) in enumerate(zip(starts, patches, strict=False)):
            weight = torch.ones(length)
            before = length - (start - starts[number - 1] if number else whole - starts[-2])
            behind = length - (starts[number + 1] - start)
            weight[:before] = torch.arange(1, before + 1) / (before + 1)
            if behind:
                weight[-behind:] = torch.arange(behind, 0, -1) / (behind + 1)
            total.index_add_(
                1, (torch.arange(length) + start).to(total.device) % whole, patch * weight.to(patch.device)
            )
        return self._latents(total)

    def scaled(self, piece: Piece, first: int, count: int) -> torch.Tensor:
        """Return `count` latents (channels C, count) from latent `first` on, as the GAN sees them."""
        coordinates = self.coordinates(piece, first, count).to(next(self.generator.parameters()).device)
        made: torch.Tensor = self.generator(coordinates)
        return made[0].float()

    @torch.inference_mode()
    def _latents(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.scale.latents(scaled).unflatten(0, (self.config.channels, -1))


def first_seconds(sound: SoundMaker, conditions: Conditions) -> np.ndarray:
    """Return the beginning of the piece that training shows, float32 (channels, n)."""
    config = sound.maker.config
    seed, spl = item_seed(config.seed, "sample"), sound.codec.samples_per_latent / sound.rate_hz
    wishes = Wishes(conditions, {}, seed, spl) if conditions.channels else None
    samples = round(config.sample_seconds * sound.rate_hz)
    return np.concatenate(list(sound.blocks(Piece(seed, wishes=wishes), samples=samples))).T


def _with_own(drawn: torch.Tensor, own: torch.Tensor | None, numbers: Sequence[int]) -> torch.Tensor:
    """Return anchors of some numbers, those that a piece has of its own in place of what was drawn."""
    if own is None:
        return drawn
    return torch.stack([own[n] if 0 <= n < len(own) else one for n, one in zip(numbers, drawn, strict=True)])


class SoundMaker:
    """The sound of pieces, in blocks; memory does not grow with the length.

    Parameters
    ----------
    maker : LatentMaker
    codec : LatentCodec
    gain_db : float
        By which all is made louder: below 0 for a model of songs so loud that what the codec makes of them is beyond
        full scale.
    """

    def __init__(self, maker: LatentMaker, codec: LatentCodec, gain_db: float = 0.0) -> None:
        self.maker, self.codec, self.rate_hz = maker, codec, codec.rate_hz
        self._gain = np.float32(10 ** (gain_db / 20))
        self.patch_samples = maker.config.patch_latents * codec.samples_per_latent

    def blocks(
        self, piece: Piece, start: int = 0, samples: int | None = None, known: torch.Tensor | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the sound of a piece from sample `start` on, float32 (n, channels).

        Parameters
        ----------
        piece : Piece
        start : int
        samples : int, optional
            How many in all; without it there is no end.
        known : tensor (channels, C, n), optional
            Latents of the first patches, in place of those that the generator makes.
        """
        lead = (self.codec.halo + _LEAD) * self.codec.samples_per_latent if start else 0
        patch = max(0, start - lead) // self.patch_samples
        dropped = start - patch * self.patch_samples
        left = math.inf if samples is None else samples
        # What is decoded ends behind the last sample, by all that its decoder looks at.
        spl, length = self.codec.samples_per_latent, self.maker.config.patch_latents
        end = math.inf if samples is None else math.ceil((start + samples) / spl) + self.codec.halo + _LEAD
        decoder = self.codec.stream()
        count = 1
        while left > 0:
            first = patch * length
            if samples is not None:
                count = max(0, min(count, math.ceil((end - first) / length)))
            if count:
                made = self._latents(piece, patch, count, known)
                rows = decoder.push(made[..., : int(min(end - first, count * length))])
            else:
                rows = decoder.finish()
            block = self._sound(rows)[dropped:]
            dropped -= min(dropped, rows.shape[1])
            block = block[: int(min(left, len(block)))]
            left -= len(block)
            if len(block):
                yield block
            patch, count = patch + count, _AT_ONCE

    def _latents(self, piece: Piece, first: int, count: int, known: torch.Tensor | None) -> torch.Tensor:
        made, start = self.maker.latents(piece, first, count), first * self.maker.config.patch_latents
        if known is not None and start < known.shape[2]:
            stop = min(known.shape[2], start + made.shape[2])
            made = torch.cat([known[..., start:stop].to(made), made[..., stop - start :]], 2)
        return made

    def loop(self, piece: Piece) -> np.ndarray:
        """Return one round of a loop, float32 (loop_samples, channels), whose end leads into its beginning.

        The latents go round, and so what is decoded is one round with some latents of the next and the one before.
        Phases that are found anew may differ between two rounds: the end is faded into what leads to the beginning.
        What is left to the length that was asked for, less than half a latent, is made up by resampling the circle.
        """
        whole = self.maker.loop(piece)
        length, beside = whole.shape[2], self.codec.halo + _LEAD
        around = torch.arange(-beside, length + beside) % length
        sound = self.sound_of(whole[:, :, around.to(whole.device)])
        spl = self.codec.samples_per_latent
        start, stop = beside * spl, (beside + length) * spl
        circle = sound[start:stop].copy()
        join = min(round(_JOIN_SECONDS * self.rate_hz), start, len(circle))
        fade = np.linspace(0, 1, join, dtype=np.float32)[:, None]
        circle[-join:] += fade * (sound[start - join : start] - circle[-join:])
        if len(circle) != piece.loop_samples:
            # By its Fourier series, which goes round as the loop does.
            circle = soften(resample(circle, piece.loop_samples).astype(np.float32))
        return circle

    def sound_of(self, latents: torch.Tensor) -> np.ndarray:
        """Return the sound, float32 (n, channels), of latents (channels, C, T) that are there as a whole."""
        return self._sound(self.codec.decode(latents))

    def _sound(self, rows: torch.Tensor) -> np.ndarray:
        """Return samples (n, channels) of what the codec made (channels, n), never above full scale."""
        wave = rows.float().cpu().numpy()
        if self.maker.config.channels == 2 and self.maker.config.stereo == "midside":
            wave = from_mid_side(wave)
        return np.ascontiguousarray(soften(wave * self._gain).T)
