"""Your own network as an embedder, from an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import DependencyError, InputError, ModelError
from gantools.files.hashing import hash_file

_BATCH = 16


class OnnxNetwork:
    """An ONNX network from waveform to vector. An ONNX file is a graph of known operations and brings no code.

    Its input is float32 (batch, window_samples), its first output float32 (batch, d). The metadata of the file must
    state ``sample_rate_hz`` and ``window_samples``.

    Parameters
    ----------
    path : Path
    hop_s : float
        Distance between windows, in seconds.

    Raises
    ------
    DependencyError
        If onnxruntime is not installed.
    ModelError
        If the file cannot be read or lacks its metadata.
    """

    layer = "output"

    def __init__(self, path: Path, hop_s: float) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise DependencyError("an ONNX network needs onnxruntime; pip install onnxruntime", path) from error
        try:
            self.digest = hash_file(path)
            self._session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            metadata = self._session.get_modelmeta().custom_metadata_map
            self.rate_hz, self._window_samples = int(metadata["sample_rate_hz"]), int(metadata["window_samples"])
        except (KeyError, ValueError) as error:
            raise ModelError(f"its metadata must state sample_rate_hz and window_samples ({error})", path) from error
        except Exception as error:  # onnxruntime has no public base class for its errors
            raise ModelError(f"not an ONNX network that can be read ({error})", path) from error
        self.name = f"file:{path.name}"
        self._hop_samples = max(1, round(hop_s * self.rate_hz))
        self.window_s, self.hop_s = self._window_samples / self.rate_hz, self._hop_samples / self.rate_hz

    def embed(self, wave: np.ndarray) -> np.ndarray:
        """Embed mono samples (n,) at `rate_hz` as float32 (windows, d)."""
        if len(wave) < self._window_samples:
            raise InputError(f"{len(wave) / self.rate_hz:.2f} s of audio, need at least {self.window_s:.2f} s")
        windows = np.lib.stride_tricks.sliding_window_view(wave, self._window_samples)[:: self._hop_samples]
        entry = self._session.get_inputs()[0].name
        parts = []
        for first in range(0, len(windows), _BATCH):
            batch = np.ascontiguousarray(windows[first : first + _BATCH], np.float32)
            parts.append(np.asarray(self._session.run(None, {entry: batch})[0], np.float32))
        vectors = np.concatenate(parts)
        if vectors.ndim != 2:
            raise ModelError(f"its output has the shape {vectors.shape}; it must be (batch, d)")
        return vectors
