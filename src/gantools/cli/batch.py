"""Many files through one function: planning, skipping, jobs, records, and errors that fail one file only."""

from __future__ import annotations

import errno
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, NoReturn

from gantools import __version__
from gantools.cli.flags import Run
from gantools.cli.inputs import Item
from gantools.cli.naming import distinct_outputs
from gantools.cli.progress import Bar
from gantools.cli.records import emit, in_words, say
from gantools.errors import ConfigError, GantoolsError, StoppedError
from gantools.files.atomic import sweep_temporaries
from gantools.files.hashing import hash_json
from gantools.files.manifest import Manifest, fingerprint

#: What a verb does to one file: (item, output paths, seed, tick) -> fields of the record.
Work = Callable[[Item, Sequence[Path], int, Callable[[float], None]], dict[str, Any]]


@dataclass(frozen=True)
class Task:
    """One input and the files that it becomes, named below the output folder.

    The first is the result; with `roles`, one for each output, every output is a result with a record of its own.
    """

    item: Item
    outputs: tuple[str, ...]
    key: str = field(default="")
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.outputs[0])


def require_out(run: Run) -> Path:
    """Return the output folder; raises ConfigError when there is none or it cannot be made."""
    if run.out is None:
        raise ConfigError("no output folder; name one with -o")
    if run.out.exists() and not run.out.is_dir():
        raise ConfigError("the output folder is a file; name another with -o", run.out)
    return run.out


def run_batch(
    run: Run,
    tasks: Sequence[Task],
    config: Any,
    work: Work,
    *,
    describe: str = "",
    ahead: Callable[[Item], None] | None = None,
    plan: Work | None = None,
) -> int:
    """Bring every output up to date and return the exit code.

    Parameters
    ----------
    run : Run
    tasks : sequence of Task
    config : JSON value
        All that the outputs depend on beside the inputs; its hash goes to the manifest.
    work : callable
        Picklable when ``--jobs`` is not 1. Writes the outputs atomically.
    describe : str
        Said at the end beside the counts.
    ahead : callable, optional
        With one job, told of an input and the next one before work on the first begins, so that they can be read
        meanwhile. What it raises ends the run.
    plan : callable, optional
        Takes the place of `work` with ``--dry-run``: looks at a file, writes nothing, and gives the fields of its
        record, with ``facts`` (name -> words) to say.

    Outputs that would have one name are told apart, see `gantools.cli.naming.distinct_outputs`.
    """
    out = require_out(run)
    digest = hash_json([config, run.seed])
    manifest = Manifest(out)
    tasks = distinct_outputs(tasks, manifest.records)
    if out.is_dir() and not run.dry_run:
        sweep_temporaries(out)
    counts = {"ok": 0, "skipped": 0, "error": 0, "planned": 0}
    kinds: Counter[str] = Counter()
    known: dict[str, dict[str, Any]] = {}
    for task in tasks:
        record = None if run.force else manifest.up_to_date(task.key, {"source": task.item.path}, digest)
        # A role that --map or another rule reads anew changes what depends on it.
        if record is not None and record.get("role", task.item.role) == task.item.role:
            known[task.key] = record
    waiting = [task for task in tasks if task.key not in known]
    with _stopping(counts), Bar(run, len(waiting), run.verb) as bar:
        action = plan if run.dry_run else work
        done = outcomes(run, out, waiting, action, bar, ahead) if action and waiting else iter(())
        for task in tasks:  # in their order, so that records come in the order of the inputs
            if task.key in known:
                _result(run, out, task, "skipped", known[task.key].get("fields", {}), counts)
            elif run.dry_run:
                _foresee(run, out, task, next(done) if plan else {}, bar, counts)
            else:
                before = counts["ok"]
                _finish(run, out, task, digest, manifest, next(done), bar, counts)
                kinds[task.item.path.suffix.lower().lstrip(".")] += counts["ok"] - before
                if counts["error"] and run.on_error == "stop":
                    break
    _summary(run, counts, kinds, describe)
    return 1 if counts["error"] else 0


