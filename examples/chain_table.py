#!/usr/bin/env python3
"""Print the table at the end of the chain: chain_table.py REPORTS SOURCE TARGET MODEL.

Exits with 1 where the generated part is no nearer to the real ones than the untranslated source is: what was heard is
then noise, and not music.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

#: Exit code of a chain that made nothing of worth, apart from those of commands that fail.
NOISE = 3


def read(folder: Path) -> dict[str, Any]:
    """Read the numbers of a report of `gantools evaluate`."""
    return dict(json.loads((folder / "report.json").read_text(encoding="utf-8")))


def row(name: str, frechet: dict[str, Any], reference: float, rhythm: dict[str, Any] | None) -> str:
    """Lay out one row; what a copy of the input would trivially reach is left out."""
    distance, low, high = (frechet[key] for key in ("distance", "distance_low", "distance_high"))
    text = f"  {name:<24}{distance:>7.0f}  ({low:.0f} to {high:.0f})".ljust(50) + f"{distance / reference:>7.2f}"
    if rhythm is None:
        return text
    return text + "".join(f"{rhythm[key]:>8.2f}" for key in ("own", "other", "copy_distance"))


def trained(model: Path) -> str:
    """Return how long a model was trained, beside what the figures of the documentation took."""
    lines = (model / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    last = json.loads(lines[-1])
    documented = json.loads((model / "config.json").read_text(encoding="utf-8"))["config"]["documented_steps"]
    return f"{last['step']:,} steps in {last['seconds']:.0f} s; the figures in docs/ took about {documented:,}"


def main() -> int:
    """Read the reports and print them side by side; return the exit code."""
    reports, source, target, model = Path(sys.argv[1]), *sys.argv[2:4], Path(sys.argv[4])
    rhythm = read(reports / "rhythm")
    untranslated = read(reports / "untranslated")
    rows = (
        (f"{source}, untranslated", untranslated, None),
        ("untrained generator", read(reports / "untrained"), read(reports / "untrained-rhythm")),
        (f"generated {target}", read(reports / "frechet"), rhythm),
        (f"real {target} (floor)", read(reports / "real"), rhythm["real"]),
    )
    print(f"  {'':<24}{'Fréchet distance':<24}{'ratio':>7}{'own':>8}{'others':>8}{'copy':>8}")
    for name, frechet, alignment in rows:
        print(row(name, frechet, untranslated["distance"], alignment))
    print(f"""
  Fréchet distance (MusiCNN) to the real {target} of the other songs, with its 95 % interval: 0 is the same kind of
  music. Ratio: to that of the untranslated {source}.
  Own, others: correlation of onsets with the own {source}, and with all others, which is chance. Far above that of
  the real {target} means that the rhythm is the {source}'s. p of the generated {target}: {rhythm["p"]:.2g}.
  Copy: distance from the {source}'s mel; 0 is a copy.
  Training: {trained(model)}.""")
    ratio = read(reports / "frechet")["distance"] / untranslated["distance"]
    if ratio < 1:
        return 0
    print(f"""
  The generated {target} are no nearer to real {target} than the {source} is ({ratio:.2f}): this is noise. The machine
  was too slow or too busy for this budget; DEMO_BUDGET=20m gives it more time and goes on from here.""")
    return NOISE


if __name__ == "__main__":
    sys.exit(main())
