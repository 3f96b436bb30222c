"""What the music can be told to be: note density, loudness, brightness, tempo, and the folder that it comes from.

Each is a curve at the rate of latents, between 0 and 1, measured on the songs that are learnt from (sections 4.2 and
5.1 of the paper, which has note density and tempo). Onsets are those of `gantools.structure.beats`, where the paper
takes the detector of madmom, and the tempo too, where it takes Tempo-CNN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from gantools.audio.compiled import block_threads
from gantools.audio.stft import Stft
from gantools.structure.beats import onset_strength, tempo
from gantools.systems.musika import meter

RATE_HZ = 22050
#: Kernel of the note density: the paper's bandwidth of .004 has no unit, and would be no curve if it were seconds.
_DENSITY_SIGMA_S = 1.0
_SMOOTH_S = 0.5
#: Deviations of the onset strength that an onset stands out by, and how near to each other two of them may be.
_ONSET_LINE, _ONSET_GAP_S = 0.5, 0.05
_QUIETEST_DB = 60.0
_DARKEST_HZ, _BRIGHTEST_HZ = 100.0, 8000.0
_SLOWEST_BPM, _TEMPO_OCTAVES = 60.0, 2.0
_N_FFT, _HOP = 2048, 1024
_SEGMENT_FRAMES = 1024
#: Names of what is measured, in the order of the channels that the networks see; a label has one for each folder.
MEASURED = ("density", "loudness", "brightness", "tempo")
LABEL = "label"


@dataclass(frozen=True)
class Curves:
    """What was measured of a song, at the rate of latents.

    Attributes
    ----------
    density : float64 array (T,)
        Onsets in a second, smoothed over a second.
    loudness : float64 array (T,)
        Level in dB of full scale.
    brightness : float64 array (T,)
        Centroid of the spectrum in Hz.
    tempo : float64 array (T,)
        Beats in a minute, the same throughout.
    """

    density: np.ndarray
    loudness: np.ndarray
    brightness: np.ndarray
    tempo: np.ndarray


def measure(wave: np.ndarray, seconds_per_latent: float, count: int) -> Curves:
    """Return the curves of a mono wave at 22.05 kHz at `count` latents.

    Parameters
    ----------
    wave : float32 array (n,)
    seconds_per_latent : float
    count : int
    """
    middles = (np.arange(count) + 0.5) * seconds_per_latent
    if len(wave) < _N_FFT:
        wave = np.pad(wave, (0, _N_FFT - len(wave)))
    strength, low, frame_hz = onset_strength(wave[None], RATE_HZ)
    density = _density(strength, frame_hz)
    power, centroid = _levels(wave)
    seconds = (np.arange(len(power)) * _HOP + _N_FFT / 2) / RATE_HZ
    bpm, _ = tempo(strength, low, frame_hz)
    loudness = 10 * np.log10(np.maximum(np.interp(middles, seconds, power), 1e-10))
    return Curves(
        density=np.interp(middles, np.arange(len(density)) / frame_hz, density),
        loudness=loudness,
        brightness=np.interp(middles, seconds, centroid),
        tempo=np.full(count, bpm),
    )


def onsets(strength: np.ndarray, frame_hz: float) -> np.ndarray:
    """Return the frames at which something begins: peaks of the onset strength that stand out."""
    reach = max(1, round(_ONSET_GAP_S * frame_hz))
    peaks = strength == maximum_filter1d(strength, 2 * reach + 1)
    return np.flatnonzero(peaks & (strength > _ONSET_LINE))


def _density(strength: np.ndarray, frame_hz: float) -> np.ndarray:
    hits = np.zeros(len(strength))
    hits[onsets(strength, frame_hz)] = frame_hz
    return gaussian_filter1d(hits, _DENSITY_SIGMA_S * frame_hz, mode="nearest")


def _levels(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean square and the spectral centroid in Hz of each frame, smoothed over half a second."""
    hz = np.fft.rfftfreq(_N_FFT, 1 / RATE_HZ)
    power, moment = [], []
    frames = 1 + (len(wave) - _N_FFT) // _HOP
    with block_threads(1) as run_blocks:
        for first in range(0, frames, _SEGMENT_FRAMES):
            stft = Stft(_N_FFT, _HOP, min(_SEGMENT_FRAMES, frames - first), run_blocks)
            spectra = stft.analyse(wave[first * _HOP : first * _HOP + stft.n_wave])
            squares = spectra.real.astype(np.float64) ** 2 + spectra.imag.astype(np.float64) ** 2
            power.append(squares.sum(1))
            moment.append(squares @ hz)
    sigma = _SMOOTH_S * RATE_HZ / _HOP
    energy = gaussian_filter1d(np.concatenate(power), sigma, mode="nearest")
    centroid = gaussian_filter1d(np.concatenate(moment), sigma, mode="nearest") / np.maximum(energy, 1e-12)
    # One side of the spectrum of a Hann window: twice the sum is n_fft squared times 3/8 of the mean square.
    return energy * 2 / (_N_FFT * _N_FFT * 0.375), np.maximum(centroid, 1.0)


