"""Results kept for a run that goes on."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from gantools.files.partial import Partial

VALUE = {
    "text": "a",
    "numbers": [1, 0.1, -1e300],
    "nan": float("nan"),
    "inf": [float("inf"), -float("inf")],
    "none": None,
    "yes": True,
    "curve": np.linspace(0, 1, 5, dtype=np.float32),
    "nested": ({"mask": np.array([[True, False]])}, np.zeros((0, 3))),
    "scalar": np.float64(0.1),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    path.write_bytes(b"sound")
    return path


def test_a_result_comes_back_as_it_was(tmp_path: Path, source: Path) -> None:
    assert Partial(tmp_path / "out", "d").keep(lambda: VALUE, source) is VALUE
    again = Partial(tmp_path / "out", "d").keep(lambda: pytest.fail("made again"), source)
    assert (again["text"], again["numbers"], again["none"], again["yes"]) == ("a", [1, 0.1, -1e300], None, True)
    assert math.isnan(again["nan"])
    assert again["inf"] == [math.inf, -math.inf]
    assert again["scalar"] == 0.1
    for found, made in (
        (again["curve"], VALUE["curve"]),
        (again["nested"][0]["mask"], np.array([[True, False]])),
        (again["nested"][1], np.zeros((0, 3))),
    ):
        assert (found.dtype, found.shape) == (made.dtype, made.shape)
        np.testing.assert_array_equal(found, made)


def test_other_files_settings_and_parts_are_other_results(tmp_path: Path, source: Path) -> None:
    Partial(tmp_path / "out", "d").keep(lambda: 1, source)
    assert Partial(tmp_path / "out", "e").keep(lambda: 2, source) == 2
    kept = Partial(tmp_path / "out", "d")
    assert kept.keep(lambda: 3, source, part="p") == 3
    assert kept.keep(lambda: 4, source, source) == 4
    assert kept.keep(lambda: 5, source) == 1
    source.write_bytes(b"other")
    assert kept.keep(lambda: 6, source) == 6


def test_find_and_store_by_the_hash_of_the_file(tmp_path: Path, source: Path) -> None:
    from gantools.files.hashing import hash_file

    kept = Partial(tmp_path / "out", "d")
    assert kept.find(source) is None
    kept.store({"x": 1}, hash_file(source))
    assert kept.count == 1
    assert Partial(tmp_path / "out", "d").find(source) == {"x": 1}
    assert kept.find(tmp_path / "gone.wav") is None


def test_a_damaged_result_is_made_again(tmp_path: Path, source: Path) -> None:
    Partial(tmp_path / "out", "d").keep(lambda: np.arange(1000), source)
    (path,) = (tmp_path / ".out.partial").iterdir()
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert Partial(tmp_path / "out", "d").keep(lambda: 7, source) == 7


def test_it_is_swept_and_nowhere_where_there_is_no_output(tmp_path: Path, source: Path) -> None:
    kept = Partial(tmp_path / "out", "d")
    kept.keep(lambda: 1, source)
    assert (tmp_path / ".out.partial").is_dir()
    kept.sweep()
    assert not (tmp_path / ".out.partial").exists()
    nowhere = Partial(None, "d")
    assert [nowhere.keep(lambda: 8, source), nowhere.find(source), nowhere.count] == [8, None, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav"]
