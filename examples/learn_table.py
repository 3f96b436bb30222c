#!/usr/bin/env python3
"""Print what `learn.sh` measured: learn_table.py FOLDER SEED..."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Print a Markdown table, a row per seed."""
    folder, seeds = Path(sys.argv[1]), sys.argv[2:]

    def report(name: str) -> dict[str, Any]:
        return dict(json.loads((folder / "report" / name / "report.json").read_text(encoding="utf-8")))

    def cycle(seed: str) -> float:
        lines = [json.loads(line) for line in (folder / f"model-{seed}/metrics.jsonl").read_text().splitlines()]
        return float([line for line in lines if line.get("cycle") and line["kind"] == "validation"][-1]["cycle"])

    bass, untrained = (report(name)["distance"] for name in ("bass", "frechet-untrained"))
    print("| generator | FD | / bass | / untrained | alignment own | others | p | / real | copy distance | cycle L1 |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print(f"| none: the bass itself | {bass:.1f} | 1 | | | | | | | |")
    for name in ("untrained", *seeds):
        frechet, rhythm = report(f"frechet-{name}"), report(f"rhythm-{name}")
        distance, real = frechet["distance"], rhythm["real"]
        print(
            f"| {name if name == 'untrained' else f'seed {name}'} | {distance:.1f} | {distance / bass:.3f} | "
            f"{distance / untrained:.3f} | {rhythm['own']:.3f} | {rhythm['other']:.3f} | {rhythm['p']:.1g} | "
            f"{rhythm['own'] / real['own']:.2f} | {rhythm['copy_distance']:.3f} | "
            + (f"{cycle(name):.3f} |" if name != "untrained" else "|")
        )
    figures = f"{real['own']:.3f} | {real['other']:.3f} | {real['p']:.1g} | 1 | {real['copy_distance']:.3f}"
    print(f"| real drums | 0 | 0 | 0 | {figures} | |")


if __name__ == "__main__":
    main()
