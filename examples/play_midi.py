#!/usr/bin/env python3
"""Play the beginnings of MIDI pieces by a SoundFont, as FLAC files: music with any instruments, to train on.

python examples/play_midi.py MIDI OUT --sf2 FluidR3_GM.sf2 --seconds 60 --pieces 40
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from gantools.audio.writing import write_audio
from gantools.errors import GantoolsError
from gantools.symbolic.midi import read_midi
from gantools.symbolic.soundfont import play_soundfont

RATE_HZ = 44100
PEAK = 0.8


def main() -> None:
    """Play so many pieces, evenly spread over the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("midi", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sf2", required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pieces", type=int, default=40)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in arguments.midi.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    chosen = np.linspace(0, len(files) - 1, min(arguments.pieces, len(files))).astype(int)
    for path in (files[number] for number in chosen):
        try:
            wave = play_soundfont(read_midi(path), arguments.sf2, RATE_HZ, arguments.seconds)
        except GantoolsError as error:
            print(error)
            continue
        wave = wave[:, : int(arguments.seconds * RATE_HZ)]
        wave *= np.float32(PEAK / max(1e-6, float(np.abs(wave).max())))
        write_audio(arguments.out / f"{path.parent.name}_{path.stem}.flac", wave, RATE_HZ, "16")


if __name__ == "__main__":
    main()
