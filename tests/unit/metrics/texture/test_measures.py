from __future__ import annotations

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.metrics.texture.comparison import places
from gantools.metrics.texture.measures import FIGURES, averaged, cut_clips, measure
from gantools.metrics.texture.spectrum import RATE_HZ


def piece(seconds: float = 17.0) -> np.ndarray:
    """Return a bar of notes and strokes at 120 bpm again and again, the same samples, float32 (n,)."""
    random = np.random.default_rng(3)
    bar = np.zeros(2 * RATE_HZ)
    time = np.arange(RATE_HZ // 2) / RATE_HZ
    for step in range(16):
        places = (round(step / 8 * RATE_HZ) + np.arange(len(time))) % len(bar)
        if step in (0, 6, 10):
            bar[places] += np.exp(-4 * time) * np.sin(2 * np.pi * (220, 330, 275)[step % 3] * time)
        if step % 4 == 0:
            bar[places] += (0.3, 0.7)[step == 0] * np.exp(-50 * time) * random.standard_normal(len(time))
    return np.resize(bar, round(seconds * RATE_HZ)).astype(np.float32)


def test_figures_do_not_depend_on_level_or_offset() -> None:
    wave = piece()
    one, two = measure(wave, None, 0), measure(wave * np.float32(1e-4) + np.float32(0.5e-4), None, 0)
    for name in FIGURES:
        assert two[name] == pytest.approx(one[name], rel=0.02, abs=0.01), name


def test_a_bar_that_repeats_is_alike_at_the_tempo_that_is_heard_or_given() -> None:
    for bpm in (None, 120.0):
        found = measure(piece(), bpm, 0)
        # All but the first, whose first note has nothing before it to rise from.
        assert found["bar_next"] > 0.95
        assert found["bar_fourth"] > 0.92
        assert found["bar_beats_shuffled"] < 0.8
        assert found["pulse"] > 0.4
    # At a tempo that it does not have its bars differ.
    assert measure(piece(), 107.0, 0)["bar_next"] < 0.5


@pytest.mark.parametrize(("samples", "word"), [(220, "too short"), (0, "too short"), (2 * RATE_HZ, "silent")])
def test_what_is_too_short_or_silent_is_told(samples: int, word: str) -> None:
    with pytest.raises(InputError, match=word):
        measure(np.zeros(samples, np.float32), None, 0)
    with pytest.raises(InputError, match=word):
        measure(np.full(samples, 0.3, np.float32), None, 0)


def test_a_second_is_enough_for_what_needs_no_bars() -> None:
    found = measure(piece(1.0), None, 0)
    assert found["partial_ms"] > 0
    assert found["attack_db"] > 0
    assert np.isnan([found["bar_next"], found["bar_fourth"]]).all()


def test_clips_are_spread_do_not_overlap_and_are_not_silent() -> None:
    wave = np.arange(100 * RATE_HZ, dtype=np.float32)
    clips = cut_clips(wave, 10.0, 4)
    assert [len(clip) for clip in clips] == [10 * RATE_HZ] * 4
    np.testing.assert_allclose([clip[0] / RATE_HZ for clip in clips], [7.5, 32.5, 57.5, 82.5])
    assert len(cut_clips(wave, 10.0, 0)) == 10
    assert [len(clip) for clip in cut_clips(wave, 101.0, 4)] == [len(wave)]
    wave[: 50 * RATE_HZ] = 0
    assert len(cut_clips(wave, 10.0, 4)) == 2


def test_means_leave_out_what_a_clip_does_not_have_and_p_is_that_of_means() -> None:
    one = dict.fromkeys(FIGURES, 1.0) | {"clear": 1.0, "matrix": np.ones((2, 2)), "durations": np.ones(3)}
    one |= {"bar_next": 0.4, "beats_drawn": np.linspace(0, 0.5, 199), "bars_drawn": np.zeros(199)}
    none = one | {"bar_next": np.nan, "beats_drawn": np.full(199, np.nan), "bars_drawn": np.full(199, np.nan)}
    found = averaged([one, one | {"pulse": 3.0, "bar_next": 0.6}, none])
    assert (found["pulse"], found["bar_next"]) == (pytest.approx(5 / 3), pytest.approx(0.5))
    # The mean of the last order alone reaches .5.
    assert (found["bar_p"], found["order_p"]) == (2 / 200, 1 / 200)
    assert np.isnan(averaged([none])["bar_p"])


def test_places_lie_between_noise_and_real_music_where_these_differ() -> None:
    figures = dict.fromkeys(FIGURES, 1.0)
    found = places(figures | {"pulse": 0.2, "real": figures | {"pulse": 0.4}, "noise": figures | {"pulse": 0.1}})
    assert found == {"pulse": pytest.approx(1 / 3)}
