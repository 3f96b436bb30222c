"""Mel-spectrograms of audio files against librosa: time and error side by side, in one run.

    python benchmarks/bench_melify.py [FOLDER]

The peer decodes, resamples and analyses with `librosa.load` and `librosa.feature.melspectrogram`, in one process. Ours
does the same through the library, in one process and in two that are already running, and as the command `gantools
melify`, with its start, its checks and the files it writes. BLAS is held to one thread in all. Exit code 1 if a target
is missed.
"""

from __future__ import annotations

import os
from functools import partial

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile
from stopwatch import cpu_s, timed

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db

ROOT = Path(__file__).resolve().parent.parent
PARAMS = MelParams()
LEAST_SPEEDUP, LEAST_SPEEDUP_TWO = 1.0, 1.7


def by_librosa(path: Path) -> np.ndarray:
    import librosa

    wave, _ = librosa.load(path, sr=PARAMS.sample_rate_hz)
    power = librosa.feature.melspectrogram(
        y=wave,
        sr=PARAMS.sample_rate_hz,
        n_fft=2048,
        hop_length=512,
        n_mels=256,
        htk=True,
        norm=None,
        pad_mode="reflect",
    )
    return librosa.power_to_db(power, amin=1e-10, top_db=None).T


def by_gantools(path: Path) -> np.ndarray:
    return mel_db(load_mono(path, PARAMS.sample_rate_hz), PARAMS)


def length_of(path: Path) -> int:
    """For worker processes: analyse, and send back as little as possible."""
    return len(by_gantools(path))


def run_command(paths: list[Path], jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = "\0".join(map(str, paths))
        command = [sys.executable, "-m", "gantools", "melify", "-", "-0", "-o", folder, "-j", str(jobs), "-q"]
        subprocess.run(command, input=names, text=True, check=True, stdout=subprocess.DEVNULL)


def error_db(paths: list[Path]) -> float:
    """Mean difference of the levels from librosa's, 80 dB below the loudest being the floor."""
    differences = []
    for path in paths:
        theirs, ours = by_librosa(path), by_gantools(path)
        floor = theirs.max() - 80
        frames = min(len(theirs), len(ours))
        differences.append(np.abs(np.maximum(theirs[:frames], floor) - np.maximum(ours[:frames], floor)).mean())
    return float(np.mean(differences))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="audio files; real music by default")
    arguments = parser.parse_args()
    songs = ROOT.parent / "shared/data/songs"
    folder = arguments.folder or (songs if songs.is_dir() else ROOT / "examples/audio/stems2")
    paths = sorted(p for p in folder.rglob("*") if p.suffix in (".ogg", ".wav", ".flac", ".mp3"))
    total_s = sum(soundfile.info(p).duration for p in paths)
    by_librosa(paths[0])  # imports and first-call costs stay out of the table
    by_gantools(paths[0])
    rows: dict[str, tuple[float, float]] = {}
    rows["librosa load + melspectrogram"] = timed(lambda: [by_librosa(p) for p in paths])
    rows["library, 1 process"] = timed(lambda: [by_gantools(p) for p in paths])
    before_s = cpu_s()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        list(pool.map(length_of, paths[:2]))
        wall_s, _ = timed(lambda: list(pool.map(length_of, paths)))
    rows["library, 2 processes"] = (wall_s, cpu_s() - before_s)  # CPU with the start of the two
    for jobs in (1, 2):
        rows[f"gantools melify -j {jobs}"] = timed(partial(run_command, paths, jobs))
    peer_wall_s, peer_cpu_s = rows["librosa load + melspectrogram"]
    print(f"{len(paths)} files, {total_s / 60:.1f} minutes; error: mean difference from librosa, 80 dB range")
    print(f"{'':<30} {'wall s':>8} {'CPU s':>8} {'faster':>8} {'less CPU':>9} {'x real time':>12} {'error dB':>10}")
    error = error_db(paths[:3])
    for name, (wall_s, spent_s) in rows.items():
        shown = f"{0:10.6f}" if name.startswith("librosa") else f"{error:10.6f}"
        print(
            f"{name:<30} {wall_s:8.2f} {spent_s:8.2f} {peer_wall_s / wall_s:8.2f} {peer_cpu_s / spent_s:9.2f} "
            f"{total_s / wall_s:12.0f} {shown}"
        )
    missed = []
    if peer_cpu_s / rows["library, 1 process"][1] < LEAST_SPEEDUP:
        missed.append("one core is slower than librosa")
    if peer_wall_s / rows["gantools melify -j 2"][0] < LEAST_SPEEDUP_TWO:
        missed.append(f"-j 2 is not {LEAST_SPEEDUP_TWO:g} times as fast as librosa on one core")
    print("all targets met" if not missed else "missed: " + "; ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
