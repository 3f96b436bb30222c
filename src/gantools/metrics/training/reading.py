"""The journal of a run, metrics.jsonl, as curves: what stands, what was undone, what was best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gantools.errors import InputError
from gantools.files.jsontext import parse_object
from gantools.files.readable import readable
from gantools.models.folder import system_of
from gantools.training.collapse import DIVERGENCE

#: Fields of a line that are no figures of it.
_OWN = {"kind", "step", "seconds", "rollbacks"}
#: (step, seconds, value, whether the run went on from there): undone steps end in a return to an earlier state.
Point = tuple[int, float, float, bool]


@dataclass
class History:
    """What the journal of one run says.

    Attributes
    ----------
    terms, figures : dict of str to list of Point
        Losses, means over some steps each, and figures of the validations. The value is NaN where it was no number.
    steps : int
        Updates that stand.
    seconds : float
        Of training, with what was undone.
    best_step, best_score : int and float, or None
        The validation whose weights are the model.
    symptoms : dict of str to int
        What was wrong -> in how many validations.
    returns : list of (int, int)
        Step of each collapse, and the step that the run went back to.
    skipped : int
        Steps whose loss or gradient was not finite.
    starts : int
        Processes that trained it.
    """

    terms: dict[str, list[Point]] = field(default_factory=dict)
    figures: dict[str, list[Point]] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_score: float | None = None
    symptoms: dict[str, int] = field(default_factory=dict)
    returns: list[tuple[int, int]] = field(default_factory=list)
    skipped: int = 0
    starts: int = 0


@dataclass(frozen=True)
class _Line:
    """A line of a journal; `turn` counts the returns before it."""

    kind: str
    step: int
    seconds: float
    turn: int
    values: Mapping[str, Any]


def read_history(path: Path) -> History:
    """Read a journal; half a line, of a run that goes on, is left out.

    Raises
    ------
    InputError
        It cannot be read, or is no journal.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path) from error
    lines = list(_lines(text))
    if not lines:
        raise InputError("holds no line of a training; give a model folder, or its metrics.jsonl", path)
    returns = {line.turn: (line.step, _whole(line.values.get("back_to"))) for line in lines if line.kind == "collapse"}
    history = History(returns=[returns[turn] for turn in sorted(returns)])

    def stands(line: _Line) -> bool:
        return all(line.step <= back for turn, (_, back) in returns.items() if turn >= line.turn)

    for line in lines:
        curves = {"train": history.terms, "validation": history.figures}.get(line.kind)
        for name, value in line.values.items() if curves is not None else ():
            if _is_figure(value):
                point = (line.step, line.seconds, math.nan if value is None else float(value), stands(line))
                curves.setdefault(name, []).append(point)  # type: ignore[union-attr]
    history.steps = max(line.step for line in lines if stands(line))
    history.seconds = max(line.seconds for line in lines)
    history.starts = sum(line.kind == "start" for line in lines)
    history.skipped = sum(line.kind == "skipped" for line in lines)
    ill = _symptoms(lines)
    history.symptoms = dict(Counter(name for names in ill.values() for name in names))
    history.best_step, history.best_score = _best(lines, ill)
    return history


def _lines(text: str) -> Iterator[_Line]:
    for words in text.splitlines():
        try:
            record = parse_object(words)
            kind, step, seconds = str(record["kind"]), record["step"], float(record["seconds"])
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(step, int) and step >= 0 and math.isfinite(seconds):
            values = {readable(name): value for name, value in record.items() if name not in _OWN}
            yield _Line(kind, step, seconds, _whole(record.get("rollbacks")), values)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _is_figure(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _symptoms(lines: Sequence[_Line]) -> dict[tuple[int, int], list[str]]:
    """Return the symptoms of each ill validation, by returns before it and its step."""
    ill: dict[tuple[int, int], list[str]] = {}
    for line in lines:
        reasons = line.values.get("reasons")
        if line.kind in ("symptoms", "collapse") and isinstance(reasons, dict):
            ill[line.turn, line.step] = [readable(str(name)) for name in reasons]
    return ill


def _best(lines: Sequence[_Line], ill: Mapping[tuple[int, int], list[str]]) -> tuple[int | None, float | None]:
    """Return step and score of the best validation, as training chooses it: a healthy one, once there was one.

    What was undone counts too: its weights were the best when it was validated.
    """
    best: tuple[int | None, float | None] = None, None
    was_healthy = False
    for line in lines:
        score = line.values.get("score")
        if line.kind != "validation" or not line.step or not isinstance(score, int | float):
            continue
        symptoms = ill.get((line.turn, line.step), ())
        if not symptoms and not was_healthy:
            was_healthy, best = True, (None, None)
        usable = not symptoms or (not was_healthy and DIVERGENCE not in symptoms)
        if usable and score < (math.inf if best[1] is None else best[1]):
            best = line.step, float(score)
    return best


def describe(path: Path, label: str) -> dict[str, Any]:
    """Return what a report holds of a run: its figures, and under ``curves`` the curves.

    Raises
    ------
    InputError
        As `read_history`.
    """
    history = read_history(path)
    scores = [point for point in history.figures.get("score", []) if point[0] and point[3]]
    return {
        "model": readable(label),
        "system": system_of(path.parent),
        "steps": history.steps,
        "seconds": history.seconds,
        "best_step": history.best_step,
        "best_score": history.best_score,
        "last_score": scores[-1][2] if scores else math.nan,
        "validations": len(scores),
        "last_validation": scores[-1][0] if scores else None,
        "symptoms": history.symptoms,
        "rollbacks": len(history.returns),
        "skipped": history.skipped,
        "starts": history.starts,
        "curves": {"terms": history.terms, "figures": history.figures, "returns": history.returns},
    }


def journals(folder: Path) -> list[Path]:
    """Return the journals of a model folder: its own, or those of its scales."""
    own = folder / "metrics.jsonl"
    return [own] if own.is_file() else sorted(folder.glob("scales/*/metrics.jsonl"))


def labels(paths: Sequence[Path]) -> list[str]:
    """Return the names of the folders of journals, with as many of the folders above as tell them apart."""
    parts = [path.absolute().parent.parts for path in paths]
    for depth in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(own[-depth:]) for own in parts]
        if len(set(names)) == len(names):
            break
    return names if paths else []
