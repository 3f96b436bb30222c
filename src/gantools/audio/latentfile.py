"""Files of latents: ``x.latents.safetensors``, the codes of one sound, time first so that long songs stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import DamagedError, InputError
from gantools.files.containers import TensorStream, read_meta, read_rows, tensor_shape, verify
from gantools.files.jsontext import well_formed

SUFFIX = ".latents.safetensors"
SCHEMA = 1
_NAME = "latents"


@dataclass(frozen=True)
class LatentFile:
    """A file of latents, opened for reading by rows.

    Attributes
    ----------
    path : Path
    codec : str
        Hash of the weights that made it.
    rate_hz, samples : int
        Rate of the codec, and length of the sound at that rate.
    samples_per_latent : int
    frames : int
        Latents.
    sound_channels : int
        Channels of the sound, each with latents of its own.
    channels : int
        Numbers in a latent.
    meta : dict
        Everything else: song, source.
    """

    path: Path
    codec: str
    rate_hz: int
    samples: int
    samples_per_latent: int
    frames: int
    sound_channels: int
    channels: int
    meta: dict[str, Any]

    def rows(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return latents `start` to `stop`, float32 (sound channel, channel, time)."""
        stop = self.frames if stop is None else stop
        return read_rows(self.path, _NAME, start, stop).astype(np.float32).transpose(1, 2, 0)


class LatentWriter:
    """Write a file of latents piece by piece; it appears under `path` when the context ends without an error.

    Parameters
    ----------
    path : Path
    sound_channels, channels : int
    """

    def __init__(self, path: Path, sound_channels: int, channels: int) -> None:
        self._stream = TensorStream(path, _NAME, (sound_channels, channels), "float16")

    def __enter__(self) -> LatentWriter:
        self._stream.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._stream.__exit__(*exc)

    def append(self, latents: np.ndarray) -> None:
        """Append latents (sound channel, channel, time)."""
        # Rounded, 1 would be beyond what tanh gives and its inverse takes.
        most = np.nextafter(np.float16(1), np.float16(0))
        self._stream.append(np.clip(latents.transpose(2, 0, 1).astype(np.float16), -most, most))

    def close(self, codec: str, rate_hz: int, samples: int, samples_per_latent: int, meta: dict[str, Any]) -> None:
        """Write what is known at the end."""
        known = {"codec": codec, "rate_hz": rate_hz, "samples": samples, "samples_per_latent": samples_per_latent}
        self._stream.close({**meta, **known, "kind": "latents", "schema": SCHEMA})


def read_latents(path: str | Path) -> LatentFile:
    """Open a file of latents and check it.

    Raises
    ------
    InputError
        The file is missing, damaged, or no file of latents.
    """
    meta = read_meta(path)
    if meta.get("kind") != "latents" or meta.get("schema") != SCHEMA:
        raise InputError(f"no file of latents of schema {SCHEMA}; make it with gantools generate codec --encode", path)
    verify(path)
    with well_formed(path, "does not say what its latents are; make it with gantools generate codec --encode"):
        codec = str(meta.pop("codec"))
        rate_hz, samples, size = (int(meta.pop(name)) for name in ("rate_hz", "samples", "samples_per_latent"))
    shape = tensor_shape(path, _NAME)
    if len(shape) != 3 or not 1 <= shape[1] <= 2 or size < 1 or samples < 1 or shape[0] != -(-samples // size):
        raise DamagedError(f"holds latents of shape {shape}, which does not fit what it says of them", path)
    return LatentFile(Path(path), codec, rate_hz, samples, size, *shape, meta)
