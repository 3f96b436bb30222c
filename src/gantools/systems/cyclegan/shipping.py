"""A trained CycleGAN made small enough to ship: the averaged generator of one direction, with its styles."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped


def ship(folder: Path, out: Path, credits: str, purpose: str, data: str) -> None:
    """Write what ``generate cyclegan`` needs of a model folder, forwards, and nothing else; see `write_shipped`."""
    model = read_model(folder, "cyclegan")
    write_shipped(folder, out, model, ["G"], purpose=purpose, data=data, credits=credits)
