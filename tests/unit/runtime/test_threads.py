"""How idle threads wait: the program decides, an import does not, and the user's word stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gantools.runtime.threads import SLEEP_SOON, let_idle_threads_sleep

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


@pytest.mark.parametrize("name", NAMES)
def test_what_the_user_has_set_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in NAMES:
        monkeypatch.setenv(other, "")  # put back after the test, whatever happens to it
        monkeypatch.delenv(other)
    monkeypatch.setenv(name, "7")
    before = dict(os.environ)
    let_idle_threads_sleep()
    assert dict(os.environ) == before
    monkeypatch.delenv(name)
    let_idle_threads_sleep()
    assert {name: os.environ.get(name) for name in NAMES[:2]} == SLEEP_SOON


def test_the_program_decides_before_torch_is_loaded_and_an_import_does_not() -> None:
    """The OpenMP runtime itself tells its settings when torch loads it."""
    script = """
import os, sys
before = dict(os.environ)
from gantools.cli.app import main
import gantools
assert dict(os.environ) == before
assert not {"numpy", "torch", "scipy"} & set(sys.modules)
try:
    main(["--version"])
except SystemExit:
    import torch
import gantools.training.loop
"""
    # With --debug, libraries are heard.
    environment = {"OMP_DISPLAY_ENV": "VERBOSE", "GANTOOLS_DEBUG": "1", "PATH": os.environ.get("PATH", "")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name, value in SLEEP_SOON.items():
        assert f"{name} = '{value}'" in done.stderr
