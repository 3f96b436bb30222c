"""Many files through one function: planning, skipping, jobs, records, and errors that fail one file only."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, NoReturn

from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.inputs import kind_of
from gantools.cli.naming import distinct_outputs
from gantools.cli.outcomes import Attempt, outcomes
from gantools.cli.pages import write_page
from gantools.cli.progress import Bar
from gantools.cli.records import emit, in_words, say, show_beside
from gantools.cli.tasks import Task, Work
from gantools.errors import ConfigError, GantoolsError, StoppedError
from gantools.files.atomic import sweep_temporaries
from gantools.files.failures import explain
from gantools.files.hashing import hash_json
from gantools.files.manifest import Manifest
from gantools.files.ownership import describe_output
from gantools.version import __version__


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
        Picklable when ``--jobs`` is not 1. Writes the outputs where it is told.
    describe : str
        Text for the last message, behind the counts.
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
    # Before anything is compared: inputs whose names meet keep the outputs that an earlier run gave them.
    tasks = distinct_outputs(tasks, manifest.records)
    if out.is_dir() and not run.dry_run:
        sweep_temporaries(out)
    counts = {"ok": 0, "skipped": 0, "error": 0, "planned": 0}
    kinds: Counter[str] = Counter()
    ended = 0  # of those that wait, which the bar counts

    def known_of(task: Task) -> dict[str, Any] | None:
        record = manifest.up_to_date(task.key, task.item.files, digest, check=run.check)
        # A role that --map or another rule reads anew changes what depends on it.
        return record if record is not None and record.get("role", task.item.role) == task.item.role else None

    known = {} if run.force else {task.key: record for task in tasks if (record := known_of(task)) is not None}
    # Judged in advance, so that the bar counts only what is left to do.
    waiting = [task for task in tasks if task.key not in known]

    def settle(task: Task) -> dict[str, Any] | None:
        # Another run may work on the same folder.
        manifest.refresh()
        if not run.force and (record := known_of(task)) is not None:
            return {"_known": record}
        # A file of the user's in the way is found before the work, which may take hours, and not after it.
        why = "" if task.in_place else manifest.kept(task.outputs, run.force)
        return {"error": why} if why else None

    with _stopping(counts), Bar(run, len(waiting), run.verb) as bar, contextlib.ExitStack() as stack:
        done: Iterator[Attempt] = iter(())
        if run.dry_run and plan and waiting:
            done = outcomes(run, out, waiting, plan, bar, stage=False)
        elif waiting and not run.dry_run:
            # Workers that had to be killed leave their scratch files.
            stack.callback(sweep_temporaries, out)
            done = outcomes(run, out, waiting, work, bar, settle=settle, ahead=ahead)
            # Last in, first out: the workers have ended before their scratch files are swept.
            stack.callback(done.close)  # type: ignore[attr-defined]
        for task in tasks:  # in their order, so that records come in the order of the inputs
            if task.key in known:
                _result(run, out, task, "skipped", known[task.key]["fields"], counts)
            elif run.dry_run:
                why = "" if task.in_place else manifest.kept(task.outputs, run.force)
                ahead_of_it = next(done).outcome if plan else {"kept": why} if why else {}
                _foresee(run, out, task, ahead_of_it, bar, counts)
            else:
                # Kinds are counted of what this run made, not of failures or of what another run had made meanwhile.
                before = counts["ok"]
                _finish(run, out, task, digest, manifest, next(done), bar, counts)
                ended += 1
                bar.update(ended)
                kinds[task.item.path.suffix.lower().lstrip(".")] += counts["ok"] - before
                if counts["error"] and run.on_error == "stop":
                    break
    _summary(run, counts, kinds, describe)
    page = write_page(run) if run.page and not run.dry_run else 0
    return 1 if counts["error"] else page


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
    # They tell of work that was done, and a plan has done none.
    for name in ("_inputs", "seconds"):
        outcome.pop(name, None)
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
    attempt: Attempt,
    bar: Bar,
    counts: dict[str, int],
) -> None:
    outcome = attempt.outcome
    # Another run made it while this one was busy with earlier files.
    if "_known" in outcome:
        _result(run, out, task, "skipped", outcome["_known"]["fields"], counts)
        return
    if "error" not in outcome:
        outcome = _publish(run, out, task, digest, manifest, attempt)
    if "error" in outcome:
        bar.say(f"gantools {run.verb}: {one_line(task, outcome)}", outcome.get("trace"))
        _result(run, out, task, "error", {"error": outcome["error"]}, counts)
    else:
        if outcome.get("warning"):
            bar.remark(f"gantools {run.verb}: {task.item.path}: warning: {outcome['warning']}")
        if run.verbose:
            bar.remark(f"gantools {run.verb}: {task.item.path} -> {out / task.outputs[0]}")
        _result(run, out, task, "ok", outcome, counts)


def one_line(task: Task, outcome: dict[str, Any]) -> str:
    """Return why a task failed, led by the path of its input, or by that of another file that is at fault."""
    message = str(outcome["error"])
    path = str(task.item.path)
    led = outcome.get("led") or message.startswith(path)
    return " ".join((message if led else f"{path}: {message}").splitlines())


def _publish(run: Run, out: Path, task: Task, digest: str, manifest: Manifest, attempt: Attempt) -> dict[str, Any]:
    fields = dict(attempt.outcome)
    # What is of another kind than the result, such as MIDI beside its sound, is a result to who reads that kind.
    same = ("", kind_of(PurePath(task.outputs[0])))
    beside = [name for name in task.outputs[1:] if kind_of(PurePath(name)) in same and not task.roles]
    ready = {name: path for name, path in attempt.staged.items() if path.exists()}
    if task.many:
        ready, beside = _many(task, attempt, fields)
    record = {
        "key": task.key,
        "item": task.item.key,
        "role": task.item.role,
        # Pictures and other outputs without a role of their own: a verb that reads results passes them over.
        "beside": beside,
        "verb": run.verb,
        "source": str(task.item.path),
        # Where it is, whatever folder a later command is run in.
        "place": os.path.abspath(task.item.path),
        "config": digest,
        "seed": run.seed,
        "version": __version__,
        "inputs": fields.pop("_inputs"),
        "fields": fields,
    }
    try:
        if task.in_place:
            # The work wrote under final names and kept them safe by itself: what is there now is recorded.
            manifest.append({**record, "outputs": _inside(out, task.outputs)})
        else:
            old = manifest.records.get(task.key, {}).get("outputs", {}) if task.many else {}
            manifest.publish(record, ready, force=run.force)
            # What this task made before and does not make any more goes, as a result that is overwritten does.
            for name in set(old) - set(ready):
                if manifest.state(name) == "ours":
                    (out / name).unlink()
    except OSError as error:
        return {"error": explain(error, path=str(out / task.outputs[0]))}
    except GantoolsError as error:
        return {"error": str(error)}
    return fields


def _many(task: Task, attempt: Attempt, fields: dict[str, Any]) -> tuple[dict[str, Path], list[str]]:
    """Return the files that work chose to make (final name -> where each is), and the names of what comes along."""
    (base,) = task.outputs
    folder, staged = PurePath(base).parent, attempt.staged[base].parent
    beside = [str(name) for name in fields.pop("beside", ())]
    names = [*(str(one["name"]) for one in fields["made"]), *beside]
    return {(folder / name).as_posix(): staged / name for name in names}, [(folder / n).as_posix() for n in beside]


def _inside(out: Path, folders: Sequence[str]) -> dict[str, Any]:
    """Return what the manifest says of folders that work has filled: their configurations and weights."""
    paths = [path for folder in folders for path in sorted((out / folder).rglob("*")) if path.is_file()]
    wanted = [path for path in paths if path.suffix == ".safetensors" or path.name == "config.json"]
    return {path.relative_to(out).as_posix(): describe_output(path) for path in wanted if path.parent.name != "state"}


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
    if task.many:
        _emit_many(run, out, task, record)
        return
    if not task.roles or status == "error":
        emit(run, record)
        if status != "error":
            show_beside(run, [out / name for name in task.outputs[1:]])
        return
    for name, role in zip(task.outputs, task.roles, strict=True):
        # The folder of the output is the tree that the next verb of a pipe keeps.
        rel = PurePath(name).parent.as_posix()
        emit(run, record | {"path": str(out / name), "rel": "" if rel == "." else rel, "role": role})


def _emit_many(run: Run, out: Path, task: Task, record: dict[str, Any]) -> None:
    """Print a record for each result that work chose to make; one without a path where there is none."""
    made = record.pop("made", [])
    for one in made:
        fields = {name: value for name, value in one.items() if name != "name"}
        emit(run, record | {"path": str(out / PurePath(task.outputs[0]).parent / one["name"])} | fields)
    if not made:
        emit(run, record | {"path": None})


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
