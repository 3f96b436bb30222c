"""Decode MP3, AAC, ALAC, Opus, WMA, WavPack and the sound of films with the ffmpeg libraries inside PyAV."""

from __future__ import annotations

from typing import IO, Any, cast

import numpy as np

from gantools.audio.views import View
from gantools.errors import InputError
from gantools.files.members import PARTS

#: Readers of containers that may be used: none that opens other files (playlists) or guesses sound in anything.
_CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,tak,tta,voc,w64,wav,wv"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "none"}
_NAMES = {"mov": "M4A", "matroska": "MATROSKA", "asf": "ASF", "wv": "WAVPACK", "aac": "ADTS"}
_SUBTYPES = {"mp3": "MPEG_LAYER_III", "mp2": "MPEG_LAYER_II", "mp1": "MPEG_LAYER_I"}
#: Containers whose header gives the exact length of the sound.
_EXACT = ("wv", "tta", "ape", "tak", "mpc", "mpc8")
#: Frames that follow each other without a container, and the share of them that may be lost.
_RESUMES, _LOST_SHARE, _LOST_AT_A_SEAM = ("mp3", "aac", "ac3", "eac3"), 0.01, 4
_LOSSLESS = ("flac", "alac", "wavpack", "tta", "ape", "tak", "mlp", "truehd", "shorten", "pcm")
_BITS = {"u8": "PCM_U8", "s16": "PCM_16", "s32": "PCM_24", "s64": "PCM_24", "flt": "FLOAT", "dbl": "DOUBLE"}


class DecodingError(Exception):
    """Samples cannot be decoded; the reader knows where."""


class MissingTrackError(InputError):
    """A file has not the sound tracks that its name promises."""


class FfmpegSource:
    """One sound track of a file; see `gantools.audio.decoding.Source`.

    Gaps that an encoder adds in front and behind are left out where the file says how long they are, as `ffmpeg` does.

    Parameters
    ----------
    file : binary file
        Closed with the source.
    frames : int
        Length that the file's header promises where that is known from elsewhere, else 0.
    track : int, optional
        Number of the sound track; by default the one that ffmpeg takes for the best.

    Raises
    ------
    InputError
        No sound that can be decoded, or no such track.
    """

    #: A codec's last frame may be missing, or its padding be counted.
    slack_frames = 4096

    def __init__(self, file: IO[bytes] | View, frames: int = 0, track: int | None = None) -> None:
        import av  # 0.1 s, spared where every file is WAV or FLAC
        import av.logging

        av.logging.set_level(None)
        self._errors: tuple[type[Exception], ...] = (av.error.FFmpegError, EOFError, ValueError)
        self._file, self._done = file, 0
        try:
            self._container = cast(Any, av.open(file, options=_OPTIONS, metadata_errors="ignore"))
            self._stream: Any = self._track(track)
            if self._stream is None or self._stream.codec_context is None:
                raise InputError("holds no sound that can be decoded")
            self._stream.codec_context.thread_count = 1
            self._packets: Any = self._container.demux(self._stream)
            self._frames = self._decoded()
            # A decoded frame, and not the header, tells rate, channels and sample format, and that there is sound.
            first = next(self._frames, None)
            if first is None:
                raise InputError("holds no sound that can be decoded")
            self._describe(first, frames)
            self._pending: np.ndarray | None = self._samples(first)
        except self._errors as error:
            self.close()
            raise InputError("not an audio file that can be decoded") from error
        except InputError:
            self.close()
            raise

    def _track(self, number: int | None) -> Any:
        if number is None:
            return self._container.streams.best("audio")
        there = self._container.streams.audio
        # A file of one track may be called .stem.mp4 too, and is its own mixture.
        if number and len(there) != len(PARTS):
            raise MissingTrackError(
                f"has {len(there)} sound tracks, not the {len(PARTS)} of musdb18: {', '.join(PARTS)}"
            )
        return there[number] if number < len(there) else None

    def _describe(self, first: Any, frames: int) -> None:
        # ffmpeg names a reader by all that it reads, such as mov,mp4,m4a.
        name = self._container.format.name.split(",")[0]
        codec = self._stream.codec_context.name.removesuffix("float")
        self.rate_hz: int = first.sample_rate
        self.channels: int = first.layout.nb_channels
        self._planar: bool = first.format.is_planar
        self.container = _NAMES.get(name, name.upper())
        self.subtype = _SUBTYPES.get(codec, codec.upper())
        if codec.startswith(_LOSSLESS):
            self.subtype = _BITS[first.format.name.removesuffix("p")]
            if codec == "alac":
                self.subtype = self.subtype.replace("PCM", "ALAC")
        self.frames = frames
        if name in _EXACT and self._stream.duration:
            self.frames = round(self._stream.duration * self._stream.time_base * self.rate_hz)
        self.expected_frames = self.frames or round((self._container.duration or 0) * self.rate_hz / 1_000_000)

    def _decoded(self) -> Any:
        """Yield decoded frames. Rubbish before the first and after the last is passed over; between them it is damage.

        A stream of frames without a container is found again behind tags and rubbish, as where MP3 files were joined;
        up to 1 % of its packets, and four in a short file, may be such.

        Raises
        ------
        DecodingError
            A packet in the middle cannot be decoded, or the file cannot be read on.
        InputError
            Too many packets of a stream cannot be decoded.
        """
        resumes = self._container.format.name in _RESUMES
        good, bad, lost = 0, 0, 0
        while True:
            try:
                packet = next(self._packets, None)
            except self._errors as error:
                if not good:
                    raise
                raise DecodingError from error
            if packet is None:
                break
            try:
                frames = packet.decode()
            except self._errors:
                bad += good > 0
                continue
            for frame in frames:
                if bad and not resumes:
                    raise DecodingError
                good, lost, bad = good + 1, lost + bad, 0
                yield frame
        if lost > _LOST_SHARE * good + _LOST_AT_A_SEAM:
            raise InputError(f"damaged: {lost} of {good + lost} packets cannot be decoded; copy it again")

    def _samples(self, frame: Any) -> np.ndarray:
        """Return float32 (n, channels) of a decoded frame."""
        data = frame.to_ndarray()
        layout = (frame.sample_rate, len(data) if self._planar else data.size // frame.samples)
        if layout != (self.rate_hz, self.channels):
            raise InputError(
                f"changes from {self.rate_hz} Hz, {self.channels} channels to {layout[0]} Hz, {layout[1]} channels "
                f"at {self._done / self.rate_hz:.2f} s; split it there"
            )
        samples = data.T if self._planar else data.reshape(-1, self.channels)
        self._done += len(samples)
        if data.dtype.kind == "f":
            return samples
        if data.dtype == np.uint8:
            return (samples.astype(np.float32) - 128) / 128
        # 2^(bits - 1) steps make full scale, as `bitdepth.to_integers` has it; 24 bits come in the upper part of 32.
        return samples.astype(np.float32) / np.float32(np.iinfo(data.dtype).max + 1)

    def read(self, frames: int) -> np.ndarray:
        """Return the next samples, float32 (at most `frames`, channels); empty at the end."""
        block, count = np.empty((frames, self.channels), np.float32), 0
        while count < frames:
            if self._pending is None:
                frame = next(self._frames, None)
                if frame is None:
                    break
                self._pending = self._samples(frame)
            part, rest = self._pending[: frames - count], self._pending[frames - count :]
            self._pending = rest if len(rest) else None
            block[count : count + len(part)] = part
            count += len(part)
        return block[:count]

    def close(self) -> None:
        """Close the file."""
        container = getattr(self, "_container", None)
        if container is not None:
            container.close()
        self._file.close()
