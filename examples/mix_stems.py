#!/usr/bin/env python3
"""Mix the stems of each song as they are: mix_stems.py STEMS OUT writes OUT/SONG.flac."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gantools.audio.writing import write_audio
from gantools.chunks.multitrack import Recording, find_multitracks

RATE_HZ = 44100


def main() -> None:
    """Write a file for each song; those that are there already stay."""
    stems, out = Path(sys.argv[1]), Path(sys.argv[2])
    for track in find_multitracks([stems]):
        path = out / f"{track.song}.flac"
        if not path.exists():
            parts = [Recording(files, RATE_HZ) for files in track.stems.values()]
            wave = np.sum([part.crop(0, max(p.frames for p in parts)) for part in parts], axis=0)
            write_audio(path, wave * np.float32(min(1.0, 0.98 / np.abs(wave).max())), RATE_HZ)
        print(path)


if __name__ == "__main__":
    main()
