"""Which audio formats are written, and how deep their samples are, in libsndfile's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile

from gantools.errors import InputError

if TYPE_CHECKING:
    from gantools.audio.io import AudioReader

#: Ending -> containers that it may stand for; the first is written where no source asks for another.
CONTAINERS = {
    ".wav": ("WAV", "WAVEX", "RF64"),
    ".flac": ("FLAC",),
    ".ogg": ("OGG",),
    ".oga": ("OGG",),
    ".mp3": ("MP3",),
    ".m4a": ("M4A",),
    ".aif": ("AIFF",),
    ".aiff": ("AIFF",),
    ".aifc": ("AIFF",),
    ".opus": ("OGG",),
    ".w64": ("W64",),
    ".rf64": ("RF64",),
    ".caf": ("CAF",),
    ".au": ("AU",),
}
#: Lossy sample format -> ending for a file whose own ending is not written.
_HOMES = {"OPUS": "opus", "VORBIS": "ogg", "MPEG_LAYER_III": "mp3", "MPEG_LAYER_II": "mp3", "MPEG_LAYER_I": "mp3"}
_LOSSY = {".ogg": "VORBIS", ".oga": "VORBIS", ".mp3": "MPEG_LAYER_III", ".opus": "OPUS", ".m4a": "AAC"}
_NAMED = {"16": "PCM_16", "24": "PCM_24", "32f": "FLOAT"}
#: Sample formats that lose nothing -> bits of a sample.
DEPTHS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "ALAC_16": 16,
    "ALAC_20": 20,
    "ALAC_24": 24,
    "ALAC_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
}
FLOATS = ("FLOAT", "DOUBLE")
#: Companded and ADPCM samples hold about this many bits; they are coarse, not made for the ear.
_COARSE = ("ULAW", "ALAW", "ADPCM", "GSM", "G72", "DWVW", "DPCM", "VOX", "NMS")


@dataclass(frozen=True)
class SourceFormat:
    """What a file that is written keeps of the one that it is made from.

    Attributes
    ----------
    path : Path
        Asked for its bit rate, where it is lossy and the same format is written.
    container, subtype : str
        In libsndfile's words.
    """

    path: Path
    container: str
    subtype: str

    @classmethod
    def of(cls, source: AudioReader | SourceFormat) -> SourceFormat:
        """Return the format of a file that is open for reading."""
        return source if isinstance(source, SourceFormat) else cls(source.path, source.container, source.subtype)

    @property
    def coarse(self) -> bool:
        """Whether samples are companded or ADPCM."""
        return any(word in self.subtype for word in _COARSE)

    @property
    def exact(self) -> bool:
        """Whether the samples are stored as they are, if coarsely."""
        return self.subtype in DEPTHS or self.coarse

    def for_parts(self) -> SourceFormat:
        """Return the format for what is worked out from the source: linear and of at least 16 bits.

        The parts of a coarse source would lose what makes them add up to it.
        """
        if self.coarse or DEPTHS.get(self.subtype) == 8:
            return SourceFormat(self.path, self.container, "PCM_16")
        return self


def written_as(path: str | Path) -> str:
    """Return the ending, without dot, under which what is made from a file is written where its format is kept.

    That of the file, where it is written at all; else one for the same container, or the same sample format. WAV then
    takes floating point, FLAC other samples without loss, and M4A lossy ones.
    """
    from gantools.audio.decoding import open_source

    if Path(path).suffix.lower() in CONTAINERS:
        return Path(path).suffix[1:]
    try:
        source = open_source(Path(path))
    except InputError:  # said where the file is read
        return "wav"
    source.close()
    if source.subtype in _HOMES:
        return _HOMES[source.subtype]
    for suffix, containers in CONTAINERS.items():
        if source.container in containers:
            return suffix[1:]
    return "wav" if source.subtype in FLOATS else "flac" if source.subtype in DEPTHS else "m4a"


def choose(path: Path, bits: str, source: SourceFormat | None) -> tuple[str, str]:
    """Return container and sample format of a file to write.

    Parameters
    ----------
    path : Path
        Its ending chooses the format.
    bits : str
        ``16``, ``24``, ``32f``, or ``source``: those of the source, 24 for a lossy one, and 16 without any. What the
        format cannot hold becomes the deepest integers that it can; lossy formats have no bits.
    source : SourceFormat or None

    Raises
    ------
    InputError
        The ending names no format that is written.
    """
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        there = ", ".join(CONTAINERS)
        raise InputError(f"cannot write {suffix or 'a file without ending'}; there are {there}", path)
    possible = CONTAINERS[suffix]
    same = source is not None and source.container in possible
    container = source.container if source is not None and same else possible[0]
    if suffix == ".m4a":
        # Lossless only where the source is ALAC in M4A too: the ending alone stands for AAC.
        lossless = DEPTHS.get(source.subtype) if source is not None and same and bits == "source" else None
        return container, f"ALAC_{16 if lossless <= 16 else 24}" if lossless else "AAC"
    if suffix in _LOSSY:
        return container, _LOSSY[suffix]
    if bits != "source":
        wanted = _NAMED[bits]
    elif source is None:
        wanted = "PCM_16"
    elif same and source.exact:
        wanted = source.subtype
    elif source.coarse:
        wanted = "PCM_16"
    else:
        wanted = _plain(source.subtype)
    return container, _held(container, wanted)


def depth(subtype: str) -> int:
    """Return the bits of a sample; 0 for lossy and coarse formats."""
    return DEPTHS.get(subtype, 0)


def deepest(sources: list[SourceFormat]) -> SourceFormat | None:
    """Return the source whose samples say most; floating point says more than integers. None without sources."""
    return max(sources, key=lambda s: (s.subtype in FLOATS, DEPTHS.get(_plain(s.subtype), 0)), default=None)


def _plain(subtype: str) -> str:
    """Return the linear sample format as deep as this one; of 24 bits for a lossy one."""
    bits = DEPTHS.get(subtype, 24)
    return subtype if subtype in FLOATS else {8: "PCM_U8", 16: "PCM_16", 32: "PCM_32"}.get(bits, "PCM_24")


def _held(container: str, subtype: str) -> str:
    """Return the sample format, or the deepest integers that the container has instead."""
    kind = "WAV" if container == "RF64" else container
    instead = {"PCM_U8": "PCM_S8", "DOUBLE": "FLOAT"}
    # From the wanted format down: the nearest of its kind, then the deepest integers that the container has.
    for candidate in (subtype, instead.get(subtype, "PCM_32"), "PCM_24", "PCM_16"):
        if soundfile.check_format(kind, candidate):
            return candidate
    raise ValueError(f"{container} holds no plain samples")
