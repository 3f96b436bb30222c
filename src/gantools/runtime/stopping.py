"""Ctrl-C, SIGTERM and SIGHUP: obeyed within ten seconds, whatever the program is doing.

Python runs a signal's handler between two steps of the main thread, which may be in compiled code for longer. So a
thread of its own hears of the signal at once, and ends the process if it has not ended by itself, without temporaries.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from gantools.files.atomic import drop_temporaries

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: After a wish to stop: until work is abandoned, and until the process ends in the middle of whatever it does.
PATIENCE_SECONDS = 6.0
_LAST_SECONDS = 9.0
INTERRUPTED = 130


def _raise(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def obey_signals(last_words: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Turn signals that ask to stop into a KeyboardInterrupt, and see to it that the process ends in time.

    Parameters
    ----------
    last_words : callable
        Called before a process is ended that did not end by itself.
    """
    # Only the main thread may set handlers.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hears, told = os.pipe()
    # `set_wakeup_fd` wants it so: a signal must not wait for the watcher.
    os.set_blocking(told, False)
    over = threading.Event()
    # What the caller lets pass (`nohup`) passes.
    numbers = [number for number in STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _raise) for number in numbers}
    wakeup = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(hears, over, last_words), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        # Without a writer the watcher's `read` ends; only then may its own end be closed.
        os.close(told)
        watch.join()
        os.close(hears)


def _watch(hears: int, over: threading.Event, last_words: Callable[[], object]) -> None:
    while received := os.read(hears, 64):
        if set(received) & set(STOPPING):
            # It has not ended by itself. `_exit` unwinds nothing, so what must not stay behind goes first.
            if not over.wait(_LAST_SECONDS):
                drop_temporaries()
                last_words()
                os._exit(INTERRUPTED)
            return


class Interrupts:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into a wish to stop; a second Ctrl-C stops at once.

    A step that takes longer than `PATIENCE_SECONDS` is abandoned, and what is done within
    `at_once` is abandoned at once, by a KeyboardInterrupt. Use as a context manager. Outside the main thread, where
    Python allows no handlers, it does nothing.

    Attributes
    ----------
    wished : bool
        Whether to stop.
    abandoned : bool
        Whether something within `at_once` was abandoned: what was before it is whole.
    """

    def __init__(self) -> None:
        self.wished = self.abandoned = False
        self._at_once = False
        self._old: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._old[number] = signal.signal(number, self._note)
            # The alarm ends a step that goes on for too long after the wish to stop.
            self._old[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._note)
        return self

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Hold for work that is done again by the next run, such as a validation."""
        self._at_once = True
        try:
            if self.wished:
                self._abandon()
            yield
        finally:
            self._at_once = False

    def _abandon(self) -> None:
        self.abandoned = self._at_once
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The second Ctrl-C, or the alarm that the first signal has set.
        if self._at_once or (self.wished and number in (signal.SIGINT, signal.SIGALRM)):
            self.wished = True
            self._abandon()
        if not self.wished:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)
        self.wished = True

    def __exit__(self, *exc: object) -> None:
        if self._old:
            # An alarm that is still running would end the process once the old handler is back.
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._old.items():
            signal.signal(number, handler)
