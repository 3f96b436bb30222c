"""The curve of examples/musika_table.sh: how near samples of a run came to songs that were held out, against hours.

    python examples/musika_curve.py MODEL REPORTS      draws curve.png here

Each point is one piece of the same seed, so that what changes is the model. A single piece lies farther away than
several do: the points compare with each other, and with nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from gantools.report.plots import ACCENT, INK, QUIET, add_legend, new_axes, save_png

#: The curve still falls where the last so large part of the run brings the distance down by at least this share.
LAST_PART, LEAST_FALL = 1 / 3, 0.03


def main() -> None:
    """Draw the curve, print its points, and say whether it still falls at its end."""
    model, reports = (Path(argument) for argument in sys.argv[1:3])
    rows = [json.loads(line) for line in (model / "metrics.jsonl").read_text().splitlines()]
    checks = {row["step"]: row for row in rows if row["kind"] == "validation"}
    points = []
    for path in sorted(reports.glob("step-*/report.json")):
        found, check = json.loads(path.read_text()), checks[int(path.parent.name.removeprefix("step-"))]
        points.append((check["seconds"] / 3600, found["distance"], check["score"]))
    points.sort()
    hours, distances, scores = (np.array(column) for column in zip(*points, strict=True))

    print("| hours | Fréchet distance of one piece (MusiCNN) | of latents |\n|---|---|---|")
    for hour, distance, score in points:
        print(f"| {hour:.2f} | {distance:.1f} | {score:.2f} |")
    for name, values in (("MusiCNN", distances), ("latents", scores)):
        print(f"{name}: {trend(hours, values)}")

    figure, axes = new_axes(INK, "hours", "Fréchet distance (MusiCNN)")
    axes.plot(hours, distances, "o-", ms=3, color=ACCENT, lw=1.4, label="one piece (left)")
    axes.set_ylim(bottom=0)
    beside = axes.twinx()
    beside.plot(hours, scores, "s--", ms=3, color=QUIET, lw=1.2, label="latents, validation (right)")
    beside.set_ylim(bottom=0)
    beside.tick_params(colors=INK, labelsize=8)
    beside.spines[["top"]].set_visible(False)
    add_legend(axes, INK)
    beside.legend(frameon=False, labelcolor=INK, fontsize=8, loc="lower left")
    save_png(figure, Path("curve.png"))
    print("curve.png")


def trend(hours: np.ndarray, values: np.ndarray) -> str:
    """Return a sentence: how a straight line through the last third of a run goes, and where the lowest point lies."""
    late = hours >= hours[-1] * (1 - LAST_PART)
    lowest = f"lowest {values.min():.3g} after {hours[values.argmin()]:.2f} h"
    if late.sum() < 3:
        return f"too few points in the last third to tell whether it still falls; {lowest}"
    slope = np.polyfit(hours[late], values[late], 1)[0]
    change = slope * (hours[late][-1] - hours[late][0]) / values[late].mean()
    word = "still falls" if change < -LEAST_FALL else "rises" if change > LEAST_FALL else "is level"
    return f"{word} in the last third ({100 * change:+.0f} %); {lowest}"


if __name__ == "__main__":
    main()
