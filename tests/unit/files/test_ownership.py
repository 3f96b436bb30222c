"""What gantools made, what a user changed, and names that lead elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantools.errors import InputError
from gantools.files.containers import write_tensors
from gantools.files.ownership import describe_output, inside, is_plain, refusal, state_of


@pytest.mark.parametrize("name", ["a", "a/b.wav", "...a", "a..b", "C:", "aC:/x", "a:b"])
def test_names_below_their_folder(tmp_path: Path, name: str) -> None:
    assert is_plain(name)
    assert inside(tmp_path, name, "index") == tmp_path / name


@pytest.mark.parametrize(
    "name", ["", "/a", "a//b", "a/", ".", "a/./b", "..", "a/../b", "a\0", "C:/a", "c:\\a", 1, None]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: Any) -> None:
    assert not is_plain(name)
    with pytest.raises(InputError, match="no plain name below its folder") as refused:
        inside(tmp_path, name, "index")
    assert str(refused.value.path) == "index"


def test_a_link_may_lead_about_the_folder_and_not_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "inside").write_text("a sibling whose name begins alike")
    (folder / "out").symlink_to(tmp_path / "inside")
    (folder / "here").symlink_to(folder / "file")
    assert inside(folder, "here", "index") == folder / "here"
    with pytest.raises(InputError, match="a link that leads out of its folder"):
        inside(folder, "out", "index")


def test_the_states_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert state_of(path, []) == "absent"
    path.write_bytes(b"12345")
    first = describe_output(path)
    assert first["size"] == 5
    assert state_of(path, []) == "foreign"
    assert state_of(path, [first]) == state_of(path, iter([first, first | {"size": 9, "hash": ""}])) == "ours"
    os.utime(path, (1, 1))
    assert state_of(path, [first]) == "ours"  # by its hash
    assert state_of(path, [{"size": 5}]) == "ours"  # all that earlier versions wrote
    assert state_of(path, [{"size": 6}]) == "changed"
    path.write_bytes(b"54321")
    assert state_of(path, [first]) == "changed"
    os.utime(path, ns=(1, first["mtime_ns"]))
    assert [state_of(path, [first], check=check) for check in (False, True)] == ["ours", "damaged"]
    path.write_bytes(b"1234")
    os.utime(path, ns=(1, first["mtime_ns"]))
    assert state_of(path, [first]) == "damaged"  # cut, and its time is as it was
    path.write_bytes(b"")
    assert state_of(path, [first]) == "damaged"  # a full disk leaves nothing, a user does not
    path.unlink()
    path.mkdir()
    assert state_of(path, [first]) == "foreign"
    path.rmdir()
    path.symlink_to("nowhere")
    assert state_of(path, [first]) == "foreign"


def test_a_container_knows_by_itself_whether_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": np.arange(4.0)}, {})
    known = [{"size": 1, "hash": "of another one", "mtime_ns": 1}]
    data = path.read_bytes()
    assert state_of(path, known) == "changed"  # whole: someone put it there
    path.write_bytes(data[:-1] + b"x")
    assert state_of(path, known) == "damaged"
    path.write_bytes(data[:-1])
    assert state_of(path, known) == "damaged"
    path.write_bytes(b"my notes, which are no container")
    assert state_of(path, known) == "changed"
    other = tmp_path / "a.wav"
    other.write_bytes(data[:-1] + b"x")
    assert state_of(other, known) == "changed"


def test_only_what_others_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert [refusal(path, state) for state in ("absent", "ours", "damaged")] == ["", "", ""]
    assert refusal(path, "foreign") == (
        f"{path} is there and no manifest says that gantools made it; it is kept; --force overwrites it"
    )
    assert refusal(path, "changed").startswith(f"{path} was changed since gantools made it")
