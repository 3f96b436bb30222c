"""From a mel-spectrogram to a wave: in one piece, or as a stream of any length in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gantools.audio.compiled import BlockMap, block_threads
from gantools.audio.effort import find_effort
from gantools.audio.mel import MelParams
from gantools.audio.segment import Segment, mel_power, solve_segment
from gantools.audio.stft import Stft
from gantools.errors import InputError
from gantools.runtime.device import available_cores, resolve_device
from gantools.runtime.seeds import item_seed

if TYPE_CHECKING:
    import torch

#: Frames solved together: 24 s with the default parameters. On a GPU more fit, and larger steps pay.
_SEGMENT_FRAMES = 1024
_SEGMENT_FRAMES_DEVICE = 8192
#: Frames at the end of a segment that the next one solves again, because they lacked what follows them.
_RETRIED_FRAMES = 12
#: Frames before these that the next segment keeps as they are, so that its phases continue them.
_KNOWN_FRAMES = 12


def invert_stream(
    read_frames: Callable[[int, int], np.ndarray],
    n_frames: int,
    params: MelParams,
    n_samples: int,
    effort: str = "default",
    seed: int = 0,
    device: str | torch.device | None = None,
    threads: int | None = None,
) -> Iterator[np.ndarray]:
    """Yield the wave of a mel-spectrogram of any length, in blocks, in constant memory.

    Segments of 24 s overlap. The next segment keeps the spectra of 12 frames of the one before and starts its phases
    from them; the waves, equal there but for what lies outside, are cross-faded.

    Parameters
    ----------
    read_frames : callable
        ``read_frames(start, stop)`` returns mel power in dB, (stop - start, n_mels).
    n_frames : int
    params : MelParams
        How the mel-spectrogram was made.
    n_samples : int
        Length of the wave; ``n_frames`` must be ``1 + n_samples // params.hop_samples``.
    effort : str
        ``draft``, ``default``, ``best``, ``paper`` or ``torchaudio``; see `EFFORTS`.
    seed : int
        Seed of the random phases. Equal arguments give equal waves, whatever the number of threads.
    device : str or torch.device, optional
        Solve with torch on this device, or on an NVIDIA GPU if there is one (``auto``); by default, and for ``cpu``,
        with compiled loops.
    threads : int, optional
        Threads on the CPU; by default as many as this process may use.

    Yields
    ------
    float32 arrays
        `n_samples` samples in all, full scale 1.

    Raises
    ------
    InputError
        The lengths do not fit each other, or the levels are not finite.
    ConfigError
        There is no such effort.
    DeviceError
        The device is absent or out of memory.
    """
    chosen = find_effort(effort)
    if n_samples < 1 or n_frames != 1 + n_samples // params.hop_samples:
        raise InputError(
            f"{n_frames} frames do not fit {n_samples} samples; with hop {params.hop_samples} they make "
            f"{1 + n_samples // params.hop_samples} frames"
        )
    hop, n_fft = params.hop_samples, params.n_fft
    pad = n_fft // 2
    reflects = n_samples > pad  # else too short to be reflected
    torch_device = _torch_device(device)
    segment_frames = _SEGMENT_FRAMES if torch_device is None else _SEGMENT_FRAMES_DEVICE
    with block_threads(threads or available_cores()) as run_blocks:
        solve = _solver(torch_device, run_blocks)
        fade_in = np.sin(np.linspace(0, np.pi / 2, n_fft // 2, dtype=np.float32)) ** 2
        start, stop = 0, 0
        begin = pad  # where the next block begins in the padded wave of this segment
        known: np.ndarray | None = None
        held = np.zeros(0, np.float32)  # the same samples as the segment before has them
        while stop < n_frames:
            stop = start + segment_frames
            if n_frames - stop < segment_frames // 4:
                stop = n_frames
            # Only the true ends of the sound are reflected, as `mel_db` padded them; cuts between segments are open.
            segment = Segment(
                mel_power(read_frames(start, stop)),
                params,
                chosen,
                item_seed(seed, "segment", start),
                reflect_start=start == 0 and reflects,
                n_sound=n_samples - start * hop if stop == n_frames and reflects else None,
                known=known,
            )
            wave = solve(segment)
            if len(held):
                # Both waves are nearly equal here, so that gains with a sum of 1, and not of power 1, keep the level.
                faded = wave[begin : begin + len(held)]
                faded += (1 - fade_in) * (held - faded)
            if stop == n_frames:
                yield wave[begin : pad + n_samples - start * hop].copy()
                return
            keep = stop - start - _RETRIED_FRAMES - _KNOWN_FRAMES  # frame at which the next segment begins
            end = keep * hop + n_fft  # the next segment's first samples lie under too few frames
            yield wave[begin:end].copy()
            held = wave[end : end + len(fade_in)].copy()
            rows = Stft(n_fft, hop, _KNOWN_FRAMES, run_blocks)
            # Spectra of the wave itself, so that the next segment continues what was given out and not a guess of it.
            known = rows.analyse(wave[keep * hop : keep * hop + rows.n_wave])
            start, begin = start + keep, n_fft


def _torch_device(device: str | torch.device | None) -> str | None:
    """Return the torch device to use, or None for the compiled loops."""
    name = "cpu" if device is None else str(device)
    if name == "auto":
        # Asking torch means loading it, which takes longer than inverting half a minute.
        if not any(Path(driver).exists() for driver in ("/dev/nvidiactl", "/dev/dxg")):
            return None
        name = str(resolve_device("auto"))
    return None if name == "cpu" else str(resolve_device(name))


def _solver(device: str | None, run_blocks: BlockMap) -> Callable[[Segment], np.ndarray]:
    if device is None:
        return lambda segment: solve_segment(segment, run_blocks)
    from gantools.audio.inversion_torch import solve_segment_torch

    return lambda segment: solve_segment_torch(segment, run_blocks, device)


def invert_mel(
    mel_db: np.ndarray,
    params: MelParams,
    n_samples: int | None = None,
    effort: str = "default",
    seed: int = 0,
    device: str | torch.device | None = None,
    threads: int | None = None,
) -> np.ndarray:
    """Return the wave of a mel-spectrogram; see `invert_stream` for everything but the first argument.

    Parameters
    ----------
    mel_db : array (frames, n_mels)
        Mel power in dB.
    params : MelParams
        How the mel-spectrogram was made.
    n_samples : int, optional
        Length of the wave; ``(frames - 1) * hop_samples`` by default.
    effort, seed, device, threads
        As in `invert_stream`.

    Returns
    -------
    float32 array (n_samples,)
    """
    if mel_db.ndim != 2 or mel_db.shape[1] != params.n_mels:
        raise InputError(f"shape {mel_db.shape} is not (frames, {params.n_mels})")
    length = (len(mel_db) - 1) * params.hop_samples if n_samples is None else n_samples
    blocks = invert_stream(lambda i, j: mel_db[i:j], len(mel_db), params, length, effort, seed, device, threads)
    return np.concatenate(list(blocks))
