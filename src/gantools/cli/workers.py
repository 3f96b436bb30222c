"""Worker processes of ``--jobs``: one task at a time each, results in order, and a killed worker costs its task.

Workers are started like the program itself and never forked, because the libraries under them keep threads. They stay
for the next pass of the same command, with the models that they have loaded, and end with their parent however it ends.
"""

from __future__ import annotations

import atexit
import collections
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from gantools.runtime.device import available_cores

#: A function of a module, and its arguments; or None for a task that needs no work.
Call = tuple[Callable[..., Any], tuple[Any, ...]] | None
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
_GRACE_SECONDS = 4.0
_SET_PARENT_DEATH_SIGNAL = 1


class WorkerLostError(Exception):
    """A worker ended before its task did; the text says how."""


class _Worker:
    """One process, and the two ends of its line."""

    def __init__(self, environment: dict[str, str]) -> None:
        ours, theirs = socket.socketpair()
        code = f"from gantools.cli.workers import serve; serve({theirs.fileno()}, {os.getpid()})"
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        with theirs:
            # Its standard input is not the parent's, and what a library prints must not get between the results.
            self.process = subprocess.Popen(
                [sys.executable, *flags, "-P", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=2,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        self.line = Connection(ours.detach())
        with suppress(OSError):  # a worker that is gone already is found out with its first task
            self.line.send(sys.path)

    def end(self) -> None:
        """Close the line: a worker that waits ends by itself."""
        self.line.close()

    def died(self) -> WorkerLostError:
        """Return how it ended."""
        self.line.close()
        code = self.process.wait()
        if code >= 0:
            return WorkerLostError(
                f"the worker process ended by itself (exit code {code}); run with --jobs 1 to see why"
            )
        hint = "; out of memory?" if -code == signal.SIGKILL else ""
        return WorkerLostError(f"the worker process was killed (signal {-code}{hint})")


_idle: list[_Worker] = []
_shared: list[Any] = []


def in_order(calls: Iterator[Call], jobs: int) -> Iterator[Any]:
    """Yield what each call returned, in their order, on `jobs` processes that are few calls ahead of the caller.

    A call whose worker ended gives a `WorkerLostError`, one that raised gives its exception.
    """
    environment = _environment(jobs)
    here = [os.getcwd(), environment, sys.path[:]]
    if _shared != here:
        close()
        _shared[:] = here
    ready, busy, queue = _idle[:], dict[_Worker, int](), collections.deque[tuple[int, Call]]()
    _idle.clear()
    results: dict[int, Any] = {}
    taken, given, more = 0, 0, True
    try:
        while True:
            while more and taken < given + 2 * jobs:
                try:
                    call = next(calls)
                except StopIteration:
                    more = False
                    break
                if call is None:
                    results[taken] = None
                else:
                    queue.append((taken, call))
                taken += 1
            while queue and (ready or len(busy) < jobs):
                worker = ready.pop() if ready else _Worker(environment)
                busy[worker] = queue[0][0]
                with suppress(OSError):  # found out below
                    worker.line.send(queue[0][1])
                queue.popleft()
            if given in results:
                yield results.pop(given)
                given += 1
                continue
            if not busy:
                return
            for line in wait([worker.line for worker in busy]):
                worker = next(w for w in busy if w.line is line)
                number = busy.pop(worker)
                try:
                    results[number] = worker.line.recv()
                    ready.append(worker)
                except (EOFError, OSError):
                    results[number] = worker.died()
    finally:
        _stop(list(busy))
        _idle.extend(ready)


def close() -> None:
    """End the workers that wait for more."""
    while _idle:
        worker = _idle.pop()
        worker.end()
        worker.process.wait()


atexit.register(close)


def _stop(workers: list[_Worker]) -> None:
    """End workers in the middle of their tasks: first so that they clean up, then at once."""
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        try:
            worker.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()
        worker.line.close()


def _environment(jobs: int) -> dict[str, str]:
    """Return the variables of a worker: `jobs` of them share the cores, except where the user has set how many."""
    threads = str(max(1, available_cores() // jobs))
    return {**dict.fromkeys(_THREAD_VARIABLES, threads), **os.environ}


def serve(descriptor: int, parent: int) -> None:
    """Work for the process `parent` until it hangs up; the program of a worker."""
    _end_with(parent)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal sends them to all: the parent decides
    signal.signal(signal.SIGTERM, _unwind)
    line = Connection(descriptor)
    try:
        sys.path[:] = line.recv()
        while True:
            try:
                function, arguments = line.recv()
            except EOFError:
                return
            except Exception as error:  # such as a function that this process cannot import
                line.send(error)
                continue
            line.send(_result(function, arguments))
    except (KeyboardInterrupt, BrokenPipeError, EOFError, ConnectionResetError):
        return


def _result(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return error


def _unwind(*_: object) -> None:
    raise KeyboardInterrupt


def _end_with(parent: int) -> None:
    """Let this process end when its parent does, in whatever it is busy with then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        threading.Event().wait(1.0)
    os._exit(1)
