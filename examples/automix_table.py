#!/usr/bin/env python3
"""Print what `automix.sh` measured: automix_table.py FOLDER."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MIXERS = {"sum": "sum of normalised stems", "gains": "mean gain of each type", "network": "automix `small`"}
FIGURES = {
    "balance": "balance, dB",
    "balance_song": "balance, mean over the song first, dB",
    "spectrum": "spectrum of the song, dB",
    "spectrum_3s": "spectrum of 3 s, dB",
    "centroid": "centroid, octaves",
    "roll_off": "roll-off, octaves",
    "stereo": "stereo",
    "range": "loudness range, LU",
    "crest": "crest, dB",
    "spread": "dynamic spread, dB",
    "lufs": "loudness, LU",
    "true_peak": "true peak, dB",
}
_DIGITS = 2


def main() -> None:
    """Print two Markdown tables: means with their intervals, and songs."""
    folder = Path(sys.argv[1])
    reports: dict[str, Any] = {
        mixer: json.loads((folder / "report" / mixer / "report.json").read_text(encoding="utf-8")) for mixer in MIXERS
    }
    print("| absolute difference from the song's own mix | " + " | ".join(MIXERS.values()) + " |")
    print("|---" * (len(MIXERS) + 1) + "|")
    for name, title in FIGURES.items():
        figures = [reports[mixer]["figures"][name] for mixer in MIXERS]
        cells = (f"{f['mean']:.{_DIGITS}f} ({f['low']:.{_DIGITS}f} to {f['high']:.{_DIGITS}f})" for f in figures)
        print(f"| {title} | " + " | ".join(cells) + " |")
    print("\n| unseen song | balance dB: sum | gains | automix | spectrum dB: sum | gains | automix |")
    print("|---|---|---|---|---|---|---|")
    for song in reports["network"]["songs"]:
        values = [reports[mixer]["songs"][song][name] for name in ("balance", "spectrum") for mixer in MIXERS]
        print(f"| {song} | " + " | ".join(f"{value:.2f}" for value in values) + " |")


if __name__ == "__main__":
    main()
