#!/usr/bin/env python3
"""Write the groups of figure 3 as MIDI files: loops_groups.py MIDI OUT [COUNT].

``loops`` are windows of eight bars that their piece plays twice in a row, which says that they loop by what comes after
them; the paper's were picked by hand. ``random-1`` to ``random-4`` are windows drawn from all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gantools.chunks.finding import find_files
from gantools.errors import InputError
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.symbolic.midi import LOOP_END, LOOP_START, write_midi
from gantools.symbolic.phrases import Piece, find_phrases
from gantools.symbolic.roll import BAR_STEPS, score_of

BARS, GROUPS, COUNT = 8, 4, 100
#: Share of the cells of two bars that agree where a bar comes again, on average and at least: fills pass.
SAME_MEAN, SAME_LEAST = 0.9, 0.6


def main() -> None:
    """Find the windows of all pieces, draw, and write them."""
    pieces: list[Piece] = []
    windows: list[tuple[int, int]] = []
    loops: list[tuple[int, int]] = []
    for path, _ in find_files(sys.argv[1], MIDI_SUFFIXES):
        try:
            piece = find_phrases(path, BARS, least_cells=32)
        except InputError:
            continue  # of no drums, no bass, another meter
        bars = np.searchsorted(piece.roll.edges, piece.starts).tolist()
        windows += [(len(pieces), bar) for bar in bars]
        loops += [(len(pieces), bar) for bar in bars if comes_again(piece, bar)]
        pieces.append(piece)
    random = np.random.default_rng(0)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else COUNT
    for name, found in [("loops", loops), *((f"random-{n + 1}", windows) for n in range(GROUPS))]:
        chosen = random.permutation(len(found))[:count]
        write(Path(sys.argv[2]) / name, pieces, [found[n] for n in chosen])
        print(f"{name}: {len(chosen)} of {len(found)} windows")


def comes_again(piece: Piece, bar: int) -> bool:
    """Tell whether the bars of a window are played again right behind it."""
    edges = piece.roll.edges
    if bar + 2 * BARS >= len(edges) or edges[bar + 2 * BARS] - edges[bar] != 2 * BARS * BAR_STEPS:
        return False
    both = piece.roll.onsets[edges[bar] : edges[bar + 2 * BARS]].reshape(2, BARS, -1)
    shared, either = (both[0] & both[1]).sum(axis=1), (both[0] | both[1]).sum(axis=1)
    alike = shared / np.maximum(either, 1)
    return bool(either.min() > 0 and alike.mean() >= SAME_MEAN and alike.min() >= SAME_LEAST)


def write(folder: Path, pieces: list[Piece], chosen: list[tuple[int, int]]) -> None:
    """Write windows, given by piece and first bar, as loops."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (index, bar) in enumerate(chosen):
        score = score_of(pieces[index].roll.window(bar, BARS), pieces[index].bpm)
        path = folder / f"{number:03}_piece{index:03}_bar{bar + 1:03}.mid"
        write_midi(path, score, [(0, LOOP_START), (int(score.bars.edges[-1]), LOOP_END)])


if __name__ == "__main__":
    main()
