"""Drums for a bass of four minutes beside librosa's beat tracking; the search of the patch engine beside an exact one.

    python benchmarks/bench_ideas.py [--seconds 240] [--frames 900] [--ideas 10]

Whoever adds drums by hand asks a beat tracker first: its time is the least that a peer takes, and both are told how far
they are from the tempo of the song. The bass is a played one, at a tempo that no file says. The search for what the
patch engine plays keeps the best 24 places that a jump may come from; the exact one, NumPy's over all pairs, shows what
that saves and what it costs. CPU seconds.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile
from stopwatch import timed

import gantools as gt
from gantools.audio.io import read_audio
from gantools.structure.beats import find_beats
from gantools.systems.patches.engine import PatchEngine
from gantools.systems.patches.path import cheapest_path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BPM = 117.0
#: Drums for four minutes in so many seconds of one core, ten ideas of 20 s in so many CPU seconds.
MOST_DRUMS_S, MOST_IDEAS_S = 30.0, 15.0


def bass_line(seconds: float, rate_hz: int) -> np.ndarray:
    """Return bass notes on eighths and sixteenths at `BPM`, with rests of a bar, float32 (n,)."""
    random, step = np.random.default_rng(0), 15 / BPM
    wave = np.zeros(round(seconds * rate_hz), np.float32)
    pattern = random.random(32) < 0.4
    pattern[::8] = True
    for number in range(int(seconds / step) - 2):
        if not pattern[number % 32] or number // 16 % 8 == 7:
            continue
        time_s = np.arange(round(1.5 * step * rate_hz)) / rate_hz
        hz = 55 * 2 ** (int(random.integers(0, 8)) / 12)
        note = sum(np.sin(2 * np.pi * hz * k * time_s) / k for k in (1, 2, 3)) * np.exp(-3 * time_s)
        first = round(number * step * rate_hz)
        wave[first : first + len(note)] += (0.2 * note).astype(np.float32)[: len(wave) - first]
    return wave


def exact_path(wanted: np.ndarray, frames: np.ndarray, jump_cost: float) -> np.ndarray:
    """Return the cheapest path over all pairs of frames, each moment a full matrix; see `cheapest_path`."""
    n = len(frames)
    cost = np.square(wanted[:, None].astype(np.float64) - frames).mean(-1)
    following = frames[np.minimum(np.arange(n) + 1, n - 1)].astype(np.float64)
    jump = np.square(following).mean(1)[:, None] + np.square(frames, dtype=np.float64).mean(1)
    jump = jump_cost * (0.5 + jump - 2 / frames.shape[1] * following @ frames.T.astype(np.float64))
    jump[-1] = np.inf  # the last frame has none after it, and is no place to jump from
    jump[np.arange(n - 1), np.arange(1, n)] = 0.0
    total, before = cost[0], np.zeros((len(wanted), n), np.int64)
    for moment in range(1, len(wanted)):
        through = total[:, None] + jump
        before[moment] = through.argmin(0)
        total = through.min(0) + cost[moment]
    path = [int(total.argmin())]
    for moment in range(len(wanted) - 1, 0, -1):
        path.append(int(before[moment, path[-1]]))
    return np.array(path[::-1])


def price(path: np.ndarray, wanted: np.ndarray, frames: np.ndarray, jump_cost: float) -> float:
    """Return what a path costs."""
    total = float(np.square(wanted - frames[path]).mean(1).sum())
    for before, after in itertools.pairwise(path):
        if after != before + 1:
            following = frames[min(before + 1, len(frames) - 1)]
            total += jump_cost * (0.5 + float(np.square(following - frames[after]).mean()))
    return total


def drums(seconds: float, folder: Path) -> bool:
    """Print the first table, and return whether the target is met."""
    wave = bass_line(seconds, 44100)
    soundfile.write(folder / "bass.wav", wave, 44100)
    # The tracker compiles itself at its first call.
    librosa.beat.beat_track(y=wave[: 44100 * 5], sr=44100)
    found: list[float] = []

    def track() -> None:
        heard, rate_hz = librosa.load(folder / "bass.wav")
        found.append(float(np.ravel(librosa.beat.beat_track(y=heard, sr=rate_hz)[0])[0]))

    _, peer_s = timed(track)
    _, ours_s = timed(lambda: gt.run("generate", "drummer", folder / "bass.wav", out=folder / "drums"))
    own = find_beats(wave[None], 44100).bpm
    print(f"| {seconds:g} s of bass, {BPM:g} bpm | CPU s | of the peer's | tempo heard |\n|---|---|---|---|")
    print(f"| librosa `load` and `beat_track` | {peer_s:.2f} | 1 | {found[0]:.2f} |")
    print(f"| `generate drummer`: grid, notes, hits, file | {ours_s:.2f} | {ours_s / peer_s:.2f} | {own:.2f} |\n")
    return ours_s <= MOST_DRUMS_S


def ideas(frames: int, count: int, folder: Path) -> bool:
    """Print the second table and the time of the command, and return whether the target is met."""
    clip, rate_hz = read_audio(sorted((EXAMPLES / "audio/stems2").rglob("guitar.ogg"))[0])
    clip = np.ascontiguousarray(clip[:, : 20 * rate_hz])
    engine = PatchEngine(clip, rate_hz)
    real = engine._frames[:frames]
    wanted = real[np.random.default_rng(0).permutation(len(real) // 30 * 30).reshape(-1, 30)].mean(1)
    wanted = np.repeat(wanted, 10, axis=0)[:300]
    jump_cost = engine.settings.jump_cost
    cheapest_path(wanted[:4], real, jump_cost)  # compiled here
    paths: list[np.ndarray] = []
    _, exact_s = timed(lambda: paths.append(exact_path(wanted, real, jump_cost)))
    _, ours_s = timed(lambda: paths.append(cheapest_path(wanted, real, jump_cost)))
    exact, ours = (price(path, wanted, real, jump_cost) for path in paths)
    print(f"| {len(wanted)} moments, {len(real)} frames | CPU s | faster | cost of the path |\n|---|---|---|---|")
    print(f"| all pairs, NumPy | {exact_s:.3f} | 1 | {exact:.2f} |")
    dearer = f"{100 * (ours / exact - 1):+.2f} %"
    print(f"| `cheapest_path` | {ours_s:.3f} | {exact_s / ours_s:.0f} | {ours:.2f} ({dearer}) |\n")
    soundfile.write(folder / "riff.wav", clip.T, rate_hz)
    _, spent_s = timed(lambda: gt.run("generate", "patches", folder / "riff.wav", count=count, out=folder / "ideas"))
    print(f"`generate patches`, {count} ideas of 20 s in stereo, ranked: {spent_s:.1f} CPU s")
    return spent_s * 10 / count <= MOST_IDEAS_S


def main() -> int:
    """Print both tables; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--frames", type=int, default=900)
    parser.add_argument("--ideas", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        met = [drums(options.seconds, Path(name)), ideas(options.frames, options.ideas, Path(name))]
    if not all(met):
        print(f"target missed: {MOST_DRUMS_S:g} s for drums, {MOST_IDEAS_S:g} CPU s for ten ideas", file=sys.stderr)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
