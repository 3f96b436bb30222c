"""Nearest neighbours: against all distances by hand, copies at any place and level, latents in their own deviations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import stem

from gantools.metrics.metric import Conditions
from gantools.metrics.neighbours.comparison import compare_neighbours, verdict_of
from gantools.metrics.neighbours.config import NeighboursConfig
from gantools.metrics.neighbours.windows import Frames, Nearest, standardised
from gantools.report.clip import Clip

RATE = 22050


def frames(count: int, seed: int, numbers: int = 3) -> Frames:
    """Return random vectors, of which the tenth to the twentieth are silent."""
    sounding = np.ones(count, bool)
    sounding[10:20] = False
    return Frames(np.random.default_rng(seed).standard_normal((count, numbers)).astype(np.float32), 10.0, sounding)


def test_the_nearest_of_all_windows_of_all_files_is_found() -> None:
    learnt, made = [frames(60, 1), frames(50, 2)], frames(30, 3)
    starts = made.starts(4, 2)
    nearest = Nearest(made.windows(starts, 4))
    for number, one in enumerate(learnt):
        nearest.push(number, one, 4)
    every = [
        (float(np.sqrt(np.square(one.values[s : s + 4] - made.values[starts[5] : starts[5] + 4]).mean())), n, s)
        for n, one in enumerate(learnt)
        for s in range(len(one.values) - 3)
        if one.sounding[s : s + 4].sum() >= 2
    ]
    assert (nearest.distances[5], nearest.file[5], nearest.start[5]) == pytest.approx(min(every), abs=1e-5)
    # Of windows that are silent for more than half none is taken.
    assert not set(starts) & {9, 10, 12, 14, 16} - {8, 18}


def test_latents_count_by_their_deviations() -> None:
    wide = Frames(np.array([[0, 100], [2, 300]], np.float32), 10.0, np.ones(2, bool))
    assert standardised([wide])(wide).values.tolist() == [[-1, -1], [1, 1]]


def write(folder: Path, name: str, wave: np.ndarray) -> Clip:
    """Write a sound and return it as a clip."""
    soundfile.write(folder / f"{name}.wav", wave, RATE)
    return Clip(folder / f"{name}.wav", name, "other", name)


def test_a_copy_is_found_at_any_place_and_level_and_new_music_is_new(tmp_path: Path) -> None:
    random = np.random.default_rng(5)

    def tune(seed: int) -> np.ndarray:
        """Return twelve notes at random, over chords."""
        own, wave = np.random.default_rng(seed), 0.2 * stem("other", 6.0, RATE, seed)[:, 0]
        for start in range(0, 6 * RATE - RATE // 2, RATE // 2):
            times = np.arange(RATE // 2) / RATE
            note = np.sin(2 * np.pi * 110 * 2 ** (own.integers(0, 30) / 12) * times) * np.exp(-4 * times)
            wave[start : start + RATE // 2] += 0.3 * note
        return wave

    learnt, held = write(tmp_path, "learnt", tune(1)), write(tmp_path, "held", tune(2))
    new = write(tmp_path, "new", tune(3))
    copied = write(tmp_path, "copied", 0.3 * tune(1)[7777 : 7777 + 4 * RATE] + 1e-4 * random.standard_normal(4 * RATE))
    conditions = Conditions(failed=lambda path, error: pytest.fail(str(error)))
    config = NeighboursConfig(window_seconds=1.0)
    found = compare_neighbours([copied], [learnt], [held], config, conditions)
    assert found["verdict"] == "copied"
    closest = found["closest"][0]
    assert closest["real_at_s"] == pytest.approx(closest["at_s"] + 7777 / RATE, abs=0.05)
    assert compare_neighbours([new], [learnt], [held], config, conditions)["ratio"] == pytest.approx(1, abs=0.25)
    # By its own measure, what was learnt from is nearer than anything.
    assert compare_neighbours([learnt], [learnt], [held], config, conditions)["generated"] < 0.1


def test_words_for_ratios() -> None:
    assert [verdict_of(ratio) for ratio in (0.59, 0.7, 1.0, 1.3)] == ["copied", "near", "new", "far"]
