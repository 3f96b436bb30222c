#!/usr/bin/env python3
"""Write the stems of songs, and mixes of some of them, as FLAC files that have the tempo in their names.

    python examples/mix_songs.py STEMS OUT

STEMS/SONG/vocals.* drums.* bass.* other.*; the tempo is that of ``bpm=`` in STEMS/../MANIFEST.csv, where there is one.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

import numpy as np

from gantools.audio.io import read_audio
from gantools.audio.writing import write_audio

MIXES = {
    "mix": ("vocals", "drums", "bass", "other"),
    "instrumental": ("drums", "bass", "other"),
    "beat": ("drums", "bass"),
    **{f"stem-{role}": (role,) for role in ("vocals", "drums", "bass", "other")},
}


def main() -> None:
    """Write all songs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stems", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bpm = tempi(arguments.stems.parent / "MANIFEST.csv")
    for folder in sorted(path for path in arguments.stems.iterdir() if path.is_dir()):
        stems = {path.stem: read_audio(path) for path in sorted(folder.iterdir())}
        frames = min(wave.shape[1] for wave, _ in stems.values())
        rate_hz = next(iter(stems.values()))[1]
        for name, roles in MIXES.items():
            wave = np.sum([stems[role][0][:, :frames] for role in roles if role in stems], axis=0)
            wave = wave / max(1.0, float(np.abs(wave).max()))
            tempo = f"_{bpm[folder.name]}bpm" if folder.name in bpm else ""
            write_audio(arguments.out / f"{folder.name}_{name}{tempo}.flac", wave.astype(np.float32), rate_hz, "16")


def tempi(manifest: Path) -> dict[str, str]:
    """Return the tempo of each song that a manifest knows."""
    if not manifest.is_file():
        return {}
    with open(manifest, newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("stems4/")]
    found = {row["file"].split("/")[1]: re.search(r"bpm=([\d.]+)", row["notes"]) for row in rows}
    return {song: match[1] for song, match in found.items() if match}


if __name__ == "__main__":
    main()
