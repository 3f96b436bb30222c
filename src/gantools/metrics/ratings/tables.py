"""The tables of a listening test: who agrees with whom, what sets got, and what was said of each sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gantools.metrics.metric import Result
from gantools.report.table import FileGrid, TableRow, number

#: Of the questions of a songwriter in the order of the thesis: name -> head of a column.
_THESIS = {
    "real": "said",
    "easy": "to spot",
    "quality": "quality",
    "inspiring": "inspiring",
    "feedback": "comment",
}


def rows_of(result: Result) -> list[TableRow]:
    """Return what listeners agree on, what they tell apart and what they prefer, a row each."""
    agreement, raters = result["agreement"], len(result["raters"])
    rows: list[TableRow] = [("listeners", str(raters), f"{result['answers']} answers on {result['clips']} clips")]
    if raters > 1 and result["questions"]:
        icc = agreement["icc"]
        rows += [
            ("Pearson", number(agreement["mean_pearson"]), "mean over pairs of listeners"),
            ("Spearman", number(agreement["mean_spearman"]), "the same, of ranks"),
            ("ICC(2,1)", number(icc["ICC(2,1)"]), f"of one listener, on {icc['clips']} clips that all rated"),
            ("ICC(2,k)", number(icc["ICC(2,k)"]), f"of the mean of {raters}"),
        ]
    for question, found in result["questions"].items():
        if found["kruskal"]["h"] == found["kruskal"]["h"] and len(found["sets"]) > 1:
            text = f"H of {question} over {len(found['sets'])} sets (Kruskal-Wallis); p {number(found['kruskal']['p'])}"
            rows.append((f"sets, {question}", number(found["kruskal"]["h"]), text))
    if told := result["detection"]:
        text = f"of real and fake; chance .5, p {number(told['p'])}; {100 * told['right']:.0f} % of answers right"
        rows.append(("detection rate", number(told["rate"]), text))
    for one in result["preferences"]:
        text = f"{one['b']} {one['b_preferred']}, neither {one['neither']}; p {number(one['p'])} (sign test)"
        rows.append((f"{one['a']} preferred", str(one["a_preferred"]), text))
    failing = {rater: one["fails"] for rater, one in result["reliability"].items() if one["fails"]}
    for rater, why in failing.items():
        out = "left out" if rater in result["excluded"] else "counted; --exclude leaves them out"
        rows.append(("fails", rater, f"{why}; {out}"))
    if result["incomplete"]:
        rows.append(("incomplete", str(len(result["incomplete"])), ", ".join(result["incomplete"])))
    return rows


def grids_of(result: Result) -> list[tuple[str, FileGrid]]:
    """Return all tables that have something in them, with their titles."""
    agreement, raters = result["agreement"], result["raters"]
    grids: list[tuple[str, FileGrid]] = []
    if len(raters) > 1 and result["questions"]:
        grids += [
            ("Pearson's correlation of listeners", matrix(raters, agreement["pearson"])),
            ("Spearman's", matrix(raters, agreement["spearman"])),
            ("Listeners", _listeners(result)),
        ]
    grids += [(f"Sets: {question}", _sets(found)) for question, found in result["questions"].items()]
    grids += [
        (f"Pairs of sets: {question}", _pairs(found["pairs"]))
        for question, found in result["questions"].items()
        if found["pairs"]
    ]
    grids += [(f"Answers: {question}", _words(by_set)) for question, by_set in result["choices"].items()]
    if result["detection"]:
        grids.append(("Taken for real", _taken(result["detection"]["sets"])))
    if result["grades"]:
        counts = [str(count) for count in result["grades"].values()]
        grids.append(("Clips by mean grade", [["grade", *result["grades"]], ["clips", *counts]]))
    if result["form"] == "songwriter":
        grids.append(("Samples", samples(result)))
    if result["closing"]:
        grids.append(("To close with", [["listener", "question", "answer"], *result["closing"]]))
    return grids


def matrix(names: Sequence[str], values: Sequence[Sequence[float]]) -> FileGrid:
    """Return a table of each with each, as the papers print it: nothing for each with itself."""
    rows = [
        [name, *("na" if column == row else _two_digits(value) for column, value in enumerate(line))]
        for row, (name, line) in enumerate(zip(names, values, strict=True))
    ]
    return [["", *names], *rows]


def _two_digits(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "-"


def _listeners(result: Result) -> FileGrid:
    told = (result["detection"] or {}).get("raters", {})
    rows = []
    for rater in result["raters"]:
        one = result["reliability"][rater]
        alone = number(result["agreement"]["leave_one_out"][rater])
        rows.append([rater, alone, str(one["repeats"]), number(one["consistency"]), number(told.get(rater))])
    return [["listener", "with the others", "repeats", "consistency", "detection"], *rows]


def _sets(found: Mapping[str, Any]) -> FileGrid:
    rows = []
    for name, one in found["sets"].items():
        low, high = one["interval"]
        spread = [number(one[part]) for part in ("mean", "sd", "median")]
        rows.append([name, str(one["n"]), *spread, f"{number(low)} to {number(high)}"])
    return [["set", "answers", "mean", "sd", "median", "95 % of the mean"], *rows]


def _pairs(pairs: Sequence[Mapping[str, Any]]) -> FileGrid:
    rows = []
    for one in pairs:
        low, high = one["interval"]
        tests = [f"{one['u']:.0f}", *(number(one[part]) for part in ("p", "p_bonferroni", "t", "t_p"))]
        about = f"{one['pairs']} {one['paired']}" if one["pairs"] else "-"
        difference = f"{number(one['difference'])} ({number(low)} to {number(high)})"
        rows.append([f"{one['a']} - {one['b']}", difference, *tests, about])
    return [["sets", "difference (95 %)", "U", "p", "p, Bonferroni", "paired t", "p", "paired"], *rows]


def _words(by_set: Mapping[str, Mapping[str, int]]) -> FileGrid:
    words = list(dict.fromkeys(word for counts in by_set.values() for word in counts))
    return [["set", *words], *([name, *(str(counts.get(w, 0)) for w in words)] for name, counts in by_set.items())]


def _taken(by_set: Mapping[str, Mapping[str, Any]]) -> FileGrid:
    rows = []
    for name, one in by_set.items():
        low, high = one["interval"]
        rows.append([name, str(one["n"]), number(one["share"]), f"{number(low)} to {number(high)}"])
    return [["set", "answers", "taken for real", "95 % (Wilson)"], *rows]


def samples(result: Result) -> FileGrid:
    """Return the thesis' table: what each sample is, what it was taken for, and what was said of it."""
    head = ["sample", "set", "truth", *_THESIS.values()]
    many = len(result["raters"]) > 1
    rows = []
    for one in result["samples"]:
        truth = "real" if one["set"] == result["real_set"] else "fake"
        given = [one["answers"].get(name, "") for name in _THESIS]
        cells = [f"{cell:g}" if isinstance(cell, float) else str(cell) or "-" for cell in given]
        rows.append([one["sample"], *([one["rater"]] if many else []), one["set"], truth, *cells])
    return [["sample", "listener", *head[1:]] if many else head, *rows]
