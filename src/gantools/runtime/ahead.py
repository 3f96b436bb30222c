"""Work in a thread of its own, a little ahead of what needs it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")
_END = object()
_PATIENCE_S = 0.05


def read_ahead(pieces: Iterable[T], depth: int = 2) -> Iterator[T]:
    """Yield the same pieces, made in another thread while earlier ones are used.

    What making them raises is raised here. When the reader stops, so does the thread.

    Parameters
    ----------
    pieces : iterable
        Its work should leave the GIL, as torch does.
    depth : int
        Pieces that may wait.
    """
    ready: Queue[object] = Queue(depth)
    stopped = threading.Event()

    def offer(item: object) -> bool:
        # With a timeout: a reader that has left takes nothing more, and a plain `put` would wait for ever.
        while not stopped.is_set():
            try:
                ready.put(item, timeout=_PATIENCE_S)
                return True
            except Full:
                continue
        return False

    def work() -> None:
        try:
            for piece in pieces:
                # In a tuple, so that a piece that is itself an exception is not raised.
                if not offer((piece,)):
                    return
            offer(_END)
        except BaseException as error:
            offer(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if item is _END:
                return
            if isinstance(item, BaseException):
                raise item
            assert isinstance(item, tuple)
            yield item[0]
    finally:
        stopped.set()
        # The thread may still be at a piece, or wait for room in the queue, which is emptied for it.
        while thread.is_alive():
            try:
                ready.get_nowait()
            except Empty:
                thread.join(_PATIENCE_S)
