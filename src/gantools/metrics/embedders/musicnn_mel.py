"""The log-mel front end of MusiCNN: 16 kHz mono audio in, 96 Slaney mel bands out."""

from __future__ import annotations

import functools

import numpy as np
import torch

SAMPLE_RATE_HZ = 16000
N_FFT = 512
HOP_SAMPLES = 256
N_MELS = 96
BLOCK_FRAMES = 8192

_LINEAR_MEL_HZ = 200.0 / 3.0
_LOG_START_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def _hz_from_mel(mel: np.ndarray) -> np.ndarray:
    """Slaney's mel scale: linear below 1 kHz, 27 steps for each factor of 6.4 above."""
    log_start_mel = _LOG_START_HZ / _LINEAR_MEL_HZ
    above = _LOG_START_HZ * np.exp(_LOG_STEP * (np.maximum(mel, log_start_mel) - log_start_mel))
    return np.where(mel < log_start_mel, mel * _LINEAR_MEL_HZ, above)


@functools.cache
def slaney_filters() -> np.ndarray:
    """Triangular filters of unit area on Slaney's mel scale, 0 to 8 kHz.

    Returns
    -------
    numpy.ndarray
        float32 (96, 257), equal to ``librosa.filters.mel(sr=16000, n_fft=512, n_mels=96)``.
    """
    nyquist_hz = SAMPLE_RATE_HZ / 2
    top_mel = _LOG_START_HZ / _LINEAR_MEL_HZ + np.log(nyquist_hz / _LOG_START_HZ) / _LOG_STEP
    edges_hz = _hz_from_mel(np.linspace(0.0, top_mel, N_MELS + 2))
    bins_hz = np.linspace(0.0, nyquist_hz, N_FFT // 2 + 1)
    rising = (bins_hz - edges_hz[:-2, None]) / (edges_hz[1:-1] - edges_hz[:-2])[:, None]
    falling = (edges_hz[2:, None] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)


def log_mel(wave: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """Log-mel spectrogram as MusiCNN was trained on: ``log10(10000 * power + 1)``.

    The original casts to float16 and overflows on loud audio; this stays in float32.

    Parameters
    ----------
    wave : numpy.ndarray
        Mono samples at 16 kHz, shape (n,), usually within [-1, 1].
    device : torch.device or str
        Where to compute.

    Returns
    -------
    torch.Tensor
        float32 (1 + n // 256, 96), on `device`. Frames are centred, with zeros beyond both ends.
    """
    samples = torch.as_tensor(np.ascontiguousarray(wave, dtype=np.float32), device=device)
    padded = torch.nn.functional.pad(samples, (N_FFT // 2, N_FFT // 2))
    window = torch.hann_window(N_FFT, device=device)
    filters = torch.as_tensor(slaney_filters(), device=device)
    n_frames = 1 + len(samples) // HOP_SAMPLES
    blocks = []
    for first in range(0, n_frames, BLOCK_FRAMES):  # a spectrogram of a whole song would not stay small
        count = min(BLOCK_FRAMES, n_frames - first)
        block = padded[first * HOP_SAMPLES : (first + count - 1) * HOP_SAMPLES + N_FFT]
        spectrum = torch.stft(block, N_FFT, HOP_SAMPLES, window=window, center=False, return_complex=True)
        blocks.append((filters @ (spectrum.real.square() + spectrum.imag.square())).T)
    return torch.log10(torch.cat(blocks) * 10000.0 + 1.0)
