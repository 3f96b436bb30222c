"""Audio files through libsndfile: whole, in blocks, resampled on the way, written atomically."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from gantools.audio.tags import Tags
from gantools.errors import InputError
from gantools.files.atomic import atomic_path

_STDERR_LOCK = threading.Lock()
_BLOCK_FRAMES = 1 << 18  # 6 s at 44.1 kHz
#: Share of the promised length that may be missing: encoders pad, and MP3 headers round.
_MISSING_SHARE = 0.01


class AudioReader:
    """Read one audio file in blocks.

    Parameters
    ----------
    path : str or Path

    Attributes
    ----------
    rate_hz, channels : int
    container, subtype : str
        In libsndfile's words, such as ``WAV`` and ``PCM_24``.
    declared_frames : int
        Length that the header promises, in frames at `rate_hz`.
    replaced : int
        Samples that were not finite and became zero.

    Raises
    ------
    InputError
        The file is missing, unreadable, no audio, or empty.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            # libsndfile's own error for an unreadable file says only "System error".
            open(self.path, "rb").close()
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", path) from error
        try:
            # Bytes: a name need not be valid UTF-8.
            with _decoder_silenced(self.path):
                self._file = soundfile.SoundFile(os.fsencode(self.path))
        except (soundfile.SoundFileError, TypeError) as error:
            raise InputError("not an audio file that can be decoded (WAV, FLAC, OGG, MP3)", path) from error
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        # libsndfile corrects the header of a WAV that was cut short, and would hide it.
        self.declared_frames: int = round(self._file.frames * _riff_promise(self.path))
        self.container: str = self._file.format
        self.subtype: str = self._file.subtype
        self.replaced = 0

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def blocks(self, block_frames: int = _BLOCK_FRAMES, *, nan: str = "error") -> Iterator[np.ndarray]:
        """Yield float32 blocks of shape (frames, channels).

        With ``nan="zero"`` samples that are not finite become zero and are counted in `replaced`.

        Raises
        ------
        InputError
            On NaN or infinity, on a decoding error, and when more than 1 % of the promised length is missing.
        """
        done = 0
        while True:
            try:
                with _decoder_silenced(self.path):
                    block = self._file.read(block_frames, dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                raise InputError(f"decoding fails {self._at(done)}; the file is damaged", self.path) from error
            if not len(block):
                break
            # A sum is not finite when any sample is not, and is much cheaper than testing each.
            if not np.isfinite(block.sum(dtype=np.float64)):
                finite = np.isfinite(block)
                if nan != "zero":
                    bad = done + int(np.argmin(finite.all(axis=1)))
                    raise InputError(f"holds NaN or infinite samples {self._at(bad)}; render it again", self.path)
                self.replaced += int(np.count_nonzero(~finite))
                block = np.where(finite, block, np.float32(0))
            done += len(block)
            yield block
        if done == 0:
            raise InputError("holds no samples", self.path)
        if done < self.declared_frames * (1 - _MISSING_SHARE):
            promised = self.declared_frames / self.rate_hz
            raise InputError(
                f"truncated: {done / self.rate_hz:.1f} of {promised:.1f} s can be decoded; copy it again", self.path
            )

    def mono_blocks(self, rate_hz: int) -> Iterator[np.ndarray]:
        """Yield float32 blocks (n,): the mean of the channels, resampled to `rate_hz`."""
        if rate_hz == self.rate_hz:
            for block in self.blocks():
                yield to_mono(block)
            return
        resampler = soxr.ResampleStream(self.rate_hz, rate_hz, 1, dtype="float32", quality="HQ")
        for block in self.blocks():
            yield resampler.resample_chunk(to_mono(block))
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)

    def _at(self, frame: int) -> str:
        return f"at {frame / self.rate_hz:.2f} s"


@contextmanager
def _decoder_silenced(path: Path) -> Iterator[None]:
    """Keep the MP3 decoder from writing its own warnings to standard error; ours say what is wrong."""
    if path.suffix.lower() != ".mp3":
        yield
        return
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


def _riff_promise(path: Path) -> float:
    """Return the size that a RIFF header promises over the size of the file; 1 where there is none."""
    with open(path, "rb") as file:
        head = file.read(8)
    promised, there = int.from_bytes(head[4:8], "little") + 8, path.stat().st_size
    # Recorders that are not stopped properly leave 0 or the largest number.
    if head[:4] != b"RIFF" or promised >= 0xFFFFFF00:
        return 1.0
    return max(1.0, promised / there)


def to_mono(block: np.ndarray) -> np.ndarray:
    """Return the mean over the channels of a (frames, channels) block, float32 (frames,)."""
    if block.shape[1] == 1:
        return block[:, 0]
    mono = block[:, 0] + block[:, 1]  # twice as fast as mean(axis=1) for stereo
    for channel in range(2, block.shape[1]):
        mono += block[:, channel]
    mono *= np.float32(1 / block.shape[1])
    return mono


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """Return a whole file as float32 (channels, n) and its rate in Hz."""
    with AudioReader(path) as reader:
        return np.concatenate(list(reader.blocks())).T, reader.rate_hz


