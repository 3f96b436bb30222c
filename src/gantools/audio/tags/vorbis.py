"""Vorbis comments, as FLAC, Ogg Vorbis and Opus hold them, and FLAC's picture block."""

from __future__ import annotations

import base64
import binascii
import struct

from gantools.audio.tags.model import Picture, Tags

_PICTURE = "METADATA_BLOCK_PICTURE"


def read_comments(data: bytes) -> tuple[list[tuple[str, str]], list[Picture]]:
    """Return the fields and pictures of a comment block; what a damaged block holds up to its damage."""
    fields: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    try:
        # The name of the encoder comes first: it is not true of what will be written.
        position = 4 + struct.unpack_from("<I", data, 0)[0]
        count = struct.unpack_from("<I", data, position)[0]
        position += 4
        for _ in range(count):
            size = struct.unpack_from("<I", data, position)[0]
            entry = data[position + 4 : position + 4 + size]
            position += 4 + size
            name, equals, text = entry.decode("utf-8", "replace").partition("=")
            if len(entry) < size or not equals:
                continue
            if name.upper() == _PICTURE:
                picture = _decoded(text)
                pictures += [picture] if picture else []
            else:
                fields.append((name, text))
    except struct.error:
        pass
    return fields, pictures


def _decoded(text: str) -> Picture | None:
    try:
        return read_picture(base64.b64decode(text))
    except binascii.Error:
        return None


def comments(tags: Tags, vendor: str = "gantools", *, pictures: bool = False) -> bytes:
    """Return a comment block; with its pictures, as Ogg has them, or without, as in FLAC."""
    entries = [f"{_key(name)}={text}".encode() for name, text in tags.fields]
    if pictures:
        entries += [f"{_PICTURE}=".encode() + base64.b64encode(picture_block(p)) for p in tags.pictures]
    name = vendor.encode()
    blocks = [struct.pack("<I", len(name)), name, struct.pack("<I", len(entries))]
    return b"".join([*blocks, *(struct.pack("<I", len(entry)) + entry for entry in entries)])


def _key(name: str) -> str:
    """Return a name that a comment may have: printable ASCII without an equals sign."""
    kept = "".join(c for c in name if " " <= c <= "}" and c != "=")
    return kept or "COMMENT"


def read_picture(block: bytes) -> Picture | None:
    """Return the picture of FLAC's block; None where it is damaged."""
    try:
        kind, length = struct.unpack_from(">II", block, 0)
        mime, position = block[8 : 8 + length], 8 + length
        length = struct.unpack_from(">I", block, position)[0]
        text, position = block[position + 4 : position + 4 + length], position + 4 + length
        width, height, depth, colours, length = struct.unpack_from(">IIIII", block, position)
    except struct.error:
        return None
    data = block[position + 20 : position + 20 + length]
    if len(data) < length:
        return None
    return Picture(kind, mime.decode("latin-1"), text.decode("utf-8", "replace"), data, (width, height, depth, colours))


def picture_block(picture: Picture) -> bytes:
    """Return FLAC's block of a picture."""
    mime, text = picture.mime.encode("latin-1", "replace"), picture.description.encode("utf-8", "replace")
    head = struct.pack(">II", picture.kind, len(mime)) + mime + struct.pack(">I", len(text)) + text
    return head + struct.pack(">IIIII", *picture.size, len(picture.data)) + picture.data
