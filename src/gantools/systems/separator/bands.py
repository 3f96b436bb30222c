"""Bands of bins: what the separator sees of a sound, and how far its masks reach."""

from __future__ import annotations

import numpy as np
import torch

from gantools.audio.compiled import compiled
from gantools.systems.separator.config import RATE_HZ, SeparatorConfig

MULTIPLE = 8  # the network halves the number of bands three times


def band_edges(config: SeparatorConfig) -> np.ndarray:
    """Return the first bin of each band, and behind them the first bin above the last band: int64 (bands + 1,).

    A band is as wide as its frequency over `band_quality`, and at least one bin: the axis is linear at the bottom and
    logarithmic above, where a change of pitch is a shift. The number of bands is a multiple of 8; the last ones grow
    for it.
    """
    top = min(config.n_fft // 2 + 1, round(config.top_hz * config.n_fft / RATE_HZ))
    edges = [0]
    while edges[-1] < top:
        edges.append(min(top, edges[-1] + max(1, round(edges[-1] / config.band_quality))))
    surplus = (len(edges) - 1) % MULTIPLE
    # Every second edge from the top is dropped, which joins bands in pairs.
    for i in range(surplus):
        del edges[-2 - i]
    return np.array(edges)


class Bands:
    """The bands of a configuration.

    Parameters
    ----------
    config : SeparatorConfig

    Attributes
    ----------
    count : int
    edges : numpy.ndarray
        See `band_edges`.
    of_bin : torch.Tensor
        Band of each bin up to half the rate, int64 (n_fft / 2 + 1,).
    """

    def __init__(self, config: SeparatorConfig) -> None:
        self.n_fft, self.hop = config.n_fft, config.hop_samples
        self.edges = band_edges(config)
        self.count = len(self.edges) - 1
        bins = np.arange(self.n_fft // 2 + 1)
        band = np.searchsorted(self.edges, bins, side="right") - 1
        self.of_bin = torch.from_numpy(np.clip(band, 0, self.count - 1))
        self.window = torch.hann_window(self.n_fft)

    @property
    def top(self) -> int:
        """First bin above the last band."""
        return int(self.edges[-1])

    def samples(self, frames: int) -> int:
        """Return the length of a sound of so many whole frames."""
        return self.n_fft + (frames - 1) * self.hop

    def spectra(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the spectra of all whole frames, complex64 (..., bins, frames), of waves (..., samples)."""
        flat = wave.reshape(-1, wave.shape[-1])
        made = torch.stft(
            flat, self.n_fft, self.hop, window=self.window.to(wave.device), center=False, return_complex=True
        )
        return made.reshape(*wave.shape[:-1], *made.shape[-2:])

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sums of (..., bin) over the bins of each band, (..., band), without a gradient."""
        values = values[..., : self.top]
        if values.device.type == "cpu":  # many times faster there than index_add_
            return torch.from_numpy(np.add.reduceat(values.numpy(), self.edges[:-1], axis=-1))
        made = values.new_zeros(*values.shape[:-1], self.count)
        return made.index_add_(-1, self.of_bin[: self.top].to(values.device), values)


def sum_bands(spectra: torch.Tensor, edges: np.ndarray) -> dict[str, torch.Tensor]:
    """Return sums over the bins of each band, of which the error of any mask per band follows exactly.

    Parameters
    ----------
    spectra : torch.Tensor
        Spectra of the stems S, complex64 (source, channel, frame, bin), on the CPU. Their sum is the mix X = (L, R).
    edges : numpy.ndarray
        See `band_edges`.

    Returns
    -------
    dict of torch.Tensor
        float32: ``energy`` |X|^2 (channel, band, frame), ``product`` Re(L conj R) (band, frame), ``shared``
        Re(S conj X) and ``own`` |S|^2 (source, channel, band, frame).
    """
    sources, channels, frames, _ = spectra.shape
    shape = (len(edges) - 1, frames)
    energy, product = np.empty((channels, *shape), np.float32), np.empty(shape, np.float32)
    shared, own = (np.empty((sources, channels, *shape), np.float32) for _ in range(2))
    stems, mix = spectra.numpy(), spectra.sum(0).numpy()
    _sum_mix(mix, edges, energy, product)
    for source in range(sources):
        for channel in range(channels):
            _sum_stem(stems[source, channel], mix[channel], edges, shared[source, channel], own[source, channel])
    sums = {"energy": energy, "product": product, "shared": shared, "own": own}
    return {name: torch.from_numpy(array) for name, array in sums.items()}


@compiled
def _sum_mix(spectra: np.ndarray, edges: np.ndarray, energy: np.ndarray, product: np.ndarray) -> None:
    """`spectra` is (channel, frame, bin), the sums are (channel, band, frame) and (band, frame)."""
    for frame in range(spectra.shape[1]):
        for band in range(edges.size - 1):
            left = right = both = np.float32(0)
            for b in range(edges[band], edges[band + 1]):
                x, y = spectra[0, frame, b], spectra[1, frame, b]
                left += x.real * x.real + x.imag * x.imag
                right += y.real * y.real + y.imag * y.imag
                both += x.real * y.real + x.imag * y.imag
            energy[0, band, frame] = left
            energy[1, band, frame] = right
            product[band, frame] = both


@compiled
def _sum_stem(spectra: np.ndarray, mix: np.ndarray, edges: np.ndarray, shared: np.ndarray, own: np.ndarray) -> None:
    """`spectra` and `mix` are (frame, bin), the sums (band, frame)."""
    for frame in range(spectra.shape[0]):
        for band in range(edges.size - 1):
            cross = square = np.float32(0)
            for b in range(edges[band], edges[band + 1]):
                s, x = spectra[frame, b], mix[frame, b]
                cross += s.real * x.real + s.imag * x.imag
                square += s.real * s.real + s.imag * s.imag
            shared[band, frame] = cross
            own[band, frame] = square
