"""A mixer for a CPU: gains per stem, band and mid or side, instead of learned filters and masks.

What normalisation took away is, for each stem and section of a song, a gain, an equaliser and a place in the stereo
field. This network gives back exactly these: a curve in dB for the mid and the side channel of each stem. Under the
linear pan law of the paper (section 2.1) a source is L = (1 - a) s, R = a s, so its mid is s / 2 and its side
(1 - 2a) s / 2: a gain on the side channel moves it between the centre and the side where it is. Nothing depends on
which channel is called left, so swapping the channels of all stems swaps those of the mix, exactly.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.audio.loudness import k_weighting
from gantools.audio.midside import from_mid_side, to_mid_side
from gantools.systems.automix.config import AutomixConfig

_FFT = 4096
_HOP = 2048
_POOL = 2  # spectra per latent frame: 93 ms at 44.1 kHz
_FLOOR = 1e-8  # -80 dB re a full-scale sine


def band_weights(bands: int, fft: int, rate_hz: int) -> np.ndarray:
    """Return triangular bands (bins, bands), evenly spaced on the ERB-rate scale from 30 Hz to 18 kHz; rows sum to 1.

    Notes
    -----
    Glasberg and Moore 1990, equation 4: rate = 21.4 log10(1 + 0.00437 f).
    """
    high_hz = min(18000.0, 0.45 * rate_hz)
    edges = np.log10(1 + 0.00437 * np.array([30.0, high_hz]))
    position = np.log10(1 + 0.00437 * np.fft.rfftfreq(fft, 1 / rate_hz))
    place = np.clip((position - edges[0]) / (edges[1] - edges[0]), 0, 1) * (bands - 1)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(bands))).astype(np.float32)


def k_weights(weights: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the factor from the mean power of each band of `band_weights` to its K-weighted power, (bands,)."""
    # The response of both sections of the filter at each bin: powers 0, 1 and 2 of 1 / z on the unit circle.
    turns = np.exp(-1j * np.pi * np.outer(np.linspace(0, 1, len(weights)), np.arange(3)))
    response = [(turns @ s[:3]) / (1 + turns[:, 1:] @ s[3:]) for s in k_weighting(rate_hz)]
    return np.asarray(np.abs(np.prod(response, axis=0)) ** 2 @ weights, np.float32)


