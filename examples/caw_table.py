#!/usr/bin/env python3
"""Print what `caw_table.sh` measured: caw_table.py FOLDER."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FIGURES = {
    "ltas_db": "spectrum, dB",
    "recall_db": "recall, dB",
    "precision_db": "precision, dB",
    "modulation_ratio": "modulation",
    "copied_1s": "copied, 1 s",
    "copied_quarter": "copied, 0.25 s",
    "verbatim_s": "verbatim, s",
    "pairwise_ncc": "between draws",
}
#: What a model starts from, as the folders of reports are named.
STARTS = {"noise": "CAW from noise", "drafts": "CAW from drafts", "ideas": "drafts alone"}
TEXTURE = {"attack_p90_db": "attacks, dB", "attack_db": "median attack, dB", "partial_ms": "partials, ms"}
COPIES = ("copied_1s", "copied_quarter", "verbatim_s", "precision_db")


def main() -> None:
    """Print Markdown tables: figures with their gates, what the models are, and what else they may start from."""
    folder = Path(sys.argv[1])
    names = sorted(path.parent.name for path in folder.glob("report/*/report.json"))
    reports = {name: read(folder / "report" / name / "report.json") for name in names}
    print("| mean of the draws (gate) | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for figure, title in FIGURES.items():
        print(f"| {title} | " + " | ".join(cell(reports[name]["verdicts"][figure]) for name in names) + " |")
    print("| gates passed | " + " | ".join(f"{r['gates_passed']} of {r['gates']}" for r in reports.values()) + " |")
    print("\n| | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    models = {name: facts(folder / "models" / name) for name in names}
    for title in models[names[0]]:
        print(f"| {title} | " + " | ".join(str(models[name][title]) for name in names) + " |")
    if (folder / "starts/report").is_dir():
        print_starts(folder / "starts", names)


def print_starts(folder: Path, names: list[str]) -> None:
    """Print a row for each clip and start: steps of each scale, gates, copies, and texture beside that of the clip."""
    columns = ["steps", "gates", *(FIGURES[figure] for figure in COPIES), *TEXTURE.values()]
    print("\n| | | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for name in names:
        models = {"noise": folder.parent / "models" / name, "drafts": folder / "models" / name}
        for start, title in STARTS.items():
            novelty, texture = (
                read(folder / "report" / name / start / m / "report.json") for m in ("novelty", "texture")
            )
            cells = [facts(models[start])["steps"] if start in models else ""]
            cells += [f"{novelty['gates_passed']} of {novelty['gates']}"]
            cells += [short(novelty["verdicts"][figure]) for figure in COPIES]
            cells += [beside(texture[figure], texture["real"][figure]) for figure in TEXTURE]
            print(f"| {name} | {title} | " + " | ".join(cells) + " |")


def short(verdict: dict[str, Any]) -> str:
    """Return a figure; bold where it fails its gate."""
    if verdict["value"] is None:
        return "-"
    return f"**{verdict['value']:.2f}**" if verdict["passed"] is False else f"{verdict['value']:.2f}"


def beside(made: float | None, real: float | None) -> str:
    """Return a figure and by how many percent it differs from that of the clip."""
    if made is None or not real:
        return "-"
    return f"{made:.3g} ({100 * (made / real - 1):+.0f} %)"


def cell(verdict: dict[str, Any]) -> str:
    """Return a figure and its gate; bold where it fails."""
    if verdict["value"] is None:
        return "cannot be measured"
    text = f"{verdict['value']:.2f} ({verdict['gate']})"
    return f"**{text}**" if verdict["passed"] is False else text


def facts(model: Path) -> dict[str, Any]:
    """Return what a model is and how long it was trained."""
    rates = read(model / "config.json")["data"]["rates_hz"]
    steps, seconds = [], 0.0
    for rate in rates:
        lines = (model / f"scales/{rate:05d}hz/metrics.jsonl").read_text(encoding="utf-8").splitlines()
        last = json.loads(lines[-1])
        steps.append(last["step"])
        seconds += last["seconds"]
    return {
        "scales, Hz": " ".join(map(str, rates)),
        "steps": " ".join(map(str, steps)),
        "seconds in the training loop": f"{seconds:.0f}",
    }


def read(path: Path) -> Any:
    """Return the contents of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
