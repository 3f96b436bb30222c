"""`evaluate loops` and `evaluate loopgroups`: options, records, pages, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from loop_files import loop_roll, write_detector, write_loop, write_loops
from sounds import tone

from gantools.metrics.loops.config import LoopsConfig
from gantools.metrics.loops.metric import Loops


@pytest.fixture
def loops(tmp_path: Path) -> Path:
    """A detector, generated loops, and pieces of twelve bars."""
    write_detector(tmp_path / "detector")
    write_loops(tmp_path / "made", 8)
    write_loops(tmp_path / "real", 8, first_seed=50, bars=12)
    return tmp_path


def test_loops_are_measured_beside_real_ones_and_shown(gantools, loops: Path) -> None:
    drums = loop_roll(0)
    drums[:, 9:] = False
    write_loop(loops / "real/drums.mid", drums)
    given = (
        "evaluate",
        "loops",
        "made",
        "--real",
        "real",
        "--detector",
        "detector",
        "--random-networks",
        "2",
        "--no-only-loops",
    )
    done = gantools(*given, "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["phrases_generated"], record["phrases_real"], record["compared"]) == (8, 40, 8)
    assert record["left_out"] == {"real files without 8 bars of drums and bass in 4/4": 1}
    assert record["nearer_than_a_bar"] == 0.0
    assert record["real_note_density"] == pytest.approx(record["note_density"], abs=1)
    assert record["shuffled"]["loop_score"] > record["loop_score"]
    assert not {"scores", "distances"} & record.keys()
    assert "F1 of density, coverage" in done.stderr
    assert "noise as dense as real" in done.stderr
    names = {path.name for path in (loops / "report").iterdir()}
    assert names == {"manifest.jsonl", "report.html", "report.json", "loops.png", "rolls.png"}
    page = (loops / "report/report.html").read_text(encoding="utf-8")
    assert page.count("<audio") == 6
    assert 'alt="Piano roll, generated: loop-00, from bar 1"' in page
    assert json.loads(gantools(*given, "--json", "-o", "report").stdout)["status"] == "skipped"


def test_another_detector_judges_otherwise_and_makes_a_report_out_of_date(gantools, loops: Path) -> None:
    given = ("evaluate", "loops", "made", "--detector", "detector", "--json")
    one = json.loads(gantools(*given).stdout)
    config = LoopsConfig(detector=str(loops / "detector"))
    files = Loops().inputs({"generated": "made"}, config).files
    assert {path.name for path in files.values()} == {"config.json", "detector.safetensors"}
    text = (loops / "detector/config.json").read_text(encoding="utf-8")
    (loops / "detector/config.json").write_text(text.replace('"paper"', '"grid"'), encoding="utf-8")
    other = json.loads(gantools(*given).stdout)
    assert (one["features"], other["features"]) == ("paper", "grid")
    assert one["loop_score"] != other["loop_score"]


def test_without_real_music_the_loops_are_measured_by_themselves(gantools, loops: Path) -> None:
    done = gantools("evaluate", "loops", "made", "--detector", "detector")
    assert done.returncode == 0, done.stderr
    assert "Without --real nothing says whether the loops sound real" in done.stdout
    assert "precision" not in done.stdout
    assert gantools("evaluate", "loops", "made", "--detector", "detector", "-o", "own", "-q").returncode == 0


def test_what_cannot_be_measured_is_told_before_anything_starts(gantools, loops: Path) -> None:
    soundfile.write(loops / "loop.wav", tone(1.0), 22050)
    for arguments, reason in (
        (("loop.wav",), "loop.wav: is audio, and evaluate loops reads MIDI"),
        (("made", "--trained-on", "real"), "--trained-on goes with --real"),
        (("made", "--detector", "made"), "no model folder"),
        (("made", "--detector", "detector", "--bars", "6"), "has no network for 6 bars, only for 4, 8, 16"),
    ):
        done = gantools(
            "evaluate", "loops", *(arguments if "--detector" in arguments else (*arguments, "--detector", "detector"))
        )
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_group_is_compared_with_any_number_of_others(gantools, loops: Path) -> None:
    soundfile.write(loops / "loop_8bars_120bpm.wav", tone(16.0, 8000), 8000)
    given = ("evaluate", "loopgroups", "made", "real", "real")
    done = gantools(*given, "loop_8bars_120bpm.wav", "--detector", "detector", "--json")
    assert done.returncode == 1  # one window of sound is no group
    assert "loop_8bars_120bpm.wav: 1 windows" in done.stderr
    done = gantools(*given, "--detector", "detector", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["generated"], record["reference"]) == ("made", "real, real")
    assert [group["group"] for group in record["groups"]] == ["made", "real", "real (2)"]
    assert record["drawn"] == 8
    assert "scores" not in record
    assert "made against real" in done.stderr
    names = {path.name for path in (loops / "report").iterdir()}
    assert names == {"manifest.jsonl", "report.html", "report.json", "groups.png", "rolls.png"}
    page = (loops / "report/report.html").read_text(encoding="utf-8")
    assert page.count("<audio") == 3
    assert "red triangles" in page
    assert gantools("evaluate", "loopgroups", "made", "--detector", "detector").returncode == 2
