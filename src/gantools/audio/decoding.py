"""Which decoder reads a file: libsndfile what it reads exactly, the ffmpeg libraries everything else.

The content decides and not the ending. libsndfile has WAV, RF64, W64, AIFF, CAF, AU, FLAC and Ogg Vorbis, and MP3 in
free format, which ffmpeg cannot decode.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import soundfile

from gantools.audio.config import LEAST_RATE_HZ, MIDI_INSTEAD, MOST_RATE_HZ
from gantools.audio.extent import Extent, extent, lacks_index
from gantools.audio.ffmpeg import DecodingError, FfmpegSource, MissingTrackError
from gantools.audio.mpeg import first_frame
from gantools.audio.ogg import Link, links
from gantools.audio.views import View
from gantools.errors import InputError
from gantools.files.members import holder, track_of
from gantools.files.regular import require_regular

#: Share of the promised length that may be missing: encoders pad, and headers round.
MISSING_SHARE = 0.01
MOST_CHANNELS = 256
_LIBSNDFILE = (b"RIFF", b"RF64", b"BW64", b"FORM", b"riff", b"caff", b".snd", b"dns.", b"fLaC")
_UNREADABLE = "not an audio file that can be decoded (WAV, FLAC, OGG, MP3, M4A and others)"
_STDERR_LOCK = threading.Lock()


class Source(Protocol):
    """A decoder at work on one file.

    Attributes
    ----------
    rate_hz, channels : int
    container, subtype : str
        In libsndfile's words where it has them, such as ``WAV`` and ``PCM_24``.
    frames : int
        Length that the header promises; 0 where it does not say.
    expected_frames : int
        The same, or an estimate; 0 where there is none.
    slack_frames : int
        So many may be missing without a fault.
    """

    rate_hz: int
    channels: int
    container: str
    subtype: str
    frames: int
    expected_frames: int
    slack_frames: int

    def read(self, frames: int) -> np.ndarray:
        """Return the next samples, float32 (at most `frames`, channels), empty at the end; may raise DecodingError."""

    def close(self) -> None:
        """Close the file."""


def open_source(path: Path) -> Source:
    """Open an audio file with the decoder that fits its content.

    Raises
    ------
    InputError
        Missing, no regular file, empty, no audio, cut short, or outside the limits (1 kHz to 768 kHz, 256 channels).
    """
    require_regular(path)
    try:
        file = open(holder(path), "rb")  # noqa: SIM115  # the source closes it
    except OSError as error:
        # libsndfile's own error for an unreadable file says only "System error".
        raise InputError(f"cannot be read ({error.strerror})", path) from error
    try:
        source = _chosen(file, path)
    except BaseException as error:
        file.close()
        if isinstance(error, InputError) and error.path is None:
            raise InputError(error.message, path) from error
        # What goes wrong in reading a file reaches a decoder's caller as it is.
        if isinstance(error, OSError):
            raise InputError(f"cannot be read ({error.strerror or error})", path) from error
        raise
    try:
        _require_limits(source, path)
    except InputError:
        source.close()
        raise
    return source


def _require_limits(source: Source, path: Path) -> None:
    if not LEAST_RATE_HZ <= source.rate_hz <= MOST_RATE_HZ:
        raise InputError(f"has a sample rate of {source.rate_hz} Hz; 1 kHz to 768 kHz can be read", path)
    if source.channels > MOST_CHANNELS:
        raise InputError(f"has {source.channels} channels; up to {MOST_CHANNELS} can be read", path)


def _chosen(file: IO[bytes], path: Path) -> Source:
    head = file.read(26)
    # As an interrupted download leaves it; ffmpeg, looking for a tag before its end, would fail with EINVAL.
    if not head:
        raise InputError("is empty (0 bytes); copy it again")
    if head[:4] == b"MThd" or (head[:4] == b"RIFF" and head[8:12] == b"RMID"):
        raise InputError(f"is {MIDI_INSTEAD}")
    if head[:4] == b"OggS":
        return _ogg(file)
    # Decoders read a file that was cut short to its end and say nothing: its headers tell what is missing.
    said = extent(file)
    size = file.seek(0, os.SEEK_END)
    if size < said.promised_bytes * (1 - MISSING_SHARE):
        raise InputError(f"truncated: {1 - size / said.promised_bytes:.0%} of the file is missing; copy it again")
    source = _libsndfile(file, path, said) if head[:4] in _LIBSNDFILE else None
    if source is not None:
        return source
    frame = first_frame(file) if head[:3] == b"ID3" or head[:1] == b"\xff" else None
    if frame is not None and frame.free_format:
        with _stderr_silenced():
            return SoundfileSource(soundfile_of(View(file, 0, size)), file, quiet=True)
    file.seek(0)
    try:
        return FfmpegSource(file, frame.frames if frame else _flac_frames(head), track_of(path))
    except MissingTrackError:
        raise
    except InputError:
        # Opened anew, because the source that failed has closed its file.
        with open(holder(path), "rb") as again:
            if lacks_index(again):
                raise InputError("truncated: its index (moov), which comes last, is missing; copy it again") from None
        raise InputError(_UNREADABLE) from None


def _flac_frames(head: bytes) -> int:
    """Return the length that STREAMINFO promises; 0 where it does not say, and for other files."""
    return int.from_bytes(head[21:26], "big") & 0xFFFFFFFFF if head[:4] == b"fLaC" else 0


class _Forward(soundfile.SoundFile):
    """soundfile seeks after each read, which costs a decoder what it remembers; a file read to its end needs none."""

    def seekable(self) -> bool:
        return False


def soundfile_of(file: IO[bytes] | View | Path) -> soundfile.SoundFile:
    """Open a file with libsndfile for reading from its beginning to its end.

    Raises
    ------
    InputError
        libsndfile cannot decode it.
    """
    try:
        # Bytes: a name need not be valid UTF-8.
        return _Forward(os.fsencode(file) if isinstance(file, Path) else file)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise InputError(_UNREADABLE) from error


def _libsndfile(file: IO[bytes], path: Path, said: Extent) -> Source | None:
    """Return libsndfile's source, or None where ffmpeg is to try."""
    try:
        # Without Python between them libsndfile reads faster.
        whole = View(file, 0, file.seek(0, os.SEEK_END), said.replaced)
        opened = soundfile_of(whole if said.replaced else path)
    except InputError:
        return None
    # MPEG audio, in a WAV file too, goes to ffmpeg: libsndfile's reader clicks where the bit rate varies.
    if opened.subtype.startswith("MPEG"):
        opened.close()
        return None
    return SoundfileSource(opened, file)


