"""Containers, atomic writes and manifests."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gantools.errors import DamagedError, InputError
from gantools.files.atomic import atomic_path, host_name, new_folder, sweep_temporaries, write_json
from gantools.files.containers import (
    TensorStream,
    content_key,
    map_tensor,
    read_header,
    read_meta,
    read_rows,
    read_state,
    read_tensors,
    tensor_shape,
    verify,
    write_state,
    write_tensors,
)
from gantools.files.manifest import Manifest, fingerprint


def test_round_trip_and_every_flipped_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    arrays = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "empty": np.zeros((0, 2), np.uint8)}
    write_tensors(path, arrays, {"nan": float("nan"), "text": "ü"})
    back, meta = read_tensors(path)
    assert meta == {"nan": None, "text": "ü"}
    assert all(np.array_equal(back[name], arrays[name]) for name in arrays)
    data = path.read_bytes()
    for position in range(len(data) - 48, len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        with pytest.raises(InputError, match="checksum"):
            read_tensors(path)
    path.write_bytes(data[:-1])
    with pytest.raises(InputError, match="cut short"):
        read_meta(path)


def test_stream_equals_one_write(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float16)
    with TensorStream(tmp_path / "s.safetensors", "m", (5,), "float16") as stream:
        for start in range(0, 100, 7):
            stream.append(rows[start : start + 7])
        stream.close({"k": 1})
    back, meta = read_tensors(tmp_path / "s.safetensors")
    assert meta == {"k": 1}
    assert np.array_equal(back["m"], rows)
    assert np.array_equal(read_rows(tmp_path / "s.safetensors", "m", 10, 20), rows[10:20])
    assert isinstance(map_tensor(tmp_path / "s.safetensors", "m"), np.memmap)


def test_torch_state_keeps_types_and_shared_storage(tmp_path: Path) -> None:
    weight = torch.randn(4, 4)
    state = {"a": weight, "tied": weight, "half": torch.ones(3, dtype=torch.bfloat16), "none": torch.zeros(0)}
    write_state(tmp_path / "w.safetensors", state, {"step": 3})
    back, meta = read_state(tmp_path / "w.safetensors")
    assert meta == {"step": 3}
    assert all(torch.equal(back[name], state[name]) and back[name].dtype == state[name].dtype for name in state)


def raw(path: Path, header: Any, data: bytes = bytes(8)) -> Path:
    """Write a safetensors file as others might."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def tensor(begin: int, end: int, shape: Any = (2,), dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize("header", [
    [],
    b"{",
    {"__metadata__": {"a": 1}, "x": tensor(0, 8)},
    {"__metadata__": [], "x": tensor(0, 8)},
    {"x": tensor(0, 4)},
    {"x": tensor(0, 8, (3,))},
    {"x": tensor(0, 8, (2.0,))},
    {"x": tensor(0, 8, (-1, -2))},
    {"x": tensor(0, 8, dtype="F64")},
    {"x": tensor(0, 8, dtype="F16")},
    {"x": tensor(0, 8, dtype="U8")},
    {"x": tensor(0, 4, (1,)), "y": tensor(0, 4, (1,))},
    {"x": tensor(0, 4, (1,)), "y": tensor(5, 8, (3,), "U8")},
    {"x": tensor(1, 8, (7,), "U8")},
    {"x": tensor(0, 16, (4,))},
    {"x": {"shape": [2], "data_offsets": [0, 8]}},
])  # fmt: skip
def test_headers_that_describe_no_file_are_refused(tmp_path: Path, header: Any) -> None:
    with pytest.raises(InputError, match="not a safetensors file, or cut short"):
        read_header(raw(tmp_path / "x.safetensors", header))


def test_files_of_others_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    path = raw(tmp_path / "x.safetensors", {"y": tensor(4, 8, (1, 1)), "x": tensor(0, 4, (4,), "U8")})
    verify(path)  # nothing to check by
    assert tensor_shape(path, "y") == (1, 1)
    assert map_tensor(path, "x").tolist() == [0] * 4
    with pytest.raises(InputError, match="carries no gantools metadata"):
        read_tensors(path)
    for read in (tensor_shape, map_tensor):
        with pytest.raises(InputError, match="holds no tensor 'z'"):
            read(path, "z")
    raw(path, {"x": tensor(0, 8, (1,), "F64"), "e": tensor(8, 8, (3, 0))})
    with pytest.raises(InputError, match="tensor 'x' is of type F64; there are F16, F32, U8, I64"):
        map_tensor(path, "x")
    assert map_tensor(path, "e").shape == (3, 0)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="cut short"):
        read_header(path)
    with pytest.raises(InputError, match=r"cannot be read \(No such file"):
        read_header(tmp_path / "none")


@pytest.mark.parametrize("value", [
    {"meta": []},
    {},
    [],
    {"meta": {}, "crc32": {"x": "1"}},
    {"meta": {}, "crc32": {"x": True}},
    {"meta": {}, "crc32": {"z": 1}},
    {"meta": {}, "crc32": []},
])  # fmt: skip
def test_metadata_that_gantools_never_wrote_are_refused(tmp_path: Path, value: Any) -> None:
    path = raw(tmp_path / "x", {"__metadata__": {"gantools": json.dumps(value)}, "x": tensor(0, 8)})
    for read in (read_meta, verify):
        with pytest.raises(InputError, match="carries no gantools metadata, or damaged ones"):
            read(path)


