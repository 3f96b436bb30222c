"""Arrays on disk: safetensors files with JSON metadata and a checksum per tensor.

The format is plain safetensors, so any reader opens it. The metadata key ``gantools`` holds one JSON object: ``meta``,
and ``crc32``, the CRC-32 of each tensor's bytes, which reading checks.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as encode_arrays

from gantools.errors import DamagedError, InputError
from gantools.files.atomic import atomic_path, plain_json
from gantools.files.jsontext import parse_object

if TYPE_CHECKING:
    import torch

_HEADER_SLACK_BYTES = 16384
_DTYPE_NAMES = {"float16": "F16", "float32": "F32", "uint8": "U8", "int64": "I64", "uint16": "U16"}
#: Types whose size is known here; others are checked by the library that reads them.
_ITEM_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F16": 16, "BF16": 16, "I16": 16, "U16": 16} | dict.fromkeys(
    ("F32", "I32", "U32"), 32
)
_ITEM_BITS |= dict.fromkeys(("F64", "I64", "U64"), 64)


def _metadata(meta: dict[str, Any], checksums: dict[str, int]) -> dict[str, str]:
    # One key: safetensors writes several in an order of its own, and equal contents would give unequal files.
    value = {"meta": plain_json(meta), "crc32": checksums}
    return {"gantools": json.dumps(value, sort_keys=True, allow_nan=False)}


def write_tensors(path: str | Path, arrays: dict[str, np.ndarray], meta: dict[str, Any]) -> None:
    """Write NumPy arrays and a JSON object, atomically."""
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # A memoryview with a zero in its shape cannot be cast to bytes.
    checksums = {name: zlib.crc32(array.data.cast("B") if array.size else b"") for name, array in arrays.items()}
    data = encode_arrays(arrays, metadata=_metadata(meta, checksums))
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def read_header(path: str | Path) -> dict[str, Any]:
    """Return the raw safetensors header: tensor name -> dtype, shape, data_offsets.

    Raises
    ------
    InputError
        The file is missing, unreadable, truncated or no safetensors file.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            # The format: the length of the header (64 bits, little-endian), the header as JSON, the bytes of the
            # tensors.
            (size,) = struct.unpack("<Q", file.read(8))
            total = path.stat().st_size
            # Looked at before it is read: in a file of another kind these bytes may stand for exabytes.
            if size > total - 8:
                raise ValueError
            header = parse_object(file.read(size))
        _check(header, total - 8 - size)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path) from error
    except (ValueError, struct.error, TypeError, KeyError, AttributeError) as error:
        raise DamagedError("not a safetensors file, or cut short", path) from error
    header["__start__"] = 8 + size
    return header


def _check(header: dict[str, Any], size: int) -> None:
    """Raise ValueError where a header does not describe `size` bytes of tensors, one after the other."""
    metadata = header.get("__metadata__", {})
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("metadata is text")
    spans = []
    for entry in (entry for name, entry in header.items() if name != "__metadata__"):
        shape, (begin, end) = entry["shape"], entry["data_offsets"]
        if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
            raise ValueError("a size is no whole number")
        if entry["dtype"] in _ITEM_BITS and 8 * (end - begin) != math.prod(shape) * _ITEM_BITS[entry["dtype"]]:
            raise ValueError("shape and bytes differ")
        spans.append((begin, end))
    # The format allows neither gaps nor overlaps, so the tensors follow one another up to the end of the file.
    place = 0
    for begin, end in sorted(spans):
        if begin != place:
            raise ValueError("tensors overlap, or leave a gap")
        place = end
    if place != size:
        raise ValueError("cut short, or longer than it should be")


