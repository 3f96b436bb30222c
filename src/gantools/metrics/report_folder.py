"""Reports: report.json, plots as PNG, and one page with pictures and players."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools import __version__
from gantools.files.atomic import plain_json, write_json, write_text
from gantools.files.containers import write_tensors
from gantools.metrics.report_page import page_html
from gantools.metrics.report_plots import PLOT_NAMES, PLOTS, has_plot, mel_grid, save_png
from gantools.metrics.report_table import table_rows
from gantools.report.clip import Clip
from gantools.report.excerpts import make_rows

SCHEMA = 1
_BULKY = (
    "draws",
    "songs",
    "own_values",
    "other_values",
    "bands",
    "windows",
    "features",
    "curves",
    "correlations",
    "pitches",
    "real",
    "config",
    "versions",
    "failed",
)


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a result without its long lists, for a record."""
    short = {key: value for key, value in result.items() if key not in _BULKY}
    if "real" in result:
        short |= {f"real_{key}": value for key, value in summary(result["real"]).items()}
    return dict(plain_json(short))


def complete(result: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """Return a result with schema, versions and the facts of the run: metric, generated, reference, seed, failed ..."""
    versions = {"gantools": __version__, "torch": torch.__version__, "numpy": np.__version__}
    return {"schema": SCHEMA, **facts, "versions": versions, **result}


def report_names(metric: str) -> list[str]:
    """Return the names of all files that `write_report` may write for a metric."""
    plot = [f"{PLOT_NAMES[metric]}.png"] if metric in PLOT_NAMES else []
    return ["report.html", "report.json", "features.safetensors", *plot, "mels.png"]


def write_report(folder: Path, result: dict[str, Any], groups: Sequence[Sequence[tuple[str, Clip]]]) -> list[Path]:
    """Write everything there is to say about a result.

    ``report.json`` (NaN is null), ``report.html`` (self-contained), a plot and ``mels.png``; the STOI-like features
    of all windows go to ``features.safetensors``.

    Parameters
    ----------
    folder : Path
    result : dict
        A completed result, see `complete`.
    groups : sequence of sequences of (label, Clip)
        Files to show side by side, see `make_rows`.

    Returns
    -------
    list of Path
        The files, the page first.
    """
    paths = [folder / "report.html", folder / "report.json"]
    result = dict(result)
    features = result.pop("features", None)
    if features is not None:
        paths.append(folder / "features.safetensors")
        write_tensors(paths[-1], {"features": features}, {"kind": "stoi", "mode": result["mode"]})
    if has_plot(result):
        paths.append(folder / f"{PLOT_NAMES[result['metric']]}.png")
        save_png(PLOTS[result["metric"]](result), paths[-1])
    rows = make_rows(groups)
    if rows:
        paths.append(folder / "mels.png")
        save_png(mel_grid([[(f"{c.label}: {row.title}", c.picture) for c in row.cells] for row in rows]), paths[-1])
    write_json(paths[1], {**result, "table": [list(row) for row in table_rows(result)]})
    write_text(paths[0], page_html(result, rows))
    return paths
