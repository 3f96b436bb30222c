"""A mel file made into an audio file, and how well it went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.inversion import invert_stream
from gantools.audio.io import AudioWriter
from gantools.audio.mel import MelStream
from gantools.audio.melfile import MelFile

#: Levels further below the loudest than this do not count in the log-mel error.
FLOOR_DB = 80.0
_BLOCK_FRAMES = 4096


class MelErrors:
    """How far the mel of a resynthesis is from the mel that it was made from, block by block.

    Spectral convergence ``20 log10(||sqrt(M') - sqrt(M)|| / ||sqrt(M)||)`` on mel magnitudes, and the mean absolute
    difference in dB with both sides floored 80 dB below the loudest value of `reference`.
    """

    def __init__(self, reference: MelFile) -> None:
        self._reference = reference
        starts = range(0, reference.n_frames, _BLOCK_FRAMES)
        blocks = (reference.frames(s, min(s + _BLOCK_FRAMES, reference.n_frames)) for s in starts)
        self._floor_db = max(float(block.max()) for block in blocks) - FLOOR_DB
        self._difference = self._energy = self._absolute = 0.0
        self._frames = 0

    def add(self, frames_db: np.ndarray) -> None:
        """Compare the next frames (k, n_mels)."""
        wanted = self._reference.frames(self._frames, self._frames + len(frames_db)).astype(np.float64)
        got = frames_db.astype(np.float64)
        magnitude = np.power(10.0, wanted / 20)
        self._difference += float(np.square(np.power(10.0, got / 20) - magnitude).sum())
        self._energy += float(np.square(magnitude).sum())
        self._absolute += float(np.abs(np.maximum(got, self._floor_db) - np.maximum(wanted, self._floor_db)).sum())
        self._frames += len(frames_db)

    def result(self) -> dict[str, float | None]:
        """Return ``spectral_convergence_db`` and ``log_mel_error_db``; None where the reference is silent."""
        if self._floor_db <= -100.0 - FLOOR_DB + 1:
            return {"spectral_convergence_db": None, "log_mel_error_db": None}
        ratio = max(self._difference / self._energy, 1e-30)
        error = self._absolute / (self._frames * self._reference.params.n_mels)
        return {"spectral_convergence_db": round(10 * float(np.log10(ratio)), 2), "log_mel_error_db": round(error, 3)}


def invert_file(
    mel: MelFile,
    path: str | Path,
    *,
    preset: str = "default",
    seed: int = 0,
    device: str | None = None,
    threads: int = 0,
    bits: str = "16",
    tick: Callable[[float], None] = lambda share: None,
) -> dict[str, Any]:
    """Write the waveform of a mel file, in constant memory and of its exact length.

    Parameters
    ----------
    mel : MelFile
    path : str or Path
        Its ending chooses the format.
    preset : str
        ``draft``, ``default``, ``best`` or ``paper``.
    seed : int
    device : str, optional
        Solve with torch on this device; by default with compiled loops on the CPU.
    threads : int
        0 takes what the process may use.
    bits : str
        See `AudioWriter`.
    tick : callable
        Told the share that is done.

    Returns
    -------
    dict
        ``spectral_convergence_db`` and ``log_mel_error_db`` of the mel of the result against the input (None for
        silence), ``clipped`` samples and ``duration_s``.
    """
    figures = MelErrors(mel)
    stream = MelStream(mel.params)
    blocks = invert_stream(
        mel.frames, mel.n_frames, mel.params, mel.n_samples, preset, seed, device=device, threads=threads
    )
    with AudioWriter(path, mel.params.sample_rate_hz, bits=bits) as writer:
        for block in blocks:
            writer.append(block)
            figures.add(stream.push(block))
            tick(writer.frames / mel.n_samples)
        figures.add(stream.finish())
        clipped = writer.clipped
    duration_s = round(mel.n_samples / mel.params.sample_rate_hz, 3)
    return {"duration_s": duration_s, "clipped": clipped, **figures.result()}
