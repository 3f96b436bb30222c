"""The penalty against brute force, the spectral loss against its definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.signal.windows import hann

from gantools.systems.caw.config import PRESETS
from gantools.systems.caw.networks import Discriminator
from gantools.systems.caw.objective import gradient_penalty, magnitudes, spectral_loss, wasserstein


@pytest.mark.parametrize("channels", [1, 2])
def test_penalty_equals_brute_force(channels: int) -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(channels, 3, layers=2, kernel=3).double().eval().requires_grad_(False)
    real, fake = torch.randn(1, channels, 24).double(), torch.randn(1, channels, 24).double()
    mix = torch.full((1, 1, 1), 0.3).double()
    mixture, step = 0.3 * real + 0.7 * fake, 1e-5
    total = 0.0
    for t in range(24):
        slopes = []
        for channel in range(channels):
            change = torch.zeros_like(mixture)
            change[0, channel, t] = step
            slopes.append(
                float((discriminator(mixture + change).sum() - discriminator(mixture - change).sum()) / (2 * step))
            )
        total += (np.sqrt(np.square(slopes).sum()) - 1) ** 2 / 24
    assert float(gradient_penalty(discriminator, real, fake, mix).detach()) == pytest.approx(total, rel=1e-5)


def test_penalty_trains_the_discriminator_and_leaves_out_holes() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(1, 3, layers=2, kernel=3)
    real, fake = torch.randn(1, 1, 60), torch.randn(1, 1, 60)
    valid = torch.ones(1, 1, 60)
    valid[..., 20:25] = 0

    def scores(x: torch.Tensor) -> torch.Tensor:
        values, counted = discriminator.score_valid(x, valid)
        return values * counted

    def penalty(real: torch.Tensor) -> torch.Tensor:
        return gradient_penalty(scores, real, fake, torch.ones(1, 1, 1), valid)

    changed = real.clone()
    changed[..., 20:25] = 9.0
    assert torch.allclose(penalty(real), penalty(changed), atol=1e-6)
    penalty(real).backward()
    weights = [p for name, p in discriminator.named_parameters() if "convs" in name and "bias" not in name]
    assert len(weights) >= 3
    assert all(p.grad is not None for p in weights)


def test_spectral_loss_is_the_mean_frobenius_norm() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(3000), rng.standard_normal(3000)
    norms = []
    for n_fft, hop, window in ((2048, 240, 1200), (1024, 120, 600), (512, 50, 240)):
        weights = np.zeros(n_fft)
        weights[(n_fft - window) // 2 :][:window] = hann(window, sym=False)

        def spectrum(z: np.ndarray, n_fft: int = n_fft, hop: int = hop, weights: np.ndarray = weights) -> np.ndarray:
            padded = np.pad(z, n_fft // 2, mode="reflect")
            frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
            return np.abs(np.fft.rfft(frames * weights))

        norms.append(np.sqrt(np.square(spectrum(x) - spectrum(y)).sum()))
    x_, y_ = (torch.from_numpy(z)[None, None].float() for z in (x, y))
    assert float(spectral_loss(x_, magnitudes(y_))) == pytest.approx(np.mean(norms), rel=1e-4)


def test_silence_has_finite_gradients_and_short_signals_are_padded() -> None:
    x = torch.zeros(1, 1, 700, requires_grad=True)
    spectral_loss(x, magnitudes(torch.randn(1, 1, 700))).backward()
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())


def test_masked_score() -> None:
    scores, valid = torch.tensor([[[1.0, 2.0, 30.0]]]), torch.tensor([[[1.0, 1.0, 0.0]]])
    assert float(wasserstein(scores, valid)) == 1.5


def test_a_task_that_restores_is_fitted_by_square_error_alone() -> None:
    small = dataclasses.replace(PRESETS["small"], task="denoise")
    assert (small.alpha1, small.alpha2, small.alpha3) == (500.0, 0.0, 0.0)
    paper = dataclasses.replace(PRESETS["paper"], task="denoise")
    assert (paper.alpha1, paper.alpha2) == (10.0, 0.0)
    assert (PRESETS["paper"].alpha1, PRESETS["paper"].alpha2, PRESETS["paper"].alpha3) == (0.0, 1e-4, 0.0)