class SoundfileSource:
    """A file that libsndfile decodes; see `Source`.

    Parameters
    ----------
    file : soundfile.SoundFile
    under : binary file, optional
        Closed with the source.
    quiet : bool
        The decoder of MP3 writes warnings to standard error by itself; keep them away.
    """

    slack_frames = 0

    def __init__(self, file: soundfile.SoundFile, under: IO[bytes] | None = None, *, quiet: bool = False) -> None:
        self._file, self._under, self._quiet = file, under, quiet
        self.rate_hz: int = file.samplerate
        self.channels: int = file.channels
        self.container: str = file.format
        self.subtype: str = file.subtype
        known = file.frames < 1 << 62  # a stream that was written to a pipe says nothing
        self.frames = self.expected_frames = file.frames if known else 0

    def read(self, frames: int) -> np.ndarray:
        """Return the next samples, float32 (at most `frames`, channels); empty at the end."""
        try:
            if not self._quiet:
                return self._file.read(frames, dtype="float32", always_2d=True)
            with _stderr_silenced():
                return self._file.read(frames, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise DecodingError from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._under is not None:
            self._under.close()


@contextmanager
def _stderr_silenced() -> Iterator[None]:
    # Descriptor 2 is the whole process's: of two threads in here the later would keep, and put back, the silence.
    with _STDERR_LOCK:
        kept = os.dup(2)
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 2)
            os.close(null)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _ogg(file: IO[bytes]) -> Source:
    found, whole = links(file)
    if not found:
        raise InputError(_UNREADABLE)
    if not whole:
        raise InputError("truncated: the Ogg stream breaks off before its last page; copy it again")
    return ChainedSource(file, found)


class ChainedSource:
    """The streams of an Ogg file, one after the other; see `Source`.

    Internet radio and ``cat a.ogg b.ogg`` make files of several; each has headers of its own.

    Parameters
    ----------
    file : binary file
        Closed with the source.
    chain : list of Link
    """

    slack_frames = 0

    def __init__(self, file: IO[bytes], chain: list[Link]) -> None:
        self._file, self._chain = file, chain
        self._current = self._opened(0)
        self._number, self._done = 0, 0
        self.rate_hz, self.channels = self._current.rate_hz, self._current.channels
        self.container, self.subtype = self._current.container, self._current.subtype
        self.frames = self._current.frames if len(chain) == 1 else 0
        self.slack_frames = self._current.slack_frames
        # Later streams are opened only when they are reached: until then their length is guessed from their bytes.
        bytes_of = [link.stop - link.start for link in chain]
        self.expected_frames = self._current.expected_frames * sum(bytes_of) // bytes_of[0]

    def _opened(self, number: int) -> Source:
        link = self._chain[number]
        view = View(self._file, link.start, link.stop)
        if link.codec in ("vorbis", "flac"):
            try:
                return SoundfileSource(soundfile_of(view))
            except InputError:  # beside the pictures of a film
                view.seek(0)
        return FfmpegSource(view)

    def read(self, frames: int) -> np.ndarray:
        """Return the next samples, float32 (at most `frames`, channels); empty at the end."""
        while True:
            block = self._current.read(frames)
            if len(block) or self._number + 1 == len(self._chain):
                self._done += len(block)
                return block
            self._current.close()
            self._number += 1
            self._current = self._opened(self._number)
            layout = (self._current.rate_hz, self._current.channels)
            if layout != (self.rate_hz, self.channels):
                raise InputError(
                    f"changes from {self.rate_hz} Hz, {self.channels} channels to {layout[0]} Hz, {layout[1]} channels "
                    f"at {self._done / self.rate_hz:.2f} s, where another stream begins; split it there"
                )

    def close(self) -> None:
        """Close the file."""
        self._current.close()
        self._file.close()
