"""A trained separator made small enough to ship."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped


def ship(folder: Path, out: Path, credits: str = "") -> None:
    """Write what `generate.load` needs of a model folder, and nothing else; see `write_shipped`.

    Matrices in half precision move the masks by less than bfloat16 arithmetic does.
    """
    write_shipped(folder, out, read_model(folder), ["mask"], credits=credits)
