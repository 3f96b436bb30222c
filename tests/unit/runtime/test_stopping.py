"""A process that is asked to stop ends, also from the middle of compiled code."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gantools.runtime import stopping


def test_the_three_signals_interrupt_and_get_their_handlers_back() -> None:
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run under nohup
    try:
        before = [signal.getsignal(number) for number in stopping.STOPPING]
        for number in stopping.STOPPING:
            with pytest.raises(KeyboardInterrupt), stopping.obey_signals():
                signal.raise_signal(number)
        assert [signal.getsignal(number) for number in stopping.STOPPING] == before
    finally:
        signal.signal(signal.SIGHUP, ours)


def test_what_the_caller_lets_pass_passes() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping.obey_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_compiled_code_is_ended_with_its_temporaries_gone(tmp_path: Path) -> None:
    script = """
import hashlib, os, signal, sys, threading
from pathlib import Path
from gantools.files.atomic import atomic_path
from gantools.runtime import stopping

stopping._LAST_SECONDS = 0.2
with stopping.obey_signals(lambda: print("ended", flush=True)), atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)  # many minutes without a step of Python
"""
    command = [sys.executable, "-c", script, tmp_path / "whole"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (stopping.INTERRUPTED, "ended\n"), done.stderr
    assert not list(tmp_path.iterdir())
