"""Fixtures that every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from sounds import tone

# Single-threaded: results are then bit-identical, and small networks are faster on shared cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real music beside the checkout; tests that need it are skipped without it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real music: ../shared/data is absent")
    return folder


@pytest.fixture
def gantools(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `gantools ARGS` as a user does, in `tmp_path`, and return exit code, stdout and stderr."""

    def run(
        *arguments: object, input: str | bytes | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gantools", *map(str, arguments)]
        stdin = (
            {"stdin": subprocess.DEVNULL}
            if input is None
            else {"input": input if isinstance(input, bytes) else input.encode()}
        )
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, env={**os.environ, **environment}, timeout=300, **stdin
        )
        text = {"errors": "surrogateescape"}
        return subprocess.CompletedProcess(
            command, done.returncode, done.stdout.decode(**text), done.stderr.decode(**text)
        )

    return run


@pytest.fixture
def write_tone() -> Callable[..., Path]:
    """Write a synthesised sound file and return its path."""

    def write(path: Path, seconds: float = 2.0, rate_hz: int = 22050, channels: int = 1, **kwargs: float) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(seconds, rate_hz, channels, **kwargs), rate_hz)
        return path

    return write