def _described(header: dict[str, Any], path: str | Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the JSON object and the checksums of a file that `write_tensors` or its like wrote."""
    try:
        value = parse_object(header["__metadata__"]["gantools"])
        meta, checksums = value["meta"], value.get("crc32", {})
        if not isinstance(meta, dict) or not all(
            isinstance(header[name], dict) and type(crc) is int for name, crc in checksums.items()
        ):
            raise ValueError
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError("carries no gantools metadata, or damaged ones; make it with gantools", path) from error
    return meta, checksums


def read_meta(path: str | Path) -> dict[str, Any]:
    """Return the JSON object stored with `write_tensors`; reads only the header."""
    return _described(read_header(path), path)[0]


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return all arrays and the JSON object; raises InputError when a checksum does not match."""
    meta = read_meta(path)
    verify(path)
    try:
        with safe_open(str(path), framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, meta
    except (SafetensorError, TypeError, ValueError) as error:
        raise DamagedError(f"broken safetensors file ({error})", path) from error


def verify(path: str | Path) -> None:
    """Check the CRC-32 of every tensor that has one; raises InputError naming the tensor."""
    header = read_header(path)
    checksums = _described(header, path)[1] if "gantools" in header.get("__metadata__", {}) else {}
    with open(path, "rb") as file:
        for name, expected in checksums.items():
            begin, end = header[name]["data_offsets"]
            file.seek(header["__start__"] + begin)
            crc, left = 0, end - begin
            while left and (block := file.read(min(left, 1 << 20))):
                crc, left = zlib.crc32(block, crc), left - len(block)
            if crc != expected:
                raise DamagedError(f"tensor {name!r} fails its checksum: the file is damaged", path)


def content_key(path: str | Path) -> str:
    """Return what equal tensors have in common, from the header alone: the shape and checksum of each."""
    header = read_header(path)
    checksums = json.loads(header.get("__metadata__", {}).get("gantools", "{}")).get("crc32", {})
    return " ".join(f"{name}:{header[name]['shape']}:{checksums[name]:08x}" for name in sorted(checksums))


def tensor_shape(path: str | Path, name: str) -> tuple[int, ...]:
    """Return the shape of one tensor without reading it."""
    header = read_header(path)
    if name not in header:
        raise InputError(f"holds no tensor {name!r}", path)
    return tuple(header[name]["shape"])


def read_rows(path: str | Path, name: str, start: int, stop: int) -> np.ndarray:
    """Return rows `start` to `stop` of one tensor; only these rows are read."""
    return np.array(map_tensor(path, name)[start:stop])


def map_tensor(path: str | Path, name: str) -> np.ndarray:
    """Return one tensor as a read-only array that is mapped, not read; rows are read when they are used."""
    header = read_header(path)
    if name not in header:
        raise InputError(f"holds no tensor {name!r}", path)
    entry = header[name]
    known = {short: long for long, short in _DTYPE_NAMES.items()}
    if entry["dtype"] not in known:
        raise InputError(f"tensor {name!r} is of type {entry['dtype']}; there are {', '.join(known)}", path)
    dtype = np.dtype(known[entry["dtype"]])
    shape = tuple(entry["shape"])
    # An empty stretch of a file cannot be mapped.
    if 0 in shape:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", header["__start__"] + entry["data_offsets"][0], shape)


class TensorStream:
    """Write one tensor row by row, in constant memory; it appears under `path` when closed.

    Use as a context manager: leaving it by an exception removes the temporary file.

    Parameters
    ----------
    path : str or Path
    name : str
        Tensor name.
    row_shape : tuple of int
        Shape of one row; the tensor is (rows, *row_shape).
    dtype : str
        ``float16``, ``float32`` or ``uint8``.
    """

    def __init__(self, path: str | Path, name: str, row_shape: tuple[int, ...], dtype: str) -> None:
        self._context = atomic_path(path)
        self._name, self._row_shape, self._dtype = name, row_shape, np.dtype(dtype)
        self._crc, self.rows = 0, 0

    def __enter__(self) -> TensorStream:
        self._file = open(self._context.__enter__(), "w+b")
        self._file.write(b" " * (8 + _HEADER_SLACK_BYTES))
        return self

    def append(self, rows: np.ndarray) -> None:
        """Append rows of shape (k, *row_shape)."""
        data = np.ascontiguousarray(rows, dtype=self._dtype)
        self._file.write(data.data)
        self._crc = zlib.crc32(data.data.cast("B") if data.size else b"", self._crc)
        self.rows += len(data)

    def close(self, meta: dict[str, Any]) -> None:
        """Write the header; the file is renamed into place when the context ends."""
        size = self.rows * int(np.prod(self._row_shape)) * self._dtype.itemsize
        header = {
            "__metadata__": _metadata(meta, {self._name: self._crc}),
            self._name: {
                "dtype": _DTYPE_NAMES[self._dtype.name],
                "shape": [self.rows, *self._row_shape],
                "data_offsets": [0, size],
            },
        }
        # The header was reserved before its content was known; JSON allows the trailing spaces.
        text = json.dumps(header).encode().ljust(_HEADER_SLACK_BYTES)
        if len(text) > _HEADER_SLACK_BYTES:
            raise ValueError(f"metadata of {len(text)} bytes does not fit the reserved header")
        self._file.seek(0)
        self._file.write(struct.pack("<Q", _HEADER_SLACK_BYTES) + text)

    def __exit__(self, *exc: Any) -> None:
        try:
            self._file.close()
        except OSError as error:  # a full disk may show only when the buffer is flushed
            self._context.__exit__(type(error), error, error.__traceback__)
            raise
        self._context.__exit__(*exc)


def write_state(path: str | Path, tensors: dict[str, torch.Tensor], meta: dict[str, Any]) -> None:
    """Write torch tensors (any dtype, any device) and a JSON object, atomically."""
    from safetensors.torch import save as encode_tensors

    # Clones: safetensors refuses tensors that share storage (tied weights).
    plain = {name: t.detach().to("cpu", copy=True).contiguous() for name, t in tensors.items()}
    checksums = {name: zlib.crc32(_tensor_bytes(t)) for name, t in plain.items()}
    data = encode_tensors(plain, metadata=_metadata(meta, checksums))
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _tensor_bytes(tensor: torch.Tensor) -> bytes:
    import torch

    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def read_state(path: str | Path, device: str = "cpu") -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return torch tensors and the JSON object; raises InputError when a checksum does not match."""
    meta = read_meta(path)
    verify(path)
    try:
        with safe_open(str(path), framework="pt", device=device) as file:
            return {name: file.get_tensor(name) for name in file.keys()}, meta
    except (SafetensorError, TypeError, ValueError) as error:
        raise DamagedError(f"broken safetensors file ({error})", path) from error
