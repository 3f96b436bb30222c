"""What is needed of a codec, and songs on their way through one."""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol

import numpy as np
import torch

_WINDOW_SECONDS = 20.0
#: What a latent may see beside its own samples, on either side, in latents.
_BESIDE = 1


class LatentCodec(Protocol):
    """What systems need of a codec; see `gantools.systems.codec.codec.open_codec`.

    Attributes
    ----------
    rate_hz, samples_per_latent, channels : int
    halo : int
        Latents on either side that the sound of one depends on.
    """

    rate_hz: int
    samples_per_latent: int
    channels: int
    halo: int

    def encode(self, wave: torch.Tensor) -> torch.Tensor:
        """Return latents (batch, channels, T) of mono waves (batch, n)."""
        ...

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return waves (batch, T samples_per_latent) of latents (batch, channels, T)."""
        ...

    def stream(self) -> LatentDecoder:
        """Return a decoder that takes latents in any pieces and gives the samples of `decode`."""
        ...

    def levels(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the levels (batch, bin, frame) of latents, evenly spaced in dB, and their phases if it has any."""
        ...


class LatentDecoder(Protocol):
    """A decoder of latents that come in pieces."""

    def push(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the samples (batch, n) that are ready after these latents (batch, channels, k)."""
        ...

    def finish(self) -> torch.Tensor:
        """Return all samples that are left."""
        ...


class SongEncoder:
    """Encodes a song that arrives in blocks, from several offsets on; memory is that of a window.

    Parameters
    ----------
    codec : LatentCodec
    offsets : int
        Times that the song is encoded, each a part of a latent later than the one before.
    channels : int
        Channels of the sound.
    device : torch.device

    Attributes
    ----------
    samples : int
        Samples that have come, of each channel.
    peak : float
        Largest of their magnitudes.
    """

    def __init__(self, codec: LatentCodec, offsets: int, channels: int, device: torch.device) -> None:
        self._codec, self._device, self._spl = codec, device, codec.samples_per_latent
        self._offsets = [round(n * self._spl / offsets) for n in range(offsets)]
        self._window = max(1, round(_WINDOW_SECONDS * codec.rate_hz / self._spl))
        self._held = np.zeros((channels, 0), np.float32)
        self._before = 0  # latents that are held because the next ones see them
        self._takes: list[list[torch.Tensor]] = [[] for _ in self._offsets]
        self._levels: list[np.ndarray] = []
        self._hash = blake2b(digest_size=16)
        self.samples, self.peak = 0, 0.0

    @property
    def digest(self) -> str:
        """Hash of the samples so far, as 16 bits, so that small differences of decoders do not count."""
        return self._hash.hexdigest()

    def push(self, block: np.ndarray) -> None:
        """Take float samples (n, channels)."""
        self.samples += len(block)
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        self._hash.update(np.round(np.clip(block, -1, 1) * 32767).astype(np.int16).tobytes())
        self._held = np.concatenate([self._held, block.T], axis=1)
        # One latent more for the offsets.
        while self._held.shape[1] >= (self._before + self._window + _BESIDE + 1) * self._spl:
            self._encode(self._window)
            self._held = self._held[:, (self._before + self._window - _BESIDE) * self._spl :]
            self._before = _BESIDE

    def repeat_to(self, samples: int) -> None:
        """Repeat a short sound, of which nothing was encoded yet, up to a length."""
        self._held = np.take(self._held, np.arange(samples), axis=1, mode="wrap")

    def finish(self) -> tuple[list[torch.Tensor], np.ndarray]:
        """Return the takes, float16 (channels C, T), and the running sums of levels."""
        # The last latent must lie within the sound at every offset, or it would tell of an end that music has not.
        count = (self._held.shape[1] - self._offsets[-1]) // self._spl - self._before
        if count > 0:
            self._encode(count)
        levels = np.concatenate([np.zeros((len(self._held), 1)), *self._levels], axis=1).cumsum(1)
        return [torch.cat(parts, 1) for parts in self._takes], levels

    def _encode(self, count: int) -> None:
        """Encode the next `count` latents of each take, with what is held beside them."""
        first = self._before
        for parts, offset in zip(self._takes, self._offsets, strict=True):
            stop = offset + (first + count + _BESIDE) * self._spl
            wave = torch.from_numpy(np.ascontiguousarray(self._held[:, offset:stop])).to(self._device)
            latents = self._codec.encode(wave)[:, :, first : first + count]
            parts.append(latents.flatten(0, 1).half().cpu())
        sound = self._held[:, first * self._spl : (first + count) * self._spl].astype(np.float64)
        self._levels.append(np.square(sound).reshape(-1, count, self._spl).mean(2))
