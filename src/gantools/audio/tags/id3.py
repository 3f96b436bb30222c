"""ID3 tags: versions 1 and 2.2 to 2.4 are read, 2.3 and 2.4 are written.

See https://id3.org/id3v2.4.0-structure and https://id3.org/id3v2.4.0-frames.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

from gantools.audio.tags.model import Picture, Tags, states_a_level

#: Frame -> field. Other text frames keep their own name.
_FIELDS = {
    b"TIT1": "GROUPING",
    b"TIT2": "TITLE",
    b"TIT3": "SUBTITLE",
    b"TPE1": "ARTIST",
    b"TPE2": "ALBUMARTIST",
    b"TPE3": "CONDUCTOR",
    b"TPE4": "REMIXER",
    b"TALB": "ALBUM",
    b"TCOM": "COMPOSER",
    b"TEXT": "LYRICIST",
    b"TRCK": "TRACKNUMBER",
    b"TPOS": "DISCNUMBER",
    b"TDRC": "DATE",
    b"TYER": "DATE",
    b"TDOR": "ORIGINALDATE",
    b"TCON": "GENRE",
    b"TCOP": "COPYRIGHT",
    b"TSRC": "ISRC",
    b"TBPM": "BPM",
    b"TKEY": "INITIALKEY",
    b"TPUB": "PUBLISHER",
    b"TENC": "ENCODEDBY",
    b"TLAN": "LANGUAGE",
    b"TMED": "MEDIA",
    b"TMOO": "MOOD",
    b"TCMP": "COMPILATION",
    b"TSOA": "ALBUMSORT",
    b"TSOP": "ARTISTSORT",
    b"TSOT": "TITLESORT",
    b"TSO2": "ALBUMARTISTSORT",
    b"TSOC": "COMPOSERSORT",
    b"TSST": "DISCSUBTITLE",
    b"USLT": "LYRICS",
    b"COMM": "COMMENT",
}
_FRAMES = {field: frame for frame, field in _FIELDS.items() if frame != b"TYER"}
#: Version 2.2 -> later ones.
_OLD = {
    b"TT1": b"TIT1",
    b"TT2": b"TIT2",
    b"TT3": b"TIT3",
    b"TP1": b"TPE1",
    b"TP2": b"TPE2",
    b"TP3": b"TPE3",
    b"TP4": b"TPE4",
    b"TAL": b"TALB",
    b"TCM": b"TCOM",
    b"TXT": b"TEXT",
    b"TRK": b"TRCK",
    b"TPA": b"TPOS",
    b"TYE": b"TYER",
    b"TCO": b"TCON",
    b"TCR": b"TCOP",
    b"TRC": b"TSRC",
    b"TBP": b"TBPM",
    b"TKE": b"TKEY",
    b"TPB": b"TPUB",
    b"TEN": b"TENC",
    b"TLA": b"TLAN",
    b"TMT": b"TMED",
    b"TCP": b"TCMP",
    b"TXX": b"TXXX",
    b"COM": b"COMM",
    b"ULT": b"USLT",
    b"PIC": b"APIC",
}
#: Frames that state or correct the level of the old samples, or how long the encoder's stream was.
_LEVELS = (b"RVA2", b"RVAD", b"RGAD", b"XRVA", b"EQU2", b"EQUA", b"ASPI", b"MLLT", b"TSIZ")
_CODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_WRITTEN = {3: 1, 4: 3}  # version -> coding of new texts: UTF-16 with its mark, UTF-8
_FRAME_ID = re.compile(rb"[A-Z0-9]{4}")
_V1_FIELDS = (("TITLE", 3, 33), ("ARTIST", 33, 63), ("ALBUM", 63, 93), ("DATE", 93, 97), ("COMMENT", 97, 127))
_LARGEST_BYTES = 1 << 28


def read(path: Path) -> Tags:
    """Return the tags of an MP3 file: version 2 at its head, else version 1 at its end."""
    with open(path, "rb") as file:
        tags = parse(whole(file))
        if tags.fields or tags.parts:
            return tags
        file.seek(0, 2)
        # Version 1 is the last 128 bytes, in fields of fixed length.
        file.seek(max(0, file.tell() - 128))
        old = file.read(128)
    if not old.startswith(b"TAG"):
        return tags
    texts = ((name, old[start:end].split(b"\0")[0].decode("cp1252", "replace")) for name, start, end in _V1_FIELDS)
    return Tags(tuple((name, text.strip()) for name, text in texts if text.strip()))


def whole(file: BinaryIO) -> bytes:
    """Return the tag that a file begins with, its head included; nothing where there is none."""
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return b""
    return head + file.read(min(_synchsafe(head[6:10]), _LARGEST_BYTES))


def _synchsafe(data: bytes) -> int:
    return (data[0] & 127) << 21 | (data[1] & 127) << 14 | (data[2] & 127) << 7 | data[3] & 127


def _as_synchsafe(size: int) -> bytes:
    return bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))


def parse(tag: bytes) -> Tags:
    """Return the tags in a whole ID3v2 tag. Frames of versions 2.3 and 2.4 are kept as parts, with their version."""
    if len(tag) < 10 or tag[:3] != b"ID3" or not 2 <= tag[3] <= 4:
        return Tags()
    version, flags, body = tag[3], tag[5], tag[10:]
    # Unsynchronisation: 0 after FF, so that no tag looks like sound. Version 2.4 marks it at each frame (`_frames`).
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & 0x40 and version > 2 and len(body) >= 4:  # an extended header
        body = body[_synchsafe(body[:4]) if version == 4 else 4 + struct.unpack(">I", body[:4])[0] :]
    fields: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    parts: list[tuple[bytes, bytes]] = []
    for name, bits, content in _frames(body, version):
        # Grouped, compressed or encrypted frames are kept as they are and not looked into.
        plain = not bits & (0x4C if version == 4 else 0xE0)
        if version == 2:
            name = _OLD.get(name, b"")
        if not name or name in _LEVELS:
            continue
        found = _field(name, content) if plain else None
        if found is not None and states_a_level(found[0]):
            continue
        if name == b"APIC" and plain:
            picture = _picture(content, version)
            if picture is not None:
                pictures.append(picture)
                continue
        if found is not None:
            fields.append(found)
        # Frames of version 2.2 have other names and heads, and the comment is written from the fields: neither is kept.
        if version > 2 and not (found is not None and found[0] == "COMMENT"):
            parts.append((name + struct.pack(">H", bits), content))
    return Tags(tuple(fields), tuple(pictures), "id3" if parts else "", _with_version(parts, version))


def _with_version(parts: list[tuple[bytes, bytes]], version: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"version", bytes([version])), *parts) if parts else ()


def _frames(body: bytes, version: int) -> list[tuple[bytes, int, bytes]]:
    """Return name, format flags and content of each frame."""
    found, position = [], 0
    head = 6 if version == 2 else 10
    while position + head <= len(body):
        name = body[position : position + head // 2 - (1 if version > 2 else 0)]
        # Zeros are padding up to the end of the tag.
        if not name.strip(b"\0"):
            break
        if version == 2:
            size, bits = int.from_bytes(body[position + 3 : position + 6], "big"), 0
        else:
            size = _frame_size(body, position, version)
            bits = struct.unpack_from(">H", body, position + 8)[0]
        content = body[position + head : position + head + size]
        if len(content) < size or (version > 2 and not _FRAME_ID.fullmatch(name)):
            break
        if version == 4 and bits & 2:  # unsynchronised for itself
            content, bits = content.replace(b"\xff\x00", b"\xff"), bits & ~2
        if version == 4 and bits & 1 and not bits & 0x4C:  # told how long it is
            content, bits = content[4:], bits & ~1
        found.append((name, bits, content))
        position += head + size
    return found


def _frame_size(body: bytes, position: int, version: int) -> int:
    """Return a frame's size; iTunes wrote plain numbers into version 2.4."""
    data = body[position + 4 : position + 8]
    plain, safe = struct.unpack(">I", data)[0], _synchsafe(data)
    if version == 3 or plain == safe:
        return plain if version == 3 else safe

    # The right size leads to another frame, to padding, or to the end.
    def fits(size: int) -> bool:
        end = position + 10 + size
        return end == len(body) or (end < len(body) and (body[end] == 0 or bool(_FRAME_ID.match(body, end))))

    return plain if max(data) > 127 or (not fits(safe) and fits(plain)) else safe


