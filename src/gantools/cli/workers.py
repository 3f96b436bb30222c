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


class Worker:
    """One process, and the two ends of its line.

    Parameters
    ----------
    environment : dict
        Its variables.
    folder : str, optional
        The folder that relative paths start from; by default that of its parent.
    """

    def __init__(self, environment: dict[str, str], folder: str | None = None) -> None:
        # A line of its own: the standard streams belong to the results, and to whatever the libraries print.
        ours, theirs = socket.socketpair()
        code = f"from gantools.cli.workers import serve; serve({theirs.fileno()}, {os.getpid()})"
        # As its parent was started: -X utf8 or -W error must hold in a worker too.
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        # Our copy of the far end is closed again: left open, it would hide that a worker has died.
        with theirs:
            # Its standard input is not the parent's, and what a library prints must not get between the results.
            self.process = subprocess.Popen(
                [sys.executable, *flags, "-P", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=2,
                env=environment,
                cwd=folder,
                pass_fds=[theirs.fileno()],
            )
        self.line = Connection(ours.detach())
        # The parent's module path comes first: without it the functions that follow may not be found.
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
        # SIGKILL that we did not send is most often the system's, which is out of memory.
        hint = "; out of memory?" if -code == signal.SIGKILL else ""
        return WorkerLostError(f"the worker process was killed (signal {-code}{hint})")


_idle: list[Worker] = []
_shared: list[Any] = []


def in_order(calls: Iterator[Call], jobs: int) -> Iterator[Any]:
    """Yield what each call returned, in their order, on `jobs` processes that are few calls ahead of the caller.

    A call whose worker ended gives a `WorkerLostError`, one that raised gives its exception.
    """
    environment = _environment(jobs)
    # A worker keeps the folder, variables and module path of its start: where these have changed it is of no use.
    here = [os.getcwd(), environment, sys.path[:]]
    if _shared != here:
        close()
        _shared[:] = here
    # Idle workers are taken off the list while they are used, so that no other pass is given the same ones.
    ready, busy, queue = _idle[:], dict[Worker, int](), collections.deque[tuple[int, Call]]()
    _idle.clear()
    results: dict[int, Any] = {}
    taken, given, more = 0, 0, True
    try:
        while True:
            # Only so few calls are drawn ahead: drawing one makes its scratch folders and reads the manifest anew.
            while more and taken < given + 2 * jobs:
                try:
                    call = next(calls)
                except StopIteration:
                    more = False
                    break
                # No work, but its place in the order: the caller expects a result for each call.
                if call is None:
                    results[taken] = None
                else:
                    queue.append((taken, call))
                taken += 1
            # A process is started only for a call that finds none idle.
            while queue and (ready or len(busy) < jobs):
                worker = ready.pop() if ready else Worker(environment)
                busy[worker] = queue[0][0]
                with suppress(OSError):  # found out below
                    worker.line.send(queue[0][1])
                queue.popleft()
            # The next result goes out before anything is waited for; then the queue is refilled at once.
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
                # The end of the line is how a killed worker shows: its call fails, and another process takes its place.
                except (EOFError, OSError):
                    results[number] = worker.died()
    finally:
        # Any that are still busy here are in the middle of a task: the caller stopped early, or there was an error.
        stop(list(busy))
        _idle.extend(ready)


def close() -> None:
    """End the workers that wait for more."""
    while _idle:
        worker = _idle.pop()
        worker.end()
        worker.process.wait()


atexit.register(close)


def stop(workers: list[Worker]) -> None:
    """End workers in the middle of their tasks: first so that they clean up, then at once."""
    # All are told before any is waited for, so that they share one grace period.
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
    return environment_of(max(1, available_cores() // jobs))


def environment_of(threads: int) -> dict[str, str]:
    """Return the variables of a worker of so many threads, except where the user has set how many."""
    return {**dict.fromkeys(_THREAD_VARIABLES, str(threads)), **os.environ}


def serve(descriptor: int, parent: int) -> None:
    """Work for the process `parent` until it hangs up; the program of a worker."""
    # Before anything else: the parent may be killed while this process starts.
    _end_with(parent)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal sends them to all: the parent decides
    # As an interruption, so that scratch files and child processes of the task are cleaned up.
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
        # A traceback does not survive pickling; notes do.
        error.add_note(traceback.format_exc())
        return error


def _unwind(*_: object) -> None:
    raise KeyboardInterrupt


def _end_with(parent: int) -> None:
    """Let this process end when its parent does, in whatever it is busy with then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        # A parent that died before the request leaves nobody whose death could send the signal.
        if os.getppid() != parent:
            os._exit(1)
    else:
        # Other systems have no such signal; an orphan has another parent, which is looked for each second.
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        threading.Event().wait(1.0)
    os._exit(1)
