"""`gantools evaluate ratings`: simulated listeners, whose agreement and taste are known."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listening import answer, write_sets

from gantools.report.listening.forms import FORMS

#: Table 1 of Automatic Music Production Using Generative Adversarial Networks.
RATERS = ("Guitarist", "Drummer", "Producer 1", "Producer 2")
TABLE_1 = np.array([[1, 0.82, 0.75, 0.77], [0.82, 1, 0.76, 0.79], [0.75, 0.76, 1, 0.85], [0.77, 0.79, 0.85, 1]])
ASPECTS = ("quality", "contamination", "credibility", "time")


def write_table(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write a table of answers."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("rater", "clip", "set", "question", "value"), *rows])


def four_annotators(seed: int) -> list[tuple[Any, ...]]:
    """Return grades of 400 clips by the four of the paper, who agree as in its table; those of set b are 1.5 better."""
    rng = np.random.default_rng(seed)
    better = np.where(np.arange(400) % 2, 0.75, -0.75)
    # What tells the sets apart is part of what they agree on.
    scores = rng.multivariate_normal(np.zeros(4), 1.9**2 * TABLE_1 - 0.75**2, size=400) + better[:, None]
    # Drawn so that they agree exactly as in the table, before rounding: 400 clips drawn freely are up to .07 off.
    root, wanted = (np.linalg.cholesky(matrix) for matrix in (np.cov(scores.T), 1.9**2 * TABLE_1))
    scores = 5.5 + (scores - scores.mean(axis=0)) @ np.linalg.inv(root).T @ wanted.T
    grades = np.clip(np.round(scores[..., None] + 0.4 * rng.standard_normal((400, 4, 4))), 1, 10).astype(int)
    return [
        (rater, f"clip-{n}", "b" if n % 2 else "a", aspect, grades[n, r, a])
        for n in range(400)
        for r, rater in enumerate(RATERS)
        for a, aspect in enumerate(ASPECTS)
    ]


def test_the_papers_matrix_and_a_planted_effect_come_out(gantools: Callable, tmp_path: Path) -> None:
    write_table(tmp_path / "grades.csv", four_annotators(0))
    done = gantools("evaluate", "ratings", "grades.csv", "-o", "report", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["raters"] == list(RATERS)
    matrix = np.array(found["agreement"]["pearson"], float)
    assert np.abs(matrix - TABLE_1).max() < 0.05
    assert found["agreement"]["mean_pearson"] == pytest.approx(0.79, abs=0.05)
    assert found["agreement"]["icc"]["ICC(2,1)"] == pytest.approx(0.79, abs=0.05)
    for aspect in ASPECTS:
        (pair,) = found["questions"][aspect]["pairs"]
        assert pair["difference"] == pytest.approx(-1.5, abs=0.3)
        low, high = pair["interval"]
        assert low < -1.5 < high < 0
        assert pair["p_bonferroni"] < 1e-6
    assert sum(found["grades"].values()) == 400
    # The table is printed beside the record, and stands on the page.
    page = (tmp_path / "report/report.html").read_text()
    for text in (done.stderr, page):
        assert "Pearson&#39;s correlation of listeners" in text or "Pearson's correlation of listeners" in text
    assert f"{matrix[0, 1]:.2f}" in page
    assert (tmp_path / "report/ratings.png").exists()
    assert "samples" in json.loads((tmp_path / "report/report.json").read_text())
    again = gantools("evaluate", "ratings", "grades.csv", "-o", "report", "--json")
    assert json.loads(again.stdout)["status"] == "skipped"


def test_labels_by_chance_give_a_half(gantools: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [
        (f"r{rater}", f"{name}-{n}", name, "real", rng.choice(["real", "fake"]))
        for rater in range(10)
        for name, count in (("originals", 40), ("made", 160))
        for n in range(count)
    ]
    write_table(tmp_path / "answers.csv", rows)
    done = gantools("evaluate", "ratings", "answers.csv", "--real", "originals", "--json")
    told = json.loads(done.stdout)["detection"]
    assert told["rate"] == pytest.approx(0.5, abs=0.04)
    assert told["p"] > 0.05
    # A set without a difference has none.
    rows = [(f"r{r}", f"{s}{n}", s, "quality", rng.integers(1, 11)) for r in range(8) for s in "ab" for n in range(30)]
    write_table(tmp_path / "grades.csv", rows)
    (pair,) = json.loads(gantools("evaluate", "ratings", "grades.csv", "--json").stdout)["questions"]["quality"][
        "pairs"
    ]
    assert pair["interval"][0] < 0 < pair["interval"][1]


def save_results(folder: Path, rater: str, shift: int = 0, **changed: Any) -> Path:
    """Write what the page saves for a listener, who grades the second hearing `shift` apart from the first."""
    key = json.loads((folder / "test/key.json").read_text())
    form = FORMS[key["form"]]
    answers = []
    for id, trial in key["trials"].items():
        for clip, question in itertools.product(trial["stimuli"], form.questions if trial["block"] else ()):
            about = key["clips"][clip]
            value = answer(vars(question), f"{rater}{about['repeats'] or clip}", about["set"])
            if question.name == "easy" and about["set"] == "real":
                continue
            if trial["repeats"] and question.numeric:
                value = question.low + (value - question.low + shift) % (question.high - question.low + 1)
            answers.append({"trial": id, "clip": clip, "question": question.name, "value": value})
    content = {
        "kind": "gantools listening results", "schema": 1, "test": key["test"], "form": key["form"], "rater": rater,
        "session": rater, "saved": "2026-01-01", "complete": True, "answers": answers, "closing": [], **changed,
    }  # fmt: skip
    path = folder / f"results-{rater}-{changed.get('saved', '')}.json"
    path.write_text(json.dumps(content))
    return path


def test_results_of_a_page(gantools: Callable, tmp_path: Path) -> None:
    write_sets(tmp_path, songs=8)
    made = gantools(
        "evaluate", "listen", "day", "night", "real", "--clip-seconds", "0.5", "--heard-twice", "6", "-o", "test"
    )
    assert made.returncode == 0, made.stderr
    for rater in ("Ann", "Bo"):
        save_results(tmp_path, rater)
    save_results(tmp_path, "Random", shift=5)
    save_results(tmp_path, "Bo", saved="2026-01-02", complete=False)
    results = sorted(path.name for path in tmp_path.glob("results-*.json"))
    refused = gantools("evaluate", "ratings", *results)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "need the key of their test" in refused.stderr
    (tmp_path / "results-broken.json").write_text(json.dumps({"kind": "gantools listening results", "schema": 1}))
    done = gantools("evaluate", "ratings", *results, "results-broken.json", "--key", "test/key.json", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert "results-broken.json" in found["failed"][0]
    assert "the later one counts" in done.stderr
    assert (found["raters"], found["incomplete"]) == (["Ann", "Bo", "Random"], ["Bo"])
    assert [rater for rater, one in found["reliability"].items() if one["fails"]] == ["Random"]
    means = {name: one["mean"] for name, one in found["questions"]["quality"]["sets"].items()}
    assert means["day"] < means["night"] < means["real"]
    # Beside the results, or above, the key is found; who fails is left out when it is asked for.
    (tmp_path / "test/answers").mkdir()
    for name in results:
        (tmp_path / name).rename(tmp_path / "test/answers" / name)
    done = gantools("evaluate", "ratings", "test/answers", "--exclude", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["raters"] == ["Ann", "Bo"]
    turned = gantools("evaluate", "ratings", "test/answers", "--reverse", "time", "--json")
    plain, other = (json.loads(one.stdout)["questions"]["time"]["sets"]["day"]["mean"] for one in (done, turned))
    assert other > 5.5 > plain
    none = gantools("evaluate", "ratings", "test/answers", "--reverse", "speed")
    assert "is no question with numbers" in none.stderr


def test_the_table_of_samples_of_the_thesis(gantools: Callable, tmp_path: Path) -> None:
    write_sets(tmp_path, songs=8)
    gantools("evaluate", "listen", "day", "real", "--form", "songwriter", "--clip-seconds", "0.5", "-o", "test")
    save_results(tmp_path, "MS")
    done = gantools("evaluate", "ratings", "results-MS-.json", "--key", "test/key.json")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    head = next(line for line in lines if line[:1] == ["sample"])
    assert head == ["sample", "set", "truth", "said", "to", "spot", "quality", "inspiring", "comment"]
    rows = [line for line in lines if line and line[0].startswith("song-") and "heard" in line]
    assert sorted((row[1], row[2], row[3]) for row in rows) == [("day", "fake", "fake")] * 8 + [("real",) * 3] * 2
    assert "detection rate" in done.stdout
