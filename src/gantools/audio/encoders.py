"""Samples into files: libsndfile, told where the tags go, and FFmpeg for M4A."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import soundfile

from gantools.audio.bitdepth import to_integers
from gantools.audio.bitrate import BitRate, encoder_options
from gantools.audio.formats import DEPTHS
from gantools.audio.tags import Tags, flac, id3, iff, mp4, ogg, riff
from gantools.errors import InputError

_WAVES = ("WAV", "WAVEX", "RF64")
#: Containers whose sizes have 32 bits.
_SHORT = {"AIFF": ".wav, .w64 or .caf", "AU": ".wav, .w64 or .caf"}
_BUFFER_BYTES = 1 << 18
_AAC_BPS = 128000.0  # each channel, where no source tells a rate
_AAC_BLOCK = 1024


class Encoder(Protocol):
    """What writes the samples of one file."""

    def write(self, block: np.ndarray) -> None:
        """Write float samples (n, channels), full scale 1."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class _Gap:
    """A file with a stretch left out: who writes through it does not see `content`, which stands at `position`.

    So tags come first without a copy of the file. An error of the disk is kept for the caller, because libsndfile hides
    it.
    """

    def __init__(self, path: Path, position: int, content: bytes) -> None:
        self.file: BinaryIO = open(path, "w+b", buffering=_BUFFER_BYTES)  # noqa: SIM115
        self._position, self._content, self._open = position, content, not content
        self.error: OSError | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._guarded(self._seek, offset, whence)

    def tell(self) -> int:
        return self._guarded(self._tell)

    def write(self, data: bytes) -> int:
        return self._guarded(self._write, data)

    def read(self, size: int) -> bytes:
        return self._guarded(self._read, size) or b""

    def _guarded(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do what libsndfile asks for; a callback that raises would be printed and forgotten."""
        if self.file.closed:  # an object that failed to open is dropped after its file
            return 0
        try:
            return work(*arguments)
        except OSError as error:
            self.error = self.error or error
            return 0

    def _shift(self, position: int) -> int:
        return len(self._content) if self._open and position >= self._position else 0

    def _seek(self, offset: int, whence: int) -> int:
        if whence == os.SEEK_CUR:
            offset += self._tell()
        elif whence == os.SEEK_END:
            offset += self.file.seek(0, os.SEEK_END) - (len(self._content) if self._open else 0)
        self.file.seek(offset + self._shift(offset))
        return offset

    def _tell(self) -> int:
        there = self.file.tell()
        return there - len(self._content) if self._open and there >= self._position + len(self._content) else there

    def _read(self, size: int) -> bytes:
        here = self._tell()
        # A read over the gap is made of what lies on both sides of it.
        before = self.file.read(max(0, min(size, self._position - here)))
        self._seek(here + len(before), os.SEEK_SET)
        return before + self.file.read(size - len(before))

    def _write(self, data: bytes) -> int:
        here = self._tell()
        before = data[: max(0, self._position - here)]
        self.file.write(before)
        # The content goes in when the writer first comes to its place; from then on positions behind it are shifted.
        if not self._open and here + len(before) >= self._position:
            self.file.write(self._content)
            self._open = True
        elif before:
            self._seek(here + len(before), os.SEEK_SET)
        self.file.write(data[len(before) :])
        return len(data)


class SoundfileEncoder:
    """Write a file through libsndfile.

    Parameters
    ----------
    path : Path
    container, subtype : str
        In libsndfile's words.
    rate_hz, channels : int
    frames : int or None
        Length, where it is known: a WAV file that may grow beyond 4 GiB keeps room for the sizes of RF64.
    tags : Tags or None
    wanted : BitRate or None
        Bit rate of a lossy format.

    Raises
    ------
    soundfile.SoundFileError
        The format does not hold such samples.
    """

    def __init__(
        self,
        path: Path,
        container: str,
        subtype: str,
        rate_hz: int,
        channels: int,
        frames: int | None,
        tags: Tags | None,
        wanted: BitRate | None,
    ) -> None:
        self._path, self._container, self._subtype, self._tags = path, container, subtype, tags
        self._frames, self._frame_bytes = 0, DEPTHS.get(subtype, 0) // 8 * channels
        position, content = 0, b""
        # 16 MB above the samples are for the chunks. Without a known length any file may outgrow 32 bits.
        large = frames is None or frames * max(self._frame_bytes, 1) + (1 << 24) > riff.LARGEST_RIFF
        self._may_grow = container in _WAVES and (large or container == "RF64")
        # What stands in front of the samples; tags of AIFF and CAF follow them and are added by `close`.
        if container in _WAVES:
            position, content = 12, riff.front(tags, may_grow=self._may_grow)
        elif container == "FLAC" and tags is not None:
            position, content = flac.FRONT, flac.front(tags)
        elif container == "W64" and tags is not None:  # libsndfile takes all behind the samples for samples
            position, content = iff.W64.first, riff.packed(tags, iff.W64)
        elif container == "MP3" and tags is not None:
            position, content = 0, id3.build(tags)
        self._gap = _Gap(path, position, content)
        try:
            # RF64 is written as WAV, and `riff.finish` makes it RF64 when the sizes are known.
            self._file = soundfile.SoundFile(
                self._gap,
                "w",
                rate_hz,
                channels,
                subtype=subtype,
                format="WAV" if container == "RF64" else container,
                **(encoder_options(subtype, rate_hz, channels, wanted) if wanted else {}),
            )
        except soundfile.SoundFileError:
            self._gap.file.close()
            raise

    def write(self, block: np.ndarray) -> None:
        """Write float samples (n, channels)."""
        self._frames += len(block)
        if self._container in _SHORT and self._frames * self._frame_bytes > riff.LARGEST_RIFF:
            raise InputError(f"{self._container} holds no more than 4 GiB; write {_SHORT[self._container]}")
        try:
            self._file.write(to_integers(block, self._subtype))
        except (soundfile.SoundFileError, AssertionError):
            # libsndfile puts a full disk in words of its own; what the system said is kept in the gap and raised below.
            if self._gap.error is None:
                raise
        self._check()

    def _check(self) -> None:
        if self._gap.error is not None:
            raise self._gap.error

    def close(self) -> None:
        """Finish the file: sizes, tags, nothing that differs between two runs."""
        with contextlib.closing(self._gap.file) as file:
            self._file.close()
            self._check()
            if self._container in _WAVES:
                rf64, added = self._container == "RF64", riff.behind(self._tags) if self._may_grow else b""
                riff.finish(file, rf64=rf64, frame_bytes=self._frame_bytes, frames=self._frames, added=added)
            elif self._container == "FLAC":
                flac.finish(file)
            # Of files without tags too: the time in PEAK is blanked, and sizes follow what was added.
            how = iff.layout(file)
            if how is not None:
                behind = self._container in ("AIFF", "CAF") and self._tags is not None
                iff.finish(file, how, riff.packed(self._tags, how) if behind and self._tags else b"")
        if self._container == "OGG":
            # A file without a name: a kill leaves nothing behind.
            with tempfile.TemporaryFile(dir=self._path.parent) as copy:
                ogg.rewrite(self._path, copy, self._tags)
                copy.seek(0)
                with open(self._path, "wb") as file:
                    shutil.copyfileobj(copy, file, _BUFFER_BYTES)


class Mp4Encoder:
    """Write M4A through FFmpeg: AAC, or ALAC without loss.

    Parameters
    ----------
    path, subtype, rate_hz, channels, tags, wanted
        See `SoundfileEncoder`; the subtype is ``AAC`` or an ``ALAC`` one.

    Raises
    ------
    ValueError
        The format has no such rate or number of channels.
    """

    def __init__(
        self, path: Path, subtype: str, rate_hz: int, channels: int, tags: Tags | None, wanted: BitRate | None
    ) -> None:
        import av

        self._av, self._path, self._tags, self._subtype = av, path, tags, subtype
        self._rate_hz, self._done = rate_hz, 0
        if channels > 2:
            raise ValueError("mono or stereo only")
        self._layout = "mono" if channels == 1 else "stereo"
        codec = "aac" if subtype == "AAC" else "alac"
        # AAC has a table of rates; ALAC names none and takes any.
        rates = av.Codec(codec, "w").audio_rates
        if rates and rate_hz not in rates:
            raise ValueError(f"no {rate_hz} Hz")
        self._sample = "fltp" if codec == "aac" else "s16p" if DEPTHS[subtype] <= 16 else "s32p"
        self._container = av.open(os.fspath(path), "w", format="ipod")
        stream: Any = self._container.add_stream(codec, rate=rate_hz, layout=self._layout, format=self._sample)
        if codec == "aac":
            stream.bit_rate = round(wanted.bps if wanted else _AAC_BPS * channels)
        self._stream = stream
        self._pending = np.zeros((0, channels), np.float32)

    def write(self, block: np.ndarray) -> None:
        """Write float samples (n, channels)."""
        block = np.concatenate([self._pending, block])
        size = (self._stream.codec_context.frame_size or 4096) if self._done else _AAC_BLOCK
        whole = len(block) // size * size
        for start in range(0, whole, size):
            self._encode(block[start : start + size])
        self._pending = block[whole:]

    def _encode(self, block: np.ndarray) -> None:
        samples: np.ndarray = np.ascontiguousarray(block.T, np.float32)
        if self._sample != "fltp":
            samples = to_integers(samples, self._subtype)
        frame = self._av.AudioFrame.from_ndarray(samples, format=self._sample, layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._done, Fraction(1, self._rate_hz)
        self._done += len(block)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Finish the file and put the tags into it."""
        if len(self._pending):
            self._encode(self._pending)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        with open(self._path, "r+b") as file:
            mp4.finish(file, self._tags)


def _require_encoder(container: str, subtype: str, rate_hz: int, channels: int) -> None:
    """Raise ValueError for what libsndfile would not refuse by itself: Vorbis then kills the process."""
    if subtype == "VORBIS" and (rate_hz > 200_000 or channels > 255):
        raise ValueError("Vorbis has up to 200 kHz and 255 channels")
    if container == "FLAC" and rate_hz > 65535 and rate_hz % 10:
        raise ValueError("such a rate has no place in the frames of FLAC, and cannot be read again")


def open_encoder(
    path: Path,
    container: str,
    subtype: str,
    rate_hz: int,
    channels: int,
    *,
    frames: int | None,
    tags: Tags | None,
    wanted: BitRate | None,
) -> Encoder:
    """Return the encoder of a container.

    Raises
    ------
    InputError
        The format does not hold so many channels or such a rate.
    """
    try:
        _require_encoder(container, subtype, rate_hz, channels)
        if container == "M4A":
            return Mp4Encoder(path, subtype, rate_hz, channels, tags, wanted)
        return SoundfileEncoder(path, container, subtype, rate_hz, channels, frames, tags, wanted)
    except (soundfile.SoundFileError, ValueError) as error:
        raise InputError(f"{container} cannot hold {channels} channels at {rate_hz} Hz") from error
