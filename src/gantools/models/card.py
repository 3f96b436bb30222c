"""The card of a model: `card.md` in its folder, for people, with a table that the list of models reads back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from gantools.files.atomic import write_text

CARD = "card.md"
#: What a card that gantools wrote begins with: another file of that name is the user's.
_MARK = "<!-- written by gantools at the end of a training, and anew at the end of the next -->"
_ROW = re.compile(r"^\| (?P<name>[^|]+?) \| (?P<value>.*) \|$", re.MULTILINE)


def write_card(
    folder: Path, title: str, rows: Mapping[str, str], figures: Mapping[str, float], notes: Sequence[str] = ()
) -> bool:
    """Write the card of a model; return whether it was, as one that gantools did not write stays.

    Parameters
    ----------
    folder : Path
        The model folder.
    title : str
    rows : mapping
        Facts by their names; those that are empty are left out.
    figures : mapping
        What the validation of the weights found.
    notes : sequence of str
        Sentences below the tables.
    """
    if not is_ours(folder):
        return False
    facts = [_row(name, value) for name, value in rows.items() if value]
    lines = [_MARK, f"# {title}", "", "| fact | |", "|---|---|", *facts]
    if figures:
        lines += ["", "| figure | |", "|---|---|", *(_row(name, f"{value:.4g}") for name, value in figures.items())]
    write_text(folder / CARD, "\n".join([*lines, *(text for note in notes for text in ("", note))]) + "\n")
    return True


def is_ours(folder: Path) -> bool:
    """Tell whether the card of a folder may be written: there is none, or it is one of gantools."""
    path = folder / CARD
    try:
        with open(path, "rb") as file:
            return file.read(len(_MARK)) == _MARK.encode()
    except OSError:
        return not path.exists()


def read_card(folder: Path) -> dict[str, str]:
    """Return the facts and figures of a card as text, by their names; nothing where there is none of gantools."""
    if not (folder / CARD).is_file() or not is_ours(folder):
        return {}
    text = (folder / CARD).read_text(encoding="utf-8", errors="replace")
    return {row["name"]: row["value"].replace("\\|", "|") for row in _ROW.finditer(text)}


def _row(name: str, value: str) -> str:
    plain = " ".join(value.split()).replace("|", "\\|")
    return f"| {name} | {plain} |"
