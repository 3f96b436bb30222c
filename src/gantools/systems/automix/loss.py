"""Losses that hear a mix as sum and difference of its channels, and so cannot tell left from right.

La and Lb are those of the authors' program; `default` is ours. All are means over the items.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

_TAPS = 101
_EMPHASIS = 0.85
_EDGE_FRAMES = 30
_TINY = 1e-12


def a_weighting_fir(rate_hz: int, taps: int = _TAPS) -> np.ndarray:
    """Return a linear-phase FIR close to the A-weighting curve, odd number of taps, float32.

    Least squares over frequencies evenly spaced up to the Nyquist frequency; 0 dB at 1 kHz. 101 taps resolve about
    400 Hz, so what lies lower falls off less than the curve does.

    Notes
    -----
    IEC 61672-1, annex E: R_A(f) = 12194^2 f^4 / ((f^2 + 20.6^2) sqrt((f^2 + 107.7^2)(f^2 + 737.9^2)) (f^2 + 12194^2)).
    """
    f = np.linspace(0, rate_hz / 2, 2048)
    curve = (
        12194.0**2 * f**4 / ((f**2 + 20.6**2) * np.sqrt((f**2 + 107.7**2) * (f**2 + 737.9**2)) * (f**2 + 12194.0**2))
    )
    # The standard's +2.00 dB, which make it 0 dB at 1 kHz.
    curve *= 10**0.1
    half = taps // 2
    # A symmetric filter has the real response h_0 + 2 sum h_n cos(2 pi f n / rate), which is linear in its taps.
    cosines = np.cos(2 * np.pi * np.outer(f / rate_hz, np.arange(half + 1)))
    cosines[:, 1:] *= 2
    one_side = np.linalg.lstsq(cosines, curve, rcond=None)[0]
    return np.concatenate([one_side[:0:-1], one_side]).astype(np.float32)


def sum_and_difference(mix: torch.Tensor) -> torch.Tensor:
    """Return L + R and L - R of (batch, 2, time); swapping the channels negates the second."""
    left, right = mix.unbind(1)
    return torch.stack([left + right, left - right], 1)


class StereoLoss(nn.Module):
    """Distance of a mix from its target, (batch, 2, time) both; invariant to swapping the channels of either.

    Parameters
    ----------
    kind : str
        ``la``: spectral convergence plus the mean of the difference of ln |X|, STFT 4096/1024, sum over both channels;
        ``lb``: with the mean square of the difference of |X| in place of the convergence; ``default``: see Notes.
    rate_hz : int

    Notes
    -----
    The program's first term divides by the norm of the target, and both take ln |X| at 0, so a mono target has no
    finite gradient. ``default`` (i) takes |X| = sqrt(re^2 + im^2 + 1e-12) of spectra in which a full-scale sine is 1,
    and ln(|X| + 1e-4); (ii) divides by a norm not below 1/100 of that of both channels together; (iii) weighs
    frequencies in the second term so that each ERB counts alike, where linear bins would give three quarters to the
    range above 5 kHz; (iv) averages over STFTs of 512, 2048 and 8192 that overlap by half: squares of the window then
    add up to 1.
    """

    def __init__(self, kind: str, rate_hz: int) -> None:
        super().__init__()
        self.kind = kind
        fir = torch.from_numpy(a_weighting_fir(rate_hz))
        if kind != "default":
            # The authors' program emphasises the bass behind the A-weighting, with [1, 0.85].
            fir = torch.from_numpy(np.convolve(fir.numpy(), [1.0, _EMPHASIS]).astype(np.float32))
        self.register_buffer("fir", fir, persistent=False)
        self.sizes: Sequence[int] = (512, 2048, 8192) if kind == "default" else (4096,)
        for size in self.sizes:
            window = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
            self.register_buffer(f"window{size}", torch.from_numpy(window), persistent=False)
            self.register_buffer(f"density{size}", _erb_density(size, rate_hz), persistent=False)

    def forward(self, mix: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of each item, (batch,)."""
        made, wanted = (self._weighted(sum_and_difference(wave.float())) for wave in (mix, target))
        terms = [self._compare(made, wanted, size) for size in self.sizes]
        return torch.stack(terms).mean(0)

    def _weighted(self, waves: torch.Tensor) -> torch.Tensor:
        """Filter (batch, 2, time); by FFT, which costs a fifth of the sum over 101 taps."""
        fir: torch.Tensor = self.fir  # type: ignore[assignment]
        size = waves.shape[-1] + len(fir) - 1
        filtered = torch.fft.irfft(torch.fft.rfft(waves, size) * torch.fft.rfft(fir, size), size)
        # A linear-phase filter delays by half its length, which is taken off again.
        return filtered[..., len(fir) // 2 :][..., : waves.shape[-1]]

    def _magnitude(self, waves: torch.Tensor, size: int) -> torch.Tensor:
        """Return |X|, (batch, 2, bin, frame), never 0."""
        window: torch.Tensor = getattr(self, f"window{size}")
        ours = self.kind == "default"
        hop = size // 2 if ours else size // 4
        spectra = torch.stft(waves.flatten(0, 1), size, hop, window=window, return_complex=True, center=ours)
        power = spectra.real.square() + spectra.imag.square()
        if ours:
            power = power * float((2 / window.sum()) ** 2)
        return (power + _TINY).sqrt().unflatten(0, waves.shape[:2])

    def _compare(self, mix: torch.Tensor, target: torch.Tensor, size: int) -> torch.Tensor:
        made, wanted = self._magnitude(mix, size), self._magnitude(target, size)
        if self.kind == "default":
            energy = wanted.square().sum((-2, -1))
            # A difference channel that is almost silent would have a norm near 0: see (ii) of the Notes.
            norm = torch.maximum(energy, 1e-4 * energy.sum(1, keepdim=True)).sqrt()
            norm = norm + 1e-6 * (wanted.shape[-2] * wanted.shape[-1]) ** 0.5
            first = ((made - wanted).square().sum((-2, -1)) + _TINY).sqrt() / norm
            density: torch.Tensor = getattr(self, f"density{size}")
            logs = ((made + 1e-4) / (wanted + 1e-4)).log().abs().mean(-1) @ density
            return (first + logs).sum(1)
        edge = min(_EDGE_FRAMES, made.shape[-1] // 4)
        made, wanted = (x[..., edge : x.shape[-1] - edge] for x in (made, wanted))
        if self.kind == "la":
            first = torch.linalg.vector_norm(made - wanted, dim=(-2, -1))
            first = first / torch.linalg.vector_norm(wanted, dim=(-2, -1))
        else:
            first = (made - wanted).square().mean((-2, -1))
        return (first + (made / wanted).log().abs().mean((-2, -1))).sum(1)


def _erb_density(size: int, rate_hz: int) -> torch.Tensor:
    """Return the share of the ERB-rate scale that each bin stands for, (bins,), sum 1 (Glasberg and Moore 1990)."""
    density = 1 / (1 + 0.00437 * np.fft.rfftfreq(size, 1 / rate_hz))
    return torch.from_numpy((density / density.sum()).astype(np.float32))
