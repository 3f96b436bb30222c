#!/usr/bin/env python3
"""Print the table at the end of the demo: demo_table.py REPORTS SOURCE TARGET."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def read(folder: Path) -> dict[str, Any]:
    """Read the numbers of a report of `gantools evaluate`."""
    return dict(json.loads((folder / "report.json").read_text(encoding="utf-8")))


def row(name: str, frechet: dict[str, Any], reference: float, rhythm: dict[str, Any] | None) -> str:
    """Lay out one row; what a copy of the input would trivially reach is left out."""
    interval = f"{frechet['distance_low']:.0f} to {frechet['distance_high']:.0f}"
    text = f"  {name:<28}{frechet['distance']:>8.0f}{interval:>14}{frechet['distance'] / reference:>9.2f}"
    if rhythm is None:
        return text
    return text + f"{rhythm['own']:>12.2f}{rhythm['other']:>9.2f}{rhythm['p']:>9.2g}{rhythm['copy_distance']:>7.2f}"


def main() -> None:
    """Read the reports and print them side by side."""
    reports, source, target = Path(sys.argv[1]), *sys.argv[2:4]
    rhythm = read(reports / "rhythm")
    untranslated = read(reports / "untranslated")
    rows = (
        (f"{source}, untranslated", untranslated, None),
        ("untrained generator", read(reports / "untrained"), read(reports / "untrained-rhythm")),
        (f"generated {target}", read(reports / "frechet"), rhythm),
        (f"real {target} (floor)", read(reports / "real"), rhythm["real"]),
    )
    print(f"  {'':<28}{'Fréchet distance':>22}{'ratio':>9}{'on time: own, others, p':>30}{'copy':>7}")
    for name, frechet, alignment in rows:
        print(row(name, frechet, untranslated["distance"], alignment))
    print(f"""
  Fréchet distance (MusiCNN) to the real {target} of the other songs, its 95 % interval, and its ratio to that of
  the untranslated {source}: lower is better, the floor is as low as it gets. On time: correlation of onsets with the
  own {source}, and with all others (chance); far above that of the real {target} means that it copies the {source}'s
  rhythm. Copy: mean difference from the {source}'s mel, 0 is a copy.""")


if __name__ == "__main__":
    main()
