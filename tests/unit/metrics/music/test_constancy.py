"""How far windows agree, by hand, and of music that keeps or changes tempo and key."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sounds import drum_pattern

from gantools.errors import InputError
from gantools.metrics.music.constancy import Window, constancy, hear_windows
from gantools.structure.keys import RATE_HZ

NAN = float("nan")


def test_shares_by_hand() -> None:
    # 120 with its half and its double are one tempo, and 61 is within 4 % of 60; 90 is another. Twice C, once
    # G, a fifth away, once A minor, its relative, once F sharp.
    windows = [Window(120, 0, 0.9), Window(61, 0, 0.7), Window(240, 7, 0.8), Window(90, 21, 0.6), Window(NAN, 6, 0.5)]
    found = constancy(windows)
    assert found["tempo_kept"] == 0.75
    assert found["pulse_found"] == 0.8
    assert found["key_kept"] == 0.4
    assert found["key_near"] == pytest.approx((1 + 1 + 0.5 + 0.3 + 0) / 5)
    assert found["key_clarity"] == pytest.approx(0.7)
    assert (found["bpm"], found["key"]) == (120, 0)
    assert math.isnan(constancy([Window(NAN, 0, 0), Window(100, 0, 0)])["tempo_kept"])


def band(bpm: float, root: int, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * 220 * 2 ** ((root + step) / 12) * time) for step in (0, 4, 7, 12))
    return (0.7 * drum_pattern(bpm, seconds, RATE_HZ)[0] + 0.1 * chord).astype(np.float32)


def test_music_that_stays_is_told_from_music_that_moves() -> None:
    stays = constancy(hear_windows(band(120, 0, 24), 6.0))
    assert (stays["tempo_kept"], stays["pulse_found"], stays["key_kept"]) == (1, 1, 1)
    assert stays["bpm"] == pytest.approx(120, rel=0.01)
    parts = [band(bpm, root, 6) for bpm, root in ((120, 0), (100, 1), (87, 3), (150, 6))]
    moves = constancy(hear_windows(np.concatenate(parts), 6.0))
    assert moves["tempo_kept"] <= 0.5
    assert moves["key_kept"] <= 0.5


def test_two_windows_that_sound_are_needed() -> None:
    wave = band(120, 0, 9)
    with pytest.raises(InputError, match="two are needed"):
        hear_windows(wave, 6.0)
    with pytest.raises(InputError, match="two are needed"):
        hear_windows(np.concatenate([wave[: 6 * RATE_HZ], np.zeros(12 * RATE_HZ, np.float32)]), 6.0)
