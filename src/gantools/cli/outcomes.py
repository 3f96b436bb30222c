"""One function on many files: staged outputs, jobs, and errors that fail one file only."""

from __future__ import annotations

import collections
import contextlib
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantools.chunks.item import Item
from gantools.cli import workers
from gantools.cli.cluster import Pool
from gantools.cli.flags import Run
from gantools.cli.progress import Bar
from gantools.cli.tasks import Task, Work
from gantools.errors import GantoolsError
from gantools.files.atomic import scratch_folder, without_temporaries
from gantools.files.failures import explain
from gantools.files.manifest import fingerprint

Outcome = dict[str, Any]
#: Tells of a task, just before its work begins, that it needs none: an outcome, or None to go on.
Settle = Callable[[Task], Outcome | None]


@dataclass(frozen=True)
class Attempt:
    """The outcome of one task, and its files that wait for their final names (name -> where each is)."""

    outcome: Outcome
    staged: Mapping[str, Path]


def outcomes(
    run: Run,
    out: Path,
    tasks: Sequence[Task],
    work: Work,
    bar: Bar,
    *,
    settle: Settle | None = None,
    ahead: Callable[[Item], None] | None = None,
    stage: bool = True,
) -> Iterator[Attempt]:
    """Yield what `work` returned for each task, in their order.

    It runs on ``--jobs`` processes, or on the workers of ``--cluster``.
    `work` never sees the final names: it writes into hidden folders beside them, which are gone when the next attempt
    is asked for. Without `stage` it writes nothing, and is told no names. A task that failed gives ``error`` (one line)
    and ``trace``; the others have ``seconds`` added.

    Raises
    ------
    ConfigError, DependencyError
        At once and not with the first outcome: ``--cluster`` cannot be used.
    """
    pool = Pool(run.cluster, lambda line: bar.remark(f"gantools {run.verb}: {line}")) if run.cluster and tasks else None
    return _outcomes(run, out, tasks, work, bar, settle, ahead, stage, pool)


def _outcomes(
    run: Run,
    out: Path,
    tasks: Sequence[Task],
    work: Work,
    bar: Bar,
    settle: Settle | None,
    ahead: Callable[[Item], None] | None,
    stage: bool,
    pool: Pool | None,
) -> Iterator[Attempt]:
    from gantools.runtime.device import available_cores
    from gantools.runtime.seeds import item_seed

    jobs = min(run.jobs or available_cores(), len(tasks))
    # Tasks whose calls were drawn and whose results are still to come, oldest first: calls run ahead of results.
    begun: collections.deque[tuple[Outcome | None, dict[str, Path], ExitStack]] = collections.deque()

    def calls() -> Iterator[workers.Call]:
        for task in tasks:
            settled, staged, stack = settle(task) if settle else None, dict[str, Path](), ExitStack()
            begun.append((settled, staged, stack))
            if settled is None:
                # A folder that cannot be made fails this task alone; an exception here would end the whole run.
                try:
                    staged |= _stage(stack, out, task) if stage else {}
                except OSError as error:
                    begun[-1] = {"error": explain(error), "trace": traceback.format_exc()}, staged, stack
            ready = begun[-1][0] is None
            # From the key of the item and never from its position: order, jobs and shards change no result.
            own = task.item.seed
            paths, seed = list(staged.values()), item_seed(run.seed, task.item.key) if own is None else own
            yield (_attempt_apart if pool else _attempt, (work, task.item, paths, seed)) if ready else None

    def results() -> Iterator[Any]:
        if pool:
            yield from pool.in_order(calls())
            return
        if jobs != 1:
            yield from workers.in_order(calls(), jobs)
            return
        # With one job the work is done in this process, where it can move the bar within a file.
        for position, call in enumerate(calls()):

            def tick(share: float, position: int = position) -> None:
                bar.update(position + min(max(share, 0.0), 1.0))

            if ahead:
                for task in tasks[position : position + 2]:
                    ahead(task.item)
            yield None if call is None else call[0](*call[1], tick)

    try:
        for result in results():
            # It stays in the list until the caller is done with its files, so that an error there removes them too.
            settled, staged, stack = begun[0]
            yield Attempt(settled or _as_outcome(result), staged)
            begun.popleft()
            stack.close()
    finally:
        for _, _, stack in begun:
            stack.close()


