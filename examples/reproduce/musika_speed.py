#!/usr/bin/env python3
"""Measure the paper's table 1 on this CPU: musika_speed.py OUT.json [--trials 100] [--seconds 30]."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from bench_musika import ROWS, sound_of, speed

WARM_UP_SECONDS = 5.0


def main() -> None:
    """Write seconds of sound for each second of work, decoding included, of each row; random weights cost the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    measured: dict[str, float | int] = {"threads": torch.get_num_threads(), "trials": arguments.trials}
    for name, (codec, gan, conditional, _) in ROWS.items():
        sound, piece = sound_of(codec, gan, conditional)
        speed(sound, piece, WARM_UP_SECONDS)
        rates = [speed(sound, piece, arguments.seconds)[0] for _ in range(arguments.trials)]
        measured[name.replace(", ", "_")] = statistics.mean(rates)
        print(f"{name}: {measured[name.replace(', ', '_')]:.1f} times real time", flush=True)
    arguments.out.write_text(json.dumps(measured, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
