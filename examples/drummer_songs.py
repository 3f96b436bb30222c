"""Drums for recorded basses, three seeds each, with several kits, measured against the songs' own drums.

python examples/drummer_songs.py STEMS SONG...      STEMS has a folder for each song, with bass and drums

The drums are only compared with, but in the rows whose kit is cut out of them. `--seeds 0,1,2`, `--model drummer`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from drummer_table import audio, bar_matrix, from_start, mean

import gantools as gt
from gantools.audio.io import load_mono
from gantools.models.shipped import find_model
from gantools.symbolic.roll import STEPS_PER_QUARTER
from gantools.systems.drummer import hearing
from gantools.systems.drummer.generate import load
from gantools.systems.drummer.generate_config import DrummerGenerateConfig
from gantools.systems.drummer.music import SOUNDING

_PERMUTATIONS = 2000


def distance(made: Path, real: Path, out: Path) -> float:
    """Return the Fréchet distance (MusiCNN) of one recording to another."""
    gt.run("evaluate", "frechet", made, real, out=out, infinity=False)
    return float(json.loads((out / "report.json").read_text())["distance"])


def above_shuffled(drums: np.ndarray, grid: hearing.Grid) -> tuple[float, float]:
    """Return how alike neighbouring bars are, and the share of other orders of the bars in which they are as alike."""
    bars = bar_matrix(drums, grid)
    likeness = bars @ bars.T
    random, places = np.random.default_rng(0), np.arange(len(bars))
    orders = [places, *(random.permutation(len(bars)) for _ in range(_PERMUTATIONS))]
    found = np.array([likeness[order[:-1], order[1:]].mean() for order in orders])
    return float(found[0]), float((found >= found[0] - 1e-9).mean())


def figures(sound: Path, song: dict[str, Any], real: Path, out: Path, grid: hearing.Grid | None = None) -> list[float]:
    """Return the row of a recording of drums."""
    drums = load_mono(sound, hearing.HEARD_HZ)
    own = grid or from_start(drums)
    sounding = np.asarray(song["heard"][song["grid"].first :, SOUNDING].reshape(-1, STEPS_PER_QUARTER).any(1))
    beats = song["grid"].beats_s

    def in_rests(times: np.ndarray) -> np.ndarray:
        return ~sounding[np.clip(np.searchsorted(beats, times, side="right") - 1, 0, len(sounding) - 1)]

    found = audio(drums, song["bass"], own, in_rests, own)
    alike, p = above_shuffled(drums, own)
    return [0.0 if sound == real else distance(sound, real, out), alike, p, found[4], found[5], found[6]]


def main() -> None:
    """Print a table for each song."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stems", type=Path)
    parser.add_argument("songs", nargs="+")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--model", default="drummer")
    asked = parser.parse_args()
    places = load(find_model(asked.model), DrummerGenerateConfig(), "cpu").player.places
    files = {
        song: {role: next((asked.stems / song).glob(f"{role}.*")) for role in ("bass", "drums")} for song in asked.songs
    }
    for number, song in enumerate(asked.songs):
        real, bass = files[song]["drums"], load_mono(files[song]["bass"], hearing.HEARD_HZ)
        grid, heard = hearing.hear(bass, places)
        known = {"bass": bass, "grid": grid, "heard": heard}
        other = files[asked.songs[number - 1]]["drums"]
        print(f"\n| {song} | Fréchet | bars alike | p | rests of a bar played | onsets with the bass | within 30 ms |")
        print("|---|---|---|---|---|---|---|")
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch)
            rows = {"its own drums": [figures(real, known, real, out / "report")]}
            rows["the bass itself"] = [[distance(files[song]["bass"], real, out / "bass"), *[float("nan")] * 5]]
            rows["drums of another song"] = [[distance(other, real, out / "other"), *[float("nan")] * 5]]
            kits = {"kit rock": "rock", "kit of another song": str(other), "kit of its own drums": str(real)}
            for words, kit in kits.items():
                source, folder = files[song]["bass"], out / words
                gt.run("generate", "drummer", source, out=folder, kit=kit, seeds=asked.seeds, model=asked.model)
                made = sorted(folder.glob("*.wav"))
                rows[f"made, {words}"] = [figures(path, known, real, out / path.stem / words, grid) for path in made]
            for words, found in rows.items():
                columns = np.array(found)
                spread = f" ({columns[:, 0].min():.0f} to {columns[:, 0].max():.0f})" if len(found) > 1 else ""
                rest = " | ".join(f"{mean(column):.2f}" for column in columns[:, 1:].T)
                print(f"| {words} | {columns[:, 0].mean():.0f}{spread} | {rest} |", flush=True)


if __name__ == "__main__":
    main()
