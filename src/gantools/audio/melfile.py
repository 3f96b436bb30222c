"""Mel files: ``x.mel.safetensors``, dB values with all that inversion needs.

Tensor ``mel_db``, float16, shape (frames, n_mels), time first so that long songs stream. The metadata hold the mel
parameters, the length in samples, the source and a histogram of levels (1 dB bins), from which `chunk` chooses the
range for a whole data set without reading the data again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.io import AudioReader, hear
from gantools.audio.mel import MelStream
from gantools.audio.polarity import LEFT_ALONE
from gantools.errors import DamagedError, InputError
from gantools.files.containers import TensorStream, read_meta, read_rows, tensor_shape, verify
from gantools.files.jsontext import well_formed
from gantools.options import from_mapping, to_mapping

SUFFIX = ".mel.safetensors"
SCHEMA = 1
#: Level of bin 0 of the histogram; amin 1e-10 puts the floor of all mels at -100 dB.
HISTOGRAM_LOW_DB = -100
HISTOGRAM_BINS = 180


@dataclass
class MelFile:
    """One mel file, opened for reading by rows.

    Attributes
    ----------
    path : Path
    params : MelParams
    n_samples : int
        Length of the waveform at ``params.sample_rate_hz``.
    n_frames : int
    meta : dict
        Everything else: role, song, source, source_rate_hz, source_hash, peak, histogram, generated.
    """

    path: Path
    params: MelParams
    n_samples: int
    n_frames: int
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """Role of the sound: bass, drums, vocals, mix ..."""
        return str(self.meta.get("role") or "mix")

    @property
    def histogram(self) -> np.ndarray:
        """Counts of levels in 1 dB bins from `HISTOGRAM_LOW_DB`."""
        return np.asarray(self.meta["histogram"], np.int64)

    def frames(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return float32 dB of frames `start` to `stop`, shape (k, n_mels)."""
        stop = self.n_frames if stop is None else stop
        return read_rows(self.path, "mel_db", start, stop).astype(np.float32)


def read_mel(path: str | Path) -> MelFile:
    """Open a mel file and check it.

    Raises
    ------
    InputError
        The file is missing, damaged, or no mel file of this schema.
    """
    try:
        return _read_mel(path)
    except DamagedError as error:
        if not str(path).endswith(".safetensors"):
            raise InputError("is no mel file; gantools melify makes one of a recording", path) from error
        raise DamagedError(error.what, path, "make it again: the command that made it, with --check") from error


def _read_mel(path: str | Path) -> MelFile:
    meta = read_meta(path)
    if meta.get("kind") != "mel" or meta.get("schema") != SCHEMA:
        raise InputError(f"not a mel file of schema {SCHEMA}; make it with gantools melify", path)
    # Only now, so that a file of another kind is not called damaged.
    verify(path)
    with well_formed(path, "its mel parameters cannot be read; make it with gantools melify"):
        params = from_mapping(MelParams, meta["params"])
        n_samples = int(meta["n_samples"])
        texts = [meta[name] for name in ("role", "song", "source") if name in meta]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError
        if np.asarray(meta["histogram"], np.int64).shape != (HISTOGRAM_BINS,):
            raise ValueError
    shape = tensor_shape(path, "mel_db")
    if len(shape) != 2 or shape[1] != params.n_mels or shape[0] != 1 + n_samples // params.hop_samples:
        raise DamagedError(f"holds {shape} values, which does not fit its own parameters", path)
    return MelFile(Path(path), params, n_samples, shape[0], meta)


