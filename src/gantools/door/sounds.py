"""Sounds and mels as arrays: what ``gantools melify`` and ``gantools invert`` write to files."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.config import LEAST_RATE_HZ, MOST_RATE_HZ, MelParams
from gantools.audio.inversion import invert_mel
from gantools.audio.io import load_mono, to_mono
from gantools.audio.melfile import mel_stream, read_mel
from gantools.audio.polarity import LEFT_ALONE, Polarity
from gantools.audio.resample import resample_blocks
from gantools.errors import ConfigError, InputError
from gantools.options import from_mapping
from gantools.runtime.device import accelerator

#: A sound in memory: float samples (n,) or (channels, n), full scale 1, and their rate in Hz.
Sound = tuple[np.ndarray, int]


@dataclass(frozen=True, eq=False)
class Mel:
    """A mel-spectrogram with all that its inversion needs.

    Attributes
    ----------
    db : float32 array (frames, n_mels)
        Power in dB, -100 at least; a full-scale sine reaches about +54 with the default parameters.
    params : MelParams
        How it was made: ``sample_rate_hz``, ``n_fft``, ``hop_samples``, ``n_mels`` and so on.
    n_samples : int
        Length of the sound at ``params.sample_rate_hz``; there are ``1 + n_samples // params.hop_samples`` frames.
    """

    db: np.ndarray
    params: MelParams
    n_samples: int


def melify(sound: np.ndarray | str | Path, rate_hz: int | None = None, *, device: str = "cpu", **params: Any) -> Mel:
    """Return the mel-spectrogram of a sound, as ``gantools melify`` writes it (there with 16 bits a value).

    Parameters
    ----------
    sound : ndarray, str or Path
        Float samples (n,) or (channels, n), full scale 1; or an audio file. Channels are averaged; where they cancel
        each other the left one is taken alone, with a warning.
    rate_hz : int
        Rate of an array, in Hz; a file knows its own.
    device : str, optional
        ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``. Only a GPU loads torch.
    **params
        Fields of `gantools.audio.config.MelParams`; the defaults are the paper's.

    Returns
    -------
    Mel

    Raises
    ------
    InputError
        The file cannot be read, or the sound is shorter than half a window.
    ConfigError
        An array without a rate, a rate out of range, or parameters that do not fit together.
    DeviceError
        There is no such device.

    Examples
    --------
    >>> import gantools as gt, numpy as np
    >>> gt.melify(np.zeros(22050), 22050).db.shape
    (44, 256)
    """
    chosen = from_mapping(MelParams, params)
    if isinstance(sound, str | Path):
        wave = load_mono(sound, chosen.sample_rate_hz, lambda path, notice: warnings.warn(str(notice), stacklevel=3))
    else:
        rate_hz, frames = rate_of(rate_hz), frames_of(sound)
        mono = to_mono(frames)
        # Channels of opposite polarity average to silence: the left one alone is taken, as `load_mono` does.
        polarity = Polarity()
        polarity.push(frames, mono)
        if polarity.cancels:
            warnings.warn(LEFT_ALONE, stacklevel=2)
            mono = np.ascontiguousarray(frames[:, 0])
        wave = np.concatenate(list(resample_blocks([mono], rate_hz, chosen.sample_rate_hz, 1)))
    stream = mel_stream(chosen, accelerator(device))
    return Mel(np.concatenate([stream.push(wave), stream.finish()]), chosen, len(wave))


def invert(
    mel: Mel | str | Path, effort: str = "default", seed: int = 0, device: str = "cpu", threads: int | None = None
) -> Sound:
    """Return the sound of a mel-spectrogram, as ``gantools invert`` writes it; the phases are estimated.

    Parameters
    ----------
    mel : Mel, str or Path
        From `melify`, or a mel file.
    effort : str, optional
        ``draft`` is fastest, ``best`` most exact, ``paper`` the paper's own chain,
        ``torchaudio`` that of its tool today.
    seed : int, optional
        Seed of the first phases. Equal arguments give equal sounds.
    device : str, optional
        ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``.
    threads : int, optional
        On the CPU; as many as this process may use when left out.

    Returns
    -------
    audio : float32 array (n_samples,)
        Full scale 1; it may go beyond.
    rate_hz : int

    Raises
    ------
    InputError
        No mel, a file that cannot be read, or levels that are not finite.
    ConfigError, DeviceError
        There is no such effort, or no such device.

    Examples
    --------
    >>> import gantools as gt, numpy as np
    >>> audio, rate_hz = gt.invert(gt.melify(np.zeros(22050), 22050), effort="draft")
    >>> audio.shape, rate_hz
    ((22050,), 22050)
    """
    if isinstance(mel, str | Path):
        file = read_mel(mel)
        mel = Mel(file.frames(), file.params, file.n_samples)
    if not (isinstance(mel, Mel) and isinstance(mel.params, MelParams)):
        raise InputError("no mel; give what melify returns, Mel(db, MelParams(...), n_samples), or a mel file")
    audio = invert_mel(
        _numbers(mel.db, "a mel is levels in dB (frames, n_mels)"),
        mel.params,
        mel.n_samples,
        effort,
        seed,
        device,
        threads,
    )
    return audio, mel.params.sample_rate_hz


def rate_of(rate_hz: Any) -> int:
    """Return the rate of a sound in memory, in Hz; raises ConfigError where it is none."""
    if rate_hz is None:
        raise ConfigError("an array needs its sample rate; give rate_hz")
    try:
        whole = int(rate_hz)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole != rate_hz or not LEAST_RATE_HZ <= whole <= MOST_RATE_HZ:
        raise ConfigError(f"rate_hz: {rate_hz!r} is not a whole number from {LEAST_RATE_HZ} to {MOST_RATE_HZ}")
    return whole


def frames_of(sound: Any) -> np.ndarray:
    """Return a sound in memory as float32 (n, channels)."""
    wave = _array(sound, "a sound is float samples (n,) or (channels, n)")
    if wave.ndim not in (1, 2) or wave.dtype.kind != "f" or not wave.size:
        raise InputError(f"a sound is float samples (n,) or (channels, n), not {wave.dtype} of shape {wave.shape}")
    if not np.isfinite(wave).all():
        raise InputError("holds NaN or infinite samples")
    return np.ascontiguousarray(np.atleast_2d(wave).T, np.float32)


def _array(values: Any, meant: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:  # lists of several lengths
        raise InputError(f"{meant}, not lists of different lengths") from error


def _numbers(values: Any, meant: str) -> np.ndarray:
    array = _array(values, meant)
    if array.dtype.kind not in "fiu":
        raise InputError(f"{meant}, not {array.dtype} of shape {array.shape}")
    return array if array.dtype.kind == "f" else array.astype(np.float32)
