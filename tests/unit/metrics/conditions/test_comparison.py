"""What was asked against what is heard: figures of curves that are known, and of clicks that are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.metrics.conditions.comparison import Heard, _others, figure_of, read_points
from gantools.structure.curves import Curves

WINDOW_S = 10.0


def heard(density: np.ndarray, asked: np.ndarray, bpm: float = 120.0, asked_bpm: float = 120.0) -> Heard:
    """Return a sound of known curves, which was asked to have others."""
    flat = np.full(len(density), -20.0)
    curves = Curves(density, flat, 1000 * np.exp2(density), np.full(len(density), bpm))
    wanted = {"density": asked, "loudness": flat, "brightness": np.exp(asked), "tempo": np.full(len(asked), asked_bpm)}
    return Heard("a", wanted, curves, np.full(len(density) // 20, bpm))


def test_the_density_counts_by_its_order_and_the_centroid_in_octaves() -> None:
    asked = np.linspace(1, 3, 60)
    one = heard(asked, asked)
    # A rising curve follows one that rises otherwise; exp2 and exp are straight lines to each other in octaves.
    bent = heard(asked**3, asked)
    for name in ("density", "brightness"):
        assert figure_of(name, [(one.asked, one)], WINDOW_S) == pytest.approx(1.0)
    assert figure_of("density", [(bent.asked, bent)], WINDOW_S) == pytest.approx(1.0)
    assert figure_of("density", [(heard(asked, -asked).asked, one)], WINDOW_S) == pytest.approx(-1.0)
    # By hand: orders 1 2 3 4 and 2 1 4 3 differ by 1 each, and 1 - 6 * 4 / (4 * 15) is .6.
    four = heard(np.array([2.0, 1.0, 4.0, 3.0]), np.arange(4.0))
    assert figure_of("density", [(four.asked, four)], WINDOW_S) == pytest.approx(0.6)


def test_files_count_together_and_what_never_changes_is_unknown() -> None:
    slow, fast = (heard(np.full(40, level), np.full(40, level)) for level in (1.0, 3.0))
    assert figure_of("density", [(one.asked, one) for one in (slow, fast)], WINDOW_S) == pytest.approx(1.0)
    assert figure_of("density", [(slow.asked, fast), (fast.asked, slow)], WINDOW_S) == pytest.approx(-1.0)
    assert np.isnan(figure_of("density", [(slow.asked, slow)], WINDOW_S))
    assert np.isnan(figure_of("loudness", [(slow.asked, slow)], WINDOW_S))


@pytest.mark.parametrize(
    ("bpm", "asked", "error"), [(121.2, 120, 0.01), (60, 120, 0), (246, 120, 0.025), (90, 120, 0.25)]
)
def test_the_error_of_the_tempo_knows_octaves(bpm: float, asked: float, error: float) -> None:
    flat = np.linspace(1, 2, 40)
    one = heard(flat, flat, bpm, asked)
    # Three quarters of a tempo are nearer to it than to its half.
    assert figure_of("tempo", [(one.asked, one)], WINDOW_S) == pytest.approx(error, abs=1e-9)


def test_a_stretch_whose_tempo_changes_has_none() -> None:
    flat = np.linspace(1, 2, 40)
    one = heard(flat, flat, 120.0)
    one.asked["tempo"][:20] = np.linspace(100, 140, 20)
    one.asked["tempo"][20:] = 118.0
    assert figure_of("tempo", [(one.asked, one)], WINDOW_S) == pytest.approx(120 / 118 - 1)


def test_others_are_files_that_were_asked_to_be_unlike() -> None:
    rise, wave = np.linspace(1, 3, 40), np.full(40, 2.0)
    first, twin, other = heard(wave, rise), heard(wave, rise), heard(wave, rise[::-1])
    for pairs in _others([first, twin, other]):
        assert [sound for _, sound in pairs[:2]] == [other, other]
        assert pairs[2][1] in (first, twin)
    # Twins alone have only their own curves, half of them later.
    for pairs in _others([first, twin]):
        assert [sound for _, sound in pairs] == [first, twin]
        assert pairs[0][0]["density"].tolist() == np.roll(rise, 20).tolist()


@pytest.mark.parametrize(
    ("recorded", "words"),
    [(None, "does not tell"), ({"label": "a"}, "for nothing"), ("x", "for nothing"), (5, "damaged"),
     ({"density": [1, 2]}, "damaged"), ({"tempo": [["a", "b"]]}, "damaged"), ({"density": [[0, None]]}, "damaged"),
     ({"density": []}, "damaged")],
)  # fmt: skip
def test_records_that_tell_nothing_are_refused(recorded: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_points(recorded, Path("x.wav"))
