#!/usr/bin/env python3
"""Pick the best of many clips: near to real ones that training did not see, and unlike each other.

    python examples/clip_factory.py CLIPS REAL --best 10 -o OUT

Writes OUT/ranked.csv and copies the best to OUT/best/.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path

import numpy as np

from gantools.audio.io import read_audio
from gantools.systems.wavegan.score import describe_clips


def main() -> None:
    """Rank and copy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("real", type=Path)
    parser.add_argument("--best", type=int, default=10)
    parser.add_argument("-o", "--out", type=Path, required=True)
    arguments = parser.parse_args()
    paths = sorted(arguments.clips.glob("seed-*.*"))
    made, real = features(paths), features(sorted(arguments.real.glob("*.wav")))
    near, apart = distances(made, real).min(axis=1), distances(made, made)
    # A clip of near silence is like each quiet place of any song.
    near = np.where(made.mean(axis=1) < np.quantile(real.mean(axis=1), 0.2), np.inf, near)
    order = pick(near, apart)
    with open(arguments.out / "ranked.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "to_nearest_real_db", "to_nearest_better_db"])
        for place, number in enumerate(order):
            unlike = min((apart[number, other] for other in order[:place]), default=float("nan"))
            rows.writerow([paths[number].stem, f"{near[number]:.2f}", f"{unlike:.2f}"])
    best = arguments.out / "best"
    best.mkdir(parents=True, exist_ok=True)
    for old in best.glob("seed-*"):
        old.unlink()
    for number in order[: arguments.best]:
        print(shutil.copy(paths[number], best))


def features(paths: list[Path]) -> np.ndarray:
    """Return the mel features of clips, (clip, feature) in dB."""
    read = [read_audio(path) for path in paths]
    return describe_clips(np.stack([wave for wave, _ in read]), read[0][1])


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the root mean square difference in dB of each pair."""
    return np.sqrt(np.stack([np.square(row - b).mean(axis=1) for row in a]))


def pick(near: np.ndarray, apart: np.ndarray) -> list[int]:
    """Return the clips in order: the nearest to real first, those that are too like a better one at the end.

    Too like is closer than a tenth of all pairs are.
    """
    limit = np.quantile(apart[~np.eye(len(apart), dtype=bool)], 0.1) if len(apart) > 1 else 0.0
    chosen: list[int] = []
    alike: list[int] = []
    for number in np.argsort(near, kind="stable").tolist():
        like = any(apart[number, other] < limit for other in chosen)
        (alike if like else chosen).append(number)
    return chosen + alike


if __name__ == "__main__":
    main()
