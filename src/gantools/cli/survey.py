"""Many files read through one function, for a result that is not a file each: statistics, checks, tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.item import Item
from gantools.cli.batch import one_line
from gantools.cli.flags import Run
from gantools.cli.outcomes import outcomes
from gantools.cli.progress import Bar
from gantools.cli.tasks import Task

if TYPE_CHECKING:
    from gantools.files.partial import Partial


def survey(
    run: Run,
    items: Sequence[Item],
    work: Callable[..., dict[str, Any]],
    label: str = "",
    kept: Partial | None = None,
    part: str = "",
) -> list[tuple[Item, dict[str, Any]]]:
    """Return all that `surveyed` yields."""
    return list(surveyed(run, items, work, label, kept, part))


def surveyed(
    run: Run,
    items: Sequence[Item],
    work: Callable[..., dict[str, Any]],
    label: str = "",
    kept: Partial | None = None,
    part: str = "",
) -> Iterator[tuple[Item, dict[str, Any]]]:
    """Run `work` on every item, on ``--jobs`` processes, and yield what it gave, in the order of the items.

    A file that fails gives ``{"error": ...}`` and a line on standard error. The others go on, except with
    ``--on-error stop``.

    Parameters
    ----------
    run : Run
    items : sequence of Item
    work : callable
        As for `gantools.cli.batch.run_batch`, with an empty list of outputs.
    label : str
        Text beside the bar.
    kept : Partial, optional
        Where results are kept as they come; those of an earlier run, that was stopped, are taken from there.
    part : str
        What tells these results from others of the same files.
    """
    known = {item: kept.find(item.path, part) for item in items} if kept else {}
    # Only what no earlier run has kept is worked on; both kinds of results come in the order of the items.
    tasks = [Task(item, (), key=item.key) for item in items if known.get(item) is None]
    with Bar(run, len(items), label or run.verb) as bar:
        made = zip(tasks, outcomes(run, Path(), tasks, work, bar), strict=True)
        for count, item in enumerate(items, start=1):
            outcome = known.get(item)
            if outcome is None:
                task, attempt = next(made)
                outcome = attempt.outcome
                inputs = outcome.pop("_inputs", None)
                if "error" in outcome:
                    bar.say(f"gantools {run.verb}: {one_line(task, outcome)}", outcome.get("trace"))
                    outcome = {"error": outcome["error"]}
                elif kept:
                    kept.store(outcome, inputs["source"]["hash"], part)
            if outcome.get("warning"):
                bar.remark(f"gantools {run.verb}: {item.path}: warning: {outcome['warning']}")
            bar.update(count)
            yield item, outcome
            if "error" in outcome and run.on_error == "stop":
                break


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text in columns: the first to the left, the others to the right, two spaces between."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if number == 0 else text.rjust(width)
            for number, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def cell(value: float | None, digits: int = 1) -> str:
    """Return a number for a table; a dash for what was not measured."""
    return "-" if value is None or value != value else f"{value:.{digits}f}"
