"""What an audio file says beside its samples: titles, cue points, loop points, broadcast data.

Processing keeps them, because positions stay valid where the length does not change. WAV chunks are carried byte for
byte; the other formats have their text tags carried through libsndfile.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

_NAMES = (
    "title",
    "copyright",
    "artist",
    "comment",
    "date",
    "album",
    "license",
    "tracknumber",
    "genre",
)
#: Chunks whose content does not depend on how the samples are coded.
_CARRIED = (b"bext", b"iXML", b"cue ", b"smpl", b"inst", b"acid", b"id3 ", b"ID3 ", b"LIST")
_LARGEST_BYTES = 1 << 26


@dataclass(frozen=True)
class Tags:
    """Tags of one file.

    Attributes
    ----------
    strings : dict
        Text tags by libsndfile's names.
    chunks : tuple of (bytes, bytes)
        RIFF chunks: identifier and content.
    """

    strings: dict[str, str]
    chunks: tuple[tuple[bytes, bytes], ...] = ()

    def with_comment(self, comment: str) -> Tags:
        """Return the tags with a line added to the comment (a line that begins with the same word is replaced)."""
        word = comment.split(" ", 1)[0]
        lines = [line for line in self.strings.get("comment", "").splitlines() if not line.startswith(word)]
        strings = self.strings | {"comment": "\n".join([*lines, comment])}
        return replace(self, strings=strings, chunks=_with_comment(self.chunks, strings["comment"]))

    def set_strings(self, file: soundfile.SoundFile) -> None:
        """Give the text tags to a file open for writing, unless its chunks bring them."""
        if self.chunks and file.format in ("WAV", "WAVEX"):
            return
        for name, text in self.strings.items():
            try:
                setattr(file, name, text)
            except (RuntimeError, soundfile.SoundFileError):
                continue  # the format has no such tag

    def append_chunks(self, path: str | Path) -> None:
        """Add the chunks to the end of a RIFF file; any other file is left alone."""
        with open(path, "r+b") as file:
            if file.read(4) != b"RIFF":
                return
            file.seek(0, os.SEEK_END)
            if file.tell() % 2:
                file.write(b"\0")
            for name, content in self.chunks:
                file.write(name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2))
            size = file.tell() - 8
            if size < 0xFFFFFFFF:
                file.seek(4)
                file.write(struct.pack("<I", size))


def read_tags(path: str | Path) -> Tags:
    """Return the tags of an audio file; none where it has none, or where they cannot be read."""
    strings = {}
    try:
        with soundfile.SoundFile(os.fsencode(path)) as file:
            for name in _NAMES:
                text = getattr(file, name, "")
                if text:
                    strings[name] = text
    except (soundfile.SoundFileError, UnicodeDecodeError):
        pass
    return Tags(strings, tuple(_riff_chunks(Path(path))))


def _riff_chunks(path: Path) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return found
        while len(header := file.read(8)) == 8:
            name, size = header[:4], struct.unpack("<I", header[4:])[0]
            if name in _CARRIED and size < _LARGEST_BYTES:
                content = file.read(size)
                if len(content) < size:
                    break
                found.append((name, content))
                file.seek(size % 2, os.SEEK_CUR)
            else:
                file.seek(size + size % 2, os.SEEK_CUR)
    return found


def _with_comment(chunks: tuple[tuple[bytes, bytes], ...], comment: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return the chunks with one INFO list that holds `comment` and the entries of the old INFO list."""
    kept, entries = [], b""
    for name, content in chunks:
        if name == b"LIST" and content[:4] == b"INFO":
            entries += b"".join(entry for key, entry in _info_entries(content[4:]) if key != b"ICMT")
        else:
            kept.append((name, content))
    text = comment.encode("utf-8") + b"\0"
    entries += b"ICMT" + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
    return (*kept, (b"LIST", b"INFO" + entries))


def _info_entries(content: bytes) -> list[tuple[bytes, bytes]]:
    entries, position = [], 0
    while position + 8 <= len(content):
        size = struct.unpack("<I", content[position + 4 : position + 8])[0]
        end = position + 8 + size + size % 2
        entries.append((content[position : position + 4], content[position:end].ljust(end - position, b"\0")))
        position = end
    return entries
