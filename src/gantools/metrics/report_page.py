"""The page of a result: one HTML file that needs nothing else, readable in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from gantools.metrics.report_plots import has_plot, page_svg
from gantools.metrics.report_table import file_grid, footnote, table_rows
from gantools.report.excerpts import Cell, Row, data_uri, png_bytes
from gantools.report.style import HOUSE_STYLE

TITLES = {
    "frechet": "Fréchet distance",
    "rhythm": "Rhythm",
    "stoi": "STOI-like features",
    "mix": "Mixes",
    "novelty": "Novelty and likeness",
    "pitch": "Pitch",
    "coverage": "Precision, recall, density, coverage",
}
CAPTIONS = {
    "frechet": "Distances of random draws over the inverse of their size. The line leads to endless material.",
    "rhythm": "Onset correlation of each generated window with its own source, against all other pairings.",
    "stoi": "How closely each mel band follows its real counterpart, averaged over all windows.",
    "novelty": "Spectrum and modulation of the clip and of the generated files, mean and range. Right: the best "
    "correlation of each generated 1 s window with the clip, beside that of the clip's own halves.",
    "pitch": "Pitch of voiced frames.",
}

_STYLE = """
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
td { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); vertical-align: baseline; }
td.value { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
td.note { color: var(--soft); font-size: .88rem; }
table.files { margin-top: 2rem; font-size: .88rem; }
table.files th, table.files td { text-align: right; padding: .25rem .5rem .25rem 0;
  font-variant-numeric: tabular-nums; }
table.files th { color: var(--soft); font-weight: 400; vertical-align: bottom; }
table.files th:first-child, table.files td:first-child { text-align: left; overflow-wrap: anywhere; }
p.foot { color: var(--soft); font-size: .88rem; }
figure { margin: 0; }
figure.plot { margin-top: 2rem; }
figure.plot svg { display: block; width: 100%; max-width: 44rem; height: auto; }
figcaption { color: var(--soft); font-size: .88rem; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin: .25rem 0 1.5rem; }
.row img { display: block; width: 100%; height: 9rem; image-rendering: auto; border-radius: 4px; }
.row audio { display: block; width: 100%; height: 2.2rem; margin-top: .4rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
footer { margin-top: 3rem; color: var(--soft); font-size: .82rem; overflow-wrap: anywhere; }
"""


def page_html(result: dict[str, Any], rows: Sequence[Row]) -> str:
    """Return the page.

    Parameters
    ----------
    result : dict
        A result as `gantools.metrics.report_folder.write_report` completes it.
    rows : sequence of Row
        Excerpts to show and to play.
    """
    title = TITLES[result["metric"]]
    against = " against ".join(escape(str(result[key])) for key in ("generated", "reference") if result.get(key))
    table = "".join(
        f'<tr><td>{escape(a)}</td><td class="value">{escape(b)}</td><td class="note">{escape(c)}</td></tr>'
        for a, b, c in table_rows(result)
    )
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{HOUSE_STYLE}{_STYLE}</style></head><body>",
        f'<h1>{title}</h1><p class="sub">{against}</p><table>{table}</table>',
    ]
    parts += _files(file_grid(result))
    if footnote(result):
        parts.append(f'<p class="foot">{escape(footnote(result))}</p>')
    if has_plot(result):
        caption = f"<figcaption>{CAPTIONS[result['metric']]}</figcaption>"
        parts.append(f'<figure class="plot">{page_svg(result)}{caption}</figure>')
    if rows:
        parts.append("<h2>To look at and to listen to</h2>")
        parts += [_row(row) for row in rows]
    if result.get("failed"):
        items = "".join(f"<li>{escape(text)}</li>" for text in result["failed"])
        parts.append(f"<h2>Files that failed</h2><ul>{items}</ul>")
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    parts.append(f"<footer>Seed {result['seed']}; {escape(versions)}. All numbers: report.json.</footer></body></html>")
    return "\n".join(parts) + "\n"


def _files(grid: Sequence[Sequence[str]]) -> list[str]:
    if not grid:
        return []
    head = "".join(f"<th>{escape(cell)}</th>" for cell in grid[0])
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in grid[1:])
    return [f'<table class="files"><tr>{head}</tr>{rows}</table>']


def _row(row: Row) -> str:
    cells = "".join(_cell(cell, row.title) for cell in row.cells)
    return f'<h3>{escape(row.title)}</h3><div class="row">{cells}</div>'


def _cell(cell: Cell, title: str) -> str:
    label = escape(cell.label)
    picture = data_uri(png_bytes(cell.picture), "image/png")
    image = f'<img src="{picture}" alt="Mel spectrogram, {label}: {escape(title)}">'
    sound = ""
    if cell.sound is not None:
        sound = f'<audio controls preload="metadata" src="{data_uri(cell.sound, "audio/mpeg")}"></audio>'
    return f"<figure><figcaption>{label}</figcaption>{image}{sound}</figure>"
