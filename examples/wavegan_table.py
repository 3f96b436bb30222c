#!/usr/bin/env python3
"""Print what `wavegan_table.sh` measured: wavegan_table.py FOLDER."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROWS = {
    "baseline": "baseline (BCE)",
    "improved": "improved (W-loss, spectral norm, warm-up)",
    "style": "+ style (AdaIN, noise)",
    "transformer": "transformer",
    "latent": "style, on latents (its first second at 8 kHz)",
    "train": "*real: songs of the training*",
    "test": "*real: held-out songs*",
}
WHOLE = {
    "latent": "style, on latents",
    "shuffled": "*training songs, their latents in random order*",
    "decoded": "*training songs through the codec*",
    "train": "*training songs*",
}
#: Figures of `evaluate texture`, and their form.
TEXTURE = {"attack_db": ".1f", "partial_ms": ".0f", "held_share": ".2f", "pulse": ".2f"}
#: Mean and deviation in "Hz", and one listener's score, as printed in the paper's table 1.
PUBLISHED = {
    "baseline": ("66.21", "755.4", "1.2"),
    "improved": ("8264", "4410", "3.5"),
    "style": ("5899", "6347", "3.4"),
    "transformer": ("6932", "4309", "2.9"),
}
COLUMNS = {
    "geo_mean_hz": ("pitch, Hz", "{:.0f}"),
    "spread_oct": ("spread, octaves", "{:.2f}"),
    "voiced": ("voiced", "{:.2f}"),
    "centroid_mean_hz": ("centroid, Hz", "{:.0f}"),
    "distance": ("Fréchet", "{:.1f}"),
    "precision": ("precision", "{:.2f}"),
    "recall": ("recall", "{:.2f}"),
    "coverage": ("coverage", "{:.2f}"),
}
NOTE = """
The published columns cannot be CREPE's hertz: its 360 bins end at 2005.5 Hz, one mean lies above half the paper's own
sampling rate, and a quantity within 32 to 2006 Hz with a mean of 66 has a deviation of at most 259. They are quoted,
not aimed at."""


def main() -> None:
    """Print three Markdown tables: the measures, the runs, and what the watchdog said."""
    folder = Path(sys.argv[1])
    figures = {name: measured(folder, name) for name in ROWS}
    titles = [title for title, _ in COLUMNS.values()]
    print("| variant | " + " | ".join(titles) + " | published: mean | deviation | listener |")
    print("|---" * (len(titles) + 4) + "|")
    for name, title in ROWS.items():
        cells = [shown(figures[name].get(key), form) for key, (_, form) in COLUMNS.items()]
        print(f"| {title} | " + " | ".join([*cells, *PUBLISHED.get(name, ("", "", ""))]) + " |")
    print(NOTE)
    print_whole(folder)
    runs = {name: journal(folder / "model" / name) for name in (*PUBLISHED, "latent")}
    print("\n| variant | discriminator updates | generator updates | kept after | score, dB | minutes | returns |")
    print("|---|---|---|---|---|---|---|")
    for name, lines in runs.items():
        print(f"| {name} | " + " | ".join(run_cells(folder / "model" / name, lines)) + " |")
    print("\nWhat the watchdog said:\n")
    for name, lines in runs.items():
        print("\n".join(f"- {name}, {line}" for line in watchdog(lines)))


def print_whole(folder: Path) -> None:
    """Print what whole clips of latents are like, beside what they could be at best and at worst."""
    print("\n| clips of 4.5 s at 44.1 kHz | Fréchet | attacks, dB | partials, ms | held | pulse |")
    print("|---|---|---|---|---|---|")
    for name, title in WHOLE.items():
        reports = {
            metric: json.loads((folder / "report" / f"whole-{name}" / metric / "report.json").read_text("utf-8"))
            for metric in ("frechet", "texture")
        }
        cells = texture_cells(reports["texture"])
        print(f"| {title} | {reports['frechet']['distance']:.1f} | " + " | ".join(cells) + " |")
    print("| *held-out songs* | - | " + " | ".join(texture_cells(reports["texture"]["real"])) + " |")


def texture_cells(figures: dict[str, Any]) -> list[str]:
    """Return what texture says, for a row."""
    return [f"{figures[name]:{form}}" for name, form in TEXTURE.items()]


def measured(folder: Path, name: str) -> dict[str, Any]:
    """Return the figures of one set of clips; those of held-out songs stand beside the others' pitch."""
    if name == "test":
        report = json.loads((folder / "report" / "train" / "pitch" / "report.json").read_text(encoding="utf-8"))
        return dict(report.get("real", {}))
    values: dict[str, Any] = {}
    for metric in ("pitch", "frechet", "coverage"):
        values |= json.loads((folder / "report" / name / metric / "report.json").read_text(encoding="utf-8"))
    return values


def shown(value: float | None, form: str) -> str:
    """Return a number for a cell; a dash for none."""
    return "-" if value is None else form.format(value)


def journal(model: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's journal."""
    return [json.loads(line) for line in (model / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def run_cells(model: Path, lines: list[dict[str, Any]]) -> list[str]:
    """Return steps, the validation whose weights were kept, its score, the time and the returns of a run."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))["config"]
    validations = [line for line in lines if line["kind"] == "validation" and line["step"]]
    ill = {(line["step"], line.get("rollbacks", 0)) for line in lines if line["kind"] in ("symptoms", "collapse")}
    healthy = [line for line in validations if (line["step"], line.get("rollbacks", 0)) not in ill] or validations
    best, last = min(healthy, key=lambda line: line["score"]), lines[-1]
    steps = last["step"]
    return [
        f"{steps:,}",
        f"{steps // config['discriminator_updates']:,}",
        f"{best['step']:,}",
        f"{best['score']:.2f}",
        f"{last['seconds'] / 60:.1f}",
        str(last.get("rollbacks", 0)),
    ]


def watchdog(lines: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each thing that the watchdog noted."""
    said = []
    for line in lines:
        if line["kind"] in ("symptoms", "collapse"):
            reasons = line.get("reasons") or {}
            back = f"; back to step {line['back_to']}" if line["kind"] == "collapse" else ""
            said.append(f"step {line['step']}: {'; '.join(f'{k}: {v}' for k, v in reasons.items())}{back}")
    return said or ["nothing"]


if __name__ == "__main__":
    main()
