"""Onsets of a stem and the peaks between them, the statistic behind its dynamics (paper, section 2.1).

The paper says only that dynamic range compression is normalised by onset peak levels. The detection follows the high
frequency content that its program uses (Masri 1996); thresholds are relative to the stem.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

from gantools.audio.compiled import compiled
from gantools.effects.framing import FrameBuffer

_FRAME_SECONDS = 0.0232
#: Frames transformed at once, always so many: the novelty does not depend on how the samples arrive.
_BATCH_FRAMES = 64
_MEDIAN_FRAMES, _MEAN_FRAMES, _LOCAL_FRAMES = 15, 43, 5
_MEAN_SHARE, _TOP_SHARE = 0.3, 0.02
#: A rise by this share of the content is the ripple of a steady tone.
_RIPPLE = 1e-3
_LEAST_GAP_SECONDS = 0.05
_LEAST_ONSETS = 4
_FIXED_SECONDS = 0.5
_PERCENTILE = 75.0
_SPREAD_RANGE_DB = 40.0
_FLOOR = 1e-6


def onset_frame(rate_hz: int) -> int:
    """Frame length in samples at a sample rate: 1024 at 44.1 and 48 kHz; the hop is half of it."""
    return int(2 ** round(math.log2(_FRAME_SECONDS * rate_hz)))


def block_samples(rate_hz: int) -> int:
    """Length of the blocks of which only the largest sample is kept: 32 samples up to 48 kHz, 64 up to 96 kHz.

    Never more than the hop of the onsets, which is shorter at the lowest rates.
    """
    return min(32 * 2 ** max(0, math.ceil(math.log2(rate_hz / 48000))), onset_frame(rate_hz) // 2)


@compiled
def _raise_maxima(channel: np.ndarray, block: int, maxima: np.ndarray) -> None:
    for b in range(maxima.size):
        largest = maxima[b]
        for n in range(b * block, min((b + 1) * block, channel.size)):
            largest = max(largest, abs(channel[n]))
        maxima[b] = largest


def block_maxima(wave: np.ndarray, block: int) -> np.ndarray:
    """Return the largest magnitude of all channels in each block of samples; the last block may be shorter."""
    maxima = np.zeros(-(-wave.shape[1] // block), np.float32)
    for channel in wave:
        _raise_maxima(channel, block, maxima)
    return maxima


def peak_statistics(peaks: np.ndarray) -> tuple[float, float, float]:
    """Return mean and standard deviation of the upper quarter of segment peaks, and the spread of all, in dB.

    Parameters
    ----------
    peaks : array (segments,)
        Linear peaks, one per segment.

    Notes
    -----
    The upper quarter lies at or above the 75th percentile (the paper's program). The spread is the range from the 10th
    to the 90th percentile of those within 40 dB of the highest, and does not change with the gain.
    """
    peaks_db = 20 * np.log10(np.maximum(peaks.astype(np.float64), _FLOOR))
    upper = peaks_db[peaks_db >= np.percentile(peaks_db, _PERCENTILE)]
    near = peaks_db[peaks_db >= peaks_db.max() - _SPREAD_RANGE_DB]
    low, high = np.percentile(near, (10, 90))
    return float(upper.mean()), float(upper.std()), float(high - low)


@dataclass(frozen=True, eq=False)
class OnsetPeaks:
    """Onset peaks of a stem.

    Attributes
    ----------
    mean_db, std_db : float
        Mean and standard deviation of the upper quarter of the segment peaks, at the scale of the meter.
    spread_db : float
        Difference of the 90th and the 10th percentile of the segment peaks (see `peak_statistics`).
    onsets : int
    no_onsets : bool
        There were fewer than 4, so the segments are of 0.5 s.
    starts : array (segments,) of int64
        First block of each segment; the last ends with the stem. What is before the first onset belongs to none.
    maxima : array (blocks,) of float32
        Largest magnitude of each block, raw.
    scale : float
        Gain that takes the raw samples to the scale of analysis.
    rate_hz : int
    """

    mean_db: float
    std_db: float
    spread_db: float
    onsets: int
    no_onsets: bool
    starts: np.ndarray
    maxima: np.ndarray
    scale: float
    rate_hz: int


class DynamicsMeter:
    """Find the onset peaks of a stem that arrives in blocks of any size.

    All channels are looked at together: their mean for the onsets, their largest magnitude for the peaks. Memory grows
    by 1/32 of a channel.

    Parameters
    ----------
    rate_hz : int
    channels : int
    scale : float
        Linear gain to the scale of analysis, at which the sample peak is -10 dBFS (the paper's program). The novelty is
        not linear, so the scale must be known beforehand.
    """

    def __init__(self, rate_hz: int, channels: int, scale: float = 1.0) -> None:
        self._rate_hz, self._scale = rate_hz, float(scale)
        self._n_fft, self._block = onset_frame(rate_hz), block_samples(rate_hz)
        hop = self._n_fft // 2
        # The scale and the mean over the channels are part of the window, which saves two passes over the samples.
        window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self._n_fft) / self._n_fft)) * (scale / channels)
        self._window = window.astype(np.float32)
        self._weights = np.arange(1, hop + 2, dtype=np.float32)
        self._frames = FrameBuffer(channels, self._n_fft, _BATCH_FRAMES)
        self._content: list[np.ndarray] = []
        self._maxima: list[np.ndarray] = []

    def push(self, block: np.ndarray) -> None:
        """Take the next samples: float32 (channels, n), finite."""
        for _ in self._frames.push(block):
            self._analyse(_BATCH_FRAMES)

    def result(self) -> OnsetPeaks:
        """Return the peaks of all that was pushed. Nothing can be pushed afterwards."""
        if self._frames.fresh:
            self._frames.close()
            # A frame that is cut off would look like an onset; only a sound shorter than a frame is padded.
            whole = (self._frames.filled - self._n_fft) // (self._n_fft // 2) + 1
            self._analyse(max(whole, 0 if self._content else 1))
            self._frames.fresh = 0
        # Nothing was pushed: one silent block keeps the statistics defined.
        maxima = np.concatenate([*self._maxima, np.zeros(0 if self._maxima else 1, np.float32)])
        content = np.concatenate(self._content) if self._content else np.zeros(1)
        frames = find_onsets(content, self._rate_hz, self._n_fft // 2)
        no_onsets = len(frames) < _LEAST_ONSETS
        if no_onsets:
            # Pads and drones have too few onsets for a statistic; stretches of equal length take their place.
            length = max(1, round(_FIXED_SECONDS * self._rate_hz / self._block))
            starts = np.arange(0, len(maxima), length)
        else:
            # The hop is a whole number of blocks, so a segment begins with a block.
            starts = frames * (self._n_fft // 2 // self._block)
        peaks = np.maximum.reduceat(maxima, starts) * self._scale
        return OnsetPeaks(*peak_statistics(peaks), len(frames), no_onsets, starts, maxima, self._scale, self._rate_hz)

    def _analyse(self, frames: int) -> None:
        hop, waiting, filled = self._n_fft // 2, self._frames.samples, self._frames.filled
        # The first half of the buffer repeats the batch before, whose maxima are known.
        self._maxima.append(block_maxima(waiting[:, filled - self._frames.fresh : filled], self._block))
        if frames == 0:
            return
        mid = waiting[0] if len(waiting) == 1 else waiting.sum(axis=0)
        windows = np.lib.stride_tricks.sliding_window_view(mid, self._n_fft)[::hop][:frames]
        # As pairs of floats: NumPy's magnitude of complex numbers goes through hypot, which is slower.
        parts = np.square(fft.rfft(windows * self._window, axis=1, workers=1).view(np.float32))
        magnitude = np.sqrt(parts[:, ::2] + parts[:, 1::2])
        magnitude += 1
        self._content.append(np.log(magnitude, out=magnitude) @ self._weights)


def find_onsets(content: np.ndarray, rate_hz: int, hop_samples: int) -> np.ndarray:
    """Return the frames at which onsets begin, rising.

    Parameters
    ----------
    content : array (frames,)
        High frequency content sum of (k + 1) ln(1 + |X_k|) of each frame. Before the first is silence.
    rate_hz, hop_samples : int

    Notes
    -----
    The novelty is the rise of the content. An onset is its largest value within 5 frames, above median (15 frames)
    + 0.3 mean (43 frames) + 0.02 of its 99th percentile + 0.001 of that of the content, and at least 50 ms after the
    one before.
    """
    novelty = np.maximum(np.diff(content.astype(np.float64), prepend=0.0), 0)
    threshold = (
        median_filter(novelty, _MEDIAN_FRAMES, mode="constant")
        + _MEAN_SHARE * uniform_filter1d(novelty, _MEAN_FRAMES, mode="constant")
        + _TOP_SHARE * np.percentile(novelty, 99)
        + _RIPPLE * np.percentile(content, 99)
    )
    candidates = np.flatnonzero((novelty > threshold) & (novelty == maximum_filter1d(novelty, _LOCAL_FRAMES)))
    onsets: list[int] = []
    gap = _LEAST_GAP_SECONDS * rate_hz / hop_samples
    for frame in candidates:
        if not onsets or frame - onsets[-1] >= gap:
            onsets.append(int(frame))
    return np.array(onsets, np.int64)
