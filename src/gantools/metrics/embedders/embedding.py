"""Embedders behind one interface, and sets of embeddings made from audio files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from gantools.audio.io import load_mono
from gantools.errors import ConfigError, InputError
from gantools.metrics.embedders.metric import EMBEDDERS, LAYERS, EmbeddingConfig, SpaceConfig
from gantools.metrics.embedders.musicnn import PATCH_FRAMES, MusiCNN
from gantools.metrics.embedders.musicnn_mel import HOP_SAMPLES, SAMPLE_RATE_HZ
from gantools.metrics.embedders.onnx_network import OnnxNetwork
from gantools.metrics.embedders.random_cnn import RandomCNN
from gantools.metrics.metric import Conditions
from gantools.options import did_you_mean
from gantools.report.clip import Clip

#: Windows below this RMS level, in dB of full scale, count as silent.
SILENCE_DB = -60.0


class Embedder(Protocol):
    """Turns audio into vectors, one for each window.

    Attributes
    ----------
    name, digest, layer : str
        What results quote, so that numbers of different embedders never get mixed up.
    rate_hz : int
        Sample rate it expects.
    window_s, hop_s : float
        Length of a window and distance between two.
    """

    name: str
    digest: str
    layer: str
    rate_hz: int
    window_s: float
    hop_s: float

    def embed(self, wave: np.ndarray) -> np.ndarray:
        """Embed mono samples (n,): (windows, d), or (networks, windows, d) where there are several networks."""


class MusiCNNEmbedder:
    """MusiCNN at one layer and hop."""

    rate_hz = SAMPLE_RATE_HZ

    def __init__(self, source: str | Path, layer: str, hop_s: float, device: torch.device | str) -> None:
        self._network = MusiCNN.load(source, device)
        self._hop_frames = max(1, round(hop_s * SAMPLE_RATE_HZ / HOP_SAMPLES))
        self.name, self.digest, self.layer = self._network.name, self._network.digest, layer
        self.window_s = PATCH_FRAMES * HOP_SAMPLES / SAMPLE_RATE_HZ
        self.hop_s = self._hop_frames * HOP_SAMPLES / SAMPLE_RATE_HZ

    def embed(self, wave: np.ndarray) -> np.ndarray:
        """Embed mono 16 kHz samples (n,) as float32 (windows, d)."""
        return self._network.embed(wave, self._hop_frames, self.layer)  # type: ignore[arg-type]


def open_embedder(config: SpaceConfig, device: torch.device | str = "cpu", layer: str = "") -> Embedder:
    """Make the embedder that a configuration names.

    ``musicnn`` and ``musicnn-mtt`` come with the package; ``rand-cnn`` is ten random networks; ``file:PATH`` is a
    network of your own: a safetensors file with the tensors of a MusiCNN, or an ONNX file (see `OnnxNetwork`).
    TorchScript and pickled checkpoints are not read, because reading them runs code that they bring along.

    Parameters
    ----------
    config : SpaceConfig
    device : torch.device or str
    layer : str
        Layer of MusiCNN, by default that of the configuration.

    Raises
    ------
    ConfigError
        For an unknown name or a file of another kind.
    ModelError
        If a file is no such network.
    DependencyError
        For an ONNX file without onnxruntime.
    """
    name = config.embedder
    layer = layer or (config.layer if isinstance(config, EmbeddingConfig) else LAYERS[0])
    if name in EMBEDDERS:
        if name == "rand-cnn":
            return RandomCNN(device)
        return MusiCNNEmbedder("mtt" if name == "musicnn-mtt" else "msd", layer, config.hop_seconds, device)
    if not name.startswith("file:"):
        known = [*EMBEDDERS, "file:PATH"]
        raise ConfigError(f"no embedder {name!r}; there are {', '.join(known)}{did_you_mean(name, known)}")
    path = Path(name.removeprefix("file:"))
    if path.suffix == ".onnx":
        return OnnxNetwork(path, config.hop_seconds)
    if path.suffix != ".safetensors":
        raise ConfigError("reading such a network could run code from it; give .safetensors or .onnx", path)
    return MusiCNNEmbedder(path, layer, config.hop_seconds, device)


@dataclass(frozen=True)
class Embeddings:
    """What a set of audio files became.

    Attributes
    ----------
    vectors : numpy.ndarray
        float32 (networks, n, d).
    groups : numpy.ndarray
        int (n,), which file each vector comes from, in order.
    files : tuple of Path
        The files that could be embedded.
    silent : int
        Number of silent windows, which are left out unless they were asked for.
    """

    vectors: np.ndarray
    groups: np.ndarray
    files: tuple[Path, ...]
    silent: int

    def part(self, rows: np.ndarray) -> Embeddings:
        """Return some of the vectors, by their indices or by bool (n,)."""
        return replace(self, vectors=self.vectors[:, rows], groups=self.groups[rows])

    def thinned(self, count: int) -> Embeddings:
        """Return so many of the vectors, evenly spread; all where there are no more."""
        return self.part(np.linspace(0, len(self.groups) - 1, min(count, len(self.groups))).round().astype(int))


def sounding_windows(wave: np.ndarray, count: int, embedder: Embedder) -> np.ndarray:
    """Tell for each of `count` windows whether its RMS level reaches -60 dB of full scale, bool (count,)."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(wave, dtype=np.float64))])
    length = round(embedder.window_s * embedder.rate_hz)
    starts = (np.arange(count) * embedder.hop_s * embedder.rate_hz).round().astype(int)
    ends = np.minimum(starts + length, len(wave))
    return (energy[ends] - energy[starts]) / length >= 10 ** (SILENCE_DB / 10)


