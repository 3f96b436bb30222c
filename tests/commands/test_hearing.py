"""What generate and evaluate say of a batch that is noise, silent or one sound, and of one that is music."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.heard import listening, say_heard
from gantools.cli.tasks import Task

RATE = 22050
LINE = "gantools generate: heard: {} of {} are noise; they are made of the recording: listen to it, or take another"
MAKE = ("generate", "patches", "--seconds", "2", "-o", "ideas")


@pytest.fixture
def hiss(tmp_path: Path) -> Path:
    """A recording of noise."""
    soundfile.write(tmp_path / "hiss.wav", 0.1 * np.random.default_rng(0).standard_normal(8 * RATE), RATE)
    return tmp_path / "hiss.wav"


@pytest.fixture
def groove(tmp_path: Path) -> Path:
    """A recording of drums."""
    soundfile.write(tmp_path / "groove.wav", drum_pattern(120.0, 8.0, RATE)[0], RATE)
    return tmp_path / "groove.wav"


def test_a_batch_of_noise_is_said_in_one_line_in_records_and_on_the_page(
    gantools: Callable, hiss: Path, tmp_path: Path
) -> None:
    done = gantools(*MAKE, hiss, "--count", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["heard"] for line in done.stdout.splitlines()] == ["noise", "noise"]
    assert [line for line in done.stderr.splitlines() if "heard" in line] == [LINE.format(2, 2)]
    page = (tmp_path / "ideas/index.html").read_text()
    assert page.count("heard as noise") == 2
    assert "Heard: 2 of 2 are noise." in page
    # What is up to date is as it was; nothing but paths goes to standard output, and nothing is said with -q.
    again = gantools(*MAKE, hiss, "--count", "2")
    assert again.stdout.split() == ["ideas/hiss.patch-0000.wav", "ideas/hiss.patch-0001.wav"]
    assert LINE.format(2, 2) in again.stderr.splitlines()
    assert gantools(*MAKE, hiss, "--count", "2", "-q").stderr == ""
    assert "heard" not in gantools(*MAKE, hiss, "--count", "2", "-f", "-n").stderr


def test_of_music_nothing_is_said(gantools: Callable, groove: Path, tmp_path: Path) -> None:
    done = gantools(*MAKE, groove, "--count", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["heard"] for line in done.stdout.splitlines()] == [None, None]
    assert "heard" not in done.stderr
    assert "heard" not in (tmp_path / "ideas/index.html").read_text().lower()


def test_of_many_results_eight_are_listened_to(gantools: Callable, hiss: Path) -> None:
    done = gantools(*MAKE, hiss, "--count", "10", "--no-rank", "--json")
    assert done.returncode == 0, done.stderr
    heard = [number for number, line in enumerate(done.stdout.splitlines()) if "heard" in json.loads(line)]
    assert heard == [0, 1, 2, 3, 5, 6, 7, 8]
    assert LINE.format(8, 8) in done.stderr.splitlines()


def test_midi_is_not_listened_to(tmp_path: Path) -> None:
    item = Item(tmp_path / "config.json", "", "loop", "loop", "loop")
    for name, heard in (("a.mid", {}), ("a.wav", {"heard": "noise"})):
        work = listening(_write_noise, [Task(item, (name,))])
        assert work(item, [tmp_path / name], 0, lambda share: None) == {"seed": 0, **heard}


def _write_noise(item: Item, outputs: Sequence[Path], seed: int, tick: Callable[[float], None]) -> dict[str, Any]:
    noise = 0.1 * np.random.default_rng(seed).standard_normal(2 * RATE)
    soundfile.write(outputs[0], noise, RATE, format="WAV")
    return {"seed": seed}


@pytest.mark.parametrize(("gains", "said"), [((1.0, 0.5, 0.2), True), ((1.0, 0.5), False)])
def test_one_sound_again_and_again_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gains: tuple[float, ...], said: bool
) -> None:
    wave, tasks, lines = drum_pattern(120.0, 4.0, RATE)[0], [], []
    for number, gain in enumerate(gains):
        name = f"{number}.wav"
        soundfile.write(tmp_path / name, gain * wave, RATE)
        tasks.append(Task(Item(tmp_path / name, "", str(number), "", str(number)), (name,)))
        size = (tmp_path / name).stat().st_size
        record = {"key": name, "item": str(number), "source": "x", "config": "0", "seed": 0, "version": "1"}
        outputs = {name: {"size": size, "mtime_ns": (tmp_path / name).stat().st_mtime_ns}}
        lines.append(json.dumps({**record, "inputs": {}, "outputs": outputs, "fields": {"heard": None}}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    say_heard(Run(verb="generate", out=tmp_path), tasks, "train longer")
    line = "gantools generate: heard: 3 of 3 are the same sound; train longer\n"
    assert capsys.readouterr().err == (line if said else "")


def test_evaluate_says_it_of_files_by_their_sound_and_of_results_by_their_records(
    gantools: Callable, hiss: Path, groove: Path, tmp_path: Path
) -> None:
    (tmp_path / "both").mkdir()
    for path in (hiss, groove):
        path.rename(tmp_path / "both" / path.name)
    done = gantools("evaluate", "texture", "both", "-o", "report")
    assert done.returncode == 0, done.stderr
    said = "both: heard: 1 of 2 are noise; train longer, or take another engine"
    assert f"gantools evaluate: {said}" in done.stderr.splitlines()
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert report["heard"] == "1 of 2 are noise"
    assert {row["file"]: row["heard"] for row in report["rows"]} == {"hiss": "noise", "groove": None}
    assert "1 of 2 are noise" in (tmp_path / "report/report.html").read_text()
    assert said in gantools("evaluate", "texture", "both", "-o", "report").stderr
    gantools(*MAKE, "both/hiss.wav", "--count", "1", "-q")
    other = gantools("evaluate", "novelty", "ideas", "both/groove.wav", "--json")
    assert json.loads(other.stdout)["heard"] == "1 of 1 are noise"
    assert "ideas: heard: 1 of 1 are noise; train longer" in other.stderr
