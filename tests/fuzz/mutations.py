"""Damage: of bytes anywhere, of the fields that a format counts with, of JSON values, of names."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from typing import Any, Literal

Order = Literal["little", "big"]
Mutation = Callable[[bytes, random.Random], bytes]

_NUMBERS = (0, 1, 2, 3, 7, 127, 128, 255, 256, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
_WIDE = (2**33, 2**40, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1)


def bits(data: bytes, draw: random.Random) -> bytes:
    """Flip a few bits."""
    out = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        if out:
            out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out)


def head(data: bytes, draw: random.Random) -> bytes:
    """Set a number in the first bytes, of 1 to 8 bytes and either order, to one that is seldom tried."""
    out = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 3))):
        size = draw.choice((1, 2, 4, 4, 8))
        order: Order = draw.choice(("little", "big"))
        value = draw.choice(_NUMBERS + _WIDE) % (1 << 8 * size)
        place = draw.randrange(max(1, min(len(out), 128)))
        out[place : place + size] = value.to_bytes(size, order)
    return bytes(out)


def cut(data: bytes, draw: random.Random) -> bytes:
    """Cut the end off, often in the header."""
    return data[: draw.randrange(min(len(data), draw.choice((16, 64, 256, 1 << 30))) + 1)]


def splice(data: bytes, draw: random.Random) -> bytes:
    """Repeat, drop or blank a part, or put noise into it."""
    start = draw.randrange(len(data) + 1)
    stop = min(len(data), start + draw.choice((1, 4, 16, 256, 4096)))
    part = draw.choice((data[start:stop] * 2, b"", bytes(stop - start), draw.randbytes(stop - start)))
    return data[:start] + part + data[stop:]


def grown(data: bytes, draw: random.Random) -> bytes:
    """Put bytes before or after the file, as downloads and taggers do."""
    more = draw.choice((b"\0" * 512, b"ID3\4\0\0\0\0\2\0" + bytes(256), draw.randbytes(300), data, b"TAG" + b" " * 125))
    return more + data if draw.random() < 0.5 else data + more


def nothing(data: bytes, draw: random.Random) -> bytes:
    """Replace all of it."""
    return draw.choice(
        (b"", b"\0" * 4096, draw.randbytes(4096), b"no sound\n" * 20, b"{}", b"<html></html>", b"\n", b"RIFF", b"OggS")
    )


def chunks(data: bytes, draw: random.Random) -> bytes:
    """Change size, name or place of a chunk of a RIFF, AIFF, W64 or CAF file; set fields of its format."""
    order: Order = "big" if data[:4] == b"FORM" else "little"
    out = bytearray(data)
    marks = (b"fmt ", b"data", b"COMM", b"SSND", b"LIST", b"bext", b"cue ", b"fact", b"ds64", b"smpl", b"desc", b"id3 ")
    found = [(out.find(mark), mark) for mark in marks if out.find(mark) >= 0]
    if not found:
        return head(data, draw)
    place, _ = draw.choice(found)
    kind = draw.randrange(5)
    if kind == 0:
        out[place + 4 : place + 8] = draw.choice(_NUMBERS).to_bytes(4, order)  # its size
    elif kind == 1:
        out[place : place + 4] = draw.choice((b"JUNK", b"data", b"fmt ", bytes(4), draw.randbytes(4)))
    elif kind == 2:
        size = int.from_bytes(out[place + 4 : place + 8], order) + 8
        part = bytes(out[place : place + min(size, 4096)])
        out[place:place] = part * draw.choice((1, 1, 40))  # twice, or very often
    elif kind == 3:
        del out[place : place + 8 + int.from_bytes(out[place + 4 : place + 8], order)]
    else:
        field = place + 8 + 2 * draw.randrange(12)
        size = draw.choice((2, 4))
        out[field : field + size] = (draw.choice(_NUMBERS) % (1 << 8 * size)).to_bytes(size, order)
    return bytes(out)


def samples(data: bytes, draw: random.Random) -> bytes:
    """Put special float values where the samples are."""
    out = bytearray(data)
    value = draw.choice((float("nan"), float("inf"), -float("inf"), 1e20, 3e38, 1e-42))
    for _ in range(draw.choice((1, 10, 1000))):
        place = 4 * draw.randrange(len(out) // 8, max(len(out) // 4, len(out) // 8 + 1))
        out[place : place + 4] = struct.pack("<f", value)
    return bytes(out)


#: JSON values that a reader may not expect: other types, other sizes, what Python's json allows beyond JSON.
_VALUES: tuple[str, ...] = (
    *("null", "true", "0", "-1", "1e400", "NaN", "-Infinity", '""', "[]", "{}", "1.5", "[[]]", '{"a": 1}', "5"),
    *(str(2**31), str(2**63), str(10**30), "1" * 5000, '"x"', '"../x"', '"/etc/passwd"', '"a\\u0000b"', '"\\ud800"'),
    *('"\\udce9.wav"', '"' + "x" * 5000 + '"', "[" * 3000 + "]" * 3000, '{"a":' * 3000 + "1" + "}" * 3000),
    *('"F64"', '"BF16"', "[0, 1]", "[-1, 4]", "[1e9, 1e9]", "[4294967296, 4294967296]", '["a"]', "1e308", '"nan"'),
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        found += [p for key, part in value.items() for p in _paths(part, (*path, key))]
    elif isinstance(value, list):
        found += [p for number, part in enumerate(value[:8]) for p in _paths(part, (*path, number))]
    return found


def _changed(value: Any, draw: random.Random) -> str:
    """Return the text of a JSON value with one of its parts replaced, dropped, doubled or renamed."""
    paths = _paths(value)
    if not paths:
        return draw.choice(_VALUES)
    path = draw.choice(paths)
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    kind = draw.randrange(6)
    if kind == 0:
        del parent[path[-1]]
    elif kind == 1 and isinstance(parent, dict):
        parent[draw.choice(("x", "", "__proto__", str(path[-1]).upper()))] = parent.pop(path[-1])
    else:
        parent[path[-1]] = "@@here@@"
    return json.dumps(value).replace('"@@here@@"', draw.choice(_VALUES), 1)


def in_json(data: bytes, draw: random.Random) -> bytes:
    """Change a value of a JSON document, or of one line of a JSON-lines file."""
    lines = data.decode("utf-8", "replace").splitlines()
    if len(lines) > 1 and lines[0].lstrip().startswith("{") and lines[0].rstrip().endswith("}"):
        number = draw.randrange(len(lines))
        lines[number] = _value(lines[number], draw)
        return "\n".join([*lines, ""]).encode("utf-8", "surrogatepass")
    return _value("\n".join(lines), draw).encode("utf-8", "surrogatepass")


def _value(text: str, draw: random.Random) -> str:
    try:
        return _changed(json.loads(text), draw)
    except (TypeError, ValueError, RecursionError):
        return draw.choice(_VALUES)


def in_header(data: bytes, draw: random.Random) -> bytes:
    """Change the JSON header of a safetensors file, or the JSON of gantools inside its metadata."""
    if len(data) < 8:
        return data
    size = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError):
        return data
    if not isinstance(header, dict):
        return data
    metadata = header.get("__metadata__")
    if draw.random() < 0.5 and isinstance(metadata, dict) and "gantools" in metadata:
        inner = _value(metadata["gantools"], draw)
        metadata["gantools"] = inner
        text = json.dumps(header)
    else:
        text = _changed(header, draw)
    new = text.encode("utf-8", "surrogatepass")
    told = draw.choice((len(new),) * 8 + (0, 2**63, len(data) * 2))
    return told.to_bytes(8, "little") + new + data[8 + size :]


def toml(data: bytes, draw: random.Random) -> bytes:
    """Change a line of a TOML file."""
    lines = data.decode("utf-8", "replace").splitlines()
    number = draw.randrange(len(lines) + 1)
    key = draw.choice(("n_mels", "jobs", "out", "shard", "role", "nothing", "preset", "on-error", "name", "limit"))
    value = draw.choice((*_VALUES, "inf", "1979-05-27", "[1, 2]", "{ a = 1 }", "'''x'''", "true", "0x_", '"{rel}"'))
    line = draw.choice((f"{key} = {value}", f"[{key}]", f"{key}", f"= {value}", f"{key}.x = {value}", "\0", '"'))
    return "\n".join([*lines[:number], line, *lines[number + draw.randrange(2) :], ""]).encode("utf-8", "surrogatepass")


def names(data: bytes, draw: random.Random) -> bytes:
    """Change the lines of a list of names or records."""
    lines = data.split(b"\n")
    number = draw.randrange(len(lines))
    odd = (
        *(
            b"\xff\xfe.wav",
            b"a\0b.wav",
            b"x" * 5000,
            b"../up.wav",
            b"/nowhere",
            b"nowhere/..",
            b"~",
            b"-",
            b"in",
            b"{",
            b"}",
        ),
        *(b"\r", b"\xe2\x80\xa8", b"\xef\xbb\xbfin/good.bass.wav", b"#EXTM3U", b"{}", b"[]", b"{x}.wav", b"\x1b[31m"),
        *(b'{"path": 5}', b'{"path": ["a"]}', b'{"path": "in/good.bass.wav", "rel": 5}', b'{"path": null}', b"null"),
        *(
            b'{"path": "in", "role": null, "song": {}}',
            b'{"path": "\\ud83d"}',
            b'{"path": "a\\u0000b"}',
            b'{"a":' * 999,
        ),
        *(b'{"path": "in/good.bass.wav", "rel": "../../x"}', b'{"path": "in/good.bass.wav", "role": "\\ud83d"}', b'"'),
        *(
            b'{"status": [], "path": "in/good.bass.wav"}',
            b"[" * 100_000,
            b'{"path":' + b"[" * 100_000,
            b'{"path": "' + b"y" * 9999 + b'"}',
            b"RIFF\0\0",
        ),
    )
    lines[number:number] = [draw.choice(odd)] * draw.choice((1, 1, 1, 2))
    return b"\n".join(lines)


ANY: tuple[Mutation, ...] = (bits, head, cut, splice, grown, nothing)
SOUND: tuple[Mutation, ...] = (bits, head, head, cut, splice, grown, chunks, chunks, chunks, samples, nothing)
JSON: tuple[Mutation, ...] = (in_json, in_json, in_json, in_json, bits, cut, splice, nothing)
TENSORS: tuple[Mutation, ...] = (in_header, in_header, in_header, in_header, bits, head, cut, splice, nothing)
TOML: tuple[Mutation, ...] = (toml, toml, toml, bits, cut, splice)
NAMES: tuple[Mutation, ...] = (names, names, names, bits, splice)


def mutated(data: bytes, kinds: tuple[Mutation, ...], draw: random.Random) -> tuple[bytes, str]:
    """Return damaged bytes, and how they were damaged."""
    chosen = [draw.choice(kinds) for _ in range(draw.choice((1, 1, 1, 2, 3)))]
    for kind in chosen:
        data = kind(data, draw)
    return data, "+".join(kind.__name__ for kind in chosen)
