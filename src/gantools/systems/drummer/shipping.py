"""A trained drummer made small enough to ship: averaged weights alone, matrices in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what ``generate drummer`` needs of a model folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Model folder of ``train drummer``.
    out : Path
        Folder for the files.
    credits : str
        Where the training data come from, for ``CREDITS.txt``.
    data : str
        The same in a few words, for ``card.json``.

    Raises
    ------
    ModelError
        No model folder, or weights are missing.
    """
    model: dict[str, Any] = read_model(folder, "drummer")
    purpose = "plays drums for a bass line (gantools generate drummer)"
    card = {"purpose": purpose, "data": data, "licence": "MIT"}
    write_shipped(folder, out, model, ["drummer"], card=card, credits=credits)
