"""Reproductions: every number of a paper stands beside ours, or beside the reason why there is none, on one page."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
from matplotlib.image import imsave

from gantools.cli.app import find_command

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples/reproduce"
PAPERS = re.findall(r"^reproduce-([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
TOML = """
title = "A <paper>"
cited = "sections 1 to 3"
data = "a thousand songs"
printed = [["tables.md", "All tables"]]
sounds = [["made", "made/*.wav"]]
[[tables]]
name = "Table 1"
what = "errors"
why = "other data"
pictures = [["figure.png", "Figure 1"]]
rows = [
    ["error", "4.412e-3", "model/metrics.jsonl:hamming", "", "model"],
    ["listeners", "3.9", "", "nobody was asked"],
]
columns = ["P", "R"]
keys = ["precision", "deep.1.recall"]
file = "report/{}/report.json"
grid = [["a", "first", "0.64", "0.62"], ["b", "second", "0.70", "0.69"]]
"""


def load() -> ModuleType:
    """Return the module that writes pages."""
    spec = importlib.util.spec_from_file_location("reproduce_report", FOLDER / "report.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # for its dataclass
    spec.loader.exec_module(module)
    return module


class Cells(HTMLParser):
    """The texts of table cells, and what a page would load from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.loaded: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag in ("td", "th")
        if self._inside:
            self.cells.append("")
        addresses = [value or "" for name, value in attrs if name in ("src", "href", "srcset")]
        self.loaded += [address for address in addresses if not address.startswith("data:")]

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells[-1] += data.strip()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, Path]:
    """Give the module with a paper of its own, and the folder of what was made of it."""
    report = load()
    monkeypatch.setattr(report, "HERE", tmp_path)
    (tmp_path / "odd.toml").write_text(TOML, encoding="utf-8")
    small = tmp_path / "all/odd/small"
    for folder in ("model", "report/a", "made"):
        (small / folder).mkdir(parents=True)
    description = {"system": "loopvae", "config": {"documented_steps": 3000}}
    (small / "model/config.json").write_text(json.dumps(description))
    lines = [
        {"kind": "validation", "step": 0, "score": 0.1, "hamming": 0.9},
        {"kind": "validation", "step": 40, "score": 0.2, "hamming": 0.012345},
        {"kind": "validation", "step": 80, "score": 0.3, "hamming": 0.5},
        {"kind": "train", "step": 80},
    ]
    (small / "model/metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    result = {"precision": 0.5, "precision_sd": 0.0251, "deep": [{}, {"recall": None}]}
    (small / "report/a/report.json").write_text(json.dumps(result))
    (small / "tables.md").write_text("Words\n\n| a | b |\n|---|---|\n| *one* | 2 |\n")
    (small / "notes.txt").write_text("no <MIDI>\n")
    (small / "seconds.txt").write_text("60 0m20.500s 0m3.500s\n30 1m6.000s 0m0.000s\n")
    imsave(small / "figure.png", np.zeros((2, 3, 3)))
    soundfile.write(small / "made/one.wav", np.sin(np.arange(44100) / 20) / 2, 44100)
    return report, tmp_path / "all"


def test_each_number_stands_beside_ours_or_a_reason(made: tuple[ModuleType, Path]) -> None:
    report, folder = made
    report.write_page("odd", folder / "odd", "small")
    rows = json.loads((folder / "odd/rows.json").read_text())["rows"]
    assert [(row["what"], row["paper"], row["ours"], row["why"]) for row in rows] == [
        ("error", "4.412e-3", "0.0123", "80 of 147,000 steps; other data"),
        ("listeners", "3.9", "not measured", "nobody was asked"),
        ("first: P", "0.64", "0.5 ± 0.0251", "other data"),
        ("first: R", "0.62", "not measured", "other data"),
        ("second: P", "0.70", "not measured", "other data"),
        ("second: R", "0.69", "not measured", "other data"),
    ]
    text = (folder / "odd/report.html").read_text(encoding="utf-8")
    page = Cells(text)
    assert page.loaded == []  # nothing comes from elsewhere
    assert page.cells[:4] == ["", "paper", "ours", "why they differ"]
    assert page.cells[4:8] == ["error", "4.412e-3", "0.0123", "80 of 147,000 steps; other data"]
    assert "one" in page.cells
    assert "A &lt;paper&gt;" in text
    assert "no &lt;MIDI&gt;" in text
    assert "2 of 6 numbers measured; 1.5 minutes, 1.5 of a core" in text
    assert text.count("data:image/png") == 2
    assert text.count("<audio") == 1


def test_the_summary_has_a_line_for_each_table(made: tuple[ModuleType, Path]) -> None:
    report, folder = made
    report.write_page("odd", folder / "odd", "small")
    lines = report.write_summary(folder).read_text(encoding="utf-8").splitlines()
    assert lines[4] == (
        "| [odd](odd/report.html) | Table 1 | 2 of 6 | error | 4.412e-3 | 0.0123 | 80 of 147,000 steps; other data |"
    )
    assert lines[-1] == "Minutes (of a core): odd 1.5 (1.5); together 2 (2)."


def test_a_page_of_nothing_says_so(made: tuple[ModuleType, Path]) -> None:
    report, folder = made
    (folder / "odd/paper").mkdir()
    report.write_page("odd", folder / "odd", "paper")
    rows = json.loads((folder / "odd/rows.json").read_text())["rows"]
    assert {row["ours"] for row in rows} == {"not measured"}


SCRIPT = """
. "$(dirname "$0")/start.sh"
[ -n "${MIDI:-}" ] || note "no MIDI=folder: others stand for it"
once first/part echo made
once second cat wanted.txt
"""


def test_a_script_that_stops_early_goes_on_from_there_and_has_its_page(tmp_path: Path) -> None:
    for name in ("start.sh", "report.py"):
        (tmp_path / name).symlink_to(FOLDER / name)
    (tmp_path / "odd.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "odd.sh").write_text(SCRIPT)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src"), "REPRODUCTIONS": "all", "STEPS": "2"}

    def run() -> subprocess.CompletedProcess[str]:
        command = ["bash", str(tmp_path / "odd.sh")]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    done, small = run(), tmp_path / "all/odd/small"
    assert done.returncode == 1
    assert "no MIDI=folder: others stand for it" in done.stdout
    assert "wanted.txt" in done.stderr
    assert "ended early (1)" in (tmp_path / "all/odd/report.html").read_text()
    (small / "wanted.txt").touch()
    done = run()
    assert done.returncode == 0, done.stderr
    assert "echo" not in done.stdout  # it is done
    assert "ended early" not in (tmp_path / "all/odd/report.html").read_text()
    environment["MIDI"] = str(tmp_path / "nowhere")
    assert "MIDI=" in run().stderr


