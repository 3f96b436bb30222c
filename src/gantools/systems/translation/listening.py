"""What a mel translator is judged by while it trains: it translates a few held-out windows, and listens to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from gantools.audio.inversion import invert_mel
from gantools.audio.picture import write_mel_png
from gantools.audio.resample import resample
from gantools.chunks.shards import ChunkSet
from gantools.chunks.splits import SPLITS
from gantools.errors import InputError
from gantools.metrics.embedders.musicnn import MusiCNN
from gantools.metrics.embedders.musicnn_mel import SAMPLE_RATE_HZ
from gantools.metrics.frechet.distance import frechet_distance
from gantools.metrics.rhythm.alignment import alignment, onset_envelope
from gantools.options import to_mapping
from gantools.training.remarks import listed, on_held_out

#: Alignment with the input, relative to that of real pairs, that is neither off the beat nor glued to it.
ALIGNMENT_BAND = (0.8, 1.6)
#: What real bass and drums reach (five songs: .34 to .40), where the validation songs lack pairs to measure it on.
TYPICAL_ALIGNMENT = 0.37
#: Noise of 3 codes of 255, in [-1, 1]: enough to kill a signal that is hidden in a fake (Chu et al. 2017).
HIDDEN_NOISE = 6 / 255
#: Pairs of sparse songs agree by chance only, which is nothing to aim at.
LEAST_ALIGNMENT = 0.3
_REFERENCE_WINDOWS = 48
_LEAST_WINDOWS = 2
_PICTURES = 4
_SEED = 20
_BATCH = 4  # windows in a network at a time

Row = dict[str, Any]
T = TypeVar("T")


def describe_chunks(chunks: ChunkSet, source: str, target: str) -> dict[str, Any]:
    """Return what a model folder says of its data: mel parameters, dB range, window, roles and their mean levels."""
    levels = {
        role: float(np.mean([row["level_db"] for row in chunks.select(role=role)] or [0.0]))
        for role in (source, target)
    }
    return {
        "mel": to_mapping(chunks.params),
        "db_range": [chunks.db_range.lo_db, chunks.db_range.hi_db],
        "frames": chunks.frames,
        "source": source,
        "target": target,
        "levels_db": levels,
        "sounds": chunks.sounds(source, target),
    }


def remarks_on_chunks(chunks: ChunkSet, source: str, target: str) -> list[str]:
    """Return what a user has to know of the chunks: songs that lack a role, and what validation hears."""
    songs = {role: set().union(*chunks.songs(role).values()) for role in (source, target)}
    notes = []
    for role, other in ((source, target), (target, source)):
        if lacking := sorted(songs[other] - songs[role]):
            notes.append(f"{len(lacking)} of {len(songs[other])} songs with {other} have no {role}: {listed(lacking)}")
    sides = chunks.songs(source)
    return [*notes, *on_held_out(sides["train"], sides["val"])]


def left_out_of(chunks: ChunkSet) -> list[str]:
    """Return a line for each shard that cannot be used; training goes on with the others."""
    return [f"{why}; left out" for why in chunks.left_out.values()]


def windows_of(chunks: ChunkSet) -> dict[str, dict[str, int]]:
    """Return role -> split -> windows."""
    return {role: {split: len(chunks.select(role, split)) for split in SPLITS} for role in chunks.roles()}


class Listener:
    """Fixed windows of the validation split, and what is measured on them.

    Where the split lacks a role, windows of the training split are used.

    Parameters
    ----------
    chunks : ChunkSet
    source, target : str
        Roles.
    windows : int
        Windows to translate.
    device : torch.device
    part : float
        Part of the windows to take, of those to translate and of the real ones.
    """

    def __init__(
        self, chunks: ChunkSet, source: str, target: str, windows: int, device: torch.device, part: float = 1.0
    ) -> None:
        self.chunks, self.device, self.part = chunks, device, part
        windows, references = (max(_LEAST_WINDOWS, round(part * count)) for count in (windows, _REFERENCE_WINDOWS))
        self.x = self._mels(self._spread(self._held_out(source), windows))
        self.pairs = self._real_pairs(source, target, windows)
        self._musicnn = MusiCNN.load("msd", device)
        real = self._held_out(target)
        # Few held-out windows make a poor covariance: those of training fill them up.
        if len(real) < references:
            extra = chunks.select(role=target, split="train")
            real = [*real, *self._spread(extra, references - len(real))]
        self.reference = self._embed(self._mels(self._spread(real, references)))
        self.untranslated = self._frechet(self.x)
        self.real_alignment = self._real_alignment()

    def _held_out(self, role: str) -> list[Row]:
        return self.chunks.select(role=role, split="val") or self.chunks.select(role=role, split="train")

    @staticmethod
    def _spread(rows: Sequence[T], count: int) -> list[T]:
        places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)
        return [rows[i] for i in dict.fromkeys(places.tolist())]

    def _mels(self, rows: Sequence[Row]) -> torch.Tensor:
        return torch.from_numpy(np.stack([self.chunks.window(row) for row in rows]))[:, None].to(self.device)

    def _real_pairs(self, source: str, target: str, windows: int) -> list[tuple[Row, Row]]:
        places = {(row["song"], row["start"]): row for row in self._held_out(target)}
        keys = [(row, (row["song"], row["start"])) for row in self._held_out(source)]
        return self._spread([(row, places[key]) for row, key in keys if key in places], windows)

    def _real_alignment(self) -> float:
        if len(self.pairs) < 4:
            return TYPICAL_ALIGNMENT
        x, y = (self._envelopes(self._mels([pair[side] for pair in self.pairs])) for side in (0, 1))
        own = alignment(x, y).own
        return max(own, LEAST_ALIGNMENT)

    def _levels_db(self, mels: torch.Tensor) -> list[np.ndarray]:
        """Return (frames, n_mels) in dB for each (1, n_mels, frames)."""
        return [self.chunks.db_range.from_unit(mel[0].T.float().cpu().numpy()) for mel in mels]

    def _envelopes(self, mels: torch.Tensor) -> list[np.ndarray]:
        return [onset_envelope(mel_db) for mel_db in self._levels_db(mels)]

    def _embed(self, mels: torch.Tensor) -> np.ndarray:
        params, lowest_db = self.chunks.params, self.chunks.db_range.lo_db
        mel_db = np.concatenate(self._levels_db(mels))
        # The range's lower end is silence, not a faint hiss.
        mel_db = np.where(mel_db <= lowest_db + 0.5, np.float32(-100), mel_db)
        n_samples = (len(mel_db) - 1) * params.hop_samples
        # One call for all windows: their joins spoil 46 ms of 6 s, and a call each would cost more than that.
        wave = invert_mel(mel_db, params, n_samples, effort="draft", threads=torch.get_num_threads())
        length = mels.shape[-1] * params.hop_samples
        vectors = []
        for start in range(0, len(wave), length):
            heard = resample(wave[start : start + length], params.sample_rate_hz, SAMPLE_RATE_HZ)
            try:
                vectors.append(self._musicnn.embed(heard))
            except InputError:
                continue  # shorter than the network's 3 s, or not finite: nothing to measure
        return np.concatenate(vectors) if vectors else np.zeros((0, 1))

    def _frechet(self, mels: torch.Tensor) -> float | None:
        """Distance to real windows of the target; None where there is too little audio for the network."""
        vectors = self._embed(mels)
        if min(len(vectors), len(self.reference)) < 2:
            return None
        return frechet_distance(vectors, self.reference)

    def translate(self, network: nn.Module, mels: torch.Tensor, like: torch.Tensor | None = None) -> torch.Tensor:
        """Return translated mels; `like` is what they shall sound like, as `conditions` returns it."""
        # Equal noise at each validation, so that scores of different steps compare.
        random = torch.Generator().manual_seed(_SEED)
        parts = [
            self.apply(network, mels[start : start + _BATCH], start, like, random)
            for start in range(0, len(mels), _BATCH)
        ]
        return torch.cat(parts)

    def apply(
        self,
        network: nn.Module,
        mels: torch.Tensor,
        start: int,
        like: torch.Tensor | None,
        random: torch.Generator,
    ) -> torch.Tensor:
        """Translate the windows from `start` on, (k, 1, mel, frame); a system whose generator takes more overrides it.

        Parameters
        ----------
        network : nn.Module
        mels : torch.Tensor
        start : int
            Which window of all the first one is.
        like : torch.Tensor, optional
            What all windows shall sound like.
        random : torch.Generator
            For noise inputs.
        """
        translated: torch.Tensor = network(mels).float()
        return translated

    def conditions(self, mels: torch.Tensor) -> torch.Tensor | None:
        """Return what makes a translation sound like `mels`; None where a generator has no such input."""
        return None

    def measure(self, forward: nn.Module, backward: nn.Module | None = None) -> dict[str, float]:
        """Measure a generator, and the cycle through the other one.

        Returns
        -------
        dict
            ``frechet``: Frechet distance (MusiCNN, `mean_pool`) of the fakes to real windows of the target, both
            inverted in the same way; ``frechet_ratio``: relative to that of the untranslated windows; ``alignment``
            with the own input, ``alignment_other`` with all others, ``alignment_real`` of real pairs;
            ``copy_distance``: mean absolute difference to the input in [-1, 1]; ``cycle``: that of the cycle,
            ``hidden``: how much it grows when noise of 3 codes is added to the fake. ``score`` (lower is better) is the
            ratio plus twice what the alignment is outside of 0.8 to 1.6 times that of real pairs.
        """
        fake = self.translate(forward, self.x)
        result = {"copy_distance": _distance(fake, self.x)}
        score = 0.0
        distance = self._frechet(fake)
        if distance is not None and self.untranslated is not None:
            score = distance / max(self.untranslated, 1e-6)
            result |= {"frechet": distance, "frechet_ratio": score}
        if len(self.x) > 1:
            paired = alignment(self._envelopes(self.x), self._envelopes(fake))
            result |= {"alignment": paired.own, "alignment_other": paired.other, "alignment_real": self.real_alignment}
            # Below the band a part is off the beat, above it is glued to its input: only what is outside costs.
            low, high = (share * self.real_alignment for share in ALIGNMENT_BAND)
            score += 2 * (max(0.0, low - paired.own) + max(0.0, paired.own - high))
        if backward is not None:
            result |= self._cycle(fake, backward)
        return {"score": score, **result}

    def _cycle(self, fake: torch.Tensor, backward: nn.Module) -> dict[str, float]:
        random = torch.Generator().manual_seed(_SEED)
        noise = HIDDEN_NOISE * torch.randn(fake.shape, generator=random).to(fake)
        like = self.conditions(self.x)
        cycle = _distance(self.translate(backward, fake, like), self.x)
        return {"cycle": cycle, "hidden": _distance(self.translate(backward, fake + noise, like), self.x) - cycle}

    def draw(self, forward: nn.Module, path: Path, backward: nn.Module | None = None) -> None:
        """Write a picture: a column per window; from above: input, fake and, with `backward`, cycle."""
        x = self.x[:: max(1, len(self.x) // _PICTURES)][:_PICTURES]
        stack = [x, self.translate(forward, x)]
        if backward is not None:
            stack.append(self.translate(backward, stack[1]))
        # The picture's mel axis goes upwards, so the stack is turned over for the input to be on top.
        rows = [np.concatenate(self._levels_db(mels)) for mels in reversed(stack)]
        write_mel_png(path, np.concatenate(rows, axis=1))


def _distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).abs().mean())
