"""`gantools fxnorm apply` against a peer that only measures and changes the level, with pyloudnorm: time and error.

    python benchmarks/bench_fxnorm.py

Stems of 60 s (44.1 kHz, stereo, 16 bits) are made of the bundled recordings. The command runs all stages but
reverberation; the peer reads a stem, measures it (BS.1770), multiplies it and writes it, in as many processes. The
floor is the transforms that the chain cannot do without, at the speed that scipy has here, and reading and writing
the files. Exit code 1 if a target is missed.
"""

from __future__ import annotations

import os
from functools import partial

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile
from scipy import fft
from stopwatch import cpu_s, timed, timed_cpu

from gantools.audio.io import AudioReader
from gantools.audio.writing import AudioWriter

ROOT = Path(__file__).resolve().parent.parent
RATE_HZ = 44100
TARGETS_LUFS = {"bass": -29.727, "drums": -34.178, "vocals": -30.729, "other": -31.172}
LEAST_X_REAL_TIME = 60.0
_MOST_GROWTH = 1.3


def make_stems(folder: Path, count: int, seconds: float) -> list[Path]:
    """Write stems cut from the bundled songs, each beginning elsewhere."""
    sources = [
        soundfile.read(path, dtype="float32")[0] for path in sorted((ROOT / "examples/audio/stems2").rglob("*.ogg"))
    ]
    paths, roles = [], list(TARGETS_LUFS)
    for number in range(count):
        wave = np.roll(sources[number % len(sources)], -number * RATE_HZ, axis=0)
        wave = np.tile(wave, (int(seconds * RATE_HZ / len(wave)) + 1, 1))[: int(seconds * RATE_HZ)]
        path = folder / f"song{number // 4}" / f"{roles[number % 4]}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave, RATE_HZ, subtype="PCM_16")
        paths.append(path)
    return paths


def by_pyloudnorm(path: Path, folder: Path) -> None:
    """Read, measure, multiply, write."""
    import pyloudnorm

    wave, rate_hz = soundfile.read(path)
    lufs = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(wave)
    out = pyloudnorm.normalize.loudness(wave, lufs, TARGETS_LUFS[path.stem])
    soundfile.write(folder / f"{path.parent.name}-{path.name}", out, rate_hz, subtype="PCM_16")


def apply(folder: Path, out: Path, jobs: int) -> list[dict]:
    """Run the command; return its records."""
    command = [sys.executable, "-m", "gantools", "fxnorm", "apply", str(folder), "--target", "musdb18"]
    done = subprocess.run(
        [*command, "-o", str(out), "-j", str(jobs), "--json", "-q"],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def floor_s(path: Path, rounds: float, folder: Path) -> tuple[float, float]:
    """Return CPU seconds of the transforms alone, and of reading and writing, for one stem.

    Transforms, for two channels of n samples: two mean spectra (65536 points, half overlapped); the equaliser's
    overlap-save (32768 points, forward and back); the panning, forward and back, and its statistic, per round of
    correction (2048 points, half overlapped), twice more for before and after; the onsets (1024 points).
    """
    frames = soundfile.info(path).frames
    plan = [(65536, 2 * 2 * frames / 32768, 1), (32768, 2 * frames / 24578, 2), (2048, 2 * rounds * frames / 1024, 3)]
    plan += [(2048, 2 * 2 * frames / 1024, 1), (1024, frames / 512, 1)]
    total = 0.0
    for size, count, ways in plan:
        batch = np.random.default_rng(0).standard_normal((max(4, 2**18 // size), size), np.float32)
        fft.rfft(batch, workers=1)
        best = min(timed_cpu(partial(fft.rfft, batch, workers=1)) for _ in range(5))
        total += best / len(batch) * count * ways

    def copy() -> None:
        with AudioReader(path) as reader, AudioWriter(folder / "copy.wav", RATE_HZ, 2) as writer:
            for block in reader.blocks():
                writer.append(block)

    return total, min(timed_cpu(copy) for _ in range(3))


def main() -> int:
    """Print the table; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make_stems(folder / "stems", 16, 60.0)
        total_s = 60.0 * len(paths)
        apply(paths[0].parent, folder / "warm", 1)  # compiles what a first run compiles
        rows = {}
        records: list[dict] = []

        def collect(jobs: int) -> None:
            records.extend(apply(folder / "stems", folder / f"out{jobs}", jobs))

        for jobs in (1, 2):
            rows[f"gantools fxnorm apply -j {jobs}"] = timed(partial(collect, jobs))
        (folder / "peer").mkdir()
        before_s = cpu_s()
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            list(pool.map(by_pyloudnorm, paths[:2], [folder / "peer"] * 2))
            wall_s, _ = timed(lambda: list(pool.map(by_pyloudnorm, paths, [folder / "peer"] * len(paths))))
        rows["pyloudnorm, gain only, 2 processes"] = (wall_s, cpu_s() - before_s)
        rounds = float(np.mean([r["settings"].get("pan", {}).get("rounds", 0) for r in records]))
        transforms_s, files_s = floor_s(paths[0], rounds, folder)
        wanted = [abs(r["lufs"][1] - TARGETS_LUFS[r["role"]]) for r in records if "tp_limited" not in r["flags"]]
        print(f"{len(paths)} stems of 60 s; largest error of loudness {max(wanted):.3f} LU")
        distances = np.array([r["eq_distance_db"] for r in records]).mean(axis=0)
        pans = np.array([r["pan_distance"] for r in records]).mean(axis=0)
        spectrum, panning = f"{distances[0]:.2f} -> {distances[1]:.2f} dB", f"{pans[0]:.3f} -> {pans[1]:.3f}"
        print(f"mean distance of the spectrum {spectrum}, of panning {panning}")
        print(f"{'':<36} {'wall s':>8} {'CPU s':>8} {'x real time':>12} {'CPU s a minute':>15}")
        for label, (wall_s, spent_s) in rows.items():
            print(f"{label:<36} {wall_s:8.2f} {spent_s:8.2f} {total_s / wall_s:12.0f} {spent_s * 60 / total_s:15.3f}")
        # Growth with length, less what a start costs: from one file of 2 minutes to one of 8.
        spent = {}
        for minutes in (2, 8):
            make_stems(folder / f"long{minutes}", 1, 60.0 * minutes)
            spent[minutes] = timed(partial(apply, folder / f"long{minutes}", folder / f"outlong{minutes}", 1))[1]
        make_stems(folder / "one", 1, 1.0)
        start_s = timed(lambda: apply(folder / "one", folder / "outone", 1))[1]
        growth = (spent[8] - start_s) / (spent[2] - start_s) / 4
        per_minute_s = (spent[8] - start_s) / 8
        print(f"start of the command: {start_s:.2f} CPU s; a minute of stereo after that: {per_minute_s:.3f} CPU s")
        print(f"cost of a minute at 8 minutes over that at 2: {growth:.2f} (1 is linear)")
        floor = transforms_s + files_s
        print(
            f"floor: {transforms_s:.3f} s of transforms and {files_s:.3f} s of reading and writing a minute;"
            f" the command reaches {floor / per_minute_s:.0%} of it"
        )
        speed = total_s / rows["gantools fxnorm apply -j 2"][0]
        missed = [f"{speed:.0f} times real time, {LEAST_X_REAL_TIME:g} wanted"] if speed < LEAST_X_REAL_TIME else []
        missed += [f"growth {growth:.2f}"] if growth > _MOST_GROWTH else []
        print("all targets met" if not missed else "missed: " + "; ".join(missed))
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
