"""What WAV (RIFF, RF64, W64), AIFF and CAF files say beside their samples.

Chunks are kept byte for byte, known or not; positions in them stay valid, because length and rate stay. Left out are
those that only the encoder knows how to write, and what states the level of the old samples.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

from gantools.audio.tags import id3, iff
from gantools.audio.tags.model import Tags, merged

#: Written with the samples, or empty room.
_STRUCTURE = {
    "riff": (b"RIFF", b"ds64", b"fmt ", b"fact", b"data", b"JUNK", b"junk", b"PAD ", b"FLLR", b"filr", b"bxml"),
    "aiff": (b"COMM", b"SSND", b"FVER", b"FLLR", b"JUNK"),
    "caf": (b"desc", b"data", b"free", b"pakt", b"chan", b"kuki", b"info"),
}
#: Peaks, overviews of the waveform, Dolby's dialogue level.
_LEVELS = (b"PEAK", b"peak", b"levl", b"LGWV", b"ovvw", b"ovwf", b"dbmd")
_FAMILIES = {"RIFF": "riff", "RF64": "riff", "W64": "riff", "AIFF": "aiff", "CAF": "caf"}
_INFO = {
    b"INAM": "TITLE",
    b"IART": "ARTIST",
    b"IPRD": "ALBUM",
    b"ICRD": "DATE",
    b"IGNR": "GENRE",
    b"ITRK": "TRACKNUMBER",
    b"IPRT": "TRACKNUMBER",
    b"ICMT": "COMMENT",
    b"ICOP": "COPYRIGHT",
    b"IMUS": "COMPOSER",
    b"ILNG": "LANGUAGE",
    b"ISBJ": "SUBTITLE",
}
_AIFF_TEXTS = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
_CAF_NAMES = {
    "track number": "TRACKNUMBER",
    "year": "DATE",
    "comments": "COMMENT",
    "recorded date": "DATE",
    "tempo": "BPM",
    "key signature": "INITIALKEY",
}
_ID3 = (b"id3 ", b"ID3 ")
_LARGEST_BYTES = 1 << 26
_BEXT_VERSION, _BEXT_LEVELS, _BEXT_UNSET = 346, slice(412, 422), struct.pack("<5h", *[0x7FFF] * 5)
_XML_LEVELS = re.compile(
    rb"[ \t]*<(LOUDNESS|loudnessMetadata|(?:BWF_)?(?:LOUDNESS_VALUE|LOUDNESS_RANGE|MAX_TRUE_PEAK_LEVEL"
    rb"|MAX_MOMENTARY_LOUDNESS|MAX_SHORT_TERM_LOUDNESS))\b(?:[^>]*/>|[^>]*>.*?</\1\s*>)[ \t]*(?:\r?\n)?",
    re.DOTALL,
)


def kept(name: bytes, content: bytes) -> bytes | None:
    """Return a chunk's content without what states a level; None for a chunk that is nothing else."""
    if name in _LEVELS:
        return None
    if name == b"bext" and len(content) >= 422 and content[_BEXT_VERSION] >= 2:
        # EBU Tech 3285: loudness, range, true peak, momentary and short-term maximum; 7FFF says not known.
        return content[: _BEXT_LEVELS.start] + _BEXT_UNSET + content[_BEXT_LEVELS.stop :]
    if name in (b"iXML", b"axml"):
        return _XML_LEVELS.sub(b"", content)
    return content


def read(path: Path) -> Tags:
    """Return the tags and chunks of a file that is made of chunks."""
    with open(path, "rb") as file:
        how = iff.layout(file)
        if how is None:
            return Tags()
        family = _FAMILIES[how.kind]
        parts: list[tuple[bytes, bytes]] = []
        fields: list[tuple[str, str]] = []
        for name, position, size in iff.chunks(file, how):
            if (name in _STRUCTURE[family] and name != b"info") or size > _LARGEST_BYTES:
                continue
            file.seek(position)
            content = file.read(size)
            if len(content) < size:
                break
            fields += _fields(family, name, content)
            # Taken apart and built anew, a tag in a chunk loses its frames that state levels.
            if name in _ID3:
                content = id3.build(id3.parse(content))
            clean = kept(name, content)
            # CAF's texts and AIFF's comment are written from the fields: kept as chunks they would come twice.
            if clean and name != b"info" and not _is_comment(family, name):
                parts.append((name, clean))
    embedded = [id3.parse(content) for name, content in parts if name in _ID3]
    pictures = tuple(picture for tags in embedded for picture in tags.pictures)
    return Tags(merged(fields, *(tags.fields for tags in embedded)), pictures, family, tuple(parts))


