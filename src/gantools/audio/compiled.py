"""Compiled loops (numba) and the threads that run them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

#: Runs a task for every block number 0 .. count - 1.
BlockMap = Callable[[Callable[[int], None], int], None]


def compiled(function: F) -> F:
    """Compile a loop over arrays: without the GIL, kept on disk for the next process.

    Where nothing can be written (a read-only installation and home folder) it is compiled anew in every process
    instead of failing. Arithmetic may be reordered (fastmath), so NaN must be kept out beforehand.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}
    try:
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
