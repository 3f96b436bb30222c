"""The card of a model: what is written reads back, and another's stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gantools.models.card import CARD, is_ours, read_card, write_card


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    rows = {"system": "caw", "command": "gantools train caw 'a | b.wav' -o x", "data": "two\nlines", "preset": ""}
    assert write_card(tmp_path, "riff", rows, {"score": 0.25, "frechet": 1234.5678}, ["Never healthy."])
    found = read_card(tmp_path)
    assert found["command"] == rows["command"]
    assert (found["data"], found["score"], found["frechet"]) == ("two lines", "0.25", "1235")
    assert "preset" not in found
    text = (tmp_path / CARD).read_text()
    assert text.splitlines()[1] == "# riff"
    assert text.endswith("\nNever healthy.\n")
    assert write_card(tmp_path, "riff", {"system": "musika"}, {})
    assert read_card(tmp_path)["system"] == "musika"


def test_a_card_of_the_users_stays(tmp_path: Path) -> None:
    (tmp_path / CARD).write_text("# mine\n| system | mine |\n")
    assert not is_ours(tmp_path)
    assert not write_card(tmp_path, "riff", {"system": "caw"}, {})
    assert read_card(tmp_path) == {}
    assert (tmp_path / CARD).read_text().startswith("# mine")


@pytest.mark.parametrize("arguments", [("--models",), ("generate", "--models")])
def test_models_that_were_trained_here_are_listed(
    arguments: tuple[str, ...], gantools: Callable, tmp_path: Path
) -> None:
    for place in ("models/riff", "models/old/first", "else/where", "models/too/deep/down"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "config.json").write_text('{"system": "caw"}')
    (tmp_path / "models/no-model").mkdir()
    rows = {
        "system": "caw",
        "date": "2026-01-02 03:04 UTC",
        "steps": "1,200, the weights of 960",
        "data": "1 train: riff",
    }
    write_card(tmp_path / "models/riff", "riff", rows, {"score": 0.5})
    lines = gantools(*arguments).stdout.splitlines()
    mine = [line for line in lines if line.startswith("models")]
    assert [line.split()[0] for line in mine] == ["models/old/first", "models/riff"]
    assert mine[1].split()[1:] == "caw 0.00 MB see card 2026-01-02; 1,200 steps; score 0.5; 1 train: riff".split()
    more = gantools(*arguments, GANTOOLS_MODELS="else:gone").stdout.splitlines()
    assert next(line for line in more if line.startswith("else")).startswith("else/where")
