"""Containers, atomic writes and manifests."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from gantools.errors import InputError
from gantools.files.atomic import atomic_path, host_name, new_folder, sweep_temporaries, write_json
from gantools.files.containers import (
    TensorStream,
    map_tensor,
    read_meta,
    read_rows,
    read_state,
    read_tensors,
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
