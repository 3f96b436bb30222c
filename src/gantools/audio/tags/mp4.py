"""iTunes' list of atoms in MP4 files (M4A)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gantools.audio.tags.model import Picture, Tags, states_a_level

_FIELDS = {
    b"\xa9nam": "TITLE",
    b"\xa9ART": "ARTIST",
    b"\xa9alb": "ALBUM",
    b"aART": "ALBUMARTIST",
    b"\xa9day": "DATE",
    b"\xa9gen": "GENRE",
    b"\xa9wrt": "COMPOSER",
    b"\xa9cmt": "COMMENT",
    b"\xa9grp": "GROUPING",
    b"\xa9lyr": "LYRICS",
    b"cprt": "COPYRIGHT",
    b"trkn": "TRACKNUMBER",
    b"disk": "DISCNUMBER",
    b"tmpo": "BPM",
    b"cpil": "COMPILATION",
    b"soal": "ALBUMSORT",
    b"soar": "ARTISTSORT",
    b"sonm": "TITLESORT",
    b"soaa": "ALBUMARTISTSORT",
    b"soco": "COMPOSERSORT",
}
_ATOMS = {field: atom for atom, field in _FIELDS.items()}
_PAIRS, _NUMBERS = (b"trkn", b"disk"), {b"tmpo": 2, b"cpil": 1}
_MIMES = {13: "image/jpeg", 14: "image/png", 27: "image/bmp"}
_FREE, _APPLE = b"----", b"com.apple.iTunes"
_LARGEST_BYTES = 1 << 28


def _atoms(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the atoms that lie one behind the other."""
    position = 0
    while position + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, position)
        if size < 8 or position + size > len(data):
            return
        yield name, data[position + 8 : position + size]
        position += size


