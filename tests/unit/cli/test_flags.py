"""Precedence and checks of options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from gantools.cli.flags import resolve_config
from gantools.errors import ConfigError
from gantools.options import config_hash, from_mapping, option, to_mapping


@dataclass(frozen=True)
class Options:
    depth: int = option(3, "How deep.", low=1, high=9)
    rate: float = option(0.5, "How fast.", low=0)
    kind: str = option("a", "Which.", choices=("a", "b"))
    loud: bool = option(False, "Whether.")


PRESETS = {"default": Options(), "deep": Options(depth=9)}


def resolve(**values: object) -> Options:
    return resolve_config(Options, values, PRESETS, "default")


def test_flag_over_variable_over_file_over_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = tmp_path / "x.toml"
    toml.write_text('preset = "deep"\nrate = 2\n')
    assert resolve(config_file=toml) == Options(depth=9, rate=2.0)
    assert resolve(config_file=toml, preset="default") == Options(rate=2.0)
    monkeypatch.setenv("GANTOOLS_RATE", "3")
    monkeypatch.setenv("GANTOOLS_LOUD", "yes")
    assert resolve(config_file=toml) == Options(depth=9, rate=3.0, loud=True)
    assert resolve(config_file=toml, rate=4.0, loud=False) == Options(depth=9, rate=4.0)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("dept = 2", "did you mean depth"),
        ('depth = "2"', "not of type int"),
        ("depth = true", "not of type int"),
        ("depth = 10", "out of range"),
        ("rate = nan", "out of range"),
        ('kind = "c"', "not one of a, b"),
        ('preset = "dep"', "did you mean deep"),
        ("depth = ", "not a TOML file"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path: Path, text: str, word: str) -> None:
    toml = tmp_path / "x.toml"
    toml.write_text(text)
    with pytest.raises(ConfigError, match=word):
        resolve(config_file=toml)


def test_bad_flags_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--depth: 0 is out of range"):
        resolve(depth=0)
    monkeypatch.setenv("GANTOOLS_DEPTH", "many")
    with pytest.raises(ConfigError, match="GANTOOLS_DEPTH"):
        resolve()


def test_dump_and_hash() -> None:
    assert from_mapping(Options, to_mapping(Options(depth=4))) == Options(depth=4)
    assert config_hash(Options()) == config_hash(Options(depth=3)) != config_hash(Options(depth=4))
