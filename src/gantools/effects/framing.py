"""Half-overlapping frames: of a sound that arrives in blocks of any size, and of a wave whose spectra are changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import fft

from gantools.audio.compiled import compiled

#: Frames transformed at once: their spectra stay in the cache.
BATCH_FRAMES = 64


def root_hann(n_fft: int) -> np.ndarray:
    """Square root of the periodic Hann window, float32: half a sine. Its square sums to 1 at half overlap."""
    return np.sin(np.pi * np.arange(n_fft) / n_fft).astype(np.float32)


class FrameBuffer:
    """Collects samples until a batch of frames is full; the second half of its last frame begins the next batch.

    Parameters
    ----------
    channels : int
    n_fft : int
        Length of a frame; the hop is half of it.
    batch : int
        Frames at a time.

    Attributes
    ----------
    samples : array (channels, (batch + 1) hops) of float32
    filled : int
        Samples in it.
    fresh : int
        Those among them that no batch has had yet.
    """

    def __init__(self, channels: int, n_fft: int, batch: int) -> None:
        self._hop = n_fft // 2
        self.samples = np.zeros((channels, (batch + 1) * self._hop), np.float32)
        self.filled = self.fresh = 0

    def push(self, block: np.ndarray) -> Iterator[None]:
        """Take samples (channels, n); yield whenever the batch in `samples` is full."""
        position = 0
        while position < block.shape[1]:
            size = min(self.samples.shape[1] - self.filled, block.shape[1] - position)
            self.samples[:, self.filled : self.filled + size] = block[:, position : position + size]
            self.filled += size
            self.fresh += size
            position += size
            if self.filled == self.samples.shape[1]:
                # The caller reads `samples` while this waits; only then may the second half move to the front.
                yield
                self.samples[:, : self._hop] = self.samples[:, -self._hop :].copy()
                self.filled, self.fresh = self._hop, 0

    def close(self) -> None:
        """Fill the rest of the batch with silence."""
        self.samples[:, self.filled :] = 0


def spectra_of(wave: np.ndarray, window: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the spectra of a wave in batches, with the number of the first frame of each.

    Frame i begins at sample (i - 1) hop, so that two frames lie over every sample. A batch is read when asked for.

    Parameters
    ----------
    wave : array (channels, n) of float32
    window : array (n_fft,) of float32
        A frame is as long; the hop is half of it.

    Yields
    ------
    int, array (channels, frames, n_fft / 2 + 1) of complex64
    """
    n_samples, n_fft = wave.shape[1], len(window)
    hop = n_fft // 2
    segment = np.zeros((len(wave), (BATCH_FRAMES + 1) * hop), np.float32)
    for first in range(0, frame_count(n_samples, n_fft), BATCH_FRAMES):
        start, count = (first - 1) * hop, min(BATCH_FRAMES, frame_count(n_samples, n_fft) - first)
        low, high = max(start, 0), min(start + segment.shape[1], n_samples)
        segment[:] = 0
        segment[:, low - start : high - start] = wave[:, low:high]
        windows = np.lib.stride_tricks.sliding_window_view(segment, n_fft, axis=1)[:, ::hop][:, :count]
        yield first, fft.rfft(windows * window, axis=2, workers=1)


def frame_count(n_samples: int, n_fft: int) -> int:
    """Frames that `spectra_of` makes of so many samples."""
    return -(-n_samples // (n_fft // 2)) + 1


def change_spectra(wave: np.ndarray, n_fft: int, change: Callable[[int, np.ndarray], None], out: np.ndarray) -> None:
    """Overlap-add the frames of `spectra_of` after `change` has been called with each batch, to multiply it in place.

    Parameters
    ----------
    wave : array (channels, n) of float32
    n_fft : int
    change : callable
        Takes the number of the first frame and the spectra. Where it does nothing, `out` is `wave`, rounded.
    out : array (channels, n) of float32
        May be `wave` itself.
    """
    hop, window = n_fft // 2, root_hann(n_fft)
    carry, part = np.zeros((len(wave), hop), np.float32), np.empty((len(wave), BATCH_FRAMES * hop), np.float32)
    for first, spectra in spectra_of(wave, window):
        change(first, spectra)
        _overlap_add(fft.irfft(spectra, n_fft, axis=2, workers=1), window, carry, part)
        # The first hop lies before the wave, and the last may end after it. `out` may be `wave`: nothing is written
        # beyond where the next batch begins to read.
        start = (first - 1) * hop
        low, high = max(start, 0), min(start + spectra.shape[1] * hop, wave.shape[1])
        out[:, low:high] = part[:, low - start : high - start]


@compiled
def _overlap_add(frames: np.ndarray, window: np.ndarray, carry: np.ndarray, wave: np.ndarray) -> None:
    """Write the hop before each frame's centre to `wave` (channels, frames * hop); `carry` holds the last half."""
    hop = window.size // 2
    for c in range(frames.shape[0]):
        for f in range(frames.shape[1]):
            for n in range(hop):
                before = carry[c, n] if f == 0 else frames[c, f - 1, hop + n] * window[hop + n]
                wave[c, f * hop + n] = before + frames[c, f, n] * window[n]
        for n in range(hop):
            carry[c, n] = frames[c, -1, hop + n] * window[hop + n]
