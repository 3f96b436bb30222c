"""A SoundFont of one sine for all programs asked for, made byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

RATE_HZ = 44100
#: The sample: 100 periods of A4.
FREQUENCY_HZ = 441.0


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def soundfont(presets: Sequence[tuple[int, int]] = ((0, 0), (0, 33), (128, 0)), *, sample: int = 0) -> bytes:
    """Return an SF2 file whose presets (bank, program) all play a looped sine.

    Parameters
    ----------
    presets : sequence of (int, int)
    sample : int
        The sample that the instrument names; there is only 0.
    """
    wave = 0.5 * np.sin(2 * np.pi * FREQUENCY_HZ / RATE_HZ * np.arange(10000))
    pcm = np.concatenate([np.round(wave * 32767).astype("<i2"), np.zeros(46, "<i2")]).tobytes()
    heads = [(b"sine", program, bank, index) for index, (bank, program) in enumerate(presets)]
    heads.append((b"EOP", 0, 0, len(presets)))
    phdr = b"".join(struct.pack("<20sHHHIII", name, program, bank, bag, 0, 0, 0) for name, program, bank, bag in heads)
    pbag = b"".join(struct.pack("<HH", index, 0) for index in range(len(presets) + 1))
    pgen = struct.pack("<HH", 41, 0) * len(presets) + bytes(4)
    inst = struct.pack("<20sH", b"sine", 0) + struct.pack("<20sH", b"EOI", 1)
    ibag = struct.pack("<HHHH", 0, 0, 2, 0)
    igen = struct.pack("<HHHH", 54, 1, 53, sample) + bytes(4)  # looped
    shdr = struct.pack("<20sIIIIIBbHH", b"sine", 0, 10000, 1000, 9000, RATE_HZ, 69, 0, 0, 1)
    shdr += struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    tables = {b"phdr": phdr, b"pbag": pbag, b"pmod": bytes(10), b"pgen": pgen, b"inst": inst, b"ibag": ibag}
    tables |= {b"imod": bytes(10), b"igen": igen, b"shdr": shdr}
    info = _list(b"INFO", _chunk(b"ifil", struct.pack("<HH", 2, 1)), _chunk(b"INAM", b"sine"))
    data = b"sfbk" + info + _list(b"sdta", _chunk(b"smpl", pcm))
    data += _list(b"pdta", *(_chunk(name, table) for name, table in tables.items()))
    return _chunk(b"RIFF", data)
