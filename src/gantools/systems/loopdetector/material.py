"""Files as bars that can be compared: songs and loops of audio, and MIDI, and how alike the bars of each are."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.io import read_audio
from gantools.errors import InputError
from gantools.files.hashing import hash_bytes
from gantools.runtime.seeds import item_seed
from gantools.structure.loops.correlation import (
    RATE_HZ,
    Kind,
    audio_bars,
    audio_correlation,
    roll_correlation,
    to_matrices,
)
from gantools.structure.loops.detector import Domain
from gantools.structure.loops.patterns import draw_patterns
from gantools.structure.loops.repeats import find_loops
from gantools.structure.loops.tempo import find_grid, read_said
from gantools.symbolic.config import BASS_NAMES, KIT_NAMES, SoundConfig
from gantools.symbolic.midi import read_midi
from gantools.symbolic.rendering import render
from gantools.symbolic.roll import BAR_STEPS, Roll, drums_and_bass, score_of
from gantools.symbolic.score import Score

#: Bars of files that are loops as a whole.
LOOP_BARS = (1, 2, 4, 8, 16)
#: A bar of sound is silent this far below the whole, and a bar of notes with fewer cells than this nearly empty.
_SILENT_DB, _LEAST_CELLS = -20.0, 8
#: Longer pieces would need matrices of gigabytes.
_MOST_BARS = 2000
#: Tempi and sounds of generated loops that are heard.
_SLOWEST_BPM, _FASTEST_BPM = 70.0, 170.0
#: Where the first word of a name ends; a shorter one is a number or an initial, and names no family.
_BREAK = re.compile(r"[\s_-]")
_LEAST_LETTERS = 3


@dataclass(frozen=True, eq=False)
class Material:
    """The bars of one file.

    Attributes
    ----------
    name, family : str
        Files of one family are siblings, such as loops cut from one song.
    domain : str
        ``audio`` or ``midi``.
    features : array (bars, features)
        What correlations of the wanted kind are made of.
    likeness : float32 array (bars, bars)
        Correlations of kind ``grid``, by which repeats are found whatever kind is learnt.
    usable : bool array (bars,)
        Whether a bar sounds, and is in 4/4.
    whole : bool
        The file is a loop itself.
    sound : str
        Hash of what is in it.
    """

    name: str
    family: str
    domain: Domain
    features: np.ndarray
    likeness: np.ndarray
    usable: np.ndarray
    whole: bool
    sound: str

    def __len__(self) -> int:
        return len(self.features)

    def loops(self, bars: int) -> np.ndarray:
        """Return the loops of so many bars, as numbers of its bars, int64 (n, bars).

        Of a file that is a loop itself it is that one, repeated to fill the bars; one of a single bar shows nothing of
        how bars differ. Of a piece they are the windows that come again at once.
        """
        if self.whole:
            if len(self) < 2 or bars % len(self) or not self.usable.any():
                return np.zeros((0, bars), np.int64)
            return np.resize(np.arange(len(self)), (1, bars))
        starts = find_loops(self.likeness, self.usable, bars)
        return np.asarray(starts[:, None] + np.arange(bars))

    def correlate(self, windows: np.ndarray, kind: Kind) -> np.ndarray:
        """Return the correlations of windows, numbers of bars (n, B), float32 (n, B (B - 1) / 2)."""
        correlate = roll_correlation if self.domain == "midi" else audio_correlation
        block = max(1, (1 << 24) // max(1, windows.shape[1] * self.features.shape[1]))
        parts = [correlate(self.features[windows[i : i + block]], kind) for i in range(0, len(windows), block)]
        empty = np.zeros((0, windows.shape[1] * (windows.shape[1] - 1) // 2))
        return np.concatenate([empty, *parts]).astype(np.float32)


def family_of(key: str, rule: str) -> str:
    """Return what the siblings of a file have in common: the first word of its name, its folder, or nothing."""
    stem, _, _ = key.rpartition("/")[2].partition(".")
    if rule == "folder":
        return key.rpartition("/")[0] or stem
    if rule == "file":
        return key
    word = _BREAK.split(stem, maxsplit=1)[0].lower()
    return word if len(word) >= _LEAST_LETTERS else stem.lower()


def read_sound(key: str, path: Path, family: str, kind: Kind) -> Material:
    """Return the bars of an audio file.

    Raises
    ------
    InputError
        It cannot be read, or has no bars: its tempo is neither said nor heard.
    """
    wave, rate_hz = read_audio(path)
    grid = find_grid(wave, rate_hz, read_said(path, rate_hz))
    if len(grid) > _MOST_BARS:
        raise InputError(f"has {len(grid)} bars, more than the {_MOST_BARS} that are compared; cut it up", path)
    mono = np.ascontiguousarray(wave.mean(axis=0, dtype=np.float32))
    sound = hash_bytes(mono.tobytes())
    return _heard(key, family, mono, rate_hz, grid.edges_s, kind, sound, whole=grid.trimmed and len(grid) in LOOP_BARS)


def _heard(
    key: str, family: str, mono: np.ndarray, rate_hz: int, edges_s: np.ndarray, kind: Kind, sound: str, *, whole: bool
) -> Material:
    grid = audio_bars(mono, rate_hz, edges_s, "grid").astype(np.float32)
    features = grid if kind == "grid" else audio_bars(mono, rate_hz, edges_s, kind).astype(np.float32)
    likeness = to_matrices(audio_correlation(grid[None], "grid"), len(grid))[0]
    ends = np.clip(np.round(edges_s * rate_hz).astype(np.int64), 0, len(mono))
    total = np.concatenate([[0.0], np.cumsum(np.square(mono, dtype=np.float64))])
    power = np.diff(total[ends]) / np.maximum(1, np.diff(ends))
    usable = power > max(float(power.mean()) * 10 ** (_SILENT_DB / 10), 1e-10)
    return Material(key, family, "audio", features, likeness.astype(np.float32), usable, whole, sound)


def read_notes(key: str, path: Path, family: str) -> tuple[Material, Score]:
    """Return the bars of the drums and bass of a MIDI file, and its notes.

    Raises
    ------
    InputError
        It cannot be read, has neither drums nor a bass, or no bar in 4/4.
    """
    score = read_midi(path)
    roll = drums_and_bass(score)
    lengths = np.diff(roll.edges)
    in_four = (lengths == BAR_STEPS) & (score.bars.numerators == 4) & (score.bars.denominators == 4)
    if not in_four.any():
        meters = ", ".join(f"{n}/{d}" for n, d in sorted(score.bars.meters))
        raise InputError(f"is not in 4/4 but in {meters}", path)
    if len(lengths) > _MOST_BARS:
        raise InputError(f"has {len(lengths)} bars, more than the {_MOST_BARS} that are compared; cut it up", path)
    cells = np.zeros((len(lengths), BAR_STEPS, roll.sounding.shape[1]), bool)
    for bar, (start, length) in enumerate(zip(roll.edges[:-1], lengths, strict=True)):
        cells[bar, : min(length, BAR_STEPS)] = roll.sounding[start : start + min(length, BAR_STEPS)]
    features = cells.reshape(len(cells), -1)
    likeness = to_matrices(roll_correlation(features[None], "grid"), len(features))[0].astype(np.float32)
    usable = in_four & (features.sum(axis=1) >= _LEAST_CELLS)
    whole = len(features) in LOOP_BARS and bool(in_four.all())
    sound = hash_bytes(np.packbits(features).tobytes())
    return Material(key, family, "midi", features, likeness, usable, whole, sound), score


def hear_notes(material: Material, score: Score, kind: Kind, seed: int) -> Material:
    """Return a MIDI piece as sound: played by a kit and a bass of the bundled recordings, drawn by seed and name."""
    wave = render(score, _sounds(item_seed(seed, "sound", material.name)), rate_hz=RATE_HZ)
    edges_s = score.seconds(score.bars.edges)
    mono = np.ascontiguousarray(wave.mean(axis=0, dtype=np.float32))
    heard = _heard(
        f"{material.name} (heard)", material.family, mono, RATE_HZ, edges_s, kind, material.sound, whole=material.whole
    )
    return dataclasses.replace(heard, usable=heard.usable & material.usable)


def _sounds(seed: int) -> SoundConfig:
    random = np.random.default_rng(seed)
    return SoundConfig(kit=str(random.choice(KIT_NAMES)), bass=str(random.choice(BASS_NAMES)))


def generated_notes(count: int, bars: int, kind: Kind, seed: int) -> np.ndarray:
    """Return the correlations of generated loops, float32 (count, pairs)."""
    sounding, _ = draw_patterns(count, bars, seed)
    return roll_correlation(sounding.reshape(count, bars, -1), kind).astype(np.float32)


def generated_sound(count: int, bars: int, kind: Kind, seed: int) -> np.ndarray:
    """Return the correlations of generated loops as they sound, float32 (count, pairs)."""
    made = np.zeros((count, bars * (bars - 1) // 2), np.float32)
    sounding, onsets = draw_patterns(count, bars, seed)
    edges = np.arange(bars + 1) * BAR_STEPS
    for index in range(count):
        chosen = item_seed(seed, "heard", bars, index)
        bar_s = 240 / np.random.default_rng(chosen).uniform(_SLOWEST_BPM, _FASTEST_BPM)
        score = score_of(Roll(sounding[index], onsets[index], edges), 240 / bar_s)
        wave = render(score, _sounds(chosen), rate_hz=RATE_HZ, loop_seconds=bars * bar_s)
        mono = np.ascontiguousarray(wave.mean(axis=0, dtype=np.float32))
        found = audio_bars(mono, RATE_HZ, np.arange(bars + 1) * bar_s, kind)
        made[index] = audio_correlation(found[None], kind)[0]
    return made
