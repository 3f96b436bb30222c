"""The recipe of loops: which windows are loops by themselves, what rejection leaves, and what the tables say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from loop_files import loop_roll, write_loop

from gantools.files.manifest import Manifest
from gantools.symbolic.midi import read_midi
from gantools.symbolic.phrases import find_phrases

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    """Return an example as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_window_that_comes_again_is_a_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    groups = load("loops_groups")
    # Eight bars, the same again with a fill, then eight others.
    again = loop_roll(0)
    again[-6:, 2] = False
    again[-4:, 4] = True
    path = write_loop(tmp_path / "midi/song.mid", np.concatenate([loop_roll(0), again, loop_roll(1)]))
    piece = find_phrases(path, 8, 32)
    assert [bar for bar in range(17) if groups.comes_again(piece, bar)] == [0]
    monkeypatch.setattr("sys.argv", ["loops_groups.py", str(tmp_path / "midi"), str(tmp_path / "out"), "5"])
    groups.main()
    assert capsys.readouterr().out.splitlines()[:2] == ["loops: 1 of 1 windows", "random-1: 5 of 17 windows"]
    (loop,) = (tmp_path / "out/loops").iterdir()
    assert loop.name == "000_piece000_bar001.mid"
    assert len(read_midi(loop).bars) == 8
    assert np.array_equal(find_phrases(loop, 8, 32).roll.sounding, loop_roll(0))


def test_rejection_keeps_what_scores_low_enough(tmp_path: Path, capsys) -> None:
    table = load("loops_table")
    scores = [0.5, 0.002, 0.05, 2.0, 0.3]
    manifest, base = Manifest(tmp_path), {"config": "", "source": "", "seed": 0, "version": "", "inputs": {}}
    for number, score in enumerate(scores):
        (tmp_path / f"{number}.mid").touch()
        fields = {"loop_score": score}
        manifest.append({**base, "key": str(number), "outputs": {f"{number}.mid": 1}, "fields": fields})
    for rate, kept in (("none", "01234"), ("1", "0124"), ("0.05", "12"), ("40%", "12"), ("0.001", "")):
        table.below(str(tmp_path), rate)
        found = [Path(line).stem for line in capsys.readouterr().out.splitlines() if line]
        assert "".join(found) == kept, rate


def test_tables_name_what_they_stand_beside() -> None:
    table = load("loops_table")
    assert table.markdown(["a", "b"], [["1", "2"]]) == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]
    assert [table.shown(value) for value in (None, float("nan"), 0.0, 0.00664, 0.5, 14.32)] == [
        *("-", "-", "0.000", "6.64e-03", "0.500", "14.3"),
    ]
    figures = dict.fromkeys(table.COLUMNS, 0.5)
    spread = {f"{name}_sd": 0.01 for name in ("precision", "recall", "density", "coverage")}
    full: dict[str, Any] = {**figures, **spread}
    reports = {name: full for name in table.SYSTEMS if name != "real"}
    reports["top-k"] = {**full, "real": full, "shuffled": full, "noise": full}
    lines = table.style(reports)
    assert lines[2].startswith("| training set | 0.500 (6.81e-03) | 0.500 (5.769) | 0.500 (14.4) | - |")
    assert "| CNN-VAE | 0.500 (0.350) | 0.500 (5.614) | 0.500 (12.6) | 0.500 ± 0.010 (0.642) |" in lines[3]
    assert lines[9].endswith(
        "top-p .9 | 0.500 | 0.500 | 0.500 | 0.500 ± 0.010 | 0.500 ± 0.010 | 0.500 ± 0.010 | 0.500 ± 0.010 |"
    )
    assert len(lines) == 2 + 8 + 3
