"""A trained SymphonyNet made small enough to ship."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what ``generate symphony`` needs of a model folder, and nothing else; see `write_shipped`."""
    purpose = "makes scores of many parts (gantools generate symphony)"
    write_shipped(folder, out, read_model(folder, "symphony"), ["decoder"], purpose=purpose, data=data, credits=credits)
