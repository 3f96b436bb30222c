from __future__ import annotations

import numpy as np
import pytest
import torch
from peers import torchaudio_transforms

from gantools.audio.compiled import block_threads
from gantools.audio.config import MelParams
from gantools.audio.griffinlim import MelTarget, Recovery
from gantools.audio.lowband import determines_bins, low_decimation, solve_low_band
from gantools.audio.mel import filter_bank
from gantools.audio.melinverse import bank_table
from gantools.audio.phase import random_phases, spectra_of
from gantools.audio.stft import Stft

N_FFT, HOP, FRAMES = 128, 32, 60


def music_like(n_samples: int) -> np.ndarray:
    rng = np.random.default_rng(2)
    time = np.arange(n_samples)
    wave = sum(np.sin(f * time + 3 * np.sin(0.001 * time)) for f in (0.21, 0.53, 0.9))
    return (wave + 0.1 * rng.standard_normal(n_samples)).astype(np.float32)


@pytest.fixture
def stft():
    with block_threads(1) as run:
        yield Stft(N_FFT, HOP, FRAMES, run)


def magnitude_error(stft: Stft, wave: np.ndarray, magnitude: np.ndarray) -> float:
    return float(np.linalg.norm(np.abs(stft.analyse(wave)) - magnitude) / np.linalg.norm(magnitude))


def start(stft: Stft) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    spectra = stft.analyse(music_like(stft.n_wave))
    magnitude = np.abs(spectra)
    return spectra, magnitude, spectra_of(magnitude, random_phases(magnitude.shape, 0))


def test_the_truth_is_a_fixed_point(stft: Stft) -> None:
    spectra, magnitude, _ = start(stft)
    for method in ("fast_griffin_lim", "reflections"):
        recovery = Recovery(stft, magnitude.copy(), spectra.copy())
        recovery.fast_griffin_lim(5, 0.99) if method == "fast_griffin_lim" else recovery.reflections(5)
        inside = slice(2 * N_FFT, -2 * N_FFT)  # the ends lie under too few frames
        np.testing.assert_allclose(recovery.wave[inside], music_like(stft.n_wave)[inside], atol=5e-3)


def test_griffin_lim_never_gets_worse(stft: Stft) -> None:
    _, magnitude, guess = start(stft)
    errors = []
    for iterations in (0, 1, 2, 4, 8, 16):
        recovery = Recovery(stft, magnitude.copy(), guess.copy())
        recovery.fast_griffin_lim(iterations, 0.0)
        errors.append(magnitude_error(stft, recovery.wave, magnitude))
    assert errors == sorted(errors, reverse=True)


