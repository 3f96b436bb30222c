#!/usr/bin/env python3
"""What `loops_table.sh` counts, chooses and prints: loops_table.py phrases MODEL | below LOOPS RATE | tables FOLDER."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.files.manifest import Manifest

#: Sets of loops in the order of the paper's tables -> what they are, and its columns LS, UP, ND, P, R, D, C.
SYSTEMS = {
    "real": ("training set", (6.806e-3, 5.769, 14.383)),
    "cnnvae": ("CNN-VAE", (0.3496, 5.614, 12.648, 0.642, 0.625, 0.617, 0.746)),
    "transformer": ("Music Transformer", (0.72, 4.127, 11.290, 0.546, 0.359, 0.687, 0.408)),
    "gan": ("MuseGAN", (0.2307, 5.790, 14.011, 0.641, 0.689, 0.673, 0.842)),
    "temperature": ("VQ-VAE + LSTM, temperature .7", (0.2275, 5.079, 14.289, 0.768, 0.655, 1.263, 0.949)),
    "top-k": ("VQ-VAE + LSTM, top-k 30", (0.1978, 5.044, 14.320, 0.779, 0.636, 1.328, 0.952)),
    "top-p": ("VQ-VAE + LSTM, top-p .08", (0.2037, 5.042, 14.341, 0.783, 0.638, 1.337, 0.950)),
    "nucleus": ("VQ-VAE + LSTM, top-p .9", ()),
}
#: What the figures could be faked with, and what real music gets: no rows of the paper.
BRACKETS = {
    "real": "*every other real piece against the rest*",
    "shuffled": "*real, bars shuffled*",
    "noise": "*noise*",
}
COLUMNS = {
    "loop_score": "LS",
    "used_pitches": "UP",
    "note_density": "ND",
    "precision": "P",
    "recall": "R",
    "density": "D",
    "coverage": "C",
}
PAPER_F1 = {
    "cnnvae": (0.633, 0.675),
    "transformer": (0.433, 0.512),
    "gan": (0.664, 0.748),
    "temperature": (0.707, 1.084),
    "top-k": (0.700, 1.109),
    "top-p": (0.703, 1.111),
}
PAPER_HAMMING = {"cnnvae": 4.412e-3, "codes-32": 6.643e-3}
RATES = {"the paper's rates": ("none", "1", "0.1", "0.01", "0.001"), "shares": ("none", "50%", "20%", "10%", "5%")}
PANELS = (("precision", "recall"), ("density", "coverage"), ("used_pitches", "note_density"))
REJECTING = {"gan": "MuseGAN", "top-k": "VQ-VAE + LSTM"}
NOTE = """
Beside each of our figures stands the paper's, of another training set (751,935 loops of the Lakh MIDI Dataset), another
detector (trained on audio) and longer trainings: loop scores of two detectors are not of one scale, and the others tell
of the order of the systems alone. A nucleus of .08 holds little but the most probable code. The program's is another
one: it sums the probabilities before it sorts them."""


def main() -> None:
    """Do what the first argument says."""
    commands: dict[str, Callable[..., None]] = {"phrases": phrases, "below": below, "tables": tables}
    commands[sys.argv[1]](*sys.argv[2:])


def phrases(model: str) -> None:
    """Print how many phrases a model learned from."""
    print(json.loads((Path(model) / "config.json").read_text(encoding="utf-8"))["data"]["phrases"]["train"])


def below(folder: str, rate: str) -> None:
    """Print the paths of the loops that a rate leaves: ``none``, a loop score, or a share of all such as ``10%``."""
    records = Manifest(folder).records.values()
    scores = {name: record["fields"]["loop_score"] for record in records for name in record["outputs"]}
    limit = np.inf
    if rate.endswith("%"):
        limit = float(np.quantile(list(scores.values()), float(rate[:-1]) / 100))
    elif rate != "none":
        limit = float(rate)
    for name, score in scores.items():
        if score <= limit:
            print(Path(folder).absolute() / name)


def tables(folder: str) -> None:
    """Print the tables as Markdown and draw the figures, from the reports and journals in a folder."""
    place = Path(folder)
    reports = {path.parent.name: json.loads(path.read_text("utf-8")) for path in place.glob("report/*/report.json")}
    reports |= {path.stem: json.loads(path.read_text("utf-8")) for path in place.glob("report/*.json")}
    print("Table 1: reconstruction error\n\n" + "\n".join(reconstruction(place)))
    print("\nTable 2: musical style and similarity\n\n" + "\n".join(style(reports)) + "\n" + NOTE)
    print("\nTable 3: F1\n\n" + "\n".join(f1(reports)))
    print("\nWhat the paper does not tell\n\n" + "\n".join(novelty(reports)))
    print("\nLength of the codes\n\n" + "\n".join(lengths(place, reports)))
    print("\nFigure 3: groups of windows by loop score, `fig3.png`\n\n" + "\n".join(groups(reports["groups"])))
    shutil.copyfile(place / "report/groups/groups.png", place / "fig3.png")
    print("\nFigure 5: rejection sampling, `fig5.png`\n\n" + "\n".join(rejection(reports)))
    draw_rejection(reports, place / "fig5.png")


def reconstruction(folder: Path) -> list[str]:
    """Return Table 1: share of wrong cells of validation phrases, of the weights that were kept."""
    rows = []
    for name, title in (("cnnvae", "CNN-VAE"), ("codes-32", "VQ-VAE")):
        kept = best(folder / "model" / name)
        cells = (kept["hamming"], PAPER_HAMMING[name], kept["empty"], kept["f1"])
        rows.append([title, *map(shown, cells), f"{kept['step']:,}"])
    return markdown(["model", "error", "paper", "of silence", "F1 of notes", "steps"], rows)


def style(reports: Mapping[str, Any]) -> list[str]:
    """Return Table 2, with the paper's value behind each of ours, and the brackets."""
    rows = []
    for name, (title, paper) in SYSTEMS.items():
        result = reports["top-k"]["real"] if name == "real" else reports[name]
        # What real pieces get against other real pieces is a bracket, and no row of the paper.
        known = list(COLUMNS)[: len(paper) or None]
        beside = [f" ({shown(value)})" for value in paper] or [""] * len(known)
        cells = [with_spread(result, key) + text for key, text in zip(known, beside, strict=True)]
        rows.append([title, *cells, *["-"] * (len(COLUMNS) - len(cells))])
    for name, title in BRACKETS.items():
        rows.append([title, *(with_spread(reports["top-k"][name], key) for key in COLUMNS)])
    return markdown(["ours (paper's)", *COLUMNS.values()], rows)


