"""What could fake the figures of a metric: noise with the spectrum and the envelopes of real music, its bars shuffled.

A figure that these reach too says little. They are made of each real file, at 22,050 Hz.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gantools.audio.compiled import block_threads
from gantools.audio.stft import Stft
from gantools.errors import InputError
from gantools.structure.arrangement import shuffle
from gantools.structure.beats import find_beats

RATE_HZ = 22050
#: (wave, seed) -> what is made of it; None where it cannot be.
Bracket = Callable[[np.ndarray, int], np.ndarray | None]
#: Windows of 46 ms: envelopes of about 50 ms.
_N_FFT = 1024
#: Third octaves, but none narrower than a critical band is at low frequencies.
_NARROWEST_HZ = 100.0


def shaped_noise(wave: np.ndarray, seed: int) -> np.ndarray:
    """Return white noise with the power that a sound has in each band every 23 ms, float32 (n,).

    It has the spectrum of the sound, its envelopes and so its rhythm, and nothing else of it.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono at 22,050 Hz.
    seed : int
    """
    hop, pad = _N_FFT // 2, _N_FFT // 2
    frames = 1 + -(-len(wave) // hop)
    noise = np.random.default_rng(seed).standard_normal((frames - 1) * hop + _N_FFT).astype(np.float32)
    padded = np.zeros(len(noise), np.float32)
    padded[pad : pad + len(wave)] = wave
    starts = _band_starts()
    with block_threads(1) as run_blocks:
        stft = Stft(_N_FFT, hop, frames, run_blocks)
        spectra, white = stft.analyse(padded), stft.analyse(noise)
        widths = np.diff(np.append(starts, spectra.shape[1]))
        power = np.add.reduceat(np.abs(spectra) ** 2, starts, axis=1) / widths
        # By its power on average, not frame by frame: noise keeps the fluctuation that noise has.
        gain = np.sqrt(power / float(np.mean(np.abs(white) ** 2))).astype(np.float32)
        made = stft.synthesise(white * np.repeat(gain, widths, axis=1))
    return np.ascontiguousarray(made[pad : pad + len(wave)])


def even_noise(wave: np.ndarray, seed: int) -> np.ndarray:
    """Return noise with the spectrum of a sound to its finest line, which goes on evenly, float32 (n,).

    The sound with random phases: what is held in it, also a resonance of noise, is held here, and nothing begins.

    Parameters
    ----------
    wave : float32 array (n,)
    seed : int
    """
    spectrum = np.fft.rfft(wave)
    phases = np.random.default_rng(seed).uniform(0.0, 2 * np.pi, len(spectrum))
    return np.fft.irfft(np.abs(spectrum) * np.exp(1j * phases), len(wave)).astype(np.float32)


def _band_starts() -> np.ndarray:
    """Return the first bin of each band of the noise, int64."""
    edges = [0.0]
    while (upper := max(edges[-1] + _NARROWEST_HZ, edges[-1] * 2 ** (1 / 3))) < RATE_HZ / 2:
        edges.append(upper)
    return np.unique(np.round(np.array(edges) * _N_FFT / RATE_HZ).astype(np.int64))


def bars_shuffled(wave: np.ndarray, seed: int) -> np.ndarray | None:
    """Return a mono wave at 22,050 Hz with its bars in another order; None where it has fewer than three."""
    grid = find_beats(wave[None], RATE_HZ)
    try:
        return shuffle(wave[None], RATE_HZ, "bars", seed, grid=grid)[0]
    except InputError:
        return None


#: Name in results -> how it is made of real music.
BRACKETS: dict[str, Bracket] = {"noise": shaped_noise, "shuffled": bars_shuffled}
