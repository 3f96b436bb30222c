"""Work for the workers of a cluster, which import it by its name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gantools.chunks.item import Item

_OPENED: list[str] = []


def copy_or_end(item: Item, outputs: Sequence[Path], seed: int, tick: Callable[[float], None]) -> dict[str, Any]:
    """Copy a file in two halves; between them its text says who is killed: the Dask worker, the process, or nobody."""
    text = item.path.read_text()
    _OPENED.append(item.stem)
    with outputs[0].open("w") as file:
        file.write("half")
        file.flush()
        died = item.path.with_suffix(".died")
        if (text in ("worker", "process") and not died.exists()) or text == "poison":
            died.write_text("")
            os.kill(os.getpid() if text == "process" else os.getppid(), signal.SIGKILL)
            time.sleep(60)
        file.seek(0)
        file.truncate()
        file.write(text)
    return {"seed": seed, "folder": os.getcwd(), "threads": os.environ["OMP_NUM_THREADS"], "first": _OPENED[0]}


def interrupt(
    item: Item, outputs: Sequence[Path], seed: int, tick: Callable[[float], None], *, run: int, first: Path
) -> dict[str, Any]:
    """Interrupt the run while the second file is worked on, and when the result of the first is there."""
    outputs[0].write_text("whole")
    if item.stem == "b":
        item.path.with_suffix(".process").write_text(str(os.getpid()))
        while not first.exists():
            time.sleep(0.02)
        os.kill(run, signal.SIGINT)
        time.sleep(60)
    return {}
