"""Fixtures that every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

# Single-threaded: results are then bit-identical, and small networks are faster on shared cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

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

    def run(*arguments: object, input: str | bytes | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gantools", *map(str, arguments)]
        stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input if isinstance(input, bytes) else input.encode()}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, env={**os.environ, **environment}, timeout=300, **stdin)
        text = {"errors": "surrogateescape"}
        return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(**text), done.stderr.decode(**text))

    return run


def tone(seconds: float, rate_hz: int = 22050, channels: int = 1, hz: float = 110.0, seed: int = 0) -> np.ndarray:
    """Return a decaying tone with noise bursts, float32 (n, channels): something with pitch and onsets."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    rng = np.random.default_rng(seed)
    beat = np.exp(-6 * (time % 0.5))
    wave = 0.4 * beat * np.sin(2 * np.pi * hz * time) + 0.1 * beat**3 * rng.standard_normal(len(time))
    return np.repeat(wave[:, None].astype(np.float32), channels, axis=1)


@pytest.fixture
def write_tone() -> Callable[..., Path]:
    """Write a synthesised sound file and return its path."""

    def write(path: Path, seconds: float = 2.0, rate_hz: int = 22050, channels: int = 1, **kwargs: float) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(seconds, rate_hz, channels, **kwargs), rate_hz)
        return path

    return write
