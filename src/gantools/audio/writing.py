"""Audio files written: whole or not at all, never clipped, with what the source says beside its samples."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gantools.audio.bitdepth import Dither
from gantools.audio.bitrate import bit_rate
from gantools.audio.encoders import Encoder, open_encoder
from gantools.audio.formats import DEPTHS, FLOATS, SourceFormat, choose
from gantools.audio.tags import Tags
from gantools.errors import InputError
from gantools.files.atomic import atomic_path

if TYPE_CHECKING:
    from gantools.audio.io import AudioReader

#: Largest sample after lowering: rounding must not reach full scale.
CEILING = 0.9999
_MEMORY_BYTES = 1 << 26
_BLOCK_FRAMES = 1 << 18


def lowering(peak: float, subtype: str) -> float:
    """Return the gain, at most 1, that keeps samples of this peak from being clipped.

    The one rule of all that gantools writes: what would clip is made softer as a whole. Floating point holds more than
    full scale, and stays as it is.
    """
    return 1.0 if subtype in FLOATS or not peak > 1 else CEILING / peak


def loudness_notice(peak: float, gain: float) -> str:
    """Return what a user should hear of samples above full scale; empty where there are none.

    Parameters
    ----------
    peak : float
        Largest magnitude before any lowering.
    gain : float
        See `lowering`.
    """
    if not peak > 1:
        return ""
    above = f"{20 * math.log10(peak):.1f} dB above full scale"
    if gain < 1:
        return f"its peaks would be {above}; lowered by {-20 * math.log10(gain):.1f} dB, so that nothing clips"
    return f"peaks {above} are kept: floating point holds them"


class AudioWriter:
    """Write an audio file block by block; it appears under `path` when the context ends without an error.

    Samples that would clip are lowered, all by one gain (`lowering`). That gain is known at the end only: until then
    samples are kept in memory, or in a nameless file in the same folder. Where the gain is given, or floating point is
    written, they go straight into the file.

    Parameters
    ----------
    path : str or Path
        Its ending chooses the format: .wav, .flac, .ogg, .mp3, .m4a, .aif, .aiff, .opus, .w64, .rf64, .caf or .au.
    rate_hz, channels : int
    bits : str
        ``16``, ``24`` or ``32f`` where the format has it, or ``source``: the sample format of `like`, 24 bits where
        that is lossy, 16 without one. Lossy formats ignore it.
    like : AudioReader or SourceFormat, optional
        The file that this one is made from. Where the ending is the same its container and, for lossy formats, its bit
        rate are kept.
    tags : Tags, optional
        Written with the audio.
    gain : float, optional
        Applied to all samples; nothing is lowered then, so that what lies above full scale is clipped.
    frames : int, optional
        Length, where it is known.
    dither : int, optional
        Seed of the dither that samples get where they become integers; none without.

    Attributes
    ----------
    frames : int
        Written so far.
    peak : float
        Largest magnitude so far, before the gain.
    gain : float
        The gain that was given; else, at the end, the one that all samples were lowered by.
    clipped : int
        Samples beyond what the format holds.
    subtype, container : str
        In libsndfile's words.
    """

    def __init__(
        self,
        path: str | Path,
        rate_hz: int,
        channels: int = 1,
        bits: str = "source",
        *,
        like: AudioReader | SourceFormat | None = None,
        tags: Tags | None = None,
        gain: float | None = None,
        frames: int | None = None,
        dither: int | None = None,
    ) -> None:
        self.path = Path(path)
        source = None if like is None else SourceFormat.of(like)
        self.container, self.subtype = choose(self.path, bits, source)
        self.rate_hz, self.channels = rate_hz, channels
        self._tags, self._length, self._source = tags, frames, source
        self._dither = Dither(self.subtype if dither is not None else "", dither or 0)
        self._context = atomic_path(self.path)
        self._encoder: Encoder | None = None
        self._waiting: Any = None
        self._direct = gain is not None or self.subtype in FLOATS
        self.gain = 1.0 if gain is None else gain
        self.frames, self.peak, self.clipped = 0, 0.0, 0

    @property
    def notice(self) -> str:
        """What a user should hear of samples above full scale."""
        return loudness_notice(self.peak, self.gain)

    def __enter__(self) -> AudioWriter:
        self._temporary = self._context.__enter__()
        try:
            if self._direct:
                self._open(self._length)
            else:
                self._probe()
                self._waiting = tempfile.SpooledTemporaryFile(_MEMORY_BYTES, dir=str(self.path.parent))
        except BaseException as error:
            # Where __enter__ fails, __exit__ is never called: the temporary file would stay.
            self._abandon(error)
            raise
        return self

    def _probe(self) -> None:
        """Refuse at once what the format cannot hold, not after all the work."""
        self._open(None)
        self._discard()

    def _open(self, frames: int | None) -> None:
        source = self._source
        # A bit rate is kept within one lossy format only: in another the same number of bits sounds different.
        same = source is not None and self.subtype == source.subtype and self.subtype not in DEPTHS
        wanted = bit_rate(source.path) if source is not None and same else None
        try:
            self._encoder = open_encoder(
                self._temporary,
                self.container,
                self.subtype,
                self.rate_hz,
                self.channels,
                frames=frames,
                tags=self._tags,
                wanted=wanted,
            )
        except InputError as error:
            raise InputError(error.message, self.path) from error

    def _abandon(self, error: BaseException) -> None:
        if self._waiting is not None:
            self._waiting.close()
        self._context.__exit__(type(error), error, error.__traceback__)

    def append(self, block: np.ndarray) -> None:
        """Append float samples (n,) or (n, channels), full scale 1."""
        block = block[:, None] if block.ndim == 1 else block
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        self.frames += len(block)
        if self._waiting is None:
            self._encode(block)
        else:
            self._waiting.write(np.ascontiguousarray(block, np.float32).data)

    def _encode(self, block: np.ndarray) -> None:
        assert self._encoder is not None
        if self.gain != 1.0:
            block = block * np.float32(self.gain)
        if self.subtype not in FLOATS:
            self.clipped += int(np.count_nonzero(np.abs(block) > 1.0))
        block = self._dither(block)
        if self.subtype not in DEPTHS:
            # Integers are clipped where they are rounded, and floating point holds more: this is for coded samples.
            block = np.clip(block, -1.0, 1.0)
        try:
            self._encoder.write(block)
        except InputError as error:
            raise InputError(error.message, self.path) from error

    def _kept(self) -> Iterator[np.ndarray]:
        self._waiting.seek(0)
        while len(data := self._waiting.read(4 * _BLOCK_FRAMES * self.channels)):
            yield np.frombuffer(data, np.float32).reshape(-1, self.channels)

    def _finish(self) -> None:
        if self._waiting is not None:
            self.gain = lowering(self.peak, self.subtype)
            self._open(self.frames)
            for block in self._kept():
                self._encode(block)
            self._waiting.close()
        assert self._encoder is not None
        self._encoder.close()

    def __exit__(self, *exc: Any) -> None:
        if exc[0] is not None:
            self._discard()
            self._abandon(exc[1])
            return
        try:
            self._finish()
        except BaseException as error:
            self._abandon(error)
            raise
        self._context.__exit__(None, None, None)

    def _discard(self) -> None:
        """Close what is open and will not be used."""
        if self._encoder is not None:
            with contextlib.suppress(Exception):  # the first error is the one to hear of
                self._encoder.close()
            self._encoder = None


def write_audio(path: str | Path, wave: np.ndarray, rate_hz: int, bits: str = "16") -> AudioWriter:
    """Write float32 samples (n,) or (channels, n), full scale 1, atomically; see `AudioWriter` for what it returns."""
    block = wave[:, None] if wave.ndim == 1 else wave.T
    with AudioWriter(path, rate_hz, block.shape[1], bits, frames=len(block)) as writer:
        writer.append(block)
    return writer