def _text(coding: int, data: bytes) -> str:
    name = _CODINGS[coding] if coding < len(_CODINGS) else "latin-1"
    # Tags that say Latin-1 come mostly from Windows: its code page, unless a byte has no meaning there.
    if name == "latin-1":
        name = "cp1252" if not any(0x80 <= byte < 0xA0 and byte in b"\x81\x8d\x8f\x90\x9d" for byte in data) else name
    return data.decode(name, "replace").lstrip("\ufeff").rstrip("\0")


def _split(coding: int, data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and behind the first end of a text."""
    if coding in (1, 2):
        for position in range(0, len(data) - 1, 2):
            if data[position : position + 2] == b"\0\0":
                return data[:position], data[position + 2 :]
        return data, b""
    before, _, behind = data.partition(b"\0")
    return before, behind


def _field(name: bytes, content: bytes) -> tuple[str, str] | None:
    """Return the field that a text frame holds; None for other frames."""
    if not content or not (name[:1] == b"T" or name in (b"COMM", b"USLT")):
        return None
    coding, data = content[0], content[1:]
    if name in (b"COMM", b"USLT", b"TXXX"):
        # A description and a text; comments and lyrics have three letters for the language before them.
        described, data = _split(coding, data[0 if name == b"TXXX" else 3 :])
        label = _text(coding, described)
        text = _text(coding, data)
        if name == b"TXXX":
            return label.upper(), text
        return (label.upper() if label and name == b"COMM" else _FIELDS[name]), text
    # Version 2.4 puts several values into one frame, with a zero between them.
    text = _text(coding, data).replace("\0", "\n")
    return _FIELDS.get(name, name.decode("ascii", "replace")), text


def _picture(content: bytes, version: int) -> Picture | None:
    if len(content) < 6:
        return None
    coding = content[0]
    if version == 2:
        # Version 2.2 has three letters, such as JPG, and no MIME type.
        mime, rest = "image/" + content[1:4].decode("latin-1").lower().replace("jpg", "jpeg"), content[4:]
    else:
        head, rest = _split(0, content[1:])
        mime = head.decode("latin-1")
    described, data = _split(coding, rest[1:])
    return Picture(rest[0], mime, _text(coding, described), data) if rest and data else None


def build(tags: Tags) -> bytes:
    """Return an ID3v2 tag: the file's own frames where it had one, and frames made of the fields else."""
    parts = tags.parts_for("id3")
    version = parts[0][1][0] if parts else 4
    frames = [_frame(version, name[:4], content, name[4:]) for name, content in parts[1:]]
    # A field that a frame of the file already holds is not written again.
    known = {found[0] for name, content in parts[1:] if (found := _field(name[:4], content)) is not None}
    by_name: dict[str, list[str]] = {}
    for name, text in tags.fields:
        if name.upper() not in known:
            # All texts of a name go into one frame: a text frame may stand only once in a tag.
            by_name.setdefault(name.upper(), []).append(text)
    for name, texts in by_name.items():
        frames.append(_made(version, name, texts))
    for picture in tags.pictures:
        coding = bytes([_WRITTEN[version]])
        described = _coded(version, picture.description) + _end(version)
        content = coding + picture.mime.encode("latin-1", "replace") + b"\0" + bytes([picture.kind & 255])
        frames.append(_frame(version, b"APIC", content + described + picture.data))
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, 0]) + _as_synchsafe(len(body)) + body if body else b""