def embed_files(
    paths: Sequence[Path],
    embedder: Embedder,
    conditions: Conditions,
    silence: bool = False,
    clip_s: float = 0.0,
    load: Callable[[Path], np.ndarray] | None = None,
    part: str = "",
) -> Embeddings:
    """Embed audio files of any rate and channel count.

    Silent windows are alike in all music. Stems pause for a fifth to nine tenths of a song, and counting the pauses
    of both sides would hide how different the rest is.

    Parameters
    ----------
    paths : sequence of Path
    embedder : Embedder
    conditions : Conditions
        A file fails that cannot be read or is too short; the others go on.
    silence : bool
        Keep silent windows.
    clip_s : float
        Where it is not 0, files are cut into clips of this length, each embedded alone, repeated to fill a window.
        Networks that make clips shorter than a window can so be compared with real music cut in the same way.
    load : callable, optional
        Path -> mono samples at the embedder's rate: what is made of a file. By default the file itself.
    part : str
        The name of what is made of it.

    Raises
    ------
    InputError
        If no file could be embedded, or all is silent.
    """
    parts: list[np.ndarray] = []
    files: list[Path] = []
    silent = 0

    def embedded(path: Path) -> tuple[np.ndarray, np.ndarray]:
        wave = load(path) if load else load_mono(path, embedder.rate_hz, conditions.failed)
        return _embed_clips(wave, embedder, clip_s) if clip_s else _embed_windows(wave, embedder)

    for path in paths:
        try:
            vectors, sounds = conditions.keep(partial(embedded, path), path, part=part)
        except InputError as error:
            # An embedder is given samples and cannot name the file in its error.
            conditions.failed(path, error if error.path else InputError(error.message, path))
        else:
            silent += int(np.count_nonzero(~sounds))
            parts.append(vectors if silence else vectors[:, sounds])
            files.append(path)
        conditions.tick()
    if not parts:
        raise InputError("none of the files could be embedded; give audio of at least one window")
    if not any(part.shape[1] for part in parts):
        raise InputError("every window is silent; --count-silence counts silence too")
    groups = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    return Embeddings(np.concatenate(parts, axis=1), groups, tuple(files), silent)


def _embed_windows(wave: np.ndarray, embedder: Embedder) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors (networks, windows, d) of a wave, and which windows sound, bool (windows,)."""
    _require(wave, embedder.window_s, embedder, "; or take shorter clips of both sides with --clip-seconds")
    vectors = embedder.embed(wave)
    vectors = vectors if vectors.ndim == 3 else vectors[None]
    return vectors, sounding_windows(wave, vectors.shape[1], embedder)


def _embed_clips(wave: np.ndarray, embedder: Embedder, clip_s: float) -> tuple[np.ndarray, np.ndarray]:
    """As `_embed_windows`, of clips that follow each other, each repeated up to the length of a window."""
    _require(wave, clip_s, embedder, "")
    length, window = round(clip_s * embedder.rate_hz), round(embedder.window_s * embedder.rate_hz)
    parts, sounds = [], []
    for start in range(0, len(wave) - length + 1, length):
        # `np.resize` repeats the clip: filled up with zeros, a window would be more silence than music.
        vectors, heard = _embed_windows(np.resize(wave[start : start + length], max(window, length)), embedder)
        parts.append(vectors)
        sounds.append(heard)
    return np.concatenate(parts, axis=1), np.concatenate(sounds)


def _require(wave: np.ndarray, seconds: float, embedder: Embedder, advice: str) -> None:
    # Resampling may take a sample away.
    if len(wave) < round(seconds * embedder.rate_hz) - 1:
        raise InputError(f"{len(wave) / embedder.rate_hz:.2f} s long; needs {seconds:.2f} s{advice}")


def describe_embedder(embedder: Embedder) -> dict[str, Any]:
    """Return what every result must state about its embedder."""
    return {
        "embedder": embedder.name,
        "weights_hash": embedder.digest,
        "layer": embedder.layer,
        "window_s": round(embedder.window_s, 4),
        "hop_s": round(embedder.hop_s, 4),
    }


def embed_set(clips: Sequence[Clip], embedder: Embedder, config: SpaceConfig, conditions: Conditions) -> Embeddings:
    """Embed a set of files as a configuration says."""
    paths = [clip.path for clip in clips]
    return embed_files(paths, embedder, conditions, config.count_silence, config.clip_seconds)


def describe_sets(embedder: Embedder, config: SpaceConfig, generated: Embeddings, real: Embeddings) -> dict[str, Any]:
    """Return what a result says of its embedder and of the two sets."""
    return {
        **describe_embedder(embedder),
        "clip_s": config.clip_seconds,
        "n_generated": len(generated.groups),
        "n_real": len(real.groups),
        "silent_generated": generated.silent,
        "silent_real": real.silent,
        "silence_counted": config.count_silence,
        "files_generated": len(generated.files),
        "files_real": len(real.files),
    }
