"""``--preset auto``: which settings it takes, and that a run that goes on keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from small_drummer import TINY_FLAGS
from small_loop_models import write_pieces

from gantools.cli.presets import automatic_preset, offers_auto


@pytest.mark.parametrize(
    ("device", "presets", "found"),
    [
        ("cpu", ("paper", "default", "small"), "small"),
        ("cuda", ("paper", "default", "small"), "default"),
        ("mps", ("paper", "default", "small"), "default"),
        ("cuda", ("small", "base44"), "own"),
    ],
)
def test_small_on_a_cpu_and_default_on_a_gpu(
    device: str, presets: tuple[str, ...], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr("gantools.runtime.device.resolve_device", lambda text: torch.device(device))
    assert automatic_preset(presets, "own", "auto", None)[0] == found


def test_a_begun_run_keeps_its_preset_on_any_machine(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"preset": "default"}))
    assert automatic_preset(("default", "small"), "default", "cpu", tmp_path)[0] == "default"
    (tmp_path / "config.json").write_text(json.dumps({"preset": "gone"}))
    assert automatic_preset(("default", "small"), "default", "cpu", tmp_path)[0] == "small"
    (tmp_path / "config.json").write_text("no JSON")
    assert automatic_preset(("default", "small"), "default", "cpu", tmp_path)[0] == "small"


def test_auto_is_offered_where_there_is_a_choice() -> None:
    assert offers_auto(("paper", "small"))
    assert not offers_auto(("small",))
    assert not offers_auto(("default", "paper"))


def test_records_and_folders_hold_what_was_taken(gantools: Callable, tmp_path: Path) -> None:
    """The options are those of the named preset, so that either goes on with the other's run."""
    write_pieces(tmp_path / "midi")
    train = ("train", "drummer", "midi", "-o", "model", "--json", "-d", "cpu", "--threads", "1")
    tiny = TINY_FLAGS.replace("--preset small", "").split()
    done = gantools(*train, *tiny, "--steps", "2", "--preset", "auto")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["preset"] == "small"
    assert json.loads((tmp_path / "model/config.json").read_text())["preset"] == "small"
    lines = done.stderr.splitlines()
    assert lines[0] == "gantools train: --preset auto: small, on a CPU"
    assert lines[1].startswith("gantools train: predicted time: about ")
    assert not any(line.startswith("gantools train: step") for line in lines[:2])
    for preset in ("small", "auto"):
        done = gantools(*train, *tiny, "--steps", "4" if preset == "small" else "6", "--preset", preset)
        assert done.returncode == 0, done.stderr
        assert "going on after step" in done.stderr
        assert "predicted" not in done.stderr
