"""The workers of a Dask scheduler in place of ``--jobs``: the same calls, on other machines, results in order.

A Dask worker computes nothing itself. For each of its threads it keeps a process like those of ``--jobs`` (see
`gantools.cli.workers`): started in the folder of the run, with models that are loaded once, and stopped in the middle
of a file where the run is. Of calls and results Dask sees bytes alone, which our own processes have pickled and read;
but who reaches a scheduler can run any code on its workers, so both belong into a trusted network.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any

from gantools.cli import workers
from gantools.cli.workers import Call, Worker, WorkerLostError
from gantools.errors import ConfigError, DependencyError, StoppedError
from gantools.version import __version__

if TYPE_CHECKING:
    from distributed import Future

_CONNECT_SECONDS = 5.0
_WORKERS_SECONDS = 10.0
_LOOK_SECONDS = 2.0
#: Without a worker for so long, the user is told.
_PATIENCE_SECONDS = 30.0
#: Further tries of a call whose process ended while its Dask worker lives; Dask itself counts workers that end.
_RETRIES = 2
#: A run that was killed cannot say that it is over; its processes go after so long without a call.
_ABANDONED_SECONDS = 600.0


@dataclass(frozen=True)
class Origin:
    """Where calls come from: a random name of the run, its version of gantools, and its folder."""

    run: str
    version: str
    folder: str


class Pool:
    """The workers of one scheduler, for one pass over files.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://HOST:PORT``.
    say : callable
        Told what the user should know meanwhile.

    Raises
    ------
    DependencyError
        Dask is not installed.
    ConfigError
        Nobody answers there, or there are no workers, or one has another version or does not see this folder.
    """

    def __init__(self, address: str, say: Callable[[str], object]) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise DependencyError("--cluster needs Dask; pip install 'gantools[dask]'") from error
        self._address, self._say = address, say
        self._origin = Origin(secrets.token_hex(8), __version__, os.getcwd())
        try:
            self._client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # of any kind: something else than a scheduler may answer
            raise ConfigError(
                f"--cluster {address}: no Dask scheduler answers there; start one: dask scheduler"
            ) from error
        self._fetched: dict[Any, bytes] = {}
        #: Calls as they were sent, but for those that were sent a second time.
        self._sent: dict[Any, bytes] = {}
        self._threads, self._looked_at = 0, float("-inf")
        self._seen_at, self._told = time.monotonic(), False
        try:
            self._agree()
        except BaseException:
            self._leave(())
            raise

    def in_order(self, calls: Iterator[Call]) -> Iterator[Any]:
        """Yield what each call returned, in their order, as `gantools.cli.workers.in_order` does; then leave.

        A call whose worker ended is done again by another; one that ended several, and again when no other call was
        beside it, gives a `WorkerLostError`.
        """
        begun, more = collections.deque["Future | None"](), True
        try:
            while True:
                # Only so few calls are drawn ahead: drawing one makes its scratch folders and reads the manifest anew.
                while more and len(begun) < 4 * self._look():
                    try:
                        call = next(calls)
                    except StopIteration:
                        more = False
                        break
                    begun.append(None if call is None else self._submit(bytes(ForkingPickler.dumps(call))))
                if not begun:
                    return
                result = self._result(begun)
                begun.popleft()
                yield result
        finally:
            self._leave([future for future in begun if future is not None])

    def _agree(self) -> None:
        """Wait for the first worker, and ask all that are there whether they can work for this run."""
        until = time.monotonic() + _WORKERS_SECONDS
        while not self._client.nthreads():
            if time.monotonic() > until:
                raise ConfigError(
                    f"--cluster {self._address}: the scheduler has no workers; "
                    f"start some: dask worker {self._address} --nworkers 2 --nthreads 1"
                )
            time.sleep(0.1)
        with self._answering():
            answers = self._client.run(complaint, self._origin, on_error="return")
        for name, answer in answers.items():
            if isinstance(answer, OSError):  # one that is leaving
                continue
            if isinstance(answer, Exception):
                answer = f"cannot run gantools ({answer}); install gantools {__version__} there"
            if answer:
                raise ConfigError(f"--cluster {self._address}: the worker {name} {answer}")

    def _look(self) -> int:
        """Return how many files the workers take at a time; asked again now and then, as workers come and go."""
        now = time.monotonic()
        if now - self._looked_at > _LOOK_SECONDS:
            with self._answering():
                found = sum(self._client.nthreads().values())
            self._looked_at = now
            if found:
                self._threads, self._seen_at, self._told = found, now, False
            elif now - self._seen_at > _PATIENCE_SECONDS and not self._told:
                self._say(f"{self._address} has no workers any more; waiting for one")
                self._told = True
        return max(1, self._threads)

    def _submit(self, call: bytes, *, again: bool = False) -> Future:
        with self._answering():
            # Not pure: Dask must not take two equal calls for one.
            future = self._client.submit(work, self._origin, call, pure=False, retries=_RETRIES)
        if not again:
            self._sent[future.key] = call
        return future

    def _alone(self, call: bytes, others: Sequence[Future]) -> Future:
        """Send a call again when no other is on a worker.

        Dask holds a worker that ends against every call that it had, those that waited behind the guilty one too.
        """
        while not all(future.done() for future in others):
            self._look()
            time.sleep(0.05)
        return self._submit(call, again=True)

    def _result(self, begun: collections.deque[Future | None]) -> Any:
        """Wait for the first call and return its result; fetch with it those of others that are done."""
        from distributed import KilledWorker

        while (first := begun[0]) is not None and first.key not in self._fetched:
            with self._answering():
                error = None
                with contextlib.suppress(TimeoutError):
                    error = first.exception(timeout=_LOOK_SECONDS)
                if first.cancelled():  # with the connection, as nobody else cancels it
                    raise CancelledError
                # Together: each fetch goes over the scheduler to the workers and back.
                done = [f for f in begun if f and f.status == "finished" and f.key not in self._fetched]
                found = self._client.gather(done) if done else []
            if isinstance(error, KilledWorker):
                if first.key in self._sent:
                    others = [future for future in begun if future and future is not first]
                    begun[0] = self._alone(self._sent.pop(first.key), others)
                    continue
                lost = error.allowed_failures + 1
                return WorkerLostError(f"{lost} workers of the cluster ended while they had it; out of memory?")
            if error is not None:  # that of `work`: the others go on
                self._sent.pop(first.key, None)
                return error
            self._fetched.update(zip((future.key for future in done), found, strict=True))
            self._look()
        if first is None:
            return None
        self._sent.pop(first.key, None)
        return ForkingPickler.loads(self._fetched.pop(first.key))

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """Take any error for the end of the scheduler, which shows in many ways."""
        try:
            yield
        except Exception as error:
            what = "the Dask scheduler is gone; start it again, and run this again to go on"
            raise StoppedError(f"--cluster {self._address}: {what}") from error

    def _leave(self, futures: Sequence[Future]) -> None:
        """End the processes of this run, in the middle of their files if need be, and the connection."""
        # A scheduler that is gone takes all this with it.
        with contextlib.suppress(Exception):
            if self._client.status == "running":
                self._client.cancel(futures)
                self._client.run(stop, self._origin.run, on_error="ignore")
        with contextlib.suppress(Exception):
            self._client.close(timeout=_LOOK_SECONDS)


# What follows runs within a Dask worker.

_lock = threading.Lock()
_ended: set[str] = set()
#: By run and thread, and since when those that wait for a call do so.
_processes: dict[tuple[str, int], Worker] = {}
_waiting: dict[tuple[str, int], float] = {}


def complaint(origin: Origin) -> str:
    """Return what is in the way of work for a run, as the rest of a sentence; nothing where nothing is."""
    if origin.version != __version__:
        return f"has gantools {__version__}, and this is {origin.version}; install one version everywhere"
    if not os.path.isdir(origin.folder):
        return f"does not see {origin.folder}; workers need the same folders under the same paths"
    return ""


def work(origin: Origin, call: bytes) -> bytes:
    """Return the pickled result of a pickled call, from the process of this thread.

    Raises
    ------
    WorkerLostError
        The process ended before its call, or this worker cannot work for the run.
    """
    key = origin.run, threading.get_ident()
    process = _process(origin, key)
    try:
        process.line.send_bytes(call)
        result = process.line.recv_bytes()
    except (EOFError, OSError):
        with _lock:
            _processes.pop(key, None)
        raise WorkerLostError(f"{process.died()} on {socket.gethostname()}") from None
    with _lock:
        _waiting[key] = time.monotonic()
    return result


def _process(origin: Origin, key: tuple[str, int]) -> Worker:
    with _lock:
        if origin.run in _ended:
            raise WorkerLostError("the run is over")
        _waiting.pop(key, None)
        if key in _processes:
            return _processes[key]
        for other, since in list(_waiting.items()):
            if time.monotonic() - since > _ABANDONED_SECONDS:
                del _waiting[other]
                _processes.pop(other).end()
        # Workers that join later were not asked by `Pool`.
        if why := complaint(origin):
            raise WorkerLostError(f"the worker on {socket.gethostname()} {why}")
        process = _processes[key] = Worker(workers.environment_of(1), origin.folder)
        return process


async def stop(run: str) -> None:
    """End the processes of a run, and wait until they have cleaned up."""
    with _lock:
        _ended.add(run)
        found = [_processes.pop(key) for key in list(_processes) if key[0] == run]
        for key in [key for key in _waiting if key[0] == run]:
            del _waiting[key]
    # Not in this thread, which answers the scheduler.
    await asyncio.to_thread(workers.stop, found)
