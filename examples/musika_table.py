"""The table of examples/musika_table.sh, from its reports: Fréchet distances to held-out songs, and the curve."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROWS = {
    "train": "the songs that were learnt from",
    "decoded": "their latents, decoded",
    "musika": "Musika",
    "styleless": "Musika without a style vector",
    "shuffled": "their latents in random order",
    "gaussian": "Gaussian latents",
    "wavegan": "WaveGAN (style), same budget",
}


def main() -> None:
    """Print the table, and how the validation's score fell."""
    folder = Path(sys.argv[1])
    print("| set | Fréchet distance | 95 % |\n|---|---|---|")
    for name, words in ROWS.items():
        path = folder / "report" / name / "report.json"
        if path.is_file():
            found = json.loads(path.read_text())
            span = f"{found['distance_low']:.1f} to {found['distance_high']:.1f}"
            print(f"| {words} | {found['distance']:.1f} | {span} |")
    near = folder / "report" / "neighbours" / "report.json"
    if near.is_file():
        found = json.loads(near.read_text())
        print(f"nearest neighbours in mel: {found['ratio']:.2f} times as far as held-out songs ({found['verdict']})")
    lines = (folder / "model" / "metrics.jsonl").read_text().splitlines()
    for row in (json.loads(line) for line in lines):
        if row["kind"] == "validation":
            figures = ", ".join(
                f"{name} {row[name]:.2f}" for name in ("score", "spread", "motion", "seam", "neighbour") if name in row
            )
            print(f"{row['seconds'] / 60:6.1f} min: {figures}")


if __name__ == "__main__":
    main()
