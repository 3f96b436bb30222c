#!/usr/bin/env python3
"""Write songs without their voices, at three speeds each: electronic_songs.py STEMS OUT.

STEMS/SONG/{drums,bass,other}.*; OUT/SONG.flac and, a fifteenth or a sixteenth slower and faster, SONG-slow.flac and
SONG-fast.flac, as a record played at another speed: pitch and tempo change together, and few songs become more.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from gantools.audio.io import read_audio
from gantools.audio.writing import write_audio

ROLES = ("drums", "bass", "other")
SPEEDS = {"": (1, 1), "-slow": (16, 15), "-fast": (15, 16)}
LEVEL_DB = -18.0  # RMS of each song, so that none is learnt for its loudness


def main() -> None:
    """Write a file for each song and speed."""
    stems, out = Path(sys.argv[1]), Path(sys.argv[2])
    for song in sorted(path for path in stems.iterdir() if path.is_dir()):
        parts = [read_audio(next(song.glob(f"{role}.*"))) for role in ROLES]
        rate_hz = parts[0][1]
        wave = np.sum([part for part, _ in parts], axis=0)
        wave *= 10 ** (LEVEL_DB / 20) / np.sqrt(np.mean(wave**2))
        for name, (up, down) in SPEEDS.items():
            played = wave if up == down else resample_poly(wave, up, down, axis=1)
            path = out / f"{song.name}{name}.flac"
            write_audio(path, (played / max(1.0, float(np.abs(played).max()))).astype(np.float32), rate_hz)
            print(path)


if __name__ == "__main__":
    main()
