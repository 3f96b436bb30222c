#!/usr/bin/env python3
"""Measure separators on songs with known stems, beside baselines, and print Markdown.

    python examples/separator_table.py STEMS --songs caesium,lithium [--model FOLDER] [--speed] [-o report.json]

STEMS/SONG/vocals.*, drums.*, bass.*, other.*; the mix is their sum. Without --model it is the `tiny` that ships.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gantools.chunks.multitrack import Recording, find_multitracks
from gantools.metrics.separation.baselines import SOURCES, baselines
from gantools.metrics.separation.ratios import mean_over_stems, score_stems
from gantools.separation.catalogue import TINY
from gantools.separation.networks import OwnNetwork
from gantools.separation.overlap import Pass, Segmenting, average
from gantools.systems.separator.generate import TinySeparator, load

RATE_HZ = 44100
Stems = dict[str, np.ndarray]
Figures = dict[str, dict[str, dict[str, float | None]]]  # method -> role -> figure


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stems", type=Path)
    parser.add_argument("--songs", required=True, help="songs that the model was not trained on")
    parser.add_argument("--model", type=Path, default=TINY)
    parser.add_argument("--seconds", type=float, default=0.0, help="only so much of each song")
    parser.add_argument("--speed", action="store_true", help="also measure x real time")
    parser.add_argument("-o", "--out", type=Path, help="all figures as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, wanted = load(arguments.model), arguments.songs.split(",")
    report: dict[str, Figures] = {}
    for track in find_multitracks([arguments.stems]):
        if track.song in wanted:
            recordings = {role: Recording(track.stems[role], RATE_HZ) for role in SOURCES}
            frames = max(recording.frames for recording in recordings.values())
            frames = min(frames, round(arguments.seconds * RATE_HZ) or frames)
            report[track.song] = measure({role: r.crop(0, frames) for role, r in recordings.items()}, model)
            print(song_table(track.song, report[track.song]), flush=True)
    print(summary(report))
    if arguments.speed:
        print(speeds(model))
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure(stems: Stems, model: TinySeparator) -> Figures:
    """Return the figures of all methods on one song."""
    mix = sum(stems.values(), np.zeros_like(stems["bass"]))
    *lower, oracle = baselines(stems, RATE_HZ).items()
    methods: dict[str, Callable[[], Stems]] = dict([*lower, ("**tiny**", lambda: separate(mix, model)), oracle])
    figures: Figures = {}
    for name, method in methods.items():
        scores = score_stems(stems, method(), RATE_HZ)
        figures[name] = {role: dataclasses.asdict(score) for role, score in scores.items()}
    return figures


def separate(mix: np.ndarray, model: TinySeparator) -> Stems:
    """Separate a song as `gantools separate` does: overlapping segments, cross-faded."""
    network, wave = OwnNetwork(model), torch.from_numpy(mix)
    one = Pass(network, torch.ones(len(SOURCES)), range(len(SOURCES)), 0, wave.shape[1])

    def read(start: int, n: int) -> torch.Tensor:
        part = torch.zeros(2, n)
        first, last = max(start, 0), min(start + n, wave.shape[1])
        if last > first:
            part[:, first - start : last - start] = wave[:, first:last]
        return part

    made = torch.cat(list(average([one], read, Segmenting(torch.device("cpu"), RATE_HZ))), dim=-1).numpy()
    return dict(zip(model.sources, made, strict=True))


def row(name: str, roles: dict[str, dict[str, float | None]]) -> str:
    """Return one row: SDR and SI-SDR per stem, their means, and the mean of the medians over seconds."""
    cells = [name]
    for figure in ("sdr_db", "si_sdr_db"):
        values = {role: roles[role][figure] for role in SOURCES}
        cells += [shown(value) for value in (*values.values(), mean_over_stems(values))]
    cells.append(shown(mean_over_stems({role: roles[role]["chunk_sdr_db"] for role in SOURCES})))
    return "| " + " | ".join(cells) + " |"


def shown(value: float | None) -> str:
    """Return a figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.1f}".replace("-", "−")  # noqa: RUF001


def song_table(song: str, figures: Figures) -> str:
    """Return the table of one song."""
    silent = ", ".join(f"{role} {figure['silent_chunks']}" for role, figure in figures["mix as estimate"].items())
    seconds = figures["mix as estimate"]["bass"]["chunks"]
    head = "| |" + "".join(f" {figure} {role} |" for figure in ("SDR", "SI-SDR") for role in (*SOURCES, "mean"))
    lines = [f"\n**{song}** ({seconds} s; silent seconds left out of the last column: {silent})\n"]
    lines += [head + " SDR per second |", "|---" * 12 + "|"]
    return "\n".join([*lines, *(row(name, roles) for name, roles in figures.items())])


def summary(report: dict[str, Figures]) -> str:
    """Return the means over songs."""
    lines = ["\n| mean over songs and stems, dB | SDR | SI-SDR | SDR per second |", "|---|---|---|---|"]
    for name in next(iter(report.values())):
        cells = [name]
        for figure in ("sdr_db", "si_sdr_db", "chunk_sdr_db"):
            every = {f"{s}/{r}": song[name][r][figure] for s, song in report.items() for r in SOURCES}
            cells.append(shown(mean_over_stems(every)))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def speeds(model: TinySeparator, seconds: float = 60.0) -> str:
    """Return x real time of the network with overlapping segments, the best of five, on one and two threads."""
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, round(seconds * RATE_HZ))).astype(np.float32)
    lines = ["\n| threads | x real time |", "|---|---|"]
    for threads in (1, 2):
        torch.set_num_threads(threads)
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            separate(noise, model)
            times.append(time.perf_counter() - begun)
        lines.append(f"| {threads} | {seconds / min(times):.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
