"""Mean magnitude spectrum Gamma of a stem (paper, section 2.1, equation 2) and its levels on a logarithmic axis."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from gantools.effects.framing import FrameBuffer
from gantools.effects.grid import GRID_HZ, mean_on_grid

#: Frames are this long, rounded to a power of two: 65536 samples at 44.1 kHz, as in the paper's program.
GAMMA_SECONDS = 1.486
#: Frames this far below the loudest do not count: rests would otherwise pull the mean down.
GATE_DB = -40.0
_MOST_GROUPS = 256
#: So many transforms at once are computed in the lanes of one vector register.
_TRANSFORMS = 4
_AXIS_LOW_HZ, _AXIS_STEPS = 15.0, 48
_FULL_WIDTHS = 2 * math.sqrt(2 * math.log(2))


def gamma_size(rate_hz: int) -> int:
    """Frame length in samples at a sample rate."""
    return int(2 ** round(math.log2(GAMMA_SECONDS * rate_hz)))


@dataclass
class _Group:
    """Frames of nearly one energy: their number and the sum of their magnitudes."""

    low: float
    high: float
    count: int
    magnitude: np.ndarray


@dataclass(frozen=True, eq=False)
class MeanSpectrum:
    """Gamma of a stem.

    Attributes
    ----------
    gamma : array (n_fft / 2 + 1,) of float64
        Mean magnitude over the frames that count and the channels; of the raw samples, so that a gain multiplies it.
    rate_hz : int
    frames, kept : int
        Frames of the stem, and those that count.
    """

    gamma: np.ndarray
    rate_hz: int
    frames: int
    kept: int

    @property
    def active_seconds(self) -> float:
        """Duration of the frames that count, each for its hop."""
        return self.kept * (len(self.gamma) - 1) / self.rate_hz


class SpectrumMeter:
    """Measure Gamma of a stem that arrives in blocks of any size, in bounded memory.

    Frames overlap by half, under the square root of a periodic Hann window; the last is padded with zeros.

    Parameters
    ----------
    rate_hz, channels : int
    gate_db : float or None
        A frame counts if its energy is above that of the loudest by more than this; None counts all, as the paper does.

    Notes
    -----
    The loudest frame is known only at the end. The magnitudes are therefore summed in groups by energy, those under the
    gate being forgotten at once. Up to 256 frames (190 s) each is a group of its own and the gate is exact; then the
    two neighbours nearest in level are joined, so that the gate is blurred by some 0.2 dB.
    """

    def __init__(self, rate_hz: int, channels: int, gate_db: float | None = GATE_DB) -> None:
        self.rate_hz, self._n_fft = rate_hz, gamma_size(rate_hz)
        self._hop = self._n_fft // 2
        # The square root of the periodic Hann window is half a sine.
        self._window = np.sin(np.pi * np.arange(self._n_fft) / self._n_fft).astype(np.float32)
        self._gate = None if gate_db is None else 10 ** (gate_db / 10)
        self._batch = max(1, _TRANSFORMS // channels)
        self._waiting = FrameBuffer(channels, self._n_fft, self._batch)
        self._n_samples = self._frames = 0
        self._groups: list[_Group] = []
        self._loudest = 0.0

    def push(self, block: np.ndarray) -> None:
        """Take the next samples: float32 (channels, n), finite."""
        self._n_samples += block.shape[1]
        for _ in self._waiting.push(block):
            self._analyse(self._batch)

    def result(self) -> MeanSpectrum:
        """Return Gamma of all that was pushed; zeros for silence. Nothing can be pushed afterwards."""
        self._waiting.close()
        # The last frame is padded with silence, so that every sample lies in a frame.
        wanted = max(1, -(-(self._n_samples - self._n_fft) // self._hop) + 1)
        self._analyse(wanted - self._frames)
        total, kept = np.zeros(self._hop + 1), 0
        for group in self._groups:
            # A joined group may lie across the gate; its geometric mean decides.
            if self._gate is None or math.sqrt(group.low * group.high) > self._loudest * self._gate:
                total += group.magnitude
                kept += group.count
        return MeanSpectrum(total / max(kept, 1) / len(self._waiting.samples), self.rate_hz, self._frames, kept)

    def _analyse(self, frames: int) -> None:
        if frames <= 0:
            return
        starts = np.arange(frames) * self._hop
        windowed = np.stack([self._waiting.samples[:, s : s + self._n_fft] for s in starts]) * self._window
        spectra = np.abs(fft.rfft(windowed, workers=1))
        for frame, magnitude in zip(windowed, spectra, strict=True):
            self._add(float(np.vdot(frame, frame)), magnitude.sum(axis=0))
        self._frames += frames

    def _add(self, energy: float, magnitude: np.ndarray) -> None:
        self._loudest = max(self._loudest, energy)
        if self._gate is None:
            if not self._groups:
                self._groups = [_Group(0.0, 0.0, 0, np.zeros(self._hop + 1))]
            self._groups[0].magnitude += magnitude
            self._groups[0].count += 1
            return
        threshold = self._loudest * self._gate
        if energy > threshold:
            bisect.insort(self._groups, _Group(energy, energy, 1, magnitude), key=lambda group: group.low)
        while self._groups and self._groups[0].high <= threshold:
            del self._groups[0]
        if len(self._groups) > _MOST_GROUPS:
            self._join_nearest()

    def _join_nearest(self) -> None:
        low = np.array([group.low for group in self._groups])
        high = np.array([group.high for group in self._groups])
        # The pair that spans the smallest ratio of energies blurs the gate least.
        first = int(np.argmin(np.maximum(high[1:], high[:-1]) / low[:-1]))
        lower, upper = self._groups[first], self._groups.pop(first + 1)
        lower.high = max(lower.high, upper.high)
        lower.count += upper.count
        lower.magnitude = lower.magnitude + upper.magnitude


def log_axis(rate_hz: int) -> np.ndarray:
    """Frequencies from 15 Hz to the Nyquist frequency, 48 an octave."""
    steps = math.floor(_AXIS_STEPS * math.log2(rate_hz / 2 / _AXIS_LOW_HZ))
    return _AXIS_LOW_HZ * 2 ** (np.arange(steps + 1) / _AXIS_STEPS)


def band_power(gamma: np.ndarray, rate_hz: int, low_hz: np.ndarray, high_hz: np.ndarray) -> np.ndarray:
    """Mean of the squared magnitude in each of several bands.

    A bin extends half a bin to either side, so that bands narrower than a bin have a level too.
    """
    bin_hz = rate_hz / 2 / (len(gamma) - 1)
    edges = (np.arange(len(gamma) + 1) - 0.5) * bin_hz
    sums = np.concatenate([[0.0], np.cumsum(np.square(gamma, dtype=np.float64))])
    top = np.minimum(high_hz, edges[-1])
    width = np.maximum(top - low_hz, 1e-9)
    return np.asarray(np.maximum(np.interp(top, edges, sums) - np.interp(low_hz, edges, sums), 0) * bin_hz / width)


def smooth_levels(power: np.ndarray, octaves: float) -> np.ndarray:
    """Smooth power on `log_axis` by a Gaussian of this full width at half maximum; return dB."""
    smooth = gaussian_filter1d(power, octaves * _AXIS_STEPS / _FULL_WIDTHS, mode="nearest") if octaves > 0 else power
    return np.asarray(10 * np.log10(np.maximum(smooth, 1e-30)))


def axis_levels_db(gamma: np.ndarray, rate_hz: int, octaves: float = 1 / 6) -> np.ndarray:
    """Levels of a magnitude spectrum on `log_axis`, smoothed; the operator P of the equaliser."""
    axis, half = log_axis(rate_hz), 2 ** (0.5 / _AXIS_STEPS)
    return smooth_levels(band_power(gamma, rate_hz, axis / half, axis * half), octaves)


def grid_unit(gamma: np.ndarray, rate_hz: int) -> float:
    """Return what brings a magnitude spectrum to the units of a 65536-point frame at 44.1 kHz.

    Noise of one density then reads the same at every rate.
    """
    return math.sqrt((65536 * 44100) / (2 * (len(gamma) - 1) * rate_hz))


def grid_magnitude(gamma: np.ndarray, rate_hz: int, gain: float = 1.0, *, mean: bool = False) -> np.ndarray:
    """Gamma on the grid of the features file: the root mean square of each 1/12 octave.

    Parameters
    ----------
    gamma : array (bins,)
    rate_hz : int
    gain : float
        Linear gain that brings the stem to -30 LUFS.
    mean : bool
        The mean magnitude of each 1/12 octave, as in the paper's equation 2, instead of its root mean square.

    Returns
    -------
    array (121,)
        Linear, in the units of a 65536-point frame at 44.1 kHz, so that noise of one density reads the same at every
        rate; above the Nyquist frequency the level of the last band below it.
    """
    half = 2 ** (1 / 24)
    if mean:
        return mean_on_grid(gamma, rate_hz) * grid_unit(gamma, rate_hz) * gain
    power = band_power(gamma, rate_hz, GRID_HZ / half, GRID_HZ * half)
    inside = GRID_HZ * half <= rate_hz / 2
    power[~inside] = power[inside][-1]
    return np.asarray(np.sqrt(power) * grid_unit(gamma, rate_hz) * gain)
