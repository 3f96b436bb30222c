"""Inversion of mel-spectrograms against librosa: time and error side by side, in one run.

    python benchmarks/bench_invert.py [--seconds 10] [--threads 2]

Both get the same mel power (22050 Hz, n_fft 2048, hop 512, 256 HTK bands). The peer is librosa's own chain,
`librosa.feature.inverse.mel_to_audio` with 32 iterations; its first half, `mel_to_stft` (NNLS), is compared with the
Kullback-Leibler step. Convergence and error are those of the mel-spectrogram of the result. Exit code 1 if a target is
missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import librosa
import numpy as np

from gantools.audio.compiled import block_threads
from gantools.audio.config import MelParams
from gantools.audio.fidelity import mel_errors
from gantools.audio.inversion import invert_mel
from gantools.audio.io import load_mono
from gantools.audio.mel import filter_bank, mel_db
from gantools.audio.melinverse import kl_power, least_squares_power

ROOT = Path(__file__).resolve().parent.parent
#: File and start in seconds. The electronic clip has a sub-bass of 30 Hz, the hardest case found.
REAL_CLIPS = {"jazz/vibe-ace.ogg": 10, "electronic/awakening.ogg": 30, "folk/lets-go-fishin.ogg": 20}
PARAMS = MelParams()
LIBROSA: dict[str, Any] = {"sr": PARAMS.sample_rate_hz, "n_fft": PARAMS.n_fft, "htk": True, "norm": None}
#: effort -> (spectral convergence, log-mel error) at most, in dB, on every clip
MOST = {"default": (-29.0, 0.55), "best": (-33.0, 0.30)}
LEAST_SPEEDUP, LEAST_KL_SPEEDUP = 8.0, 20.0


@dataclass
class Row:
    """One line of the table: times summed and errors averaged over the clips."""

    name: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    errors: list[tuple[float, float]] | None = None

    def add(self, work: Callable[[], np.ndarray], judge: Callable[[np.ndarray], tuple[float, float]]) -> None:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        result = work()
        self.wall_s += time.perf_counter() - wall_s
        self.cpu_s += time.process_time() - cpu_s
        self.errors = [*(self.errors or []), judge(result)]

    def show(self, peer: Row, total_s: float) -> None:
        convergence_db, error_db = np.mean(self.errors or [(0, 0)], axis=0)
        worst_db, worst_error_db = np.max(self.errors or [(0, 0)], axis=0)
        print(
            f"{self.name:<30} {self.wall_s:8.3f} {self.cpu_s:8.3f} {peer.wall_s / self.wall_s:8.1f} "
            f"{peer.cpu_s / self.cpu_s:8.1f} {total_s / self.wall_s:8.0f} "
            f"{convergence_db:8.2f} {worst_db:8.2f} {error_db:7.3f} {worst_error_db:7.3f}"
        )


def clips(seconds: float) -> dict[str, np.ndarray]:
    """Return three clips of real music, or of the bundled songs where ../shared/data is absent."""
    rate_hz, folder = PARAMS.sample_rate_hz, ROOT.parent / "shared/data/songs"
    if folder.is_dir():
        starts = {folder / name: start for name, start in REAL_CLIPS.items()}
    else:
        starts = dict.fromkeys(sorted((ROOT / "examples/audio/stems2").rglob("band.ogg"))[:3], 10)
    length = int(seconds * rate_hz)
    return {p.stem: load_mono(p, rate_hz)[start * rate_hz :][:length].copy() for p, start in starts.items()}


def by_nnls(power: np.ndarray) -> np.ndarray:
    return librosa.feature.inverse.mel_to_stft(power.T, **LIBROSA).T ** 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each clip")
    parser.add_argument("--threads", type=int, default=2, help="threads of the threaded rows")
    arguments = parser.parse_args()
    waves = clips(arguments.seconds)
    total_s = sum(len(wave) for wave in waves.values()) / PARAMS.sample_rate_hz
    threads = sorted({1, arguments.threads})
    bank = filter_bank(PARAMS)

    nnls, chain = Row("librosa mel_to_stft (NNLS)"), Row("librosa mel_to_audio, 32 it.")
    kl = {t: Row(f"KL x10, {t} thread{'s' * (t > 1)}") for t in threads}
    lstsq = Row("least squares, clipped")
    counts = dict.fromkeys(("draft", "default", "best"), threads) | dict.fromkeys(("paper", "torchaudio"), threads[:1])
    efforts = {(p, t): Row(f"invert {p}, {t} thread{'s' * (t > 1)}") for p, ts in counts.items() for t in ts}
    first = mel_db(next(iter(waves.values())), PARAMS)
    for effort, count in efforts:  # compile and warm up
        invert_mel(first[:40], PARAMS, effort=effort, threads=count)
    librosa.feature.inverse.mel_to_audio(10 ** (first[:8].T / 10), n_iter=1, **LIBROSA)

    for wave in waves.values():
        given_db = mel_db(wave, PARAMS)
        power = np.power(10, given_db / 10).astype(np.float32)

        def judge_power(linear: np.ndarray, given_db: np.ndarray = given_db) -> tuple[float, float]:
            return mel_errors(given_db, 10 * np.log10(np.maximum(linear @ bank.T, 1e-10)))

        def judge(back: np.ndarray, given_db: np.ndarray = given_db) -> tuple[float, float]:
            found_db = mel_db(back, PARAMS)  # librosa returns whole hops: up to a frame fewer
            return mel_errors(given_db[: len(found_db)], found_db)

        nnls.add(partial(by_nnls, power), judge_power)
        for count, row in kl.items():
            with block_threads(count) as run:
                row.add(partial(kl_power, power, PARAMS, 10, run), judge_power)
        lstsq.add(partial(least_squares_power, power, PARAMS), judge_power)
        to_audio = librosa.feature.inverse.mel_to_audio
        chain.add(partial(to_audio, power.T, hop_length=512, n_iter=32, **LIBROSA), judge)
        for (effort, count), row in efforts.items():
            row.add(partial(invert_mel, given_db, PARAMS, len(wave), effort, threads=count), judge)

    print(f"{len(waves)} clips ({', '.join(waves)}), {total_s:.0f} s in all")
    print(f"{'':<30}     wall      CPU   faster   faster   x real   convergence dB    log-mel error dB")
    print(f"{'':<30}        s        s   by wall   by CPU    time     mean    worst    mean   worst")
    for row in (nnls, *kl.values(), lstsq):
        row.show(nnls, total_s)
    print()
    for row in (chain, *efforts.values()):
        row.show(chain, total_s)

    missed = []
    most_threads = threads[-1]
    default = efforts["default", most_threads]
    if chain.wall_s / default.wall_s < LEAST_SPEEDUP:
        missed.append(f"default is not {LEAST_SPEEDUP:g} times as fast as librosa")
    if nnls.wall_s / kl[1].wall_s < LEAST_KL_SPEEDUP:
        missed.append(f"the KL step is not {LEAST_KL_SPEEDUP:g} times as fast as NNLS")
    for effort, most in MOST.items():
        worst = np.max(efforts[effort, most_threads].errors or [], axis=0)
        if (worst > most).any():
            missed.append(f"{effort}: {worst[0]:.2f} dB and {worst[1]:.3f} dB; wanted {most[0]:g} and {most[1]:g}")
    print("\nall targets met" if not missed else "\nmissed: " + "; ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