def f1(reports: Mapping[str, Any]) -> list[str]:
    """Return Table 3."""
    keys = ("f1_precision_recall", "f1_density_coverage")
    rows = [
        [SYSTEMS[name][0], *(f"{shown(reports[name][k])} ({shown(v)})" for k, v in zip(keys, paper, strict=True))]
        for name, paper in PAPER_F1.items()
    ]
    rows += [[title, *(shown(reports["top-k"][name].get(key)) for key in keys)] for name, title in BRACKETS.items()]
    return markdown(["ours (paper's)", "P and R", "D and C"], rows)


def novelty(reports: Mapping[str, Any]) -> list[str]:
    """Return what else was measured: acceptance, notes, distance from the training, duplicates."""
    keys = {
        "loop_score_median": "median LS",
        "accepted": "loops",
        "notes_per_bar": "notes a bar",
        "novelty_p5": "cells to the training, 5 %",
        "novelty_median": "median",
        "nearer_than_a_bar": "nearer than a bar",
        "duplicates": "duplicates",
    }
    sets = {title: reports[name] for name, (title, _) in SYSTEMS.items() if name != "real"}
    sets |= {title: reports["top-k"][name] for name, title in BRACKETS.items()}
    rows = [[title, *(shown(result.get(key)) for key in keys)] for title, result in sets.items()]
    compared = reports["top-k"]
    told = (
        f"{compared['compared']} of each side, of {compared['phrases_real']} real loops in {compared['windows_real']}"
    )
    return [*markdown(["", *keys.values()], rows), "", f"{told} windows of {compared['pieces_real']} pieces."]


