"""Listening to what a batch has made: a field in records, and a line where much of it is noise, silent or clipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.inputs import AUDIO_SUFFIXES
from gantools.cli.records import say
from gantools.cli.tasks import Task, Work
from gantools.metrics.texture.verdict import verdict

#: Results of a batch that are listened to, spread evenly.
_MOST_RESULTS = 8
#: Fewer may be the same sound by right, as for two inputs that are.
_FEWEST_ALIKE = 3


def listening(work: Work, tasks: Sequence[Task], most: int = _MOST_RESULTS) -> Work:
    """Return `work` that listens to some of its results: their records have ``heard``, null where all is well.

    Parameters
    ----------
    work : callable
    tasks : sequence of Task
        All of the batch.
    most : int
        How many of them are listened to.
    """
    count = min(len(tasks), most)
    chosen = frozenset(tasks[index * len(tasks) // count].item.key for index in range(count))
    return partial(_listen, work, chosen)


def _listen(
    work: Work,
    chosen: frozenset[str],
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    fields = work(item, outputs, seed, tick)
    if item.key not in chosen or not outputs[0].name.lower().endswith(AUDIO_SUFFIXES):
        return fields
    from gantools.metrics.texture.hearing import hear

    return {**fields, "heard": hear(outputs[0]) or None}


def say_heard(run: Run, tasks: Sequence[Task], remedy: str) -> None:
    """Say what is wrong with the results of a batch, in one line, where that is so of half of those listened to.

    Parameters
    ----------
    run : Run
    tasks : sequence of Task
    remedy : str
        What to do about it.
    """
    from gantools.files.manifest import Manifest

    assert run.out is not None
    keys = {task.item.key for task in tasks}
    records = [record for record in Manifest(run.out).records.values() if record.get("item") in keys]
    records = [record for record in records if "heard" in record["fields"]]
    found = [str(record["fields"]["heard"] or "") for record in records]
    if not any(found) and len(records) >= _FEWEST_ALIKE:
        from gantools.metrics.texture.hearing import all_alike

        # Results beside each other are compared here, as none of them can tell by itself.
        if all_alike([run.out / next(iter(record["outputs"])) for record in records[:_MOST_RESULTS]]):
            found = ["repetition"] * len(records)
    if words := verdict(found):
        say(run, f"heard: {words}; {remedy}")
