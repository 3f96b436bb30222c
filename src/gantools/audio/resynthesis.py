"""A mel file made into an audio file, and how well it went."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.fidelity import MelErrors
from gantools.audio.inversion import invert_stream
from gantools.audio.mel import MelStream
from gantools.audio.melfile import MelFile
from gantools.audio.writing import AudioWriter

_BLOCK_FRAMES = 4096
#: A mel whose loudest value is not above this is silence.
_SILENCE_DB = -99.0


def invert_file(
    mel: MelFile,
    path: str | Path,
    *,
    effort: str = "default",
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
    effort : str
        ``draft``, ``default``, ``best``, ``paper`` or ``torchaudio``; see `EFFORTS`.
    seed : int
    device : str, optional
        Solve with torch on this device; by default with compiled loops on the CPU.
    threads : int
        0 takes what the process may use.
    bits : str
        See `AudioWriter`.
    tick : callable
        Progress callback, called with the completed fraction, 0 to 1.

    Returns
    -------
    dict
        ``spectral_convergence_db`` and ``log_mel_error_db`` of the mel of the result against the input (None for
        silence), ``gain_db`` (0, or what all was lowered by so that nothing clips), ``clipped`` samples and
        ``duration_s``; ``warning`` where samples lie above full scale.
    """
    # The errors are counted down from the loudest level, which one pass over the mel finds beforehand.
    starts = range(0, mel.n_frames, _BLOCK_FRAMES)
    top_db = max(float(mel.frames(s, min(s + _BLOCK_FRAMES, mel.n_frames)).max()) for s in starts)
    errors, compared = MelErrors(top_db), 0
    stream = MelStream(mel.params)

    def compare(frames_db: np.ndarray) -> None:
        nonlocal compared
        errors.add(mel.frames(compared, compared + len(frames_db)), frames_db)
        compared += len(frames_db)

    blocks = invert_stream(
        mel.frames, mel.n_frames, mel.params, mel.n_samples, effort, seed, device=device, threads=threads
    )
    with AudioWriter(path, mel.params.sample_rate_hz, bits=bits, frames=mel.n_samples) as writer:
        for block in blocks:
            # Compared as solved, before the writer may lower it: the mel of a lowered wave would be off by the gain.
            writer.append(block)
            compare(stream.push(block))
            tick(writer.frames / mel.n_samples)
        compare(stream.finish())
    silent = top_db <= _SILENCE_DB
    fields = {
        "duration_s": round(mel.n_samples / mel.params.sample_rate_hz, 3),
        "gain_db": round(20 * math.log10(writer.gain), 3),
        "clipped": writer.clipped,
        "spectral_convergence_db": None if silent else round(errors.spectral_convergence_db, 2),
        "log_mel_error_db": None if silent else round(errors.log_mel_mae_db, 3),
    }
    return fields | ({"warning": writer.notice} if writer.notice else {})
