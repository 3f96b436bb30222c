"""Run `gantools` for a test: in this process, which spares the start of Python and torch, or in one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PROGRAM = (sys.executable, "-m", "gantools")
_TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "surrogateescape"}

Done = subprocess.CompletedProcess[str]


def run_process(
    folder: Path, *arguments: object, input: str | bytes | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `gantools ARGS` in a process of its own, in `folder`; for what only a process shows."""
    command = [*PROGRAM, *map(str, arguments)]
    stdin: dict[str, Any] = {"input": _as_bytes(input)} if input is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, env={**os.environ, **environment}, timeout=300, **stdin
    )
    return Done(command, done.returncode, done.stdout.decode(**_TEXT), done.stderr.decode(**_TEXT))


def run_here(
    folder: Path,
    *arguments: object,
    input: str | bytes | None = None,
    output: IO[bytes] | None = None,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run `gantools ARGS` through the program's own entry, in this process and in `folder`.

    With `output` standard output goes there, and is not returned.
    Exit code, standard output and standard error are those of a process: the three descriptors are replaced, so that
    what a library or a child writes is seen too, and what the program keeps open for its next file is forgotten.
    """
    from gantools.cli.app import main

    _forget()
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(_as_bytes(input or b""))
        stdin.seek(0)
        with _as_process(folder, environment, [stdin, output or stdout, stderr]):
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode(**_TEXT))
    return Done(["gantools", *map(str, arguments)], code, *said)


def made_here(folder: Path, *arguments: object) -> None:
    """Run `gantools ARGS` as `run_here` does, for a fixture: it must go well."""
    done = run_here(folder, *arguments)
    assert done.returncode == 0, done.stderr


def _as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode(**_TEXT)


def _forget() -> None:
    """Drop what a process would not have: models that commands cache by path, and workers in another folder."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("gantools.cli", "gantools.commands")):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
    if pool := sys.modules.get("gantools.cli.workers"):
        pool.close()


@contextmanager
def _as_process(folder: Path, environment: Mapping[str, str], files: list[Any]) -> Iterator[None]:
    """Give this process the folder, the environment and the three streams of another, and take them back."""
    sys.stdout.flush()
    sys.stderr.flush()
    before, variables = os.getcwd(), dict(os.environ)
    streams = (sys.stdin, sys.stdout, sys.stderr)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    threads = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else 0
    kept = [os.dup(number) for number in range(3)]
    os.chdir(folder)
    os.environ.update(environment)
    for number, file in enumerate(files):
        os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(os.dup(number), mode, **_TEXT) for number, mode in enumerate(("r", "w", "w"))
    )
    try:
        yield
    finally:
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            stream.close()
        sys.stdin, sys.stdout, sys.stderr = streams
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.chdir(before)
        for name in set(os.environ) - set(variables):
            del os.environ[name]
        os.environ.update(variables)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if threads:
            sys.modules["torch"].set_num_threads(threads)
