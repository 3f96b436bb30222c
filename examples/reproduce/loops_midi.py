#!/usr/bin/env python3
"""Write pieces of drums and bass that rules make, for who has no MIDI: loops_midi.py OUT."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gantools.structure.loops.patterns import draw_patterns
from gantools.symbolic.midi import write_midi
from gantools.symbolic.roll import BAR_STEPS, Roll, score_of

PIECES, BARS, BPM = 24, 24, 120.0


def main() -> None:
    """Write the pieces, the same each time."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    edges = np.arange(BARS + 1) * BAR_STEPS
    for number, planes in enumerate(zip(*draw_patterns(PIECES, BARS, 0), strict=True)):
        write_midi(out / f"piece-{number:02}.mid", score_of(Roll(*planes, edges), BPM))


if __name__ == "__main__":
    main()