def lengths(folder: Path, reports: Mapping[str, Any]) -> list[str]:
    """Return the ablation over S: what the codes keep, how well they are foretold, and what is made of them."""
    rows = []
    for steps in (16, 32, 64):
        kept, prior = best(folder / f"model/codes-{steps}"), best(folder / f"model/lm-{steps}")
        made = reports["top-k" if steps == 32 else f"codes-{steps}"]
        cells = [kept["hamming"], kept["f1"], kept["used"], prior["accuracy"]]
        rows.append([str(steps), *map(shown, cells), *(with_spread(made, key) for key in COLUMNS)])
    return markdown(["S", "error", "F1 of notes", "perplexity", "accuracy of the LSTM", *COLUMNS.values()], rows)


def groups(report: Mapping[str, Any]) -> list[str]:
    """Return the groups of figure 3 and the tests of the first against the others."""
    tests = {test["group"]: test for test in report["tests"]}
    rows = []
    for group in report["groups"]:
        spread = [f"{shown(group['mean'])} ± {shown(group['sd'])}", shown(group["median"]), shown(group["accepted"])]
        test = tests.get(group["group"])
        rows.append(
            [group["group"], *spread, *(shown(test[key]) if test else "-" for key in ("p", "welch_p", "rank_p"))]
        )
    head = ["group", "loop score", "median", "loops", "paired t-test, p", "Welch, p", "rank sum, p"]
    return [*markdown(head, rows), "", "The paper: 0.153 ± 0.282 of 100 loops picked by hand, p < 0.001."]


def rejection(reports: Mapping[str, Any]) -> list[str]:
    """Return the figures behind figure 5."""
    rows = []
    for name, title in REJECTING.items():
        for rate in dict.fromkeys(rate for rates in RATES.values() for rate in rates):
            result = reports.get(f"{name}-{rate}")
            if result is not None:
                cells = [f"{result['phrases_generated']}", *(with_spread(result, key) for key in COLUMNS)]
            else:
                cells = ["too few", *["-"] * len(COLUMNS)]
            rows.append([title, rate, *cells])
    return markdown(["model", "rate", "kept", *COLUMNS.values()], rows)


def draw_rejection(reports: Mapping[str, Any], path: Path) -> None:
    """Draw figure 5: three panels for two models, by the paper's rates above and by shares of the pool below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from gantools.report.plots import ACCENT, INK, QUIET, dress, save_png

    figure = Figure(figsize=(9.6, 6.0), layout="constrained")
    FigureCanvasAgg(figure)
    for row, (said, rates) in zip(figure.subplots(2, 3), RATES.items(), strict=True):
        for axes, (across, up) in zip(row, PANELS, strict=True):
            dress(axes, INK, COLUMNS[across], COLUMNS[up])
            for (name, title), colour in zip(REJECTING.items(), (QUIET, ACCENT), strict=True):
                there = [
                    (n, reports[f"{name}-{rate}"]) for n, rate in enumerate(rates, 1) if f"{name}-{rate}" in reports
                ]
                places = np.array([[result[across], result[up]] for _, result in there])
                axes.plot(*places.T, "o-", color=colour, lw=1.2, ms=12, label=title)
                for (number, _), place in zip(there, places, strict=True):
                    axes.annotate(str(number), place, color="white", ha="center", va="center", fontsize=8)
            if (across, up) == PANELS[-1]:
                real = reports["top-k"]["real"]
                axes.plot(real[across], real[up], "*", color=INK, ms=10, label="real loops")
        row[0].set_title(f"{said}: {', '.join(rates)}", fontsize=8, color=INK, loc="left")
        row[-1].legend(frameon=False, labelcolor=INK, fontsize=8, markerscale=0.5)
    save_png(figure, path)


def journal(model: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's journal."""
    return [json.loads(line) for line in (model / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def best(model: Path) -> dict[str, Any]:
    """Return the validation whose weights were kept: the one of the lowest score."""
    validations = [line for line in journal(model) if line["kind"] == "validation" and line["step"]]
    return min(validations, key=lambda line: float(line["score"]))


def with_spread(result: Mapping[str, Any], key: str) -> str:
    """Return a figure with its deviation over networks, where it has one."""
    text = shown(result.get(key))
    return f"{text} ± {shown(result[f'{key}_sd'])}" if f"{key}_sd" in result else text


def shown(value: float | None) -> str:
    """Return a number for a cell; a dash for none."""
    if value is None or not np.isfinite(value):
        return "-"
    if value and abs(value) < 0.01:
        return f"{value:.2e}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


if __name__ == "__main__":
    main()
