"""The list of models, as ``gantools --models`` prints it: those that ship, and those that were trained here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gantools.cli.terminal import shown
from gantools.models.card import read_card
from gantools.models.shipped import shipped_models

#: Variable with folders that hold models, as PATH has folders with programs.
PLACES = "GANTOOLS_MODELS"
#: Where models are looked for besides: where `train` puts them on a terminal.
_HERE = "models"
#: Folders below such a place in which models are found: ``models/NAME`` and ``models/GROUP/NAME``.
_DEEPEST = 2


def print_models() -> None:
    """Print a line for each model: name or folder, system, size, licence, and what it is or how it was trained."""
    rows = [
        (model.name, model.system, f"{model.megabytes:.2f} MB", model.licence, f"{model.purpose}; {model.data}")
        for model in shipped_models()
    ]
    rows += [_row(folder) for place in _places() for folder in _models_in(place)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print(shown("  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]])))


def _places() -> list[Path]:
    named = [Path(text) for text in os.environ.get(PLACES, "").split(os.pathsep) if text]
    return list(dict.fromkeys([Path(_HERE), *named]))


def _models_in(place: Path, depth: int = _DEEPEST) -> Iterator[Path]:
    """Yield the model folders of a place, by name; what cannot be looked into holds none."""
    from gantools.models.folder import system_of

    try:
        folders = sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return
    for folder in folders:
        if system_of(folder):
            yield folder
        elif depth > 1:
            yield from _models_in(folder, depth - 1)


def _row(folder: Path) -> tuple[str, str, str, str, str]:
    from gantools.models.folder import system_of

    card = read_card(folder)
    files = [path for path in folder.rglob("*.safetensors") if "state" not in path.relative_to(folder).parts]
    size = sum(path.stat().st_size for path in files if path.is_file()) / 1e6
    steps = card.get("steps", "").partition(" ")[0].rstrip(",")
    told = [
        card.get("date", "").partition(" ")[0],
        f"{steps} steps" if steps else "",
        f"score {card['score']}" if "score" in card else "",
        card.get("data", "no card: trained before, or not over"),
    ]
    return str(folder), system_of(folder), f"{size:.2f} MB", "see card" if card else "", "; ".join(t for t in told if t)
