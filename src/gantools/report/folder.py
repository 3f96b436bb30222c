"""The folder of a report: report.json, a figure as PNG, and one page with pictures and players."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gantools.files.atomic import plain_json, write_json, write_text
from gantools.files.containers import write_tensors
from gantools.report.clip import Clip
from gantools.report.excerpts import ROLLS, Row, make_rows
from gantools.report.page import Bullets, Heading, Page, Part, Plot, TablePart
from gantools.report.plots import INK, as_svg, mel_grid, save_png
from gantools.report.table import Table
from gantools.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = 1
_FEATURES = "features.safetensors"
#: Fields of any result that a record leaves out; what was measured of real music goes in under names of its own.
_BULKY = ("real", "config", "versions", "failed")


@dataclass(frozen=True)
class Report:
    """A result, and all that shows it.

    Attributes
    ----------
    result : dict
        A completed result, see `complete`.
    title : str
        Head of the page.
    table : Table
    draw : callable
        Colour of lines and letters -> figure, or None where there is nothing to plot.
    plot_name : str
        Name of the figure's file, without ending.
    caption : str
        What the figure shows.
    features : (array, dict), optional
        What goes to ``features.safetensors`` instead of ``report.json``, and what the file says of it.
    model : (dict of arrays, dict), optional
        What was learnt, and what its file says of it.
    model_name : str
        Name of that file.
    """

    result: dict[str, Any]
    title: str
    table: Table
    draw: Callable[[str], Figure | None]
    plot_name: str = ""
    caption: str = ""
    features: tuple[np.ndarray, dict[str, Any]] | None = None
    model: tuple[dict[str, np.ndarray], dict[str, Any]] | None = None
    model_name: str = ""


def complete(result: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """Return a result with schema, versions and the facts of the run: metric, generated, reference, seed, failed ..."""
    versions = {"gantools": __version__, "torch": torch.__version__, "numpy": np.__version__}
    return {"schema": SCHEMA, **facts, "versions": versions, **result}


def summary(result: dict[str, Any], bulky: Iterable[str] = ()) -> dict[str, Any]:
    """Return the figures of a result without its long lists, for a record.

    Parameters
    ----------
    result : dict
    bulky : iterable of str
        Fields that are left out, here and in what was measured of real music.
    """
    bulky = {*_BULKY, *bulky}
    short = {key: value for key, value in result.items() if key not in bulky}
    if "real" in result:
        short |= {f"real_{key}": value for key, value in summary(result["real"], bulky).items()}
    return dict(plain_json(short))


def report_names(plot_name: str, model_name: str = "") -> list[str]:
    """Return the names of all files that `write_report` may write for a metric."""
    plot = [f"{plot_name}.png"] if plot_name else []
    model = [model_name] if model_name else []
    return ["report.html", "report.json", _FEATURES, *plot, *model, "mels.png", "rolls.png"]


def write_report(folder: Path, report: Report, groups: Sequence[Sequence[tuple[str, Clip]]]) -> list[Path]:
    """Write everything there is to say about a result.

    ``report.json`` (NaN is null), ``report.html`` (self-contained), a figure and ``mels.png``, or ``rolls.png`` of
    MIDI files; features of all windows go to ``features.safetensors``.

    Parameters
    ----------
    folder : Path
    report : Report
    groups : sequence of sequences of (label, Clip)
        Files to show side by side, see `make_rows`.

    Returns
    -------
    list of Path
        The files, the page first.
    """
    paths = [folder / "report.html", folder / "report.json"]
    result = dict(report.result)
    if report.features is not None:
        features, about = report.features
        result.pop("features", None)
        paths.append(folder / _FEATURES)
        write_tensors(paths[-1], {"features": features}, about)
    if report.model is not None:
        result.pop("learnt", None)
        paths.append(folder / report.model_name)
        write_tensors(paths[-1], *report.model)
    if (figure := report.draw(INK)) is not None:
        paths.append(folder / f"{report.plot_name}.png")
        save_png(figure, paths[-1])
    rows = make_rows(groups)
    if rows:
        paths.append(folder / ("rolls.png" if rows[0].pictured == ROLLS else "mels.png"))
        save_png(mel_grid([[(f"{c.label}: {row.title}", c.picture) for c in row.cells] for row in rows]), paths[-1])
    write_json(paths[1], {**result, "table": [list(row) for row in report.table.rows]})
    write_text(paths[0], _page(report, rows).html())
    return paths


def _page(report: Report, rows: Sequence[Row]) -> Page:
    result = report.result
    against = " against ".join(str(result[key]) for key in ("generated", "reference") if result.get(key))
    parts: list[Part] = [TablePart(report.table)]
    if svg := as_svg(report.draw):
        parts.append(Plot(svg, report.caption))
    if rows:
        parts += [Heading("To look at and to listen to"), *(row.shelf() for row in rows)]
    if result.get("failed"):
        parts += [Heading("Files that failed"), Bullets(result["failed"])]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return Page(report.title, against, parts, [f"Seed {result['seed']}; {versions}. All numbers: report.json."])
