"""Slices of five seconds of music as features, those of the paper's grade (section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db
from gantools.errors import InputError
from gantools.metrics.embedders.embedding import SILENCE_DB
from gantools.metrics.embedders.musicnn import LAYERS, PATCH_FRAMES, WIDTH, MusiCNN
from gantools.metrics.embedders.musicnn_mel import HOP_SAMPLES, SAMPLE_RATE_HZ
from gantools.metrics.grade.density import Density
from gantools.metrics.stoi.features import stoi_features

#: The paper grades clips of five seconds.
SLICE_S = 5.0
_LEAST_S = 0.5
_PATCH_SAMPLES, _HOP_FRAMES = PATCH_FRAMES * HOP_SAMPLES, PATCH_FRAMES // 2


@dataclass(frozen=True)
class Slices:
    """What a file was turned into.

    Attributes
    ----------
    starts_s : list of float
    stoi : array (slices, 256)
        How each mel band follows that of the counterpart; without columns where there is none.
    vectors : list of array (windows, 1756)
        Embedding of each slice, all layers.
    """

    starts_s: list[float]
    stoi: np.ndarray
    vectors: list[np.ndarray]

    def densities(self, densities: Mapping[str, Density]) -> np.ndarray:
        """Return the log density of each slice by each layer, the mean over its windows, (slices, layers)."""
        return np.array([[densities[layer].log(of_layer(v, layer)).mean() for layer in LAYERS] for v in self.vectors])


def of_layer(vectors: np.ndarray, layer: str) -> np.ndarray:
    """Return the columns of one layer."""
    start = sum(WIDTH[name] for name in LAYERS[: LAYERS.index(layer)])  # type: ignore[arg-type]
    return vectors[:, start : start + WIDTH[layer]]


def cut_slices(path: Path, counterpart: Path | None, network: MusiCNN | None) -> Slices:
    """Cut a file into slices of five seconds from its beginning; a shorter file is one slice, a rest is left out.

    Parameters
    ----------
    path : Path
    counterpart : Path, optional
        The real recording of the same music, which begins at the same time; what is missing at its end is silence.
    network : MusiCNN, optional
        Without one there are no vectors.

    Raises
    ------
    InputError
        A file cannot be read, or is shorter than half a second.
    """
    params = MelParams()
    wave = load_mono(path, SAMPLE_RATE_HZ)
    seconds = len(wave) / SAMPLE_RATE_HZ
    if seconds < _LEAST_S:
        raise InputError(f"{seconds:.2f} s long; needs {_LEAST_S} s", path)
    length_s = min(SLICE_S, seconds)
    # Resampling may take a sample from the last slice.
    count = max(1, int((seconds + 1e-3) / SLICE_S))
    starts = [number * SLICE_S for number in range(count)]
    stoi = np.zeros((count, 0))
    if counterpart is not None:
        own, other = (load_mono(one, params.sample_rate_hz) for one in (path, counterpart))
        parts = [(_span(own, s, length_s, params), _span(other, s, length_s, params)) for s in starts]
        stoi = np.array([stoi_features(mel_db(a, params), mel_db(b, params)) for a, b in parts])
    vectors = []
    if network is not None:
        for start in starts:
            part = wave[round(start * SAMPLE_RATE_HZ) :][: round(length_s * SAMPLE_RATE_HZ)]
            # Repeated to fill a window: filled up with zeros, it would be more silence than music.
            vectors.append(network.embed(np.resize(part, max(len(part), _PATCH_SAMPLES)), layer="all"))
    return Slices(starts, stoi, vectors)


def _span(wave: np.ndarray, start_s: float, length_s: float, params: MelParams) -> np.ndarray:
    """Return a stretch of a wave, with silence behind its end."""
    length = round(length_s * params.sample_rate_hz)
    part = wave[round(start_s * params.sample_rate_hz) :][:length]
    return np.pad(part, (0, length - len(part)))


def real_vectors(path: Path, network: MusiCNN) -> np.ndarray:
    """Return the embeddings of a real file, all layers, float32 (windows, 1756), without those that are silent."""
    wave = load_mono(path, SAMPLE_RATE_HZ)
    wave = np.resize(wave, max(len(wave), _PATCH_SAMPLES))
    vectors = network.embed(wave, _HOP_FRAMES, "all")
    starts = np.arange(len(vectors)) * _HOP_FRAMES * HOP_SAMPLES
    powers = np.array([np.mean(np.square(wave[start : start + _PATCH_SAMPLES], dtype=np.float64)) for start in starts])
    return vectors[powers >= 10 ** (SILENCE_DB / 10)]
