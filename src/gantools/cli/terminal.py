"""The three standard streams: results on standard output, messages on standard error, and what when one is gone.

Libraries write to standard error as they like: warnings of Python, of decoders in C, of thread pools. Without
``--debug`` none of it reaches the terminal: descriptor 2 and ``sys.stderr`` lead nowhere, and the messages of gantools
go through a stream of their own.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from gantools.errors import GantoolsError

#: Exit code where the reader of standard output has left: that of a program which SIGPIPE ends.
READER_LEFT = 141
_LONGEST = 8192
#: Whether messages go nowhere, for each thread its own; see `silence`.
_silent: ContextVar[bool] = ContextVar("silent", default=False)
#: Characters that move the cursor, colour, or turn the order of what follows.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udc7f\udd00-\udfff]")


class OutputError(GantoolsError):
    """Standard output cannot be written. The program ends with `code`."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class _Results(io.FileIO):
    """Descriptor 1: a failing write is an `OutputError`, after which nothing more is tried."""

    def write(self, data: object) -> int:  # type: ignore[override]
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            _lead_nowhere(self.fileno())
            if isinstance(error, BrokenPipeError):
                raise OutputError("the reader of standard output has left", READER_LEFT) from error
            raise OutputError(f"standard output cannot be written ({error.strerror})", 1) from error


class _Messages(io.FileIO):
    """Where messages go: one that cannot be written is lost, and the exit code tells what it would have told."""

    def write(self, data: object) -> int:  # type: ignore[override]
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            _lead_nowhere(self.fileno())
            return len(memoryview(data))  # type: ignore[arg-type]


class _Streams:
    """What `open_streams` keeps: the stream of messages, whether libraries are heard, the streams that it replaced."""

    messages: TextIO | None = None
    debug = False
    before: tuple[object, ...] = ()


def open_streams(*, debug: bool) -> None:
    """Prepare the standard streams for a run of the program; with `debug`, libraries are heard.

    A stream that the caller closed is opened on nothing, so that no file of ours gets its number: reading then finds
    the end, writing results fails as on any output that cannot be written, messages are lost.
    """
    # Only descriptor 2 can be written where it was closed: what is told to nobody is lost, a lost result is an error.
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_RDWR)):
        if _standard()[number] is None:
            null = os.open(os.devnull, flags)
            if null != number:
                os.dup2(null, number)
                os.close(null)
    numbers = [number if stream is None else stream.fileno() for number, stream in enumerate(_standard())]
    _Streams.before, _Streams.debug = _standard(), debug
    # Names are bytes: one that is not valid text must survive the way from stdin to stdout, and so must its line end.
    sys.stdin = io.TextIOWrapper(
        io.BufferedReader(io.FileIO(numbers[0], closefd=False)),
        sys.getfilesystemencoding(),
        "surrogateescape",
        newline="",
    )
    sys.stdout = _text(_Results(numbers[1], "w", closefd=False))
    if debug:
        sys.stderr = _Streams.messages = _text(_Messages(numbers[2], "w", closefd=False))
        return
    _Streams.messages = _text(_Messages(os.dup(numbers[2]), "w"))
    _lead_nowhere(2)
    sys.stderr = _text(io.FileIO(os.devnull, "w"))


def _standard() -> tuple[TextIO | None, TextIO | None, TextIO | None]:
    return sys.stdin, sys.stdout, sys.stderr


def hear_libraries() -> None:
    """Let libraries write to standard error from here on: ``--debug`` was found where only parsing finds it."""
    messages = _Streams.messages
    if messages is not None and not _Streams.debug:
        os.dup2(messages.fileno(), 2)
        sys.stderr, _Streams.debug = messages, True


def debugging() -> bool:
    """Tell whether tracebacks are asked for."""
    return _Streams.debug


def close_messages() -> None:
    """End what `open_streams` began, less what must stay silent until the process ends."""
    _Streams.messages, _Streams.debug = None, False


def messages() -> TextIO:
    """Return the stream for messages to the user: standard error."""
    return _Streams.messages or sys.stderr


@contextmanager
def silence() -> Iterator[None]:
    """Let messages of this thread go nowhere: for callers in Python, who get errors raised in their place."""
    before = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(before)


def write_message(text: str) -> None:
    """Print text of several lines, such as a table, to standard error."""
    if not _silent.get():
        print("\n".join(shown(line) for line in text.split("\n")), file=messages(), flush=True)


def write_line(text: str) -> None:
    """Print one line to standard error, whatever the text holds."""
    if not _silent.get():
        print(shown(text), file=messages(), flush=True)


def shown(text: str) -> str:
    """Return text on one line that a terminal may be given: control characters escaped, what is endless shortened."""
    text = " ".join(text.splitlines()) if "\n" in text else text
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def _text(raw: io.FileIO) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="surrogateescape")


def _lead_nowhere(number: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
