"""Whether a result is kept: shares and tempi by hand, and files that cannot be told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

from gantools.errors import ConfigError
from gantools.metrics.music.steadiness import BPM, KEY, SOUND, TEMPO, hear_steadiness, wanting
from gantools.metrics.music.steady_config import SteadyConfig

NAN = float("nan")


def heard(tempo: float, key: float, bpm: float | None) -> dict[str, object]:
    return {"tempo_share": tempo, "key_share": key, "heard_bpm": bpm, "heard_key": "C"}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (heard(0.75 * 0.8 + 0.2, 3 / 5, 120), ""),  # .8 and .6, but for rounding
        (heard(0.79, 1, 120), TEMPO),
        (heard(1, 0.59, 120), KEY),
        (heard(1, 1, 61), ""),  # half of 120, within 4 %
        (heard(1, 1, 244), ""),
        (heard(1, 1, 126), BPM),  # 5 %
        (heard(1, 1, 480), BPM),  # four times
        (heard(1, 1, NAN), BPM),
        (heard(1, 1, None), BPM),  # as the manifest has NaN
        ({}, SOUND),
    ],
)
def test_what_is_wanting_by_hand(found: dict[str, object], why: str) -> None:
    assert wanting(found, SteadyConfig(steady_tempo=0.8, steady_key=0.6, steady_bpm=120)) == why


def test_windows_without_a_pulse_count_against_the_tempo(tmp_path: Path) -> None:
    rate = 22050
    time = np.arange(4 * rate) / rate
    parts = [drum_pattern(120, 4, rate)[0], drum_pattern(120, 4, rate)[0], 0.2 * np.sin(2 * np.pi * 220 * time)]
    soundfile.write(tmp_path / "a.wav", np.concatenate(parts), rate)
    found = hear_steadiness(tmp_path / "a.wav", 4.0)
    assert found["tempo_share"] == pytest.approx(2 / 3)
    assert found["heard_bpm"] == pytest.approx(120, rel=0.02)


def test_what_cannot_be_told_is_not_kept_and_short_results_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(8 * 44100), 44100)
    soundfile.write(tmp_path / "nan.wav", np.full(8 * 44100, np.nan), 44100, subtype="FLOAT")
    assert hear_steadiness(tmp_path / "silent.wav", 4.0) == hear_steadiness(tmp_path / "nan.wav", 4.0) == {}
    # Two windows exactly are enough, at a rate that has to be brought to that of the measurement.
    soundfile.write(tmp_path / "two.wav", drum_pattern(120, 8, 44100)[0], 44100)
    assert hear_steadiness(tmp_path / "two.wav", 4.0)["key_share"] >= 0.5
    with pytest.raises(ConfigError, match=r"results of 8\.0 s hold no two windows of 5 s"):
        hear_steadiness(tmp_path / "two.wav", 5.0)
