"""Stereo similarity of a stem (paper, section 2.1, equation 4), the statistic behind its panning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from gantools.audio.compiled import compiled
from gantools.effects.framing import BATCH_FRAMES, FrameBuffer, root_hann
from gantools.effects.grid import GRID_HZ, mean_on_grid

#: Frames of panning are this long, rounded to a power of two: 2048 samples at 44.1 kHz.
PAN_SECONDS = 0.0464
#: Frames this far below the loudest are rests, which would count as "centre".
GATE_DB = -40.0
_LEVEL_STEP_DB = 0.05
_MOST_ENERGY = 1e300
_LEVELS = round(-GATE_DB / _LEVEL_STEP_DB) + 1
_MEASURED = (GRID_HZ >= 50.0) & (GRID_HZ <= 12000.0)


def pan_size(rate_hz: int) -> int:
    """Frame length in samples at a sample rate; the hop is half of it."""
    return int(2 ** round(math.log2(PAN_SECONDS * rate_hz)))


@compiled
def _frame_energies(spectra: np.ndarray, energies: np.ndarray) -> None:
    for f in range(spectra.shape[1]):
        total = 0.0
        for k in range(spectra.shape[2]):
            total += spectra[0, f, k] * spectra[0, f, k] + spectra[1, f, k] * spectra[1, f, k]
        energies[f] = total


@compiled
def _add_similarity(spectra: np.ndarray, rows: np.ndarray, sums: np.ndarray) -> None:
    """Add psi (equation 4) of each frame to its row of `sums`; spectra are re, im, re, im ..."""
    for f in range(spectra.shape[1]):
        if rows[f] < 0 or rows[f] >= sums.shape[0]:
            continue
        row = sums[rows[f]]
        for k in range(row.size):
            left = spectra[0, f, 2 * k] ** 2 + spectra[0, f, 2 * k + 1] ** 2
            right = spectra[1, f, 2 * k] ** 2 + spectra[1, f, 2 * k + 1] ** 2
            total = left + right
            if total > np.float32(1e-30):
                row[k] += 2 * np.sqrt(left) * np.sqrt(right) / total
            else:
                row[k] += 1.0  # nothing on both sides: no side


@dataclass(frozen=True, eq=False)
class PanImage:
    """Where a stem lies between left and right.

    Attributes
    ----------
    psi : array (121,) of float64
        Mean similarity over the active frames on `GRID_HZ`: 1 in the centre, 0 on one side only.
    energy : tuple of two float
        Sums of squares of left and right.
    active_frames : int
    rate_hz : int
    """

    psi: np.ndarray
    energy: tuple[float, float]
    active_frames: int
    rate_hz: int

    @property
    def mean_psi(self) -> float:
        """Mean similarity from 50 Hz to 12 kHz, each octave counting the same."""
        return float(self.psi[_MEASURED].mean())

    @property
    def right(self) -> bool:
        """Whether the right channel has at least the energy of the left."""
        return self.energy[1] >= self.energy[0]


def pan_distance(psi: np.ndarray, target: np.ndarray) -> float:
    """Mean of |psi - target| from 50 Hz to 12 kHz on a logarithmic axis; both are (121,) on `GRID_HZ`."""
    return float(np.abs(psi - target)[_MEASURED].mean())


class PanMeter:
    """Measure the similarity of a stereo stem that arrives in blocks of any size, in bounded memory.

    Frames of `pan_size` samples overlap by half under the square root of a Hann window. A frame is active if its energy
    is above that of the loudest by more than -40 dB.

    Parameters
    ----------
    rate_hz : int
    gated : bool
        False counts every frame that holds anything, as the paper's text does.

    Notes
    -----
    The loudest frame is known only at the end. Similarities are therefore summed in steps of 0.05 dB of frame energy
    and those that fall below the gate are forgotten, so that the gate is exact to 0.05 dB.
    """

    def __init__(self, rate_hz: int, gated: bool = True) -> None:
        self._rate_hz, self._gated = rate_hz, gated
        self._n_fft = pan_size(rate_hz)
        self._window = root_hann(self._n_fft)
        hop = self._n_fft // 2
        self._frames = FrameBuffer(2, self._n_fft, BATCH_FRAMES)
        self._sums = np.zeros((_LEVELS, hop + 1))
        self._counts = np.zeros(_LEVELS, np.int64)
        self._top: int | None = None
        self._energy = np.zeros(2)

    def push(self, block: np.ndarray) -> None:
        """Take the next samples: float32 (2, n), finite."""
        self._energy += [float(np.dot(channel, channel)) for channel in block]
        for _ in self._frames.push(block):
            self._analyse(BATCH_FRAMES)

    def result(self) -> PanImage:
        """Return the statistic of all that was pushed; psi is 1 for silence."""
        if self._frames.fresh:
            self._frames.close()
            hop = self._n_fft // 2
            self._analyse(max(1, -(-(self._frames.filled - hop) // hop)))
            self._frames.fresh = 0
        count = int(self._counts.sum())
        psi = self._sums.sum(axis=0) / count if count else np.ones(self._n_fft // 2 + 1)
        energy = (float(self._energy[0]), float(self._energy[1]))
        return PanImage(mean_on_grid(psi, self._rate_hz), energy, count, self._rate_hz)

    def _analyse(self, frames: int) -> None:
        hop = self._n_fft // 2
        samples = self._frames.samples
        windows = np.lib.stride_tricks.sliding_window_view(samples, self._n_fft, axis=1)[:, ::hop][:, :frames]
        spectra = fft.rfft(windows * self._window, axis=2, workers=1).view(np.float32)
        energies = np.empty(frames)
        _frame_energies(spectra, energies)
        # Whatever the samples are, a level is a number that fits an index.
        energies = np.nan_to_num(energies, posinf=_MOST_ENERGY)
        if not energies.max() > 0:
            return
        if not self._gated:
            self._count(spectra, np.where(energies > 0, 0, -1))
            return
        level_db = 10 * np.log10(np.clip(energies, 1 / _MOST_ENERGY, _MOST_ENERGY))
        levels = np.floor(level_db / _LEVEL_STEP_DB).astype(np.int64)
        self._raise_top(int(levels.max()))
        assert self._top is not None
        # One row for each 0.05 dB; the last is that of the loudest frame so far, negative ones are below the gate.
        self._count(spectra, levels - self._top + _LEVELS - 1)

    def _count(self, spectra: np.ndarray, rows: np.ndarray) -> None:
        """Add each frame to its row, negative ones to none."""
        _add_similarity(spectra, rows, self._sums)
        np.add.at(self._counts, rows[rows >= 0], 1)

    def _raise_top(self, level: int) -> None:
        """Move the rows so that the last is that of the loudest frame so far."""
        shift = 0 if self._top is None else min(max(level - self._top, 0), _LEVELS)
        if shift:
            for rows in (self._sums, self._counts):
                rows[: _LEVELS - shift] = rows[shift:].copy()
                rows[_LEVELS - shift :] = 0
        self._top = level if self._top is None else max(self._top, level)
