"""What phrases show by themselves, on rolls made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from loop_files import loop_roll, write_detector

from gantools.metrics.loops.brackets import noise, with_bars_shuffled
from gantools.metrics.loops.style import duplicate_share, measure_style, note_density, notes_per_bar, used_pitches
from gantools.structure.loops.detector import open_detector
from gantools.symbolic.roll import BAR_STEPS, PITCHES


@pytest.fixture
def by_hand() -> tuple[np.ndarray, np.ndarray]:
    """Two phrases of two bars: a kick on 1 and a bass note of five steps from 3 in the first bar; nothing else."""
    sounding = np.zeros((2, 2 * BAR_STEPS, PITCHES), bool)
    sounding[0, 0, 0] = sounding[0, 4:9, 30] = True
    onsets = np.zeros_like(sounding)
    onsets[0, 0, 0] = onsets[0, 4, 30] = True
    return sounding, onsets


def test_pitches_and_densities_are_means_over_bars(by_hand: tuple[np.ndarray, np.ndarray]) -> None:
    sounding, onsets = by_hand
    assert used_pitches(sounding).tolist() == [1.0, 0.0]  # two columns in one bar of two
    assert note_density(sounding).tolist() == [3.0, 0.0]  # six steps
    assert notes_per_bar(onsets).tolist() == [1.0, 0.0]  # two notes
    sounding[0, 4:9, 2] = True  # what sounds together counts once as a step
    assert used_pitches(sounding)[0] == 1.5
    assert note_density(sounding)[0] == 3.0
    assert note_density(np.ones_like(sounding)).tolist() == [16.0, 16.0]


def test_all_but_the_first_of_equal_phrases_are_duplicates() -> None:
    rolls = np.stack([loop_roll(seed) for seed in (0, 1, 0, 0, 2)])
    assert duplicate_share(rolls) == pytest.approx(2 / 5)
    assert duplicate_share(rolls[:2]) == 0.0


def test_loops_are_accepted_and_their_bars_in_another_order_are_not(tmp_path: Path) -> None:
    detector = open_detector(write_detector(tmp_path / "detector"))
    rolls = np.stack([loop_roll(seed) for seed in range(40)])
    loops, scores = measure_style((rolls, rolls), detector, 8)
    mixed, _ = measure_style(with_bars_shuffled((rolls, rolls), seed=0), detector, 8)
    assert loops["accepted"] > 0.7 > 0.3 > mixed["accepted"]
    assert loops["loop_score"] == pytest.approx(scores.mean())
    assert loops["loop_score"] < mixed["loop_score"]
    assert loops["loop_score_median"] == pytest.approx(np.median(scores))
    # The order of bars changes neither of these.
    assert [mixed[name] for name in ("used_pitches", "note_density")] == [
        loops[name] for name in ("used_pitches", "note_density")
    ]


def test_shuffling_keeps_the_bars_and_noise_the_density_of_each_column() -> None:
    rolls = np.stack([loop_roll(seed, pattern=(0, 1, 2, 3, 4, 5, 6, 7)) for seed in range(60)])
    sounding, onsets = with_bars_shuffled((rolls, rolls), seed=1)
    bars, moved = (planes.reshape(60, 8, -1) for planes in (rolls, sounding))
    assert all(sorted(map(bytes, a)) == sorted(map(bytes, b)) for a, b in zip(bars, moved, strict=True))
    assert np.mean((bars == moved).all(axis=(1, 2))) < 0.05
    assert not (onsets & ~sounding).any()
    drawn, _ = noise(rolls, seed=1)
    assert drawn.mean(axis=(0, 1)) == pytest.approx(rolls.mean(axis=(0, 1)), abs=0.03)
    assert np.array_equal(noise(rolls, seed=1)[0], drawn)
    assert not np.array_equal(noise(rolls, seed=2)[0], drawn)