class _Block(nn.Module):
    """A residual block over time, normalised within each frame: what it says of a place does not depend on the rest."""

    def __init__(self, channels: int, hidden: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.enter = nn.Conv1d(channels, hidden, 1)
        self.reach = nn.Conv1d(hidden, hidden, 3, dilation=dilation, padding=dilation, groups=hidden)
        self.leave = nn.Conv1d(hidden, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = functional.gelu(self.enter(self.norm(x.transpose(1, 2)).transpose(1, 2)))
        return x + self.leave(self.dropout(functional.gelu(self.reach(inner))))


class BandMixer(nn.Module):
    """Normalised stems (batch, 2 x stems, time) to a mix (batch, 2, time) by gains that change slowly.

    Parameters
    ----------
    config : AutomixConfig

    Attributes
    ----------
    start : torch.Tensor
        (stems, mid and side, bands), the gains to start from in units of 10 dB; see `baselines.mean_curves`.
    offset : nn.Parameter
        (stems, mid and side, bands): what is given back whatever the content is, in units of 100 dB so that it learns
        ten times as fast as the rest.
    correction : torch.Tensor
        What was added to `start` in the last call, (batch, stems, 2, bands, frames), in units of 10 dB.

    Notes
    -----
    What is learned, `offset` and what depends on the content, changes the sound of a stem but not its K-weighted power
    in any frame. Normalisation gives the stems of all songs one loudness, and nothing left in them tells the old one.
    """

    stride_samples = _HOP * _POOL
    correction: torch.Tensor
    start: torch.Tensor
    window: torch.Tensor
    weights: torch.Tensor
    hearing: torch.Tensor

    def __init__(self, config: AutomixConfig) -> None:
        super().__init__()
        self.stems, self.bands, self.limit = len(config.role_names), config.bands, config.gain_limit_db / 10
        size = self.stems * 2 * config.bands
        # The dilations add up to 2^blocks - 1 latent frames on either side; the rest is for spectra and interpolation.
        self.warmup_samples = self.reach_samples = (2**config.blocks + 2) * self.stride_samples
        self.register_buffer("start", torch.zeros(self.stems, 2, config.bands))
        self.offset = nn.Parameter(torch.zeros(self.stems, 2, config.bands))
        self.enter = nn.Conv1d(size, config.bottleneck, 1)
        self.blocks = nn.Sequential(
            *(_Block(config.bottleneck, config.hidden, 2**block, config.dropout) for block in range(config.blocks))
        )
        self.leave = nn.Sequential(nn.Dropout(config.dropout), nn.Conv1d(config.bottleneck, size, 1))
        # No correction at first: training begins at `start`.
        nn.init.zeros_(self.leave[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.leave[1].bias)  # type: ignore[arg-type]
        # The root, for analysis and synthesis: at half overlap its squares add up to 1.
        window = np.sqrt(np.hanning(_FFT + 1)[:-1]).astype(np.float32)
        self.register_buffer("window", torch.from_numpy(window), persistent=False)
        weights = band_weights(self.bands, _FFT, config.sample_rate_hz)
        self.register_buffer("weights", torch.from_numpy(weights), persistent=False)
        self.register_buffer("hearing", torch.from_numpy(k_weights(weights, config.sample_rate_hz)), persistent=False)

    def forward(self, stems: torch.Tensor) -> torch.Tensor:
        """Mix; the time must be a multiple of `stride_samples`."""
        batch, _, time = stems.shape
        spectra = self.spectra(stems)
        gains = self.gains(spectra)
        window = self.window
        mixed = (spectra * gains).sum(1).flatten(0, 1)
        waves = torch.istft(mixed, _FFT, _HOP, window=window, length=time).reshape(batch, 2, time)
        return from_mid_side(waves)

    def spectra(self, stems: torch.Tensor) -> torch.Tensor:
        """Return the spectra of mid and side, (batch, stem, 2, bin, frame)."""
        both = to_mid_side(stems.float().unflatten(1, (-1, 2)))
        window = self.window
        spectra = torch.stft(both.flatten(0, 2), _FFT, _HOP, window=window, return_complex=True)
        return spectra.unflatten(0, both.shape[:3])

    def levels(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the mean power in each band, (batch, stem, 2, band, frame); 1 is a full-scale sine."""
        weights = self.weights
        power = (spectra.real.square() + spectra.imag.square()) * (2 / self.window.sum()) ** 2
        return torch.einsum("bscfn,fk->bsckn", power, weights / weights.sum(0))

    def gains(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return a factor for each bin of (batch, stem, 2, bin, frame)."""
        weights = self.weights
        with torch.no_grad():
            # The last frame stands for the end of the signal alone and has no partner.
            power = functional.avg_pool1d(self.levels(spectra)[..., :-1].flatten(1, 3), _POOL) + _FLOOR
            # Each band's share of the stem's K-weighted power once `start` is given back; 10**x, as the unit is 10 dB.
            heard = power.unflatten(1, self.start.shape) * (self.hearing * 10**self.start)[..., None]
            heard = heard / heard.sum((2, 3), keepdim=True)
        # Levels of -80 to 0 dB become -2 to 2.
        added = self.leave(self.blocks(self.enter(power.log10() / 2 + 2.0)))
        # A soft limit to what depends on the content; `offset` has none.
        added = self.limit * torch.tanh(added / max(self.limit, 1e-6)).unflatten(1, self.start.shape)
        added = added + 10 * self.offset[..., None]
        # What the stem gained as a whole is taken back from all its bands, so that its loudness stays (see Notes).
        self.correction = added - (heard * 10**added).sum((2, 3), keepdim=True).log10()
        curves = (self.start[..., None] + self.correction).flatten(1, 3)
        # Back to a curve for each spectrum; the last one, left out above, repeats its neighbour's.
        curves = functional.interpolate(curves, scale_factor=float(_POOL), mode="linear")
        curves = functional.pad(curves, (0, 1), mode="replicate").unflatten(1, (self.stems, 2, self.bands))
        # Curves are power in units of 10 dB, so an amplitude is 10^(x / 2); the bands are joined in dB.
        return torch.exp(torch.einsum("bsckn,fk->bscfn", curves, weights * (np.log(10) / 2)))
