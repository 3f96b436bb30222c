"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

# Single-threaded: results are then bit-identical, and small networks are faster on shared cores. This is for what is
# imported from here on, and for processes that tests start; `one_thread` sees to libraries that a plugin loaded before.
os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")})

# A script's shell lets what it starts in the background ignore Ctrl-C; tests interrupt what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The files of options of whoever runs the tests are none of theirs.
os.environ["GANTOOLS_NO_FILES"] = "1"

import pytest
import soundfile
from running import run_here, run_process
from sounds import tone
from threadpoolctl import threadpool_info, threadpool_limits

pytest_plugins = ["process_starts"]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how to repeat the order of this run; the quiet header leaves it out."""
    seed = config.getoption("randomly_seed", default=None)
    if seed is not None and config.pluginmanager.hasplugin("randomly"):
        terminalreporter.write_line(f"order of the tests: --randomly-seed={seed}")


ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Hold every BLAS and OpenMP to one thread: plugins of pytest import numpy before this file is read."""
    threadpool_limits(1)
    _of_one_thread()
    yield
    _of_one_thread()


def _of_one_thread() -> None:
    threads = {library["filepath"]: library["num_threads"] for library in threadpool_info()}
    assert set(threads.values()) <= {1}, f"tests need libraries of one thread: {threads}"


@pytest.fixture(scope="session", autouse=True)
def no_lines_of_progress() -> Iterator[None]:
    """Keep lines of progress out of what tests compare: on a busy machine any of them may take half a minute."""
    from gantools.cli import progress

    before, progress.EVERY_SECONDS = progress.EVERY_SECONDS, float("inf")
    yield
    progress.EVERY_SECONDS = before


@pytest.fixture(autouse=True)
def fresh_generators() -> None:
    """Begin each test with torch's and numpy's own generators as a new process has them, whatever ran before."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(67280421310721)  # its own seed when it is imported
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real music beside the checkout; tests that need it are skipped without it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real music: ../shared/data is absent")
    return folder


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Find a recording by its path below the bundled `examples/audio`, or else below `shared_data`."""

    def find(name: str) -> Path:
        bundled = ROOT / "examples/audio" / name
        return bundled if bundled.exists() else request.getfixturevalue("shared_data") / name

    return find


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

    def write(path: Path, seconds: float = 2.0, rate_hz: int = 22050, channels: int = 1, **kwargs: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(seconds, rate_hz, channels, **kwargs), rate_hz)
        return path

    return write