def _frame(version: int, name: bytes, content: bytes, flags: bytes = b"\0\0") -> bytes:
    size = _as_synchsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
    return name + size + flags + content


def _coded(version: int, text: str) -> bytes:
    return text.encode("utf-16" if _WRITTEN[version] == 1 else "utf-8", "replace")


def _end(version: int) -> bytes:
    return b"\0\0" if _WRITTEN[version] == 1 else b"\0"


def _made(version: int, name: str, texts: list[str]) -> bytes:
    """Return the frame of a field."""
    coding, frame = bytes([_WRITTEN[version]]), _FRAMES.get(name, b"")
    if not frame and re.fullmatch(r"T[A-Z0-9]{3}", name) and name != "TXXX":
        frame = name.encode()
    # Version 2.3 has a frame for the year, and others for day and time; TDRC came with 2.4.
    if name == "DATE" and version == 3:
        frame, texts = b"TYER", [text[:4] for text in texts]
    if frame in (b"COMM", b"USLT"):
        empty = _coded(version, "") + _end(version)
        return _frame(version, frame, coding + b"eng" + empty + _coded(version, "\n".join(texts)))
    # Several values: version 2.4 puts a zero between them, 2.3 a slash.
    joined = _coded(version, "\0".join(texts) if version == 4 else "/".join(texts))
    if frame:
        return _frame(version, frame, coding + joined)
    return _frame(version, b"TXXX", coding + _coded(version, name) + _end(version) + joined)
