"""Whether the tables of a SoundFont lead where they should (SoundFont 2.04, chapters 4 and 7)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

#: Tables of presets, instruments and samples, with the fields that lead from one to the other.
_TABLES = {
    b"phdr": np.dtype([("name", "S20"), ("preset", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "V12")]),
    b"pbag": np.dtype([("generator", "<u2"), ("modulator", "<u2")]),
    b"pmod": np.dtype("V10"),
    b"pgen": np.dtype([("kind", "<u2"), ("amount", "<u2")]),
    b"inst": np.dtype([("name", "S20"), ("bag", "<u2")]),
    b"ibag": np.dtype([("generator", "<u2"), ("modulator", "<u2")]),
    b"imod": np.dtype("V10"),
    b"igen": np.dtype([("kind", "<u2"), ("amount", "<u2")]),
    b"shdr": np.dtype([("name", "S20"), ("span", "<u4", 4), ("rest", "V8"), ("kind", "<u2")]),
}
#: Generators whose amount is an instrument, and a sample.
_INSTRUMENT, _SAMPLE = 41, 53
#: The highest generator that there is.
_LAST_KIND = 60
#: Bit of a sample's kind: it is stored compressed (SF3), and its places count bytes.
_COMPRESSED = 0x10


def is_sound(path: Path) -> bool:
    """Tell whether a file is a SoundFont in which every table leads into the next one.

    Only the tables are read, not the samples.
    """
    try:
        tables, sample_bytes = _read(path)
    except (OSError, struct.error, ValueError, KeyError):
        return False
    lead = (
        _lead(tables[b"phdr"]["bag"], tables[b"pbag"]),
        _lead(tables[b"pbag"]["generator"], tables[b"pgen"]),
        _lead(tables[b"pbag"]["modulator"], tables[b"pmod"]),
        _lead(tables[b"inst"]["bag"], tables[b"ibag"]),
        _lead(tables[b"ibag"]["generator"], tables[b"igen"]),
        _lead(tables[b"ibag"]["modulator"], tables[b"imod"]),
        bool(np.all(np.concatenate([tables[b"pgen"]["kind"], tables[b"igen"]["kind"]]) <= _LAST_KIND)),
        _name(tables[b"pgen"], _INSTRUMENT, tables[b"inst"]),
        _name(tables[b"igen"], _SAMPLE, tables[b"shdr"]),
    )
    samples = tables[b"shdr"][:-1]
    limits = np.where(samples["kind"] & _COMPRESSED, sample_bytes, sample_bytes // 2)
    start, end = samples["span"][:, 0], samples["span"][:, 1]
    return all(lead) and len(samples) > 0 and bool(np.all((start <= end) & (end <= limits)))


def _read(path: Path) -> tuple[dict[bytes, np.ndarray], int]:
    """Return the tables, and the bytes of the samples."""
    tables: dict[bytes, np.ndarray] = {}
    sample_bytes = 0
    with open(path, "rb") as file:
        riff, _, kind = struct.unpack("<4sI4s", file.read(12))
        if (riff, kind) != (b"RIFF", b"sfbk"):
            raise ValueError("no SoundFont")
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"LIST":
                file.read(4)
            elif name in _TABLES:
                tables[name] = np.frombuffer(file.read(size), _TABLES[name])
            else:
                sample_bytes = size if name == b"smpl" else sample_bytes
                file.seek(size, 1)
                # RIFF pads to even sizes; writers of SF3 leave that out.
                if size % 2 and file.read(1) not in (b"\0", b""):
                    file.seek(-1, 1)
        if file.tell() < 12 + sample_bytes:
            raise ValueError("cut short")
    if missing := _TABLES.keys() - tables.keys():
        raise ValueError(missing)
    return tables, sample_bytes


def _lead(places: np.ndarray, table: np.ndarray) -> bool:
    """Tell whether places rise, and lie within a table."""
    return len(places) > 0 and bool(np.all(np.diff(places.astype(np.int64)) >= 0)) and int(places[-1]) <= len(table)


def _name(generators: np.ndarray, kind: int, table: np.ndarray) -> bool:
    """Tell whether the generators of a kind name rows of a table; its last row ends it."""
    amounts = generators["amount"][generators["kind"] == kind]
    return bool(np.all(amounts < len(table) - 1))
