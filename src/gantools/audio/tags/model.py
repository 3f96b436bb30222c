"""Tags as all formats have them: named texts, pictures, and what only one kind of file can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

#: Fields that tell how loud or how high the samples are, or how long an encoder's own delay is. They are wrong as soon
#: as the samples are other ones. Compared without case, spaces and punctuation.
_STATED = re.compile(
    r"(replaygain|r128|mp3gain|itunnorm|itunsmpb|encodingparams|rva|rgad|loudness|integratedloudness|bwfloudness|bwfmax"
    r"|(max)?(true|sample)?peak(level|amplitude|db|dbfs|dbtp)?$|maxtruepeak|maxmomentary|maxshortterm"
    r"|(album)?dynamicrange|lufs|lra$|undo$|(track|album)(gain|peak)$)"
)


def states_a_level(name: str) -> bool:
    """Tell whether a field of this name is true of the old samples only: its loudness, peak, gain or padding."""
    return _STATED.match(re.sub(r"[^a-z0-9]", "", name.lower())) is not None


@dataclass(frozen=True)
class Picture:
    """A picture; the fields are those of FLAC's block.

    Attributes
    ----------
    kind : int
        As ID3 counts them: 3 is the front cover.
    mime, description : str
    data : bytes
    size : tuple of int
        Width, height, bits per pixel, colours; zeros where they are not known.
    """

    kind: int
    mime: str
    description: str
    data: bytes
    size: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class Tags:
    """What an audio file says beside its samples.

    Attributes
    ----------
    fields : tuple of (str, str)
        Names, as in Vorbis comments (``TITLE``, ``ALBUMARTIST``, ``BPM``, ``INITIALKEY``), and texts, in their order.
        A name may stand several times.
    pictures : tuple of Picture
    family : str
        Kind of file that `parts` are of: ``riff`` (RF64 and W64 too), ``aiff``, ``caf``, ``flac``, ``id3`` or ``mp4``.
    parts : tuple of (bytes, bytes)
        The file's own pieces, such as RIFF chunks, ID3 frames and iTunes atoms: name and content. They are written
        again byte for byte into a file of the same family, save what the comment is in.
    """

    fields: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    family: str = ""
    parts: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def strings(self) -> dict[str, str]:
        """Texts by lower-case name; those of one name are joined by line ends."""
        found: dict[str, list[str]] = {}
        for name, text in self.fields:
            found.setdefault(name.lower(), []).append(text)
        return {name: "\n".join(texts) for name, texts in found.items()}

    @property
    def chunks(self) -> tuple[tuple[bytes, bytes], ...]:
        """RIFF chunks."""
        return self.parts if self.family == "riff" else ()

    @property
    def comment(self) -> str:
        """All comments, one a line."""
        return self.strings.get("comment", "")

    def parts_for(self, family: str) -> tuple[tuple[bytes, bytes], ...]:
        """Return the parts that a file of this family holds unchanged."""
        return self.parts if self.family == family else ()

    def with_comment(self, comment: str) -> Tags:
        """Return the tags with a line added to the comment (a line that begins with the same word is replaced)."""
        word = comment.split(" ", 1)[0]
        lines = [line for line in self.comment.splitlines() if not line.startswith(word)]
        rest = [(name, text) for name, text in self.fields if name.upper() != "COMMENT"]
        return replace(self, fields=(*rest, ("COMMENT", "\n".join([*lines, comment]))))

    def without_levels(self) -> Tags:
        """Return the tags without the fields that state a level. Parts are freed of theirs where they are read."""
        return replace(self, fields=tuple((name, text) for name, text in self.fields if not states_a_level(name)))


def merged(*lists: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return fields of several sources in one file; a name counts where it first stands."""
    found: list[tuple[str, str]] = []
    for fields in lists:
        known = {name.upper() for name, _ in found}
        found += [(name, text) for name, text in fields if name.upper() not in known and text]
    return tuple(found)
