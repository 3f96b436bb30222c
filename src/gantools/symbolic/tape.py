"""Where sounds are put together: a strip of stereo sound, or a ring of it for what repeats."""

from __future__ import annotations

import numpy as np


class Tape:
    """Stereo sound that grows by one sound after the other, each placed to the sample.

    Parameters
    ----------
    seconds : float
        Up to where sounds may begin.
    tail_s : float
        How much longer they may ring.
    rate_hz : int
    """

    def __init__(self, seconds: float, tail_s: float, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.wave = np.zeros((2, int(np.ceil((seconds + tail_s) * rate_hz)) + 1), np.float32)

    def add(self, wave: np.ndarray, start_s: float, gain: float, place: float = 0.0) -> None:
        """Add a sound.

        Parameters
        ----------
        wave : float32 array (n,) or (2, n)
        start_s : float
            Rounded to the nearest sample.
        gain : float
        place : float
            -1 left to 1 right, at equal power; in the middle both channels have the sound as it is. Stereo sound has
            its place already.
        """
        start = max(0, round(start_s * self.rate_hz))
        wave = wave[..., : self.wave.shape[1] - start]
        if wave.ndim == 2:
            self.wave[:, start : start + wave.shape[1]] += wave * np.float32(gain)
            return
        angle = (place + 1) * np.pi / 4
        for channel, share in enumerate((np.cos(angle), np.sin(angle))):
            self.wave[channel, start : start + len(wave)] += wave * np.float32(gain * share * np.sqrt(2))

    def strip(self) -> np.ndarray:
        """Return the sound up to where the last one has died away, float32 (2, n), at least one sample."""
        size = self.wave.shape[1]
        # From behind, a second at a time.
        for stop in range(size, 0, -self.rate_hz):
            block = np.abs(self.wave[:, max(0, stop - self.rate_hz) : stop]).max(axis=0) > _SILENT
            if block.any():
                return self.wave[:, : stop - int(block[::-1].argmax())]
        return self.wave[:, :1]


#: -120 dBFS.
_SILENT = 1e-6


def in_rings(wave: np.ndarray, loop_samples: float, repeats: int = 1) -> np.ndarray:
    """Return a sound that is repeated without end: what rings beyond the end is heard at the start.

    Parameters
    ----------
    wave : float32 array (channels, n)
        One pass with all that it leaves ringing.
    loop_samples : float
        Exact length of a pass; the passes begin at the nearest samples, so that they do not drift.
    repeats : int
        Passes of the result.

    Returns
    -------
    float32 array (channels, round(repeats * loop_samples))
    """
    size = max(1, round(repeats * loop_samples))
    ring = np.zeros((len(wave), size), np.float32)
    for repeat in range(repeats):
        at, done = round(repeat * loop_samples) % size, 0
        while done < wave.shape[1]:
            part = wave[:, done : done + size - at]
            ring[:, at : at + part.shape[1]] += part
            done, at = done + part.shape[1], 0
    return ring


def faded(wave: np.ndarray, samples: int, fade: int) -> np.ndarray:
    """Return a sound that ends after some samples and a fade of half a cosine, as a copy.

    Parameters
    ----------
    wave : float32 array (..., n)
    samples : int
        Up to where it sounds in full.
    fade : int
        Samples of the fade that follows.
    """
    cut = wave[..., : samples + fade].copy()
    over = cut.shape[-1] - samples
    if over > 0:
        slope = np.arange(1, fade + 1, dtype=np.float32) / fade
        cut[..., samples:] *= (0.5 + 0.5 * np.cos(np.pi * slope))[:over]
    return cut