def test_what_the_reading_library_refuses_is_said(tmp_path: Path) -> None:
    known = json.dumps({"meta": {}, "crc32": {"x": zlib.crc32(bytes(8))}})
    path = raw(tmp_path / "x", {"__metadata__": {"gantools": known}, "x": tensor(0, 8, dtype="Q4")})
    for read in (read_tensors, read_state):
        with pytest.raises(InputError, match="broken safetensors file"):
            read(path)


def test_equal_contents_have_one_key_and_equal_bytes(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).integers(0, 255, (3, 1 << 20), np.uint8)  # several blocks of the check
    write_tensors(tmp_path / "a", {"m": rows.T, "n": rows[0]}, {"b": 1, "a": 2})
    write_tensors(tmp_path / "b", {"m": rows.T, "n": rows[0]}, {"a": 2, "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    verify(tmp_path / "a")
    crc = zlib.crc32(np.ascontiguousarray(rows.T))
    assert content_key(tmp_path / "a") == f"m:[{1 << 20}, 3]:{crc:08x} n:[{1 << 20}]:{zlib.crc32(rows[0]):08x}"
    with TensorStream(tmp_path / "s", "n", (1 << 20,), "uint8") as stream:
        stream.append(rows[:0])
        stream.append(rows[:1].astype(float))
        stream.close({"b": 1, "a": [float("inf")]})
    assert (tensor_shape(tmp_path / "s", "n"), read_meta(tmp_path / "s")) == ((1, 1 << 20), {"a": [None], "b": 1})
    verify(tmp_path / "s")
    assert content_key(tmp_path / "s").endswith(content_key(tmp_path / "a").rpartition(":")[2])


def test_a_damaged_state_is_found(tmp_path: Path) -> None:
    path = tmp_path / "w"
    write_state(path, {"a": torch.arange(6.0).reshape(2, 3).T}, {})
    assert read_state(path)[0]["a"].tolist() == [[0, 3], [1, 4], [2, 5]]
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"\x01")
    with pytest.raises(InputError, match="tensor 'a' fails its checksum"):
        read_state(path)


def test_a_stream_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), TensorStream(tmp_path / "s", "m", (2,), "float32") as stream:
        stream.append(np.zeros((1, 2)))
        raise RuntimeError
    with pytest.raises(ValueError, match="does not fit"), TensorStream(tmp_path / "s", "m", (2,), "float32") as stream:
        stream.close({"long": "x" * 16384})
    assert not any(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    write_json(path, {"v": 1})
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    with pytest.raises(RuntimeError), new_folder(tmp_path / "d") as folder:
        (folder / "x").touch()
        raise RuntimeError
    assert json.loads(path.read_text()) == {"v": 1}
    assert os.listdir(tmp_path) == ["f.json"]


def test_sweep_spares_the_living_and_other_hosts(tmp_path: Path) -> None:
    dead = tmp_path / f".x.{host_name()}.{os.getpid()}-0011aabb.tmp"  # a number that lives again in a container
    elsewhere = tmp_path / ".x.another-host.1-0011aabb.tmp"
    users = tmp_path / ".x.tmp"
    for path in (dead, elsewhere, users):
        path.touch()
    with atomic_path(tmp_path / "y") as alive:
        sweep_temporaries(tmp_path)
        assert [path.exists() for path in (dead, elsewhere, users, alive)] == [False, True, True, True]


def test_manifest_proves_and_recovers(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.write_text("a")
    out.mkdir()
    (out / "y").write_text("result")
    record = {"key": "y", "config": "c", "inputs": {"source": fingerprint(source)}, "outputs": {"y": 6}, "fields": {}}
    Manifest(out).append(record)
    with open(out / "manifest.jsonl", "a") as file:
        file.write('{"key": "z", "con')
    Manifest(out).append({**record, "key": "w"})
    manifest = Manifest(out)
    assert set(manifest.records) == {"y", "w"}
    assert manifest.up_to_date("y", {"source": source}, "c")
    assert not manifest.up_to_date("y", {"source": source}, "other")
    os.utime(source, (1, 1))  # a new time with the same bytes is no change
    assert manifest.up_to_date("y", {"source": source}, "c")
    source.write_text("b")
    assert not manifest.up_to_date("y", {"source": source}, "c")
    manifest.forget({"w"})
    assert set(Manifest(out).records) == {"y"}
    assert len((out / "manifest.jsonl").read_text().splitlines()) == 1


def test_a_damage_comes_back_whole_from_a_worker() -> None:
    sent = DamagedError("is cut short", "a.mel.safetensors", "copy it again")
    got = pickle.loads(pickle.dumps(sent))
    assert (str(got), got.what) == ("a.mel.safetensors: is cut short; copy it again", "is cut short")
