"""The exit code of a command that is interrupted."""

from __future__ import annotations

from typing import Any

import pytest

from gantools.cli import app


@pytest.mark.parametrize(("interrupted", "code"), [(True, 130), (False, 2)])
def test_an_error_that_comes_of_an_interruption_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, interrupted: bool, code: int
) -> None:
    def command(**_: Any) -> int:
        try:
            if interrupted:
                raise KeyboardInterrupt
        finally:
            # As where a process that is to be told has gone already.
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(app, "find_command", lambda arguments: (command, "melify", arguments))
    lines: list[str] = []
    monkeypatch.setattr(app, "write_line", lines.append)
    assert app._run(["melify"]) == code
    assert (lines == ["gantools melify: interrupted"]) is interrupted