GANTOOLS = r"""#!/usr/bin/env bash
# Notes how it is called, and makes files of the names that it would.
printf '%s\0' "$@" >>"$CALLS" && echo >>"$CALLS"
out= before=
for word in "$@"; do [ "$before" != -o ] || out=$word; before=$word; done
[ -z "$out" ] || mkdir -p "$out"
case "$1 $2" in
    separate*) for role in vocals drums bass other; do mkdir -p "$out/a" "$out/b"; touch "$out"/{a,b}/$role.wav; done ;;
    "fxnorm apply") mkdir -p "$out"/{a,b} && touch "$out"/{a,b}/drums.wav ;;
    "generate symphony") touch "$out"/{1,2,3}.mid ;;
    generate*) touch "$out/a.wav" ;;
    train*) touch "$out/G.safetensors" ;;
esac
"""
PYTHON = r"""#!/usr/bin/env bash
case $1 in
    *play_songs.py) mkdir -p "$2"/song-{1,2} && touch "$2"/song-{1,2}/{bass,drums}.flac ;;
    *mix_stems.py) mkdir -p "$3" && touch "$3"/song-{1,2}.flac ;;
    *loops_midi.py) mkdir -p "$2" ;;
esac
"""


@pytest.mark.parametrize("name", PAPERS)
def test_each_script_comes_to_its_end_and_its_trainings_are_ones_that_exist(name: str, tmp_path: Path) -> None:
    for program, text in (("gantools", GANTOOLS), ("python", PYTHON)):
        (tmp_path / program).write_text(text)
        (tmp_path / program).chmod(0o755)
    calls = tmp_path / "calls"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)}
    for number, settings in enumerate(({}, {"SCALE": "paper"}, {"SCALE": "paper", "STEPS": "2"})):
        more = {"REPRODUCTIONS": str(tmp_path / f"{number}"), **settings}
        done = subprocess.run(
            ["bash", str(FOLDER / f"{name}.sh")], env=environment | more, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    trained = dict.fromkeys(call for call in calls.read_text().split("\0\n") if call.startswith("train\0"))
    settled = [settled_config(call.split("\0")) for call in trained]
    assert {config["steps"] for config in settled} >= {2}
    assert len(settled) >= 3


def settled_config(arguments: list[str]) -> dict[str, Any]:
    """Return the configuration that a call of train comes to."""
    command, name, rest = find_command(arguments)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        command(args=["--print-config", *rest], prog_name=name, standalone_mode=False)
    return dict(json.loads(printed.getvalue()))


def test_seven_papers_have_a_target() -> None:
    assert sorted(PAPERS) == ["arrangement", "automix", "electronic", "loops", "musika", "songwriter", "symphony"]
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == sorted(PAPERS)


@pytest.mark.parametrize("name", PAPERS)
def test_a_target_has_its_script_and_rows_with_reasons(name: str) -> None:
    script = FOLDER / f"{name}.sh"
    assert script.stat().st_mode & 0o111
    text = script.read_text()
    assert '\n. "$(dirname "$0")/start.sh"\n' in text
    for system in re.findall(r"^ *learn \S+ (\w+)|gantools train (\w+)", text, re.MULTILINE):
        presets = importlib.import_module(f"gantools.systems.{''.join(system)}.config").PRESETS
        assert "small" in presets
        assert "paper" in presets or "--preset techno22" in text
    report = load()
    paper = report.read_paper(name)
    rows = report.compare(paper, ROOT / "nowhere")
    assert len(rows) >= 10
    for row in rows:
        assert row.what
        assert row.paper
        assert row.why, row.what
    keys = [(row.table, row.what) for row in rows]
    assert len(keys) == len(set(keys))
    for table in paper["tables"]:
        for *_, place, _, _ in report.cells_of(table):
            assert not place or re.fullmatch(r"[^:]+\.jsonl?:[\w.]+", place), place
