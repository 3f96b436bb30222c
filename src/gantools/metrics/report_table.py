"""A result as rows of a table: what was measured, its value, and how to read it."""

from __future__ import annotations

import textwrap
from typing import Any

from gantools.metrics import waveform_table
from gantools.metrics.mix.figures import FIGURES
from gantools.report.numerals import number

TableRow = tuple[str, str, str]


def _interval(result: dict[str, Any], name: str) -> str:
    return f"95 %: {number(result[name + '_low'])} to {number(result[name + '_high'])}"


def table_rows(result: dict[str, Any]) -> list[TableRow]:
    """Return the rows for the terminal and the page."""
    makers = {"frechet": _frechet, "rhythm": _rhythm, "stoi": _stoi, "mix": _mix, **waveform_table.ROWS}
    rows = [*makers[result["metric"]](result)]
    rows += [("left out", str(count), why) for why, count in result.get("left_out", {}).items()]
    if result.get("made_by"):
        steps, _, outlook = result["made_by"].partition(": ")
        rows.append(("the model's training", steps, outlook))
    return rows


def file_grid(result: dict[str, Any]) -> list[list[str]]:
    """Return a row of figures for each file, under a head; empty where a metric has none."""
    maker = waveform_table.GRIDS.get(result["metric"])
    return [] if maker is None else maker(result)


def footnote(result: dict[str, Any]) -> str:
    """Return what must be said below the table, or nothing."""
    return waveform_table.FOOTNOTES.get(result["metric"], "")


def _frechet(result: dict[str, Any]) -> list[TableRow]:
    name = f"{result['embedder']}, {result['layer']}, {result['window_s']:.2f} s every {result['hop_s']:.2f} s"
    name += f", of clips of {result['clip_s']:g} s" if result.get("clip_s") else ""
    spread = _interval(result, "distance")
    if "distance_sd" in result:
        spread += f"; sd over networks {number(result['distance_sd'])}"
    rows = [("Fréchet distance", number(result["distance"]), spread)]
    if "fad_infinity" in result:
        note = f"{_interval(result, 'fad_infinity')}; R² {number(result['r_squared'])}"
        rows.append(("FAD-infinity", number(result["fad_infinity"]), note))
    elif "fad_infinity_refused" in result:
        rows.append(("FAD-infinity", "-", result["fad_infinity_refused"]))
    vectors = f"{result['n_generated']} / {result['n_real']}"
    files = f"generated / real, from {result['files_generated']} / {result['files_real']} files"
    rows.append(("vectors", vectors, files))
    silent = f"{result['silent_generated']} / {result['silent_real']}"
    counted = "counted" if result["silence_counted"] else "left out"
    rows += [
        ("silent windows", silent, f"generated / real, below -60 dB RMS, {counted}"),
        ("embedder", result["embedder"], name.partition(", ")[2]),
    ]
    rows.append(("weights", result["weights_hash"][:12], "never compare numbers of different embedders"))
    return rows


def _rhythm(result: dict[str, Any]) -> list[TableRow]:
    rows = [
        ("alignment, own source", number(result["own"]), f"mean onset correlation of {result['n']} windows"),
        ("alignment, all others", number(result["other"]), "what chance gives on this material"),
        ("z", number(result["z"]), "own above random pairings, in their standard deviations"),
        ("rank", number(result["rank"]), "share of other sources that fit worse; .5 is chance"),
        ("p", number(result["p"]), "share of random pairings that are as good"),
    ]
    low, high = result["db_range"]
    rows.append(
        ("copy distance", number(result["copy_distance"]), f"to the source, in [-1, 1] of {low:g} to {high:g} dB")
    )
    rows.append(("copy distance, dB", number(result["copy_distance_db"]), "mean difference of mel levels"))
    if "real" in result:
        real = result["real"]
        rows.append(
            ("real: alignment, own", number(real["own"]), f"others {number(real['other'])}, p {number(real['p'])}")
        )
        rows.append(("real: copy distance", number(real["copy_distance"]), "of the real part to the source"))
    if "ratio_to_real" in result:
        rows.append(
            ("alignment / real", number(result["ratio_to_real"]), "far above 1: follows the source too closely")
        )
    return rows


def _stoi(result: dict[str, Any]) -> list[TableRow]:
    unit = "in dB²" if result["mode"] == "literal" else "1: every band follows the real one"
    return [
        (f"STOI-like, {result['mode']}", number(result["mean"]), f"mean over {len(result['bands'])} bands; {unit}"),
        ("spread", number(result["sd_windows"]), "standard deviation over windows"),
        ("windows", str(result["n"]), f"of {result['window_frames']} mel frames, from {result['files']} files"),
    ]


def _mix(result: dict[str, Any]) -> list[TableRow]:
    rows = []
    for name, text in FIGURES.items():
        if name in result["figures"]:
            figure = result["figures"][name]
            rows.append(
                (
                    text,
                    number(figure["mean"]),
                    f"median {number(figure['median'])}; 95 %: {number(figure['low'])} to {number(figure['high'])}",
                )
            )
    return [*rows, ("songs", str(result["n"]), "absolute differences from the reference mix; 0 is equal")]


def as_text(result: dict[str, Any]) -> str:
    """Return the tables in columns, for a terminal, and the footnote."""
    rows = table_rows(result)
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    blocks = ["\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}".rstrip() for a, b, c in rows)]
    grid = file_grid(result)
    if grid:
        blocks.append(_columns(grid))
    if footnote(result):
        blocks.append(textwrap.fill(footnote(result), 100))
    return "\n\n".join(blocks)


def _columns(grid: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in grid) for column in range(len(grid[0]))]
    lines = []
    for row in grid:
        cells = [f"{row[0]:<{widths[0]}}"] + [
            f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
