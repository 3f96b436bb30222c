#!/usr/bin/env python3
"""The page of a reproduction: the numbers of a paper, beside them what was measured here, and why they differ.

    python examples/reproduce/report.py page NAME FOLDER SCALE      FOLDER/report.html and FOLDER/rows.json
    python examples/reproduce/report.py summary FOLDER              FOLDER/summary.md, of all pages below it

``NAME.toml`` beside this file has the numbers of the paper, as they are printed there. Of each table or figure it tells

- ``rows``: lists of what, the paper's value, where ours is, and, where they have their own, why, and the model;
- or ``grid``: lists of a name, a title and the paper's values of ``columns``; ours are under ``keys`` of ``file``, and
  the models in ``models`` by name;
- ``why`` they differ, and ``pictures``, files with what they show.

Ours is at ``FILE:KEY``, with dots to go down, in FOLDER/SCALE. Of a journal (``.jsonl``) it is that of the validation
whose weights were kept, of other records that of the last. In ``file``, ``keys`` and ``model`` of a grid, ``{}`` stands
for the name. ``printed`` of a paper are files of Markdown tables, ``sounds`` what can be heard.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gantools.errors import GantoolsError
from gantools.files.atomic import write_json, write_text
from gantools.models.maturity import of_model
from gantools.report.clip import Clip
from gantools.report.excerpts import data_uri, make_rows
from gantools.report.page import Bullets, Comparison, Heading, Page, Part, Plot, TablePart
from gantools.report.table import FileGrid, Table
from gantools.version import __version__

HERE = Path(__file__).parent
NOT_PRINTED = "not printed"
NOT_MEASURED = "not measured"
HEAD = ("", "paper", "ours", "why they differ")


@dataclass(frozen=True)
class ComparedRow:
    """A number of a paper and ours.

    Attributes
    ----------
    table : str
        Where the paper has it.
    what, paper, ours, why : str
    measured : bool
        Whether there is one of ours.
    """

    table: str
    what: str
    paper: str
    ours: str
    why: str
    measured: bool


def main() -> None:
    """Do what the first argument says."""
    match sys.argv[1:]:
        case ["page", name, folder, scale]:
            print(write_page(name, Path(folder), scale))
        case ["summary", folder]:
            print(write_summary(Path(folder)))
        case _:
            raise SystemExit(__doc__)


def read_paper(name: str) -> dict[str, Any]:
    """Return what a paper says."""
    return tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))


def compare(paper: dict[str, Any], folder: Path) -> list[ComparedRow]:
    """Return all rows of a paper with what a folder has of them."""
    rows = []
    for table in paper["tables"]:
        for what, theirs, place, why, model in cells_of(table):
            ours = found(folder, place)
            said = [learnt(folder, model), why] if ours else [why]
            shown = ours or NOT_MEASURED
            rows.append(ComparedRow(table["name"], what, theirs, shown, "; ".join(filter(None, said)), bool(ours)))
    return rows


def cells_of(table: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield what, the paper's value, the place of ours, why they differ, and the model of each row of a table."""
    why, model = table.get("why", ""), table.get("model", "")
    for row in table.get("rows", []):
        what, theirs, place, own, its = row + [""] * (5 - len(row))
        yield what, theirs, place, own or why, its or model
    for name, title, *values in table.get("grid", []):
        for column, key, value in zip(table["columns"], table["keys"], values, strict=True):
            place = f"{table['file']}:{key}".replace("{}", name)
            yield f"{title}: {column}", value, place, why, table.get("models", {}).get(name, model.replace("{}", name))


def found(folder: Path, place: str) -> str:
    """Return our value at a place as text, with its deviation where it has one; empty where there is none."""
    name, _, key = place.rpartition(":")
    path = folder / name
    if not name or not path.is_file():
        return ""
    node: Any = kept_validation(path) if path.suffix == ".jsonl" else json.loads(path.read_text("utf-8"))
    *above, last = key.split(".")
    for step in above:
        node = node[int(step)] if isinstance(node, list) else (node or {}).get(step)
    if not isinstance(node, dict) or node.get(last) is None:
        return ""
    spread = node.get(f"{last}_sd")
    return shown(node[last]) + (f" ± {shown(spread)}" if spread is not None else "")


def kept_validation(journal: Path) -> dict[str, Any]:
    """Return the validation of the lowest score, and so of the weights that were kept; of other records the last."""
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    if lines and "kind" not in lines[-1]:
        return dict(lines[-1])
    checks = [line for line in lines if line["kind"] == "validation" and line["step"] and line.get("score") is not None]
    return min(checks, key=lambda line: float(line["score"]), default={})


