"""Count the processes that the tests start: each costs the start of Python, and on a slow machine they are the suite.

A plugin of pytest (`-p process_starts`). It sees every way to a process that Python has here: `subprocess`, `os.fork`,
`os.posix_spawn`, `multiprocessing` and the workers of joblib, in the process of the tests and in xdist's workers, whose
counts are summed. What a started process starts in turn (the stages of a shell pipe) is not seen.
"""

from __future__ import annotations

import _posixsubprocess
import multiprocessing.context
import sys
from typing import Any

import pytest

# A real process per verb, kills, pipes and ranks; a suite that needs more runs commands that could run in its own.
LIMIT = 400

_EVENTS = ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.system")
_by_xdist = 0
starts = 0


def _count(*_: object) -> None:
    global starts
    starts += 1


def _on_event(event: str, _: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        _count()


def _counted(function: Any) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        _count()
        return function(*arguments, **named)

    return call


def pytest_configure(config: pytest.Config) -> None:
    """Listen from here on; xdist has started no worker yet."""
    sys.addaudithook(_on_event)
    # `subprocess` bound this function when it was imported, so only multiprocessing and loky come through here.
    _posixsubprocess.fork_exec = _counted(_posixsubprocess.fork_exec)
    # A fork server forks in its own process.
    forkserver = multiprocessing.context.ForkServerProcess
    forkserver._Popen = staticmethod(_counted(forkserver._Popen))  # type: ignore[method-assign]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave out xdist's own workers, which its controller starts while the session begins."""
    global starts
    starts = 0


@pytest.hookimpl(optionalhook=True)  # xdist may be left out
def pytest_testnodedown(node: Any, error: object) -> None:
    """Add what one of xdist's workers counted."""
    global _by_xdist
    _by_xdist += getattr(node, "workeroutput", {}).get("process_starts", 0)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the count to the controller, or judge the sum."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["process_starts"] = starts
    elif _total(session.config) > LIMIT and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the sum at the end of the run."""
    total = _total(config)
    terminalreporter.write_line(f"{total} processes started by the tests (at most {LIMIT})", red=total > LIMIT)


def _total(config: pytest.Config) -> int:
    return _by_xdist if config.pluginmanager.hasplugin("dsession") else starts
