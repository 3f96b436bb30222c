"""What a separator is measured against: the mix itself, HPSS with a low-pass, and the oracle ratio mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from scipy.ndimage import median_filter

SOURCES = ("vocals", "drums", "bass", "other")
_PIECE = 1 << 20
_MARGIN = 1 << 15
_HPSS_FFT, _HPSS_HOP = 2048, 512
_MEDIAN = 31
_BASS_HZ = 200.0
_ORACLE_FFT, _ORACLE_HOP = 4096, 1024

Stems = dict[str, np.ndarray]
#: (signals, channels, n) -> (sources, channels, n).
_Piece = Callable[[torch.Tensor], torch.Tensor]


def mix_as_estimate(mix: np.ndarray, roles: Sequence[str] = SOURCES) -> Stems:
    """Return the mix as the estimate of every stem: what any separator has to beat."""
    return dict.fromkeys(roles, mix)


def hpss_with_lowpass(mix: np.ndarray, rate_hz: int) -> Stems:
    """Separate by median filters: percussive to drums, the harmonic rest below 200 Hz to bass, above to both others.

    Vocals and other get half of the rest each, which nothing here can tell apart; the four sum to the mix.

    Parameters
    ----------
    mix : numpy.ndarray
        float32 (channels, n).
    rate_hz : int

    Notes
    -----
    FitzGerald 2010, "Harmonic/percussive separation using median filtering", with medians over 31 frames and 31 bins
    (FFT 2048, hop 512) of the mean magnitude of the channels, and squared masks (equations 4 to 7 there). The low-pass
    is the squared magnitude of a Butterworth filter of order 4.
    """
    hz = torch.arange(_HPSS_FFT // 2 + 1) * rate_hz / _HPSS_FFT
    low = (1 / (1 + (hz / _BASS_HZ) ** 8)).float()[:, None]

    def piece(signals: torch.Tensor) -> torch.Tensor:
        spectra = _stft(signals[0], _HPSS_FFT, _HPSS_HOP)
        magnitude = spectra.abs().mean(0).numpy()
        harmonic = median_filter(magnitude, (1, _MEDIAN), mode="nearest") ** 2
        percussive = median_filter(magnitude, (_MEDIAN, 1), mode="nearest") ** 2
        drums = torch.from_numpy(percussive / (percussive + harmonic + 1e-12))
        bass = (1 - drums) * low
        rest = (1 - drums - bass) / 2
        masked = torch.stack([mask * spectra for mask in (rest, drums, bass, rest)])
        return _istft(masked, _HPSS_FFT, _HPSS_HOP, signals.shape[-1])

    return _in_pieces(piece, mix[None], SOURCES)


def oracle_ratio_mask(stems: Mapping[str, np.ndarray]) -> Stems:
    """Mask the mix with the true ratio of magnitudes |S| / sum |S|: what no separator with such masks can beat by much.

    Parameters
    ----------
    stems : mapping
        Role -> float32 (channels, n); the mix is their sum.

    Notes
    -----
    IRM1 of the SiSEC 2018 campaign (Stoter et al. 2018), per bin and channel, at FFT 4096, hop 1024.
    """

    def piece(signals: torch.Tensor) -> torch.Tensor:
        spectra = _stft(signals, _ORACLE_FFT, _ORACLE_HOP)
        magnitudes = spectra.abs()
        masked = magnitudes / (magnitudes.sum(0) + 1e-12) * spectra.sum(0)
        return _istft(masked, _ORACLE_FFT, _ORACLE_HOP, signals.shape[-1])

    return _in_pieces(piece, np.stack(list(stems.values())), list(stems))


def _in_pieces(piece: _Piece, signals: np.ndarray, roles: Sequence[str]) -> Stems:
    """Run `piece` over stretches of 24 s with margins of .7 s, so that memory stays bounded."""
    n = signals.shape[-1]
    made = np.zeros((len(roles), signals.shape[1], n), np.float32)
    for start in range(0, n, _PIECE):
        stop = min(start + _PIECE, n)
        first, last = max(0, start - _MARGIN), min(n, stop + _MARGIN)
        part = piece(torch.from_numpy(np.ascontiguousarray(signals[..., first:last], np.float32)))
        made[..., start:stop] = part[..., start - first : stop - first].numpy()
    return dict(zip(roles, made, strict=True))


def baselines(stems: Mapping[str, np.ndarray], rate_hz: int) -> dict[str, Callable[[], Stems]]:
    """Return what makes the estimates of each baseline of a song, from its true stems (role -> (channels, n))."""
    mix: np.ndarray = np.add.reduce(list(stems.values()))
    return {
        "mix as estimate": lambda: mix_as_estimate(mix, list(stems)),
        "HPSS + low-pass": lambda: hpss_with_lowpass(mix, rate_hz),
        "oracle ratio mask": lambda: oracle_ratio_mask(stems),
    }


def _stft(waves: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    flat = waves.reshape(-1, waves.shape[-1])
    window = torch.hann_window(n_fft)
    made = torch.stft(flat, n_fft, hop, window=window, pad_mode="constant", return_complex=True)
    return made.reshape(*waves.shape[:-1], *made.shape[-2:])


def _istft(spectra: torch.Tensor, n_fft: int, hop: int, n: int) -> torch.Tensor:
    flat = spectra.reshape(-1, *spectra.shape[-2:])
    return torch.istft(flat, n_fft, hop, window=torch.hann_window(n_fft), length=n).reshape(*spectra.shape[:-2], n)
