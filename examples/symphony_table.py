"""The table of `make symphony`, as Markdown, from the reports that its script leaves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

BITS = {"bits": "bits a note", "event_nats": "event", "duration_nats": "duration", "track_nats": "track"}
BITS |= {"velocity_nats": "velocity", "instrument_nats": "instrument", "orchestration": "instrument found"}
BITS |= {"orchestration_top3": "among three", "register": "by register", "majority": "commonest"}
VARIANTS = {"mmr": "MMR with 256 merges", "unaided": "the same without recall", "plain": "MMR without merges"}
VARIANTS |= {"remi": "REMI", "long": "MMR with 256 merges, trained longer"}
STATISTICS = {"pitch_class_entropy": "entropy", "scale_consistency": "scale", "groove_consistency": "groove"}
STATISTICS |= {"chord_tones": "chord tones", "chord_changes": "chord changes", "in_register": "in register"}
STATISTICS |= {"instrument_similarity": "parts alike", "notes_per_bar": "notes", "parts_per_bar": "parts"}
STATISTICS |= {"moving": "parts that move", "longest_copy": "longest copy", "copied": "copied bars"}


def read(path: Path) -> dict[str, Any]:
    """Return the last record of a file, or nothing where there is none."""
    return json.loads(path.read_text(encoding="utf-8").splitlines()[-1]) if path.exists() else {}


def rows_of(sets: dict[str, dict[str, Any]], columns: dict[str, str]) -> list[str]:
    """Return the lines of a table: a row for each set, a column for each figure."""
    lines = ["| | " + " | ".join(columns.values()) + " |", "|---|" + "---|" * len(columns)]
    for title, figures in sets.items():
        cells = [f"{figures[name]:.3g}" if name in figures else "-" for name in columns]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Print both tables."""
    folder = Path(sys.argv[1])
    judged = {title: read(folder / f"{name}.json") for name, title in VARIANTS.items()}
    print(
        "Held-out movements:", "", *rows_of({title: told for title, told in judged.items() if told}, BITS), "", sep="\n"
    )
    if remi := judged[VARIANTS["remi"]]:
        kinds = ", ".join(f"{name.removeprefix('bits_')} {bits:.3g}" for name, bits in remi.items() if "bits_" in name)
        print(f"REMI has {remi['tokens_a_note']:.3g} tokens a note. Its bits: {kinds}.", "", sep="\n")
    made, random = read(folder / "made.json"), read(folder / "made-random.json")
    real = {name.removeprefix("real_"): value for name, value in made.items() if name.startswith("real_")}
    sets = {"generated": made, "held out": real, "held out, bars shuffled": made.get("shuffled", {})}
    print(*rows_of({**sets, "random weights": random}, STATISTICS), sep="\n")


if __name__ == "__main__":
    main()