def _as_outcome(result: Any) -> Outcome:
    if isinstance(result, workers.WorkerLostError):
        return {"error": str(result)}
    if isinstance(result, BaseException):
        return _internal(result, "\n".join(getattr(result, "__notes__", ())))
    return dict(result)


def _internal(error: BaseException, trace: str) -> Outcome:
    return {
        "error": f"internal error: {type(error).__name__}: {error}; run with --debug and report it",
        "trace": trace,
    }


def _stage(stack: ExitStack, out: Path, task: Task) -> dict[str, Path]:
    """Return where the outputs of a task are written: in folders beside their final names, on the same disk."""
    if task.in_place:
        return {name: out / name for name in task.outputs}
    staged, folders = {}, dict[Path, Path]()
    for name in task.outputs:
        final = out / name
        if final.parent not in folders:
            # Entered first and so left last: a folder is empty only once the scratch folder in it is gone.
            stack.enter_context(_no_empty_folders(final.parent))
            folders[final.parent] = stack.enter_context(scratch_folder(final.parent, final.name))
        staged[name] = folders[final.parent] / final.name
    return staged


@contextlib.contextmanager
def _no_empty_folders(folder: Path) -> Iterator[None]:
    """Remove at the end what of the way to `folder` is new and holds nothing."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    finally:
        # The deepest is first; one that holds something ends it.
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()


def _attempt(
    work: Work, item: Item, outputs: list[Path], seed: int, tick: Callable[[float], None] = lambda share: None
) -> Outcome:
    start = time.perf_counter()
    try:
        # Before the work: a file that changes meanwhile must count as changed next time.
        inputs = {name: fingerprint(path) for name, path in item.files.items()}
    except OSError as error:
        return {"error": explain(error, reading=True, path=str(item.path)), "trace": traceback.format_exc()}
    except GantoolsError as error:  # gone, or no regular file any more
        return {"error": str(error), "trace": traceback.format_exc()}
    try:
        fields = work(item, outputs, seed, tick)
    except GantoolsError as error:
        # A message must name the user's file and not the hidden one that stands for it.
        led = error.path is not None
        return {"error": without_temporaries(str(error)), "led": led, "trace": traceback.format_exc()}
    except OSError as error:
        # On the input the error is one of reading; anywhere else something could not be written.
        reading = error.filename is not None and str(error.filename) == str(item.path)
        return {"error": explain(error, reading=reading), "trace": traceback.format_exc()}
    except MemoryError:
        return {"error": "out of memory; use fewer --jobs", "trace": traceback.format_exc()}
    # A bug, but that of one file: the others go on.
    except Exception as error:
        return _internal(error, traceback.format_exc())
    return {**_named(fields), "seconds": round(time.perf_counter() - start, 3), "_inputs": inputs}


def _attempt_apart(work: Work, item: Item, outputs: list[Path], seed: int) -> Outcome:
    """Do as `_attempt` in a folder of its own, and move what is whole to where it is expected.

    On a cluster a task is begun anew where its worker seems dead, and one that only seemed so must not go on writing
    into the files of the other.
    """
    own: dict[Path, Path] = {}
    try:
        with ExitStack() as stack:
            for path in outputs:
                if path.parent in own:
                    continue
                # Made by the run itself. Making it here would write on a disk that the run does not see.
                if not path.parent.is_dir():
                    what = "the worker does not see it; workers need the same folders under the same paths"
                    return {"error": f"{without_temporaries(str(path.parent / path.name))}: {what}", "led": True}
                own[path.parent] = stack.enter_context(scratch_folder(path.parent, "attempt"))
            outcome = _attempt(work, item, [own[path.parent] / path.name for path in outputs], seed)
            for folder, apart in own.items() if "error" not in outcome else ():
                for made in apart.iterdir():
                    os.replace(made, folder / made.name)
            return outcome
    except OSError as error:
        return {"error": explain(error), "trace": traceback.format_exc()}


def _named(value: Any) -> Any:
    """Return the fields of a record with final names in place of staged ones."""
    if isinstance(value, dict):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner) for inner in value]
    return without_temporaries(value) if isinstance(value, str) and ".tmp/" in value else value