def write_mel(
    path: str | Path,
    blocks: Iterable[np.ndarray],
    params: MelParams,
    finish: Callable[[], dict[str, Any]],
    meta: dict[str, Any],
) -> dict[str, Any]:
    """Write a mel file from blocks of dB frames, in constant memory, atomically.

    Parameters
    ----------
    path : str or Path
    blocks : iterable of arrays (k, n_mels)
        dB values, in order.
    params : MelParams
    finish : callable returning dict
        Called after the last block; gives ``n_samples`` and what else is known only then.
    meta : dict
        Stored as it is, beside parameters, length and histogram.

    Returns
    -------
    dict
        The metadata as stored.
    """
    histogram = np.zeros(HISTOGRAM_BINS, np.int64)
    with TensorStream(path, "mel_db", (params.n_mels,), "float16") as stream:
        for block in blocks:
            # Levels outside count at the ends of the histogram: no value may be missing from the shares of a range.
            bins = np.clip(block - HISTOGRAM_LOW_DB, 0, HISTOGRAM_BINS - 1).astype(np.int64)
            histogram += np.bincount(bins.ravel(), minlength=HISTOGRAM_BINS)
            stream.append(block)
        # What readers rely on stands last, so that no entry of the caller replaces it.
        stored = {
            **meta,
            **finish(),
            "kind": "mel",
            "schema": SCHEMA,
            "params": to_mapping(params),
            "histogram": histogram.tolist(),
        }
        stream.close(stored)
    return stored


def mel_stream(params: MelParams, device: str | None = None) -> MelStream:
    """Return a stream that analyses on a torch device, or by default with numpy, without loading torch."""
    if device is None:
        return MelStream(params)
    from gantools.audio.mel_torch import TorchMelStream

    return TorchMelStream(params, device)


def melify(
    source: str | Path,
    path: str | Path,
    params: MelParams,
    meta: dict[str, Any],
    tick: Callable[[float], None] = lambda share: None,
    device: str | None = None,
) -> dict[str, Any]:
    """Turn an audio file of any rate, channel count and length into a mel file, in constant memory.

    Parameters
    ----------
    source, path : str or Path
    params : MelParams
    meta : dict
        Stored beside what is found out: source rate, channels and peak.
    tick : callable
        Progress callback, called with the completed fraction of the file, 0 to 1.
    device : str, optional
        Analyse with torch on this device; by default with numpy. The values differ by less than a step of 16 bits.

    Returns
    -------
    dict
        What the mel file says; ``warning`` where the channels cancel each other, and the left one is taken alone.

    Raises
    ------
    InputError
        The audio cannot be read (see `AudioReader`) or is shorter than half a window.
    """

    def work(reader: AudioReader, left: bool) -> dict[str, Any]:
        return _melified(reader, path, mel_stream(params, device), meta, tick, left)

    stored, left = hear(source, work)
    return stored | ({"warning": LEFT_ALONE} if left else {})


def _melified(
    reader: AudioReader,
    path: str | Path,
    stream: MelStream,
    meta: dict[str, Any],
    tick: Callable[[float], None],
    left: bool,
) -> dict[str, Any]:
    """Write a mel file and return what it says."""
    params = stream.params
    n_samples, peak = 0, 0.0
    expected = max(1.0, reader.expected_frames * params.sample_rate_hz / reader.rate_hz)

    def frames() -> Iterator[np.ndarray]:
        nonlocal n_samples, peak
        for block in reader.mono_blocks(params.sample_rate_hz, left=left):
            n_samples += len(block)
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            tick(n_samples / expected)
            yield stream.push(block)
        yield stream.finish()

    def finish() -> dict[str, Any]:
        return {"n_samples": n_samples, "peak": peak}

    found = {"source_rate_hz": reader.rate_hz, "source_channels": reader.channels}
    try:
        return write_mel(path, frames(), params, finish, {**meta, **found})
    except InputError as error:
        # A `MelStream` that finds the sound too short does not know which file it came from.
        raise InputError(error.message, reader.path) from error


def require_same(expected: MelParams, found: MelParams, path: str | Path, where: str) -> None:
    """Refuse mel parameters that differ, naming the first key that does.

    Raises
    ------
    InputError
        Naming key, value found and value expected.
    """
    wanted, got = to_mapping(expected), to_mapping(found)
    for key in wanted:
        if wanted[key] != got[key]:
            raise InputError(
                f"{key} is {got[key]}, but {where} uses {wanted[key]}; melify it with the same options", path
            )
