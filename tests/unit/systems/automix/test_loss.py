"""The loss cannot tell left from right, is what its formula says, and has gradients for mono."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal

from gantools.systems.automix.loss import StereoLoss, a_weighting_fir

KINDS = ("default", "la", "lb")


def _waves(seed: int = 0, time: int = 12288) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(2, 2, time, generator=generator), 0.1 * torch.randn(2, 2, time, generator=generator)


@pytest.mark.parametrize("kind", KINDS)
def test_swapping_channels_changes_nothing(kind: str) -> None:
    mix, target = _waves()
    loss = StereoLoss(kind, 44100)
    plain = loss(mix, target)
    for a, b in ((mix.flip(1), target), (mix, target.flip(1)), (mix.flip(1), target.flip(1))):
        torch.testing.assert_close(loss(a, b), plain, rtol=1e-6, atol=1e-6)
    assert (plain > 0).all()
    assert loss(target, target).max() < 1e-5


def test_mono_and_silence_have_finite_gradients() -> None:
    loss = StereoLoss("default", 44100)
    mix, target = _waves()
    mono = target.mean(1, keepdim=True).expand(-1, 2, -1)
    for a, b in ((mix, mono), (mono, mono), (0 * mix, mono), (mix, 0 * target), (0 * mix, 0 * target)):
        a = a.clone().requires_grad_()
        value = loss(a, b).mean()
        value.backward()
        assert value.isfinite()
        assert a.grad is not None
        assert a.grad.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_against_plain_numpy(kind: str) -> None:
    mix, target = _waves(3)
    fir = a_weighting_fir(44100).astype(np.float64)
    if kind != "default":
        fir = np.convolve(fir, [1, 0.85])
    total = np.zeros(2)
    sizes = (512, 2048, 8192) if kind == "default" else (4096,)
    for item, size, sign in np.ndindex(2, len(sizes), 2):
        size = sizes[size]
        window, hop = np.sqrt(np.hanning(size + 1)[:-1]), size // (2 if kind == "default" else 4)
        spectra = []
        for wave in (mix[item].double().numpy(), target[item].double().numpy()):
            x = np.convolve(wave[0] + (-1) ** sign * wave[1], fir)[len(fir) // 2 :][: wave.shape[1]]
            if kind == "default":
                x = np.pad(x, size // 2, mode="reflect")
            frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop]
            spectra.append(np.abs(np.fft.rfft(frames * window)).T)
        made, wanted = spectra
        if kind == "default":
            made, wanted = made * 2 / window.sum(), wanted * 2 / window.sum()
            density = 1 / (1 + 0.00437 * np.fft.rfftfreq(size, 1 / 44100))
            logs = np.abs(np.log(made + 1e-4) - np.log(wanted + 1e-4)).mean(1) @ density / density.sum()
            total[item] += (np.linalg.norm(made - wanted) / np.linalg.norm(wanted) + logs) / 3
        else:
            edge = min(30, made.shape[1] // 4)
            made, wanted = made[:, edge:-edge], wanted[:, edge:-edge]
            first = np.linalg.norm(made - wanted) / np.linalg.norm(wanted)
            first = first if kind == "la" else np.mean((made - wanted) ** 2)
            total[item] += first + np.mean(np.abs(np.log(made) - np.log(wanted)))
    np.testing.assert_allclose(StereoLoss(kind, 44100)(mix, target).numpy(), total, rtol=2e-3)


def test_a_weighting() -> None:
    f, response = signal.freqz(a_weighting_fir(44100), worN=4096, fs=44100)
    db = 20 * np.log10(np.abs(response))
    # IEC 61672-1, table 3.
    for hz, level in ((1000, 0.0), (2000, 1.2), (4000, 1.0), (8000, -1.1), (500, -3.2)):
        assert abs(np.interp(hz, f, db) - level) < 0.5
