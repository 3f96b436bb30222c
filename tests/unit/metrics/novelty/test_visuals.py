"""What is drawn of a waveform and of a spectrum, against sounds that are known."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.novelty.visuals import outline, spectrum


def test_the_outline_holds_the_extremes_of_each_column_at_an_rms_of_1() -> None:
    short = outline(np.array([3.0, -4.0, 0.0, 5.0], np.float32), 2)
    level = np.sqrt(50 / 4)
    assert short["seconds"] == 2.0
    assert short["low"] == short["high"] == [round(value / level, 3) for value in (3, -4, 0, 5)]
    wave = np.sin(2 * np.pi * np.arange(8000) / 20).astype(np.float32)  # a period in each of 400 columns
    made = outline(wave, 8000)
    assert len(made["low"]) == len(made["high"]) == 400
    np.testing.assert_allclose(made["high"], np.sqrt(2), atol=1e-3)
    np.testing.assert_allclose(made["low"], -np.sqrt(2), atol=1e-3)
    assert outline(np.zeros(9, np.float32), 8000)["high"] == [0.0] * 9


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_a_spectrum_goes_to_the_nyquist_frequency_and_peaks_at_the_tone(rate_hz: int) -> None:
    time = np.arange(rate_hz) / rate_hz
    wave = (0.5 + np.sin(2 * np.pi * 1000 * time) + 0.01 * np.sin(2 * np.pi * 3000 * time)).astype(np.float32)
    made = spectrum(wave, rate_hz, 16000)
    hz, decibels = np.array(made["hz"]), np.array(made["db"])
    width = 8000 / 240  # of both rates
    assert hz[-1] == pytest.approx(rate_hz / 2, abs=width)
    assert hz[decibels.argmax()] == pytest.approx(1000, abs=width)
    assert decibels.max() == 0.0
    assert decibels[np.abs(hz - 3000).argmin()] == pytest.approx(-40, abs=1.5)
    assert decibels[0] < -60  # what is constant does not sound
    assert len(spectrum(wave[:100], rate_hz, 16000)["hz"]) == 240 * rate_hz // 16000
