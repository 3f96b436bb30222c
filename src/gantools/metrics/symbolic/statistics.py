"""What a score is like, in figures that need no other one: harmony, rhythm and instruments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gantools.symbolic.chords import chord_tone_share, chords_of_bars
from gantools.symbolic.mmr.score import DRUMS, LENGTH, NOTE_QUARTERS, ONSET, PITCH, TRACK, GridScore, unchained

#: Name -> what it is, how to read it.
FIGURES = {
    "pitch_class_entropy": ("pitch-class entropy", "bits; 3.58 is all twelve alike, a scale has about 2.8"),
    "scale_consistency": ("scale consistency", "share of notes in the best of 24 major and minor scales"),
    "groove_consistency": ("groove consistency", "how alike the onsets of bars that follow each other are, up to 1"),
    "chord_tones": ("chord tones", "share of notes, by length, that belong to the chord of their bar"),
    "chord_changes": ("chord changes", "share of bars whose chord is another than that of the bar before"),
    "instrument_similarity": ("instruments, bar to bar", "how alike the parts of bars that follow are (Jaccard)"),
    "in_register": ("in register", "share of notes of orchestral instruments within their usual range"),
    "notes_per_bar": ("notes", "that begin in a bar"),
    "parts_per_bar": ("parts", "that play in a bar"),
    "moving": ("parts that move", "share of bars of a part that are other than its bar before"),
}
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)
#: Usual ranges of orchestral instruments, as sounding MIDI pitches (Adler, The Study of Orchestration).
RANGES: dict[int, tuple[int, int]] = {
    **{40: (55, 103), 41: (48, 91), 42: (36, 84), 43: (24, 67), 44: (24, 103), 45: (24, 103), 46: (23, 103)},
    **{47: (36, 60), 48: (24, 103), 49: (24, 103), 56: (52, 87), 57: (34, 77), 58: (24, 65), 60: (34, 77)},
    **{68: (58, 93), 69: (52, 81), 70: (34, 75), 71: (50, 96), 72: (74, 108), 73: (59, 98), 6: (29, 89)},
}


def measure_score(score: GridScore) -> dict[str, float]:
    """Return the figures of a piece by the names of `FIGURES`; those that it says nothing of are missing."""
    notes, pitched = score.notes, score.pitched
    bar = np.searchsorted(score.edges, notes[:, ONSET], side="right") - 1
    figures = {"notes_per_bar": len(notes) / score.bars}
    blocks = np.unique(np.stack([bar, notes[:, TRACK]], 1), axis=0)
    figures["parts_per_bar"] = len(blocks) / score.bars
    figures |= _instruments(score, blocks) | _groove(score, bar) | _motion(score, bar)
    if len(pitched):
        figures |= _harmony(score, pitched)
    return figures


def _harmony(score: GridScore, pitched: np.ndarray) -> dict[str, float]:
    counts = np.bincount(pitched[:, PITCH] % 12, minlength=12)
    shares = counts[counts > 0] / counts.sum()
    scales = [counts[[(root + step) % 12 for step in steps]].sum() for steps in (_MAJOR, _MINOR) for root in range(12)]
    notes = pitched[:, ONSET], pitched[:, LENGTH], pitched[:, PITCH], score.edges
    chords = chords_of_bars(*notes)
    found = {
        "pitch_class_entropy": float(-(shares * np.log2(shares)).sum()),
        "scale_consistency": max(scales) / counts.sum(),
        "chord_tones": chord_tone_share(*notes, chords),
    }
    if len(chords) > 1:
        found["chord_changes"] = float(np.mean(chords[1:] != chords[:-1]))
    return found


def _groove(score: GridScore, bar: np.ndarray) -> dict[str, float]:
    """Return 1 less the mean share of units in which one of two bars that follow has an onset, of equal length."""
    lengths = np.diff(score.edges)
    place = score.notes[:, ONSET] - score.edges[bar]
    table = np.zeros((score.bars, int(lengths.max())), bool)
    table[bar, place] = True
    same = lengths[1:] == lengths[:-1]
    if not same.any():
        return {}
    different = (table[1:] != table[:-1]).sum(1) / lengths[1:]
    return {"groove_consistency": float(1 - different[same].mean())}


def _instruments(score: GridScore, blocks: np.ndarray) -> dict[str, float]:
    playing = np.zeros((score.bars, DRUMS + 1), bool)
    playing[blocks[:, 0], score.programs[blocks[:, 1]]] = True
    both, either = (playing[1:] & playing[:-1]).sum(1), (playing[1:] | playing[:-1]).sum(1)
    found = {"instrument_similarity": float((both / np.maximum(either, 1))[either > 0].mean())} if either.any() else {}
    programs, pitches = score.programs[score.notes[:, TRACK]], score.notes[:, PITCH]
    known = np.isin(programs, list(RANGES))
    if known.any():
        low, high = np.array([RANGES[program] for program in programs[known].tolist()]).T
        found["in_register"] = float(np.mean((pitches[known] >= low) & (pitches[known] <= high)))
    return found


def _motion(score: GridScore, bar: np.ndarray) -> dict[str, float]:
    """Return how many bars of a part differ from its bar before, of those in which it plays both times."""
    told: dict[tuple[int, int], list[tuple[int, int]]] = {}
    places = (score.notes[:, ONSET] - score.edges[bar]).tolist()
    for number, track, place, pitch in zip(
        bar.tolist(), score.notes[:, TRACK].tolist(), places, score.notes[:, PITCH].tolist(), strict=True
    ):
        told.setdefault((track, number), []).append((place, pitch))
    moved = [own != told[track, number - 1] for (track, number), own in told.items() if (track, number - 1) in told]
    return {"moving": float(np.mean(moved))} if moved else {}


def mean_figures(scores: Sequence[GridScore]) -> dict[str, float]:
    """Return the figures of a set: the mean over its pieces, each counted once."""
    each = [measure_score(score) for score in scores]
    names = [name for name in FIGURES if any(name in figures for figures in each)]
    return {name: float(np.mean([figures[name] for figures in each if name in figures])) for name in names}


def with_bars_shuffled(score: GridScore, seed: int) -> GridScore:
    """Return a piece whose bars of each length come in another order: harmony without sequence."""
    from dataclasses import replace

    random = np.random.default_rng(seed)
    lengths, order = np.diff(score.edges), np.arange(score.bars)
    for length in np.unique(lengths).tolist():
        own = np.flatnonzero(lengths == length)
        order[own] = random.permutation(own)
    # Bar order[b] comes to the place b.
    place = np.empty_like(order)
    place[order] = np.arange(score.bars)
    bar = np.searchsorted(score.edges, score.notes[:, ONSET], side="right") - 1
    notes = score.notes.copy()
    notes[:, ONSET] += score.edges[place[bar]] - score.edges[bar]
    notes = notes[np.lexsort((notes[:, PITCH], notes[:, TRACK], notes[:, ONSET]))]
    # A held note may meet another one of its pitch now.
    notes = unchained(notes, NOTE_QUARTERS * score.grid)
    return replace(score, notes=notes, meters=score.meters[order], tempi=score.tempi[order])
