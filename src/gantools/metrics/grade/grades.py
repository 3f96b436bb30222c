"""What clips were graded: from listeners' answers, or from a table with clip and grade."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from gantools.errors import InputError
from gantools.files.regular import require_regular
from gantools.metrics.grade.config import GradeFitConfig
from gantools.metrics.metric import Conditions
from gantools.metrics.pairing import ClipSets
from gantools.metrics.ratings.answers import score_matrix
from gantools.metrics.ratings.comparison import REAL, read_all, turn_round
from gantools.metrics.ratings.consistency import reliability
from gantools.options import parsed
from gantools.report.clip import Clip

_LARGEST_BYTES = 64 << 20


@dataclass(frozen=True)
class Grade:
    """The grade of a clip: `label` is the name of its file, `set` the set it is of, or empty."""

    label: str
    set: str
    value: float


def read_grades(answers: Sequence[Clip], sets: ClipSets, config: GradeFitConfig, conditions: Conditions) -> list[Grade]:
    """Return the grade of each clip: the mean of all listeners, over all questions that have numbers.

    Real clips that were hidden among the others have none.

    Raises
    ------
    InputError
        No file could be read.
    ConfigError
        As `gantools.metrics.ratings.comparison.compare_ratings`.
    """
    plain: list[Grade] = []
    rest = []
    for clip in answers:
        table = _plain(clip.path)
        plain += table or []
        rest += [clip] if table is None else []
    if not rest:
        return plain
    ratings = read_all(ClipSets({"answers": rest}, sets.files), conditions)
    real = ratings.real or (REAL if REAL in ratings.sets else "")
    turn_round(ratings, parsed(config, "reverse"))
    if config.exclude:
        judged = reliability(ratings, config.least_consistency)
        ratings = ratings.without(rater for rater, one in judged.items() if one["fails"])
    first = [answer for answer in ratings.first if answer.set != real]
    scores, clips = score_matrix(first, ratings.raters, ratings.questions)
    set_of = {answer.clip: answer.set for answer in first}
    return plain + [
        Grade(ratings.labels.get(clip, clip), set_of[clip], float(np.nanmean(column)))
        for clip, column in zip(clips, scores.T, strict=True)
        if np.isfinite(column).any()
    ]


def _plain(path: Path) -> list[Grade] | None:
    """Return the grades of a table with the columns clip and grade; None where it is another file."""
    if path.suffix.lower() != ".csv":
        return None
    require_regular(path)
    if path.stat().st_size > _LARGEST_BYTES:
        raise InputError(f"is larger than {_LARGEST_BYTES >> 20} MB", path)
    lines = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig", errors="replace"), newline=""))
    if not {"clip", "grade"} <= {name.strip() for name in lines.fieldnames or ()}:
        return None
    found, number = [], 1
    try:
        for row in lines:
            number = lines.line_num
            cells = {str(name).strip(): str(value).strip() for name, value in row.items()}
            value = float(cells["grade"])
            if not math.isfinite(value) or not cells["clip"]:
                raise ValueError(cells["grade"])
            found.append(Grade(cells["clip"], cells.get("set", ""), value))
    except (csv.Error, ValueError) as error:
        raise InputError(f"line {number} has no clip or no grade ({error}); correct the table", path) from error
    return found


def match(grades: Sequence[Grade], clips: Sequence[Clip]) -> tuple[dict[Path, float], list[str]]:
    """Return the grade of each file, and the clips that no file or several files could be.

    A clip is the file whose path ends as its name says, with or without an ending; of several, the one below a folder
    with the name of its set. Of two grades of one file the mean counts.
    """
    values: dict[Path, list[float]] = {}
    missing = []
    ends: dict[str, list[Clip]] = {}
    for clip in clips:
        for name in {clip.path.name, PurePath(clip.name).name}:
            ends.setdefault(name, []).append(clip)
    for grade in grades:
        wanted = PurePath(grade.label)
        found = [clip for clip in ends.get(wanted.name, ()) if _ends_with(clip, wanted)]
        if len(found) > 1 and grade.set:
            found = [clip for clip in found if grade.set in clip.path.parts] or found
        if len(found) == 1:
            values.setdefault(found[0].path, []).append(grade.value)
        else:
            missing.append(grade.label)
    return {path: float(np.mean(given)) for path, given in values.items()}, missing


def _ends_with(clip: Clip, wanted: PurePath) -> bool:
    own = clip.path.parts[-len(wanted.parts) :]
    return own[:-1] == wanted.parts[:-1] and wanted.name in (clip.path.name, PurePath(clip.name).name)
