from __future__ import annotations

import numpy as np
import pytest
import torch
from peers import torchaudio_transforms
from scipy.optimize import nnls

from gantools.audio.compiled import block_threads
from gantools.audio.config import MelParams
from gantools.audio.mel import filter_bank
from gantools.audio.melinverse import bank_table, gradient_power, kl_power, least_squares_power

BANKS = [
    MelParams(),
    MelParams(n_fft=512, hop_samples=128, n_mels=40, mel_scale="slaney", norm="slaney"),
    MelParams(n_fft=256, hop_samples=64, n_mels=300),
    MelParams(n_fft=256, hop_samples=64, n_mels=1),
]


def mel_like(params: MelParams, n_frames: int = 37) -> tuple[np.ndarray, np.ndarray]:
    """Linear power that no bank determines, and its mel power."""
    rng = np.random.default_rng(0)
    power = np.exp(3 * rng.standard_normal((n_frames, params.n_fft // 2 + 1)))
    return power, (power @ filter_bank(params).astype(np.float64).T).astype(np.float32)


def divergence(target: np.ndarray, estimate: np.ndarray) -> float:
    used = target > 0
    return float((target[used] * np.log(target[used] / estimate[used]) - target[used] + estimate[used]).sum())


@pytest.mark.parametrize("params", BANKS, ids=lambda p: f"{p.n_fft}-{p.n_mels}")
def test_table_holds_the_bank(params: MelParams) -> None:
    bank, table = filter_bank(params), bank_table(params)
    rebuilt = np.zeros_like(bank)
    for j in range(params.n_mels):
        row = table.weights[table.offsets[j] : table.offsets[j + 1]]
        rebuilt[j, table.first_bin[j] : table.first_bin[j] + len(row)] = row
    np.testing.assert_array_equal(rebuilt, bank)
    covered = bank.sum(axis=0) > 0
    np.testing.assert_allclose(table.share.sum(axis=1), covered, atol=1e-6)


@pytest.mark.parametrize("params", BANKS, ids=lambda p: f"{p.n_fft}-{p.n_mels}")
def test_updates_equal_the_formula(params: MelParams) -> None:
    _, mel = mel_like(params)
    bank = filter_bank(params).astype(np.float64)
    columns, rows = bank.sum(axis=0), bank.sum(axis=1)
    covered = columns > 0
    estimate = (mel / np.where(rows > 0, rows, 1)) @ bank / np.where(covered, columns, 1)
    for _ in range(4):
        fitted = estimate @ bank.T
        ratio = np.divide(mel, fitted, out=np.zeros_like(fitted), where=fitted > 0)
        estimate *= ratio @ bank / np.where(covered, columns, 1)
    with block_threads(2) as run:
        ours = kl_power(mel, params, 4, run)
    np.testing.assert_allclose(ours[:, covered], estimate[:, covered], rtol=2e-4, atol=1e-5 * estimate.max())


def test_divergence_falls_and_power_stays_positive() -> None:
    params = MelParams()
    _, mel = mel_like(params)
    bank = filter_bank(params).astype(np.float64)
    with block_threads(1) as run:
        estimates = [kl_power(mel, params, n, run) for n in (1, 2, 4, 8, 16)]
    values = [divergence(mel.astype(np.float64), e @ bank.T) for e in estimates]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.05 * values[0]
    assert all((e >= 0).all() for e in estimates)


def test_bins_outside_the_bands_follow_their_neighbour() -> None:
    params = MelParams(fmin_hz=200.0, fmax_hz=8000.0, n_mels=64)
    table = bank_table(params)
    covered = np.flatnonzero(filter_bank(params).any(axis=0))
    first, last = covered[0], covered[-1]
    assert np.flatnonzero(table.free).tolist() == [first - 2, first - 1, last + 1, last + 2]
    with block_threads(1) as run:
        power = kl_power(np.ones((2, 64), np.float32), params, 2, run)
    assert (power[:, first - 1] == power[:, first]).all()
    assert (power[:, : first - 2] == 0).all()


def test_silence_gives_zero() -> None:
    with block_threads(1) as run:
        assert (kl_power(np.zeros((3, 256), np.float32), MelParams(), 3, run) == 0).all()


@pytest.mark.parametrize("params", BANKS[:2], ids=lambda p: str(p.n_mels))
def test_least_squares_equals_lapacks_gelsd(params: MelParams) -> None:
    _, mel = mel_like(params, 5)
    bank = torch.from_numpy(filter_bank(params).astype(np.float64))
    solution = torch.linalg.lstsq(bank, torch.from_numpy(mel.T.astype(np.float64)), rcond=1e-6, driver="gelsd").solution
    reference = solution.clamp(min=0).numpy().T
    np.testing.assert_allclose(least_squares_power(mel, params), reference, atol=1e-4 * reference.max())


def test_least_squares_equals_torchaudios_inverse_mel_scale() -> None:
    params = MelParams()
    power, mel = mel_like(params, 5)
    peer = torchaudio_transforms().InverseMelScale(1025, 256, 22050, driver="gelsd").double()
    reference = peer(torch.from_numpy((power @ peer.fb.numpy()).T)).numpy().T
    np.testing.assert_allclose(least_squares_power(mel, params), reference, atol=2e-4 * reference.max())


@pytest.mark.parametrize("params", BANKS[:3], ids=lambda p: f"{p.n_fft}-{p.n_mels}")
def test_gradient_steps_lead_to_the_least_euclidean_norm(params: MelParams) -> None:
    rng = np.random.default_rng(1)
    bank = filter_bank(params).astype(np.float64)
    mel = np.exp(rng.standard_normal((4, params.n_mels)))  # no spectrum has such a mel: the least norm is not 0
    least = np.array([nnls(bank, row, maxiter=30 * bank.shape[1])[1] for row in mel])
    found = [gradient_power(mel.astype(np.float32), params, count) for count in (30, 100, 1000)]
    norms = [np.linalg.norm(power @ bank.T - mel, axis=1) for power in found]
    assert all((power >= 0).all() for power in found)
    assert (norms[0] >= norms[1]).all()
    np.testing.assert_allclose(norms[2], least, rtol=0.01, atol=1e-5)
    assert not found[2][:, bank.sum(axis=0) == 0].any()
