"""Fixtures that every test may use."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import soundfile
from running import run_here, run_process
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
    """Run `gantools ARGS` in `tmp_path` and return exit code, stdout and stderr; see `running.run_here`."""
    return partial(run_here, tmp_path)


@pytest.fixture
def gantools_process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `gantools ARGS` as a user's shell does: a process of its own. It costs seconds; few tests need it."""
    return partial(run_process, tmp_path)


@pytest.fixture
def write_tone() -> Callable[..., Path]:
    """Write a synthesised sound file and return its path."""

    def write(path: Path, seconds: float = 2.0, rate_hz: int = 22050, channels: int = 1, **kwargs: float) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(seconds, rate_hz, channels, **kwargs), rate_hz)
        return path

    return write