@dataclass(frozen=True)
class Conditions:
    """The conditions of a model: which there are, and what 0 and 1 mean.

    Parameters
    ----------
    names : tuple of str
        Of `MEASURED`, in that order, and ``label`` last.
    most_density : float
        Onsets in a second that are 1: the 99th percentile of the training.
    labels : tuple of str
        Folders.
    usual : mapping of str to (float, float)
        The middle 90 % of the training for each measured name, between 0 and 1.
    tempi : tuple of float
        Beats in a minute of the songs that have a clock; empty where the networks see none.
    """

    names: tuple[str, ...] = ()
    most_density: float = 1.0
    labels: tuple[str, ...] = ()
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tempi: tuple[float, ...] = ()

    @property
    def channels(self) -> int:
        """Channels of all conditions, those of the clock last."""
        labels = len(self.labels) - 1 if LABEL in self.names else 0
        return len(self.names) + labels + (meter.CHANNELS if self.tempi else 0)

    def scaled(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return a measured curve between 0 and 1, on a scale on which equal steps are heard as such.

        The density is log(1 + d) over that of the most, the loudness counts from -60 dB, the brightness in octaves
        from 100 Hz to 8 kHz, the tempo in octaves from 60 to 240 beats in a minute.
        """
        if name == "density":
            found = np.log1p(np.maximum(values, 0)) / math.log1p(self.most_density)
        elif name == "loudness":
            found = (values + _QUIETEST_DB) / _QUIETEST_DB
        elif name == "brightness":
            found = np.log2(np.maximum(values, 1) / _DARKEST_HZ) / math.log2(_BRIGHTEST_HZ / _DARKEST_HZ)
        else:
            found = np.log2(np.maximum(values, 1) / _SLOWEST_BPM) / _TEMPO_OCTAVES
        return np.clip(found, 0.0, 1.0)

    def stacked(self, curves: Curves, label: str) -> np.ndarray:
        """Return the curves of a song as the networks see them, float32 (channels, T), less its clock."""
        rows = [self.scaled(name, getattr(curves, name)) for name in self.names if name != LABEL]
        if LABEL in self.names:
            rows += [np.full(len(curves.tempo), float(label == one)) for one in self.labels]
        return np.array(rows, np.float32).reshape(-1, len(curves.tempo))

    def describe(self) -> dict[str, object]:
        """Return it as JSON values."""
        usual = {name: list(pair) for name, pair in self.usual.items()}
        return {"names": list(self.names), "most_density": self.most_density, "labels": list(self.labels),
                "usual": usual, "tempi": list(self.tempi)}  # fmt: skip


def learn_conditions(
    names: Sequence[str], curves: Sequence[Curves], labels: Sequence[str], tempi: Sequence[float] = ()
) -> Conditions:
    """Return the conditions of a set of songs, of which the curves, labels and the tempi of their clocks are given."""
    density = np.concatenate([song.density for song in curves])
    most = max(1.0, float(np.percentile(density, 99)))
    ordered = tuple(name for name in (*MEASURED, LABEL) if name in names)
    plain = Conditions(ordered, most)
    usual = {}
    for name in ordered:
        if name != LABEL:
            low, high = np.percentile(plain.scaled(name, np.concatenate([getattr(c, name) for c in curves])), [5, 95])
            usual[name] = (float(low), float(high))
    found = tuple(sorted(set(labels))) if LABEL in ordered else ()
    return Conditions(ordered, most, found, usual, tuple(round(float(bpm), 3) for bpm in tempi))


def read_conditions(described: Mapping[str, object]) -> Conditions:
    """Return conditions from `Conditions.describe`; raises KeyError, TypeError or ValueError where they are damaged."""
    names = tuple(str(name) for name in described["names"])  # type: ignore[attr-defined]
    if not set(names) <= {*MEASURED, LABEL}:
        raise ValueError(f"unknown conditions {names}")
    usual = {str(k): (float(v[0]), float(v[1])) for k, v in described["usual"].items()}  # type: ignore[attr-defined]
    labels = tuple(str(one) for one in described["labels"])  # type: ignore[attr-defined]
    tempi = tuple(float(bpm) for bpm in described["tempi"])  # type: ignore[attr-defined]
    return Conditions(names, float(described["most_density"]), labels, usual, tempi)  # type: ignore[arg-type]
