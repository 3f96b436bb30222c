"""Sets of a listening test and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from gantools.cli.listening import set_names
from gantools.errors import ConfigError


def test_sets_are_called_like_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("night/a", "day/a", "music/real", "originals"):
        Path(name).mkdir(parents=True)
    assert set_names(["night/a", "day/a/"], "") == ({"a": "night/a", "a 2": "day/a/"}, "")
    assert set_names(["night/a", "music/real/"], "") == ({"a": "night/a", "real": "music/real/"}, "real")
    # What is named as real is one of the sets, or one more.
    assert set_names(["night/a", "originals"], "originals/") == (
        {"a": "night/a", "originals": "originals"},
        "originals",
    )
    assert set_names(["night/a"], "originals") == ({"a": "night/a", "real": "originals"}, "real")
    assert set_names(["-", "one.wav"], "") == ({"stdin": "-", "one": "one.wav"}, "")
    with pytest.raises(ConfigError, match="two sets are called real"):
        set_names(["music/real"], "originals")
