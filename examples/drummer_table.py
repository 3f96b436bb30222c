"""The tables of docs/drummer.md: drums for held-out pieces, and for recorded basses.

python examples/drummer_table.py MODEL --pieces held-out/*.mid [--stems STEMS]
    STEMS has a folder for each song, with bass and drums; the drums are only compared with.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

import gantools as gt
from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.loudness import measure_loudness
from gantools.audio.mel import mel_db
from gantools.symbolic.roll import BAR_STEPS, STEPS_PER_QUARTER
from gantools.systems.drummer import hearing
from gantools.systems.drummer.data import read_piece
from gantools.systems.drummer.generate import load
from gantools.systems.drummer.generate_config import DrummerGenerateConfig
from gantools.systems.drummer.likeness import bars_alike
from gantools.systems.drummer.music import ONSET, SOUNDING, density_of, hits_per_bar

_BANDS = 8
_NEAR_S, _WITH_S = 0.030, 0.040
Rows = dict[str, list[float]]
SYMBOLIC = ("bars alike, i and i+1", "i and i+4", "hits a beat in rests", "under the bass", "rests of a bar played",
            "hits with the bass", "kick on 1", "snare on 2 and 4")  # fmt: skip
AUDIO = ("bars alike, i and i+1", "i and i+4", "onsets a beat in rests", "under the bass", "rests of a bar played",
         "onsets with the bass", "strong onsets within 30 ms")  # fmt: skip


def symbolic(drums: np.ndarray, bass: np.ndarray) -> list[float]:
    """Return the figures of `SYMBOLIC` of drums (steps, 9) beside their bass (steps, 3)."""
    struck, bars = drums > 0, len(drums) // BAR_STEPS
    rests = ~np.asarray((bass[:, SOUNDING] > 0).reshape(-1, STEPS_PER_QUARTER).any(1))
    hits = struck.sum(1).reshape(-1, STEPS_PER_QUARTER).sum(1)
    whole = rests.reshape(bars, -1).all(1)
    steps = np.asarray(struck.any(1))
    kick, snare = struck[:, 0].reshape(bars, -1), struck[:, 1].reshape(bars, -1)
    played = np.asarray(steps.reshape(bars, -1).any(1))
    return [
        bars_alike(drums, 1), bars_alike(drums, 4), mean(hits[rests]), mean(hits[~rests]), mean(played[whole]),
        mean(bass[steps, ONSET]), mean(kick[played, 0]), mean(snare[played][:, [4, 12]]),
    ]  # fmt: skip


def mean(values: np.ndarray) -> float:
    """Return the mean, NaN of nothing."""
    return float(np.mean(values)) if np.size(values) else float("nan")


def shuffled(drums: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return drums with their bars in any order."""
    bars = drums.reshape(-1, BAR_STEPS, drums.shape[1])
    return bars[np.random.default_rng(seed).permutation(len(bars))].reshape(drums.shape)


def of_pieces(model: Path, paths: list[Path]) -> dict[str, Rows]:
    """Return the figures of held-out pieces: their own drums, the same in any order, and those that are made."""
    maker = load(model, DrummerGenerateConfig(), "cpu")
    densities = maker.player.network.densities.numpy()
    heat, share = maker.config.temperature, maker.config.top_p
    rows: dict[str, Rows] = {"their own drums": {}, "their bars in any order": {}, "made": {}, "made, density 0.5": {}}
    for path in paths:
        stretch = max(read_piece(path.stem, path).stretches, key=lambda stretch: stretch.bars)
        real, bass, name = stretch.drums, stretch.bass, path.stem
        density = density_of(hits_per_bar(real), densities)
        made = maker.player.play(bass, 1, density=density, temperature=heat, top_p=share)
        plain = maker.player.play(bass, 1, density=0.5, temperature=heat, top_p=share)
        for row, drums in zip(rows, (real, shuffled(real), made, plain), strict=True):
            rows[row][name] = symbolic(drums, bass)
    return rows


def audio(drums: np.ndarray, bass: np.ndarray, grid: hearing.Grid, in_rests: Callable[[np.ndarray], np.ndarray],
          own: hearing.Grid) -> list[float]:  # fmt: skip
    """Return the figures of `AUDIO` of a recording of drums beside its bass.

    `grid` is what counts bars and beats, `own` what the onsets are compared with; `in_rests` tells of times whether the
    bass rests there.
    """
    onsets, _, _ = hearing.find_onsets(drums)
    basses, _, _ = hearing.find_onsets(bass)
    beats, times = grid.beats_s, onsets.times_s
    rests = in_rests((beats[:-1] + beats[1:]) / 2)
    counts = np.histogram(times, beats)[0]
    first = (-grid.first % BAR_STEPS) // STEPS_PER_QUARTER
    bars = (len(beats) - 1 - first) // 4
    whole = rests[first : first + 4 * bars].reshape(bars, 4).all(1)
    played = np.asarray(counts[first : first + 4 * bars].reshape(bars, 4).any(1))
    like = bar_matrix(drums, grid)
    alike = [mean((like[:-apart] * like[apart:]).sum(1)) for apart in (1, 4)]
    near = np.abs(times[:, None] - basses.times_s).min(1) < _WITH_S
    step = np.diff(own.beats_s).mean() / STEPS_PER_QUARTER
    strong = times[onsets.strengths > np.median(onsets.strengths)]
    off = (strong - own.beats_s[0] + step / 2) % step - step / 2
    return [
        *alike,
        mean(counts[rests]),
        mean(counts[~rests]),
        mean(played[whole]),
        mean(near),
        mean(np.abs(off) < _NEAR_S),
    ]


