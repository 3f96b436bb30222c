"""A result as a table, for the terminal and for the page: what was measured, its value, and how to read it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TableRow = tuple[str, str, str]
#: A head, and a row of cells for each file.
FileGrid = list[list[str]]


@dataclass(frozen=True)
class Table:
    """What a result comes to.

    Attributes
    ----------
    rows : list of (str, str, str)
        What, its value, how to read it.
    grid : list of list of str
        A head, and a row of cells for each file; may be empty.
    footnote : str
        What must be said below; may be empty.
    more : list of (str, FileGrid)
        Further tables with a head each, under a title.
    """

    rows: list[TableRow]
    grid: FileGrid = field(default_factory=list)
    footnote: str = ""
    more: list[tuple[str, FileGrid]] = field(default_factory=list)

    def as_text(self) -> str:
        """Return the table in columns, for a terminal."""
        widths = [max(len(row[column]) for row in self.rows) for column in (0, 1)]
        blocks = ["\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c}".rstrip() for a, b, c in self.rows)]
        if self.grid:
            blocks.append(_columns(self.grid))
        blocks += [f"{title}\n{_columns(grid)}" for title, grid in self.more]
        if self.footnote:
            blocks.append(textwrap.fill(self.footnote, 100))
        return "\n\n".join(blocks)


def fact_rows(result: Mapping[str, Any]) -> list[TableRow]:
    """Return the rows that any result has: files that were left out, how far the model was trained, what is heard."""
    rows = [("left out", str(count), why) for why, count in result.get("left_out", {}).items()]
    if result.get("made_by"):
        steps, _, outlook = result["made_by"].partition(": ")
        rows.append(("the model's training", steps, outlook))
    if result.get("heard"):
        rows.append(("heard", "", result["heard"]))
    return rows


def number(value: float | None) -> str:
    """Return a value with about four significant digits; a dash for what could not be measured."""
    if value is None or not math.isfinite(value):
        return "-"
    if value and (abs(value) < 0.001 or abs(value) >= 1e5):
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _columns(grid: FileGrid) -> str:
    widths = [max(len(row[column]) for row in grid) for column in range(len(grid[0]))]
    lines = []
    for row in grid:
        cells = [f"{row[0]:<{widths[0]}}"] + [
            f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