@contextmanager
def _stopping(counts: dict[str, int]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        stopped(counts["ok"])


def stopped(kept: int) -> NoReturn:
    """End a run that was interrupted; the message says to run it again only where it would go on.

    Parameters
    ----------
    kept : int
        Results of files that a next run need not make again.
    """
    if not kept:
        raise KeyboardInterrupt
    what = "the result of 1 file is kept" if kept == 1 else f"the results of {kept} files are kept"
    raise StoppedError(f"interrupted; {what}: run it again to go on")


def _foresee(run: Run, out: Path, task: Task, outcome: dict[str, Any], bar: Bar, counts: dict[str, int]) -> None:
    """Report what a run would do to one file, or why it would fail."""
    if "error" in outcome:
        bar.say(f"gantools {run.verb}: {one_line(task, outcome)}", outcome.get("trace"))
        _result(run, out, task, "error", {"error": outcome["error"]}, counts)
        return
    for source in ("_source", "seconds"):
        outcome.pop(source, None)
    if outcome.get("facts") and not run.quiet:
        facts = "; ".join(f"{name}: {in_words(value)}" for name, value in outcome["facts"].items())
        bar.say(f"gantools {run.verb}: {task.item.path}: {facts}")
    _result(run, out, task, "planned", outcome, counts)


def _finish(
    run: Run,
    out: Path,
    task: Task,
    digest: str,
    manifest: Manifest,
    outcome: dict[str, Any],
    bar: Bar,
    counts: dict[str, int],
) -> None:
    if "error" not in outcome:
        outcome = _record(run, out, task, digest, manifest, outcome)
    if "error" in outcome:
        bar.say(f"gantools {run.verb}: {one_line(task, outcome)}", outcome.get("trace"))
        _result(run, out, task, "error", {"error": outcome["error"]}, counts)
    else:
        if outcome.get("warning"):
            bar.remark(f"gantools {run.verb}: {task.item.path}: warning: {outcome['warning']}")
        if run.verbose:
            bar.remark(f"gantools {run.verb}: {task.item.path} -> {out / task.outputs[0]}")
        _result(run, out, task, "ok", outcome, counts)
    bar.update(counts["ok"] + counts["error"])


def one_line(task: Task, outcome: dict[str, Any]) -> str:
    """Return why a task failed, led by the path of its input."""
    message = str(outcome["error"])
    path = str(task.item.path)
    return " ".join((message if message.startswith(path) else f"{path}: {message}").splitlines())


def outcomes(
    run: Run,
    out: Path,
    tasks: Sequence[Task],
    work: Work,
    bar: Bar,
    ahead: Callable[[Item], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield what `work` returned for each task, in their order, on ``--jobs`` processes; see `run_batch`.

    A task that failed gives ``error`` (one line) and ``trace``; the others have ``seconds`` added.
    """
    from gantools.runtime.device import available_cores
    from gantools.runtime.seeds import item_seed

    jobs = min(run.jobs or available_cores(), len(tasks))
    calls = [
        (work, task.item, [out / name for name in task.outputs], item_seed(run.seed, task.item.key)) for task in tasks
    ]
    if jobs == 1:
        for position, call in enumerate(calls):

            def tick(share: float, position: int = position) -> None:
                bar.update(position + min(max(share, 0.0), 1.0))

            if ahead:
                for task in tasks[position : position + 2]:
                    ahead(task.item)
            yield _guarded(*call, tick)
        return
    import joblib

    pool = joblib.Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
    yield from pool(joblib.delayed(_in_child)(*call) for call in calls)


def _in_child(work: Work, item: Item, outputs: list[Path], seed: int) -> dict[str, Any]:
    # A child must not read what is meant for the parent.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return _guarded(work, item, outputs, seed, lambda share: None)


def _guarded(work: Work, item: Item, outputs: list[Path], seed: int, tick: Callable[[float], None]) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        # Before the work: a file that changes meanwhile must count as changed next time.
        source = fingerprint(item.path)
        fields = work(item, outputs, seed, tick)
    except GantoolsError as error:
        return {"error": str(error), "trace": traceback.format_exc()}
    except OSError as error:
        text = "no space left on the output disk; free some and run again" if error.errno == errno.ENOSPC else ""
        return {"error": text or error.strerror or str(error), "trace": traceback.format_exc()}
    except MemoryError:
        return {"error": "out of memory; use fewer --jobs", "trace": traceback.format_exc()}
    except Exception as error:
        reason = f"internal error: {type(error).__name__}: {error}; run with --debug and report it"
        return {"error": reason, "trace": traceback.format_exc()}
    return {**fields, "seconds": round(time.perf_counter() - start, 3), "_source": source}


def _record(
    run: Run, out: Path, task: Task, digest: str, manifest: Manifest, outcome: dict[str, Any]
) -> dict[str, Any]:
    source = outcome.pop("_source")
    try:
        manifest.append(
            {
                "key": task.key,
                "item": task.item.key,
                "role": task.item.role,
                "beside": list(task.outputs[1:] if not task.roles else ()),
                "source": str(task.item.path),
                "config": digest,
                "seed": run.seed,
                "version": __version__,
                "inputs": {"source": source},
                "outputs": {name: os.stat(out / name).st_size for name in task.outputs if (out / name).exists()},
                "fields": outcome,
            }
        )
    except OSError as error:
        return {"error": f"the manifest cannot be written ({error.strerror}); free space and run again"}
    return outcome


def _result(run: Run, out: Path, task: Task, status: str, fields: dict[str, Any], counts: dict[str, int]) -> None:
    counts[status] += 1
    item = task.item
    record = {
        "action": run.verb,
        "status": status,
        "path": str(out / task.outputs[0]),
        "source": str(item.path),
        "rel": item.rel,
        "role": item.role,
        "song": item.song,
        **fields,
    }
    if not task.roles or status == "error":
        emit(run, record)
        return
    for name, role in zip(task.outputs, task.roles, strict=True):
        # The folder of the output is the tree that the next verb of a pipe keeps.
        rel = PurePath(name).parent.as_posix()
        emit(run, record | {"path": str(out / name), "rel": "" if rel == "." else rel, "role": role})


def _summary(run: Run, counts: dict[str, int], kinds: Counter[str], describe: str) -> None:
    if run.dry_run:
        failing = f"; {counts['error']} would fail" if counts["error"] else ""
        say(run, f"would do {counts['planned']}; {counts['skipped']} up to date{failing}")
        return
    if not counts["ok"] and not counts["error"]:
        say(run, f"nothing to do: {counts['skipped']} up to date")
        return
    parts = [f"{counts['ok']} done"]
    if len(+kinds) > 1:  # files of several kinds: each was read
        named = [f"{count} {kind or 'without ending'}" for kind, count in sorted((+kinds).items())]
        parts[0] += f" ({', '.join(named)})"
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} up to date")
    if counts["error"]:
        parts.append(f"{counts['error']} failed")
    say(run, ", ".join(parts) + (f" {describe}" if describe else ""), error=bool(counts["error"]))
