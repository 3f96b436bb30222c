"""A trained drummer made small enough to ship."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what ``generate drummer`` needs of a model folder, and nothing else; see `write_shipped`."""
    purpose = "plays drums for a bass line (gantools generate drummer)"
    write_shipped(folder, out, read_model(folder, "drummer"), ["drummer"], purpose=purpose, data=data, credits=credits)