def load_mono(path: str | Path, rate_hz: int) -> np.ndarray:
    """Return a whole file as float32 (n,), channels averaged, resampled to `rate_hz`."""
    with AudioReader(path) as reader:
        return np.concatenate(list(reader.mono_blocks(rate_hz)))


class AudioWriter:
    """Write an audio file block by block; it appears under `path` when the context ends without an error.

    Parameters
    ----------
    path : str or Path
        Its ending chooses the format: .wav, .flac, .ogg, .mp3, .aif, .aiff, .opus, .w64, .caf or .au.
    rate_hz, channels : int
    bits : str
        ``16``, ``24`` or ``32f`` where the format has it; lossy formats ignore it.
    like : AudioReader, optional
        Take container and sample format from this file instead, where the ending is the same.
    tags : Tags, optional
        Written with the audio.
    """

    _SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32f": "FLOAT"}
    _FORMATS = {
        ".wav": ("WAV", "WAVEX", "RF64"),
        ".flac": ("FLAC",),
        ".ogg": ("OGG",),
        ".mp3": ("MP3",),
        ".aif": ("AIFF",),
        ".aiff": ("AIFF",),
        ".opus": ("OGG",),
        ".w64": ("W64",),
        ".caf": ("CAF",),
        ".au": ("AU",),
    }
    _LOSSY = {".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III", ".opus": "OPUS"}

    def __init__(
        self,
        path: str | Path,
        rate_hz: int,
        channels: int = 1,
        bits: str = "16",
        *,
        like: AudioReader | None = None,
        tags: Tags | None = None,
    ) -> None:
        self.path = Path(path)
        suffix = self.path.suffix.lower()
        if suffix not in self._FORMATS:
            there = ", ".join(self._FORMATS)
            raise InputError(f"cannot write {suffix or 'a file without ending'}; there are {there}", path)
        self._format = self._FORMATS[suffix][0]
        self.subtype: str = self._LOSSY.get(suffix) or self._SUBTYPES[bits]
        if suffix == ".flac" and bits == "32f":
            self.subtype = "PCM_24"  # FLAC has no float
        if like is not None and like.container in self._FORMATS[suffix]:
            self._format, self.subtype = like.container, like.subtype
        self.rate_hz, self.channels = rate_hz, channels
        self._tags = tags
        self._context = atomic_path(self.path)
        self.frames, self.peak, self.clipped = 0, 0.0, 0

    def __enter__(self) -> AudioWriter:
        self._temporary = self._context.__enter__()
        self._temporary.touch()  # a folder that cannot be written gives its own clear error here
        try:
            self._file = soundfile.SoundFile(
                os.fsencode(self._temporary),
                "w",
                self.rate_hz,
                self.channels,
                subtype=self.subtype,
                format=self._format,
            )
        except soundfile.SoundFileError as error:
            reason = InputError(f"{self._format} cannot hold {self.channels} channels at {self.rate_hz} Hz", self.path)
            self._context.__exit__(type(reason), reason, None)
            raise reason from error
        if self._tags:
            self._tags.set_strings(self._file)
        return self

    def append(self, block: np.ndarray) -> None:
        """Append float32 samples (n,) or (n, channels), full scale 1."""
        magnitude = np.abs(block)
        self.peak = max(self.peak, float(magnitude.max(initial=0.0)))
        self.clipped += int(np.count_nonzero(magnitude > 1.0))
        self.frames += len(block)
        if self.subtype not in ("FLOAT", "DOUBLE"):
            block = np.clip(block, -1.0, 1.0)
        try:
            self._file.write(block)
        except soundfile.SoundFileError as error:
            raise self._write_error() from error

    def _write_error(self) -> OSError:
        # libsndfile hides errno. A block that does not fit is by far the likeliest reason.
        free = shutil.disk_usage(self._temporary.parent).free
        code = errno.ENOSPC if free < 1 << 20 else errno.EIO
        return OSError(code, os.strerror(code), str(self.path))

    def __exit__(self, *exc: Any) -> None:
        self._file.close()
        if exc[0] is None and soundfile.info(os.fsencode(self._temporary)).frames < self.frames:
            # The last flush happens in close, which reports nothing.
            error = self._write_error()
            self._context.__exit__(type(error), error, error.__traceback__)
            raise error
        if exc[0] is None and self._tags:
            self._tags.append_chunks(self._temporary)
        self._context.__exit__(*exc)


def write_audio(path: str | Path, wave: np.ndarray, rate_hz: int, bits: str = "16") -> None:
    """Write float32 samples (n,) or (channels, n), full scale 1, atomically."""
    block = wave[:, None] if wave.ndim == 1 else wave.T
    with AudioWriter(path, rate_hz, block.shape[1], bits) as writer:
        writer.append(block)