def shown(value: Any) -> str:
    """Return a value with three digits; of counts by name the names and counts."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    if not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if math.isfinite(value) else "-"


def learnt(folder: Path, model: str) -> str:
    """Return how long a model was trained, beside the steps that the preset ``paper`` of its system has."""
    path = folder / model / "config.json"
    if not model or not path.is_file():
        return ""
    description = json.loads(path.read_text("utf-8"))
    steps = of_model(path.parent, description).steps
    try:
        presets = importlib.import_module(f"gantools.systems.{description['system']}.config").PRESETS
        whole = f" of {presets['paper'].steps:,}"
    except (ImportError, KeyError, GantoolsError):
        whole = ""
    return f"{steps:,}{whole} steps"


# Pages


def write_page(name: str, folder: Path, scale: str) -> Path:
    """Write the page and the rows of a reproduction, and return the path of the page."""
    paper, made = read_paper(name), folder / scale
    rows = compare(paper, made)
    spent, computed = times_of(made / "seconds.txt")
    count = f"{sum(row.measured for row in rows)} of {len(rows)}"
    facts = [
        f"Scale {scale}: {count} numbers measured; {spent / 60:.1f} minutes, {computed / 60:.1f} of a core.",
        f"The paper learnt from {paper['data']}.",
        *lines_of(made / "notes.txt"),
    ]
    parts: list[Part] = [Bullets(facts)]
    for table in paper["tables"]:
        its = [row for row in rows if row.table == table["name"]]
        parts += [Heading(f"{table['name']}: {table['what']}")]
        if its:
            parts.append(Comparison(HEAD, [(row.what, row.paper, row.ours, row.why) for row in its]))
        parts += [part for file, caption in table.get("pictures", []) for part in picture(made / file, caption)]
    parts += printed(made, paper.get("printed", [])) + sounds(made, paper.get("sounds", []))
    foot = [f"make reproduce-{name} SCALE={scale}; gantools {__version__}. Everything that was made: {made.name}/."]
    path = folder / "report.html"
    write_text(path, Page(paper["title"], paper["cited"], parts, foot).html())
    kept = {"name": name, "title": paper["title"], "scale": scale, "seconds": spent, "cpu_seconds": computed}
    write_json(folder / "rows.json", {**kept, "rows": [asdict(row) for row in rows]})
    return path


def times_of(path: Path) -> tuple[float, float]:
    """Return the seconds that a script took over all its starts, and those of a core, from what it noted."""
    spent = computed = 0.0
    for line in lines_of(path):
        seconds, *used = line.split()
        spent += float(seconds)
        for minutes, rest in (text.rstrip("s").split("m") for text in used):
            computed += 60 * float(minutes) + float(rest)
    return spent, computed


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file; none where it is missing."""
    return path.read_text("utf-8").splitlines() if path.is_file() else []


def picture(path: Path, caption: str) -> list[Part]:
    """Return a PNG file as a part of the page, in itself; nothing where there is none."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))  # of its header, IHDR
    image = f'<image href="{data_uri(data, "image/png")}" width="{width}" height="{height}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{image}</svg>'
    return [Plot(svg, caption)]


def printed(folder: Path, files: list[list[str]]) -> list[Part]:
    """Return the Markdown tables that a script printed."""
    parts: list[Part] = []
    for name, title in files:
        grids = list(markdown_grids(lines_of(folder / name)))
        if grids:
            parts += [Heading(title), TablePart(Table([], more=grids))]
    return parts


def markdown_grids(lines: list[str]) -> Iterator[tuple[str, FileGrid]]:
    """Yield the tables of a Markdown text, each with the last line of text before it."""
    title, grid = "", []
    for line in [*lines, ""]:
        if line.startswith("|"):
            cells = [cell.strip().strip("*`") for cell in line.strip().strip("|").split("|")]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                grid.append(cells)
        else:
            if grid:
                widest = max(map(len, grid))
                yield title, [row + [""] * (widest - len(row)) for row in grid]
                title, grid = "", []
            title = line.strip() or title


def sounds(folder: Path, kinds: list[list[str]]) -> list[Part]:
    """Return excerpts of what was made: of each kind the first file, to be seen and heard."""
    groups = []
    for label, pattern in kinds:
        for path in sorted(path for path in folder.glob(pattern) if path.stat().st_size)[:1]:
            groups.append([(label, Clip(path, label, "", label))])
    rows = make_rows(groups)
    return [Heading("To look at and to listen to"), *(row.shelf() for row in rows)] if rows else []


def write_summary(folder: Path) -> Path:
    """Write a line for each table and figure of each paper: how much of it was measured, and its first number."""
    head = ("paper", "where", "measured", "for example", "paper's", "ours", "why they differ")
    lines = ["# Papers and what was measured", "", row_of(head), row_of(["---"] * len(head))]
    pages = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/rows.json"))]
    for page in pages:
        for table in dict.fromkeys(row["table"] for row in page["rows"]):
            rows = [row for row in page["rows"] if row["table"] == table]
            first = next((row for row in rows if row["measured"]), rows[0])
            count = f"{sum(row['measured'] for row in rows)} of {len(rows)}"
            link = f"[{page['name']}]({page['name']}/report.html)"
            lines.append(row_of([link, table, count, *(first[key] for key in ("what", "paper", "ours", "why"))]))
    times = [f"{page['name']} {page['seconds'] / 60:.1f} ({page['cpu_seconds'] / 60:.1f})" for page in pages]
    both = [sum(page[name] for page in pages) / 60 for name in ("seconds", "cpu_seconds")]
    lines += ["", f"Minutes (of a core): {', '.join(times)}; together {both[0]:.0f} ({both[1]:.0f})."]
    path = folder / "summary.md"
    write_text(path, "\n".join(lines) + "\n")
    return path


def row_of(cells: list[str] | tuple[str, ...]) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()