def bar_matrix(drums: np.ndarray, grid: hearing.Grid) -> np.ndarray:
    """Return the bars of a recording, (bars, values) of unit length: the rises in a few bands on sixteenths."""
    first = (-grid.first % BAR_STEPS) // STEPS_PER_QUARTER
    count = (len(grid.beats_s) - 1 - first) // 4
    beats = grid.beats_s[first : first + 4 * count + 1]
    params = MelParams(
        sample_rate_hz=hearing.HEARD_HZ, n_fft=1024, hop_samples=220, n_mels=_BANDS, fmin_hz=30.0, fmax_hz=8000.0
    )
    levels = mel_db(drums, params)
    levels = np.maximum(levels, levels.max() - 60)
    rises = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0)
    size = (len(beats) - 1) * STEPS_PER_QUARTER
    times = np.interp(np.arange(size + 1) / STEPS_PER_QUARTER, np.arange(len(beats)), beats)
    edges = np.clip(((times - 0.03) * hearing.HEARD_HZ / 220).astype(int), 0, len(rises) - 1)
    cells = np.array([rises[a : max(a + 1, b)].max(0) for a, b in pairwise(edges.tolist())])
    bars = cells.reshape(-1, BAR_STEPS * _BANDS)
    bars = bars[bars.max(1) > 6]
    bars = bars - bars.mean(1, keepdims=True)
    return np.asarray(bars / np.maximum(np.linalg.norm(bars, axis=1, keepdims=True), 1e-9))


def of_stems(model: Path, folder: Path) -> dict[str, Rows]:
    """Return the figures of recorded basses: the drums of their songs, and those that are made for them alone."""
    rows: dict[str, Rows] = {"their own drums": {}, "made": {}}
    places = load(model, DrummerGenerateConfig(), "cpu").player.places
    for song in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = {role: next(song.glob(f"{role}.*")) for role in ("bass", "drums")}
        bass, drums = (load_mono(files[role], hearing.HEARD_HZ) for role in ("bass", "drums"))
        with tempfile.TemporaryDirectory() as out:
            gt.run("generate", "drummer", files["bass"], model=str(model), out=out, format="wav")
            made = load_mono(Path(out) / "bass.drums.wav", hearing.HEARD_HZ)
        grid, heard = hearing.hear(bass, places)
        real_grid = from_start(drums)
        sounding = np.asarray(heard[grid.first :, SOUNDING].reshape(-1, STEPS_PER_QUARTER).any(1))

        def in_rests(times: np.ndarray, grid: hearing.Grid = grid, sounding: np.ndarray = sounding) -> np.ndarray:
            beat = np.clip(np.searchsorted(grid.beats_s, times, side="right") - 1, 0, len(sounding) - 1)
            return ~sounding[beat]

        for row, sound, own in (("their own drums", drums, real_grid), ("made", made, grid)):
            rows[row][song.name] = audio(sound, bass, own, in_rests, own)
        loud = [measure_loudness(wave[None], hearing.HEARD_HZ).integrated_lufs() for wave in (bass, drums, made)]
        # How far the first bars lie apart: half a bar away is the other end.
        bar_s = 4 * float(np.diff(grid.beats_s).mean())
        bars_s = [one.beats_s[0] + (-one.first % BAR_STEPS) / BAR_STEPS * bar_s for one in (grid, real_grid)]
        apart = (bars_s[0] - bars_s[1] + bar_s / 2) % bar_s - bar_s / 2
        print(f"{song.name}: {grid.bpm:.3f} bpm (drums {real_grid.bpm:.3f}); bars {1000 * apart:+.0f} ms beside; "
              f"drums over bass {loud[1] - loud[0]:+.1f} LU, made {loud[2] - loud[0]:+.1f}")  # fmt: skip
    return rows


def from_start(drums: np.ndarray) -> hearing.Grid:
    """Return the beats of drums whose song begins with a bar, as what a sequencer writes does."""
    onsets, bpm, _ = hearing.find_onsets(drums)
    step_s, start_s, *_ = hearing.best_line(onsets, 15 / bpm, fixed=False)
    return hearing.line_of(15 / step_s, (start_s + step_s / 2) % step_s - step_s / 2, len(drums) / hearing.HEARD_HZ)


def show(title: str, heads: tuple[str, ...], rows: dict[str, Rows]) -> None:
    """Print the means over the pieces, a line for each kind of drums."""
    print(f"\n| {title} | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    for row, figures in rows.items():
        means = np.nanmean(np.array(list(figures.values())), axis=0)
        print(f"| {row} | " + " | ".join(f"{value:.2f}" for value in means) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--pieces", type=Path, nargs="+", default=[])
    parser.add_argument("--stems", type=Path)
    asked = parser.parse_args()
    if asked.pieces:
        made = of_pieces(asked.model, asked.pieces)
        show(f"mean of {len(asked.pieces)} held-out pieces", SYMBOLIC, made)
    if asked.stems:
        heard = of_stems(asked.model, asked.stems)
        show(f"mean of {len(next(iter(heard.values())))} recorded basses", AUDIO, heard)