def _is_comment(family: str, name: bytes) -> bool:
    return family == "aiff" and name == b"ANNO"


def _text(data: bytes) -> str:
    """Return a text of a chunk: UTF-8 as most programs write it today, else as Windows did."""
    data = data.split(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _fields(family: str, name: bytes, content: bytes) -> list[tuple[str, str]]:
    if name == b"LIST" and content[:4] == b"INFO":
        entries = ((_INFO.get(key, ""), _text(value)) for key, value in _info_entries(content[4:]))
        return [(field, text) for field, text in entries if field and text]
    if family == "aiff" and name in _AIFF_TEXTS:
        text = _text(content)
        return [(_AIFF_TEXTS[name], text)] if text else []
    if family == "caf" and name == b"info":
        texts = content[4:].split(b"\0")
        pairs = zip(texts[::2], texts[1::2], strict=False)
        named = ((key.decode("utf-8", "replace"), _text(value)) for key, value in pairs if key and value)
        return [(_CAF_NAMES.get(key.lower(), key.upper()), text) for key, text in named]
    return []


def _info_entries(content: bytes) -> list[tuple[bytes, bytes]]:
    entries, position = [], 0
    while position + 8 <= len(content):
        size = struct.unpack_from("<I", content, position + 4)[0]
        entries.append((content[position : position + 4], content[position + 8 : position + 8 + size]))
        position += 8 + size + size % 2
    return entries


def _info(tags: Tags, old: bytes) -> bytes:
    """Return the content of a list INFO: the entries of the file's own, and the comment; else all fields there are."""
    entries = [(key, value) for key, value in _info_entries(old) if key != b"ICMT"]
    # Turned round, so that of several texts of one name the first stays.
    fields = {name.upper(): text for name, text in reversed(tags.fields)}
    if not old and tags.family != "riff":
        keys = {field: key for key, field in reversed(_INFO.items())}
        entries += [
            (key, fields[field].encode() + b"\0") for field, key in keys.items() if field in fields and key != b"ICMT"
        ]
    if tags.comment:
        entries.append((b"ICMT", tags.comment.encode("utf-8", "replace") + b"\0"))
    padded = (key + struct.pack("<I", len(value)) + value + bytes(len(value) % 2) for key, value in entries)
    return b"INFO" + b"".join(padded) if entries else b""


def info_list(tags: Tags) -> bytes:
    """Return the content of a list INFO with the fields of tags that belong to no file; empty where it holds none."""
    return _info(Tags(tags.fields), b"")


def _needs_id3(tags: Tags, holds: frozenset[str]) -> bool:
    return bool(tags.pictures) or any(n.upper() not in holds or not t.isascii() for n, t in tags.fields)


def packed(tags: Tags, how: iff.Layout) -> bytes:
    """Return the chunks to write into a file of this kind."""
    return b"".join(how.chunk(name, content) for name, content in _chunks(tags, how))


def _chunks(tags: Tags, how: iff.Layout) -> list[tuple[bytes, bytes]]:
    family = _FAMILIES[how.kind]
    parts = [(name, content) for name, content in tags.parts_for(family) if len(name) == 4 or how.kind == "W64"]
    if family == "riff":
        return _riff_chunks(tags, parts)
    if family == "aiff":
        return _aiff_chunks(tags, parts)
    names = {field: key for key, field in _CAF_NAMES.items()} | {"DATE": "year"}
    texts = [f"{names.get(name.upper(), name.lower())}\0{text}\0".encode() for name, text in tags.fields]
    return [*parts, *([(b"info", struct.pack(">I", len(texts)) + b"".join(texts))] if texts else [])]


def _riff_chunks(tags: Tags, parts: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    chunks: list[tuple[bytes, bytes]] = []
    lists = [content for name, content in parts if name == b"LIST" and content[:4] == b"INFO"]
    info = _info(tags, b"".join(content[4:] for content in lists))
    for name, content in parts:
        if content in lists:  # several become one, where the first was
            content, info = info, b""
        if content:
            chunks.append((name, content))
    chunks += [(b"LIST", info)] if info else []
    # INFO has few fields, no pictures and no stated coding: what came from other formats goes into an ID3 tag too.
    if not parts and tags.family != "riff" and _needs_id3(tags, frozenset(_INFO.values())):
        chunks.append((b"id3 ", id3.build(tags)))
    return chunks


def _aiff_chunks(tags: Tags, parts: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    chunks = list(parts)
    if not parts and tags.family != "aiff":
        fields = {name.upper(): text for name, text in tags.fields}
        texts = {key: fields[field] for key, field in _AIFF_TEXTS.items() if field in fields and key != b"ANNO"}
        chunks += [(key, text.encode("utf-8", "replace")) for key, text in texts.items()]
        if _needs_id3(tags, frozenset(_AIFF_TEXTS.values())):
            chunks.append((b"ID3 ", id3.build(tags)))
    if tags.comment:
        chunks.append((b"ANNO", tags.comment.encode("utf-8", "replace")))
    return chunks


#: What a RIFF file may come to before it becomes RF64: its sizes have 32 bits.
LARGEST_RIFF = (1 << 32) - (1 << 16)
_DS64_BYTES = 28
_WAV = iff.Layout("RIFF", 12, 2, b"data")


def front(tags: Tags | None, *, may_grow: bool) -> bytes:
    """Return what stands before the format of a WAV file: room for RF64's sizes where needed, and chunks."""
    if not may_grow:
        return packed(tags, _WAV) if tags else b""
    return _WAV.chunk(b"JUNK", bytes(_DS64_BYTES)) + b"".join(_split(tags)[0])


def behind(tags: Tags | None) -> bytes:
    """Return what stands behind the samples of a WAV file that may grow."""
    return b"".join(_split(tags)[1])


def _split(tags: Tags | None) -> tuple[list[bytes], list[bytes]]:
    """Return the chunks of even and of odd size: libsndfile finds no samples in RF64 behind a chunk of odd size."""
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for name, content in _chunks(tags, _WAV) if tags else ():
        sides[len(content) % 2].append(_WAV.chunk(name, content))
    return sides


def finish(file: BinaryIO, *, rf64: bool, frame_bytes: int, frames: int, added: bytes = b"") -> None:
    """Tell the sizes of a WAV file of any length: in 32 bits, or as RF64 where that is asked for or needed.

    Parameters
    ----------
    file : file
        Open for reading and writing, all samples written, with the room of `front` where it may become RF64.
    rf64 : bool
        RF64 at any length.
    frame_bytes, frames : int
        Bytes of a frame, 0 where frames are coded; frames.
    added : bytes
        Chunks that follow the samples.

    Notes
    -----
    EBU Tech 3306: the first chunk, so far without meaning, becomes `ds64` and holds the sizes in 64 bits.
    """
    file.seek(0, 2)
    end = file.tell()
    # Only where the samples begin: their size in 32 bits, as libsndfile wrote it, may have overflowed.
    start = next(position for name, position, _ in iff.chunks(file, _WAV) if name == b"data")
    file.seek(0, 2)
    # Chunks begin at even positions.
    file.write(bytes(end % 2) + added)
    size = file.tell()
    if rf64 or size > LARGEST_RIFF:
        data = frame_bytes * frames or end - start
        file.seek(0)
        file.write(b"RF64" + struct.pack("<I", 0xFFFFFFFF))
        file.seek(12)
        # Sizes of the file and of the data, number of frames, and a table of other large chunks, which is empty.
        file.write(b"ds64" + struct.pack("<IQQQI", _DS64_BYTES, size - 8, data, frames, 0))
        # The size in the chunk itself refers readers to ds64.
        file.seek(start - 4)
        file.write(struct.pack("<I", 0xFFFFFFFF))
    else:
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