def _atom(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _top(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, position and size of the atoms of a file."""
    file.seek(0, 2)
    end, position = file.tell(), 0
    while position + 8 <= end:
        file.seek(position)
        size, name = struct.unpack(">I4s", file.read(8))
        # 1 says that the size has 64 bits and stands behind the name, 0 that the atom is the last.
        if size == 1:
            size = int.from_bytes(file.read(8), "big")
        elif size == 0:
            size = end - position
        if size < 8:
            return
        yield name, position, size
        position += size


def _inside(data: bytes, *path: bytes) -> bytes:
    """Return the content of an atom inside others."""
    for name in path:
        data = next((content for found, content in _atoms(data) if found == name), b"")
        if name == b"meta" and data[4:8] != b"hdlr":
            data = data[4:]  # version and flags; QuickTime has none
    return data


def read(path: Path) -> Tags:
    """Return the tags of an MP4 file. All atoms but the comment's are kept as parts."""
    with open(path, "rb") as file:
        moov = b""
        for name, position, size in _top(file):
            if name == b"moov" and size < _LARGEST_BYTES:
                file.seek(position + 8)
                moov = file.read(size - 8)
    fields, pictures, parts = [], [], []
    for name, content in _atoms(_inside(moov, b"udta", b"meta", b"ilst")):
        found = _field(name, content)
        if found is not None and states_a_level(found[0]):
            continue
        if name == b"covr":
            # Covers are written from the pictures, not kept as an atom.
            pictures += _pictures(content)
            continue
        if found is not None:
            fields.append(found)
        # The comment is written from the fields, and the name of the encoder is no longer true.
        if name not in (b"\xa9cmt", b"\xa9too"):
            parts.append((name, content))
    return Tags(tuple(fields), tuple(pictures), "mp4", tuple(parts))


def _data(content: bytes) -> list[tuple[int, bytes]]:
    """Return kind and value of each value of an atom."""
    return [(int.from_bytes(c[1:4], "big"), c[8:]) for name, c in _atoms(content) if name == b"data" and len(c) >= 8]


def _field(name: bytes, content: bytes) -> tuple[str, str] | None:
    values = _data(content)
    if not values:
        return None
    kind, value = values[0]
    if name == _FREE:
        # A free-form atom holds its own name, behind 4 bytes of version and flags.
        label = next((c[4:] for inner, c in _atoms(content) if inner == b"name"), b"")
        texts = [v.decode("utf-8", "replace") for k, v in values if k == 1]
        return (label.decode("utf-8", "replace").upper(), "\n".join(texts)) if texts else None
    if name not in _FIELDS:
        return None
    if name in _PAIRS:
        if len(value) < 6:
            return None
        # Two bytes without meaning, the number, and of how many.
        number, total = struct.unpack_from(">HH", value, 2)
        return _FIELDS[name], f"{number}/{total}" if total else str(number)
    if name in _NUMBERS:
        return _FIELDS[name], str(int.from_bytes(value, "big"))
    return _FIELDS[name], value.decode("utf-8", "replace") if kind == 1 else value.decode("utf-16-be", "replace")


def _pictures(content: bytes) -> list[Picture]:
    return [Picture(3, _MIMES.get(kind, "image/jpeg"), "", data) for kind, data in _data(content) if data]


def _made(name: str, text: str) -> bytes:
    """Return the atom of a field."""
    # Atoms of numbers hold nothing else: a text that is none goes into a free-form atom.
    atom, name = _ATOMS.get(name.upper(), _FREE), name.upper()
    if atom in _PAIRS:
        numbers = [int(part) for part in [*text.split("/"), "0"][:2] if part.strip().isdecimal()]
        if len(numbers) == 2 and max(numbers) < 1 << 16:
            return _atom(atom, _atom(b"data", bytes(8) + struct.pack(">HHHH", 0, *numbers, 0)))
        atom = _FREE
    if atom in _NUMBERS:
        size = _NUMBERS[atom]
        if text.isdecimal() and int(text) < 256**size:
            return _atom(atom, _atom(b"data", struct.pack(">II", 21, 0) + int(text).to_bytes(size, "big")))
        atom = _FREE
    value = _atom(b"data", struct.pack(">II", 1, 0) + text.encode("utf-8", "replace"))
    if atom != _FREE:
        return _atom(atom, value)
    label = _atom(b"name", bytes(4) + name.encode("utf-8", "replace"))
    return _atom(_FREE, _atom(b"mean", bytes(4) + _APPLE) + label + value)


def build(tags: Tags) -> bytes:
    """Return the atom `udta` with the list of all tags."""
    parts = tags.parts_for("mp4")
    known = {found[0] for name, content in parts if (found := _field(name, content)) is not None}
    items = [_atom(name, content) for name, content in parts]
    items += [_made(name, text) for name, text in tags.fields if name.upper() not in known]
    kinds = {mime: kind for kind, mime in _MIMES.items()}
    covers = [_atom(b"data", struct.pack(">II", kinds.get(p.mime.lower(), 13), 0) + p.data) for p in tags.pictures]
    items += [_atom(b"covr", b"".join(covers))] if covers else []
    # Readers know iTunes' list by this handler, mdir of appl.
    handler = _atom(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    return _atom(b"udta", _atom(b"meta", bytes(4) + handler + _atom(b"ilst", b"".join(items))))


def finish(file: BinaryIO, tags: Tags | None) -> None:
    """Put the tags into a file whose `moov` is its last atom, as FFmpeg writes it, so that no offset moves."""
    name, position, size = list(_top(file))[-1]
    if name != b"moov":
        raise ValueError("moov is not the last atom")
    file.seek(position + 8)
    inner = [_atom(name, content) for name, content in _atoms(file.read(size - 8)) if name != b"udta"]
    if tags is not None and (tags.fields or tags.pictures or tags.parts_for("mp4")):
        inner.append(build(tags))
    file.seek(position)
    file.truncate()
    file.write(_atom(b"moov", b"".join(inner)))
