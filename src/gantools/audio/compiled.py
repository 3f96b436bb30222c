"""Compiled loops (numba) and the threads that run them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

#: Runs a task for every block number 0 .. count - 1.
BlockMap = Callable[[Callable[[int], None], int], None]


def cache_folder() -> str:
    """Return the folder for compiled loops: ``NUMBA_CACHE_DIR``, or one in the user's cache.

    Numba's own choice is the folder of the source: an installation would change as it runs, and files of it stay
    behind when it is removed.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("NUMBA_CACHE_DIR") or str(Path(cache) / "gantools" / "numba")


@contextmanager
def _cached_there() -> Iterator[None]:
    """Let numba choose `cache_folder`, for functions of gantools alone: others in the process keep their place."""
    config: Any = numba.config  # its names are made when it is imported
    before, config.CACHE_DIR = config.CACHE_DIR, cache_folder()
    try:
        yield
    finally:
        config.CACHE_DIR = before


def compiled(function: F) -> F:
    """Compile a loop over arrays: without the GIL, kept in `cache_folder` for the next process.

    Where nothing can be written (a read-only installation and home folder) it is compiled anew in every process
    instead of failing. Arithmetic may be reordered (fastmath), so NaN must be kept out beforehand.
    """
    return _compile(function, fastmath=True)


def compiled_in_order(function: F) -> F:
    """As `compiled`, but sums are added in the order written: a recursion waits for its last operation alone."""
    return _compile(function, fastmath={"contract"})


def _compile(function: F, **options: Any) -> F:
    options |= {"nogil": True, "error_model": "numpy"}
    try:
        with _cached_there():
            return numba.njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except RuntimeError:  # "no locator available": no folder for the cache
        return numba.njit(**options)(function)  # type: ignore[no-any-return]


def _run_in_order(task: Callable[[int], None], count: int) -> None:
    for block in range(count):
        task(block)


@contextmanager
def block_threads(threads: int) -> Iterator[BlockMap]:
    """Give a function that runs a task for each of several blocks, on `threads` threads.

    A thread takes the next block when it is free, so that a busy core slows only its own block. Compiled loops and
    scipy.fft leave the GIL, and this needs no parallel runtime (OpenMP) that would not survive a fork.

    Parameters
    ----------
    threads : int
        1 runs everything in the calling thread.
    """
    if threads <= 1:
        yield _run_in_order
        return
    with ThreadPoolExecutor(threads - 1) as pool:

        def run(task: Callable[[int], None], count: int) -> None:
            # One counter for all threads: next() on it is atomic, so that no block runs twice.
            numbers = itertools.count()

            def work() -> None:
                while (block := next(numbers)) < count:
                    task(block)

            others = [pool.submit(work) for _ in range(min(threads, count) - 1)]
            work()
            # Waits for the blocks that others are still at, and raises what went wrong in them.
            for other in others:
                other.result()

        yield run
