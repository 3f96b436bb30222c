"""The loudness meter against pyloudnorm: error and time side by side, in one run.

    python benchmarks/bench_loudness.py

Errors are those on the tones of EBU Tech 3341, cases 1 to 6 (tolerance 0.1 LU; their nominal loudness is itself
rounded, so that no meter reads 0), on full-scale 997 Hz sines, for which BS.1770 says -3.0103 LUFS, and on a short tone
that does not end with a block. pyloudnorm is measured with its default filters and with `filter_class="DeMan"`, which
follow the standard at any rate. Time is CPU time for 60 s of stereo, the best of several runs in one thread; ours
includes range and maxima. pyloudnorm stays the meter unless ours is more exact and five times as fast;
exit code 1 if it is not.
"""

from __future__ import annotations

import os
from functools import partial

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import sys
import time
from collections.abc import Callable

import numpy as np
import pyloudnorm

from gantools.audio.loudness import measure_loudness
from gantools.audio.truepeak import true_peak

LEAST_SPEEDUP = 5.0
RUNS = 9
#: Levels in dBFS and seconds of the tones, and the loudness they have.
CASES: dict[str, tuple[list[int], list[float], int]] = {
    "1": ([-23], [20], -23),
    "2": ([-33], [20], -33),
    "3": ([-36, -23, -36], [10, 60, 10], -23),
    "4": ([-72, -36, -23, -36, -72], [10, 10, 60, 10, 10], -23),
    "5": ([-26, -20, -26], [20, 20.1, 20], -23),
    "6": ([0], [20], -23),
}
SURROUND_DBFS = np.array([-28, -28, -24, -30, -30])


def tone(case: str, rate_hz: int) -> np.ndarray:
    levels, seconds, _ = CASES[case]
    envelope = np.repeat(10 ** (np.array(levels) / 20), [round(s * rate_hz) for s in seconds])
    wave = envelope * np.sin(2 * np.pi * 1000 / rate_hz * np.arange(len(envelope)))
    gains = 10 ** (SURROUND_DBFS / 20) if case == "6" else np.ones(2)
    return (gains[:, np.newaxis] * wave).astype(np.float32)


def full_scale(rate_hz: int) -> np.ndarray:
    return np.sin(2 * np.pi * 997 / rate_hz * np.arange(10 * rate_hz)).astype(np.float32)[np.newaxis]


def by_gantools(wave: np.ndarray, rate_hz: int) -> float:
    return measure_loudness(wave, rate_hz).integrated_lufs()


def all_readings(wave: np.ndarray, rate_hz: int) -> None:
    loudness = measure_loudness(wave, rate_hz)
    loudness.integrated_lufs()
    loudness.range_lu()
    loudness.momentary_max_lufs()
    loudness.short_term_max_lufs()


def by_pyloudnorm(wave: np.ndarray, rate_hz: int, filter_class: str) -> float:
    meter = pyloudnorm.Meter(rate_hz, filter_class=filter_class)
    return float(meter.integrated_loudness(wave.T))


def cpu_ms(work: Callable[[], object]) -> float:
    work()
    best = np.inf
    for _ in range(RUNS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1000 * best


def main() -> int:
    meters: dict[str, Callable[[np.ndarray, int], float]] = {
        "gantools": by_gantools,
        "pyloudnorm DeMan": lambda wave, rate_hz: by_pyloudnorm(wave, rate_hz, "DeMan"),
        "pyloudnorm default": lambda wave, rate_hz: by_pyloudnorm(wave, rate_hz, "K-weighting"),
    }
    print("error in LU")
    print(f"{'':<28} " + " ".join(f"{name:>20}" for name in meters))
    squares = dict.fromkeys(meters, 0.0)
    counted = 0
    for rate_hz in (44100, 48000, 96000):
        rows = {f"EBU Tech 3341 case {case}": (tone(case, rate_hz), float(CASES[case][2])) for case in CASES}
        rows["1 kHz, 0.96 s"] = (tone("1", rate_hz)[:, : round(0.96 * rate_hz)], -23.0)
        rows["997 Hz full scale"] = (full_scale(rate_hz), 20 * np.log10(1 / np.sqrt(2)))
        for label, (wave, expected) in rows.items():
            errors = {name: meter(wave, rate_hz) - expected for name, meter in meters.items()}
            print(f"{label} {rate_hz:>{27 - len(label)}} " + " ".join(f"{errors[name]:20.4f}" for name in meters))
            counted += 1
            for name in meters:
                squares[name] += errors[name] ** 2
    rms = {name: float(np.sqrt(total / counted)) for name, total in squares.items()}
    print(f"{'root mean square':<28} " + " ".join(f"{rms[name]:20.5f}" for name in meters))
    print("\nCPU ms for 60 s of stereo")
    slowest = np.inf
    for rate_hz in (44100, 48000):
        noise = (np.random.default_rng(0).standard_normal((2, 60 * rate_hz)) * 0.1).astype(np.float32)
        ours = cpu_ms(partial(all_readings, noise, rate_hz))
        theirs = cpu_ms(partial(by_pyloudnorm, noise, rate_hz, "DeMan"))
        peak = cpu_ms(partial(true_peak, noise, rate_hz))
        slowest = min(slowest, theirs / ours)
        print(
            f"{rate_hz} Hz: gantools {ours:.1f}, pyloudnorm DeMan {theirs:.1f}, {theirs / ours:.1f} times as fast; "
            f"true peak of noise {peak:.1f}"
        )
    missed = []
    if not rms["gantools"] < min(rms["pyloudnorm DeMan"], rms["pyloudnorm default"]):
        missed.append("ours is not more exact")
    if slowest < LEAST_SPEEDUP:
        missed.append(f"ours is not {LEAST_SPEEDUP:g} times as fast")
    print("all targets met" if not missed else "missed: " + "; ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
