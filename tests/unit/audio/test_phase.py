from __future__ import annotations

import numpy as np
import pytest

from gantools.audio.compiled import block_threads
from gantools.audio.phase import _levels, heap_phases, random_phases, spectra_of
from gantools.audio.stft import Stft

N_FFT, HOP = 512, 128
RATE_HZ = 16000


def sweep(n_frames: int = 120) -> np.ndarray:
    """A glide with overtones and clicks, as a padded wave."""
    time = np.arange((n_frames - 1) * HOP + N_FFT) / RATE_HZ
    angle = 2 * np.pi * (300 * time + 400 * time**2)
    wave = np.sin(angle) + 0.5 * np.sin(2.7 * angle) + 0.3 * np.sin(5.1 * angle)
    wave[::4000] += 5
    return wave.astype(np.float32)


def inconsistency_db(spectra: np.ndarray) -> float:
    """How far the magnitude is from that of the nearest wave."""
    with block_threads(1) as run:
        stft = Stft(N_FFT, HOP, len(spectra), run)
        nearest = stft.analyse(stft.synthesise(spectra))
    wanted = np.abs(spectra)
    return float(20 * np.log10(np.linalg.norm(np.abs(nearest) - wanted) / np.linalg.norm(wanted)))


@pytest.fixture(scope="module")
def spectra() -> np.ndarray:
    with block_threads(1) as run:
        return Stft(N_FFT, HOP, 120, run).analyse(sweep())


def test_heap_is_far_better_than_chance(spectra: np.ndarray) -> None:
    magnitude = np.abs(spectra)
    with block_threads(1) as run:
        guessed = spectra_of(magnitude, heap_phases(magnitude, N_FFT, HOP, 0, run))
    random = spectra_of(magnitude, random_phases(magnitude.shape, 0))
    np.testing.assert_allclose(np.abs(guessed), magnitude, atol=1e-3)
    assert inconsistency_db(guessed) < -22
    assert inconsistency_db(random) > -8


def test_a_steady_tone_advances_by_its_frequency() -> None:
    frequency_hz = 1003.7
    time = np.arange(39 * HOP + N_FFT) / RATE_HZ
    with block_threads(1) as run:
        magnitude = np.abs(
            Stft(N_FFT, HOP, 40, run).analyse(np.sin(2 * np.pi * frequency_hz * time).astype(np.float32))
        )
        phase = heap_phases(magnitude, N_FFT, HOP, 0, run)
    peak = round(frequency_hz * N_FFT / RATE_HZ)
    advance = np.angle(np.exp(1j * (np.diff(phase[:, peak]) - 2 * np.pi * frequency_hz * HOP / RATE_HZ)))
    # The Hann window is not quite the Gaussian that the gradient assumes: 3 % of a turn at most.
    assert np.abs(advance).max() < 0.2


def test_neighbouring_bins_of_a_click_turn_with_its_position() -> None:
    wave = np.zeros(9 * HOP + N_FFT, np.float32)
    position = 4 * HOP + N_FFT // 2 + 37  # 37 samples after the middle of frame 4
    wave[position] = 1
    with block_threads(1) as run:
        magnitude = np.abs(Stft(N_FFT, HOP, 10, run).analyse(wave))
        phase = heap_phases(magnitude, N_FFT, HOP, 0, run)
    turn = np.angle(np.exp(1j * (np.diff(phase[4, 20:200]) + 2 * np.pi * 37 / N_FFT)))
    assert np.abs(turn).max() < 0.1


def test_known_frames_stay_and_lead(spectra: np.ndarray) -> None:
    magnitude = np.abs(spectra)
    with block_threads(1) as run:
        phase = heap_phases(magnitude, N_FFT, HOP, 0, run, known=spectra[:10])
    guessed = spectra_of(magnitude, phase)
    np.testing.assert_allclose(guessed[:10], spectra[:10], atol=1e-3 * magnitude.max())
    loud = magnitude[10] > 0.3 * magnitude[10].max()
    assert np.abs(np.angle(guessed[10, loud] / spectra[10, loud])).max() < 0.3


def test_equal_seeds_and_any_threads_give_equal_phases(spectra: np.ndarray) -> None:
    magnitude = np.tile(np.abs(spectra), (5, 1))  # more than one queue
    results = []
    for threads, seed in ((1, 3), (2, 3), (1, 4)):
        with block_threads(threads) as run:
            results.append(heap_phases(magnitude, N_FFT, HOP, seed, run))
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any()


def test_silence_has_finite_phases() -> None:
    with block_threads(1) as run:
        assert np.isfinite(heap_phases(np.zeros((4, 9), np.float32), 16, 4, 0, run)).all()


@pytest.mark.parametrize("value", [np.inf, np.nan, 3e38, 0.0])
def test_no_magnitude_becomes_an_index_outside_the_queues(value: float) -> None:
    levels = np.full(64, -99, np.int32)
    magnitude = np.ones(64, np.float32)
    magnitude[::7] = value
    with np.errstate(all="ignore"):
        _levels(np.log(np.maximum(magnitude, np.float32(1e-20))), 17.4, 160, levels)
    assert levels.min() >= 0
    assert levels.max() <= 160