def test_momentum_follows_the_papers_formula(stft: Stft) -> None:
    _, magnitude, guess = start(stft)
    recovery = Recovery(stft, magnitude.copy(), guess.copy())
    recovery.fast_griffin_lim(4, 0.99)
    wanted, previous = guess.astype(np.complex128), None
    for _ in range(4):
        consistent = stft.analyse(stft.synthesise(wanted.astype(np.complex64))).astype(np.complex128)
        ahead = consistent if previous is None else consistent + 0.99 * (consistent - previous)
        wanted, previous = magnitude * ahead / np.abs(ahead), consistent
    expected = stft.synthesise(wanted.astype(np.complex64))
    np.testing.assert_allclose(recovery.wave, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("momentum", [0.0, 0.99])
def test_it_equals_torchaudios(momentum: float) -> None:
    frames, n_sound = 401, 400 * HOP
    peer = torchaudio_transforms().GriffinLim(N_FFT, 32, hop_length=HOP, momentum=momentum, rand_init=False).double()
    wave = torch.from_numpy(music_like(n_sound)).double()
    power = torch.stft(wave, N_FFT, HOP, window=peer.window, return_complex=True).abs() ** 2
    expected = peer(power).numpy()
    magnitude = power.sqrt().numpy().T.astype(np.float32)
    with block_threads(1) as run:
        stft = Stft(N_FFT, HOP, frames, run, reflect_start=True, n_sound=n_sound)
        # Its phases count from the first sample of a frame too, and all begin at 0 here.
        recovery = Recovery(stft, magnitude, magnitude.astype(np.complex64))
        recovery.fast_griffin_lim(32, momentum)
    inside = slice(30 * N_FFT, -30 * N_FFT)  # it takes no account of the mirror images at the ends
    found, expected = recovery.wave[N_FFT // 2 :][:n_sound][inside], expected[inside]
    np.testing.assert_allclose(found, expected, atol=5e-3 * np.abs(expected).max())


def test_reflections_follow_the_formula(stft: Stft) -> None:
    _, magnitude, guess = start(stft)
    recovery = Recovery(stft, magnitude.copy(), guess.copy())
    recovery.reflections(3, 0.8)

    def project(x: np.ndarray) -> np.ndarray:
        return magnitude * x / np.abs(x)

    state = guess.astype(np.complex128)
    for _ in range(3):
        wave = stft.synthesise((2 * project(state) - state).astype(np.complex64))
        state = state + 0.8 * (stft.analyse(wave) - project(state))
    expected = stft.synthesise(project(state).astype(np.complex64))
    np.testing.assert_allclose(recovery.wave, expected, atol=2e-3 * np.abs(expected).max())


def test_free_bins_and_known_frames_are_left_alone(stft: Stft) -> None:
    spectra, magnitude, guess = start(stft)
    magnitude[:, 0] = -1
    guess[:8] = spectra[:8]
    recovery = Recovery(stft, magnitude, guess, known=spectra[:8])
    recovery.fast_griffin_lim(8, 0.99)
    inside = slice(N_FFT, 5 * HOP)  # samples under known frames only
    np.testing.assert_allclose(recovery.wave[inside], music_like(stft.n_wave)[inside], atol=1e-3)
    assert (magnitude[:, 0] == -1).all()


def test_fitting_meets_the_mel_power_better(stft: Stft) -> None:
    params = MelParams(n_fft=N_FFT, hop_samples=HOP, n_mels=12)
    bank, table = filter_bank(params), bank_table(params)
    spectra, _, _ = start(stft)
    mel = np.ascontiguousarray(np.abs(spectra) ** 2 @ bank.T)
    flat = np.sqrt(mel @ (bank / bank.sum(axis=0).clip(1e-9)) / bank.sum(axis=1).mean()).astype(np.float32)
    flat[:, table.free] = -1
    errors = []
    for target in (None, MelTarget(mel, table)):
        guess = spectra_of(np.maximum(flat, 0), random_phases(flat.shape, 0))
        recovery = Recovery(stft, flat.copy(), guess, target)
        recovery.fast_griffin_lim(30, 0.99)
        found = np.abs(stft.analyse(recovery.wave)) ** 2 @ bank.T
        errors.append(np.linalg.norm(np.sqrt(found) - np.sqrt(mel)) / np.linalg.norm(np.sqrt(mel)))
    assert errors[1] < 0.3 * errors[0]


def test_low_band_finds_bass_notes() -> None:
    params = MelParams()
    assert low_decimation(params) == 16
    assert determines_bins(params, 65)
    assert not determines_bins(MelParams(n_mels=128), 65)
    n_frames = 150
    time = np.arange((n_frames - 1) * 512 + 2048) / 22050
    beat = np.exp(-3 * (time % 0.7))
    wave = (beat * np.sin(2 * np.pi * 41.2 * time) + beat * np.sin(2 * np.pi * 55 * time)).astype(np.float32)
    errors = []
    with block_threads(1) as run:
        full = Stft(2048, 512, n_frames, run)
        magnitude = np.abs(full.analyse(wave))
        for iterations in (0, 60):
            spectra = spectra_of(magnitude, random_phases(magnitude.shape, 0))
            wanted = magnitude.copy()
            solve_low_band(spectra, wanted, params, 2 * iterations, iterations, run)
            errors.append(magnitude_error(full, full.synthesise(spectra), magnitude))
    assert errors[1] < 0.1 * errors[0]
