"""Treble of sounds whose bands are known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.errors import InputError
from gantools.metrics.metric import Conditions
from gantools.metrics.treble import bands
from gantools.metrics.treble.bands import compare_treble, treble_ratios
from gantools.report.clip import Clip

RATE = 44100


def written(path: Path, levels_db: dict[float, float], rate_hz: int = RATE, gain: float = 0.1) -> Clip:
    """Write tones of these levels by their frequency, in the second of two channels the other way round."""
    time = np.arange(3 * rate_hz) / rate_hz
    wave = gain * sum(10 ** (level / 20) * np.sin(2 * np.pi * hz * time) for hz, level in levels_db.items())
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, np.stack([wave, -wave], axis=1), rate_hz, subtype="FLOAT")
    return Clip(path, path.stem, "mix", path.stem)


def test_the_ratio_of_tones_is_that_of_their_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = written(tmp_path / "a.wav", {1000: 0, 5000: -20, 10000: -30})
    for block in (1 << 20, 10_000):
        monkeypatch.setattr(bands, "_BLOCK_SAMPLES", block)
        found = treble_ratios(clip.path)
        assert found["above_4k_db"] == pytest.approx(0.01 + 0.001, rel=1e-3)
        assert found["above_8k_db"] == pytest.approx(0.001, rel=1e-3)
    assert found["rate_hz"] == RATE


def test_sets_differ_by_what_was_taken_away_whatever_their_level(tmp_path: Path) -> None:
    real = [written(tmp_path / f"real/{n}.wav", {1000: 0, 5000: -20, 10000: -20 - n}) for n in range(3)]
    made = [written(tmp_path / f"made/{n}.wav", {1000: 0, 5000: -26, 10000: -38 - n}, gain=0.01) for n in range(3)]
    pairs = list(zip(made, real, strict=True))[:2]
    paired = compare_treble(made, real, Conditions(lambda path, error: None), pairs)
    assert paired["pairs"] == 2
    # Above 4 kHz lie both upper tones: -8.745 dB in the first pair, -8.327 in the second.
    for name, loss_db in (("above_8k_paired_db", -18), ("above_8k_paired_db_low", -18), ("above_4k_paired_db", -8.536)):
        assert paired[name] == pytest.approx(loss_db, abs=0.01)
    assert [row.get("above_8k_paired_db") for row in paired["rows"]] == [pytest.approx(-18, abs=0.01)] * 2 + [None]
    made.append(written(tmp_path / "made/low.wav", {1000: 0}, rate_hz=16000))
    result = compare_treble(made[:3], real, Conditions(lambda path, error: None))
    assert result["above_8k_db"] == pytest.approx(-18, abs=0.01)
    assert result["above_8k_db_low"] <= result["above_8k_db"] <= result["above_8k_db_high"]
    assert result["levels_db"]["above_8k_db"] == pytest.approx(result["real"]["above_8k_db"] - 18, abs=0.01)
    assert compare_treble(real, real, Conditions(lambda path, error: None))["above_4k_db"] == 0
    dull = compare_treble(made[3:], real, Conditions(lambda path, error: None))
    assert dull["above_8k_db"] < -60
    assert math.isnan(compare_treble(real, made[3:], Conditions(lambda path, error: None))["above_8k_db"])


def test_silence_fails_alone(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    failed = []
    silent = Clip(tmp_path / "silent.wav", "silent", "mix", "silent")
    good = written(tmp_path / "real/0.wav", {1000: 0, 9000: -20})
    result = compare_treble([silent, good], [good], Conditions(lambda path, error: failed.append(path)))
    assert (result["files_generated"], failed) == (1, [silent.path])
    with pytest.raises(InputError, match="none of the generated files"):
        compare_treble([silent], [good], Conditions(lambda path, error: None))
