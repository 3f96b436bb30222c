"""A trained loop detector made small enough to ship: its networks with their centres and known loops, nothing else."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import as_it_is, write_shipped
from gantools.structure.loops.detector import NETWORK


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `gantools.structure.loops.detector.open_detector` needs of a model folder, all of it as it is."""
    purpose = "tells loops from other music, in audio and MIDI (gantools loopscore, generate loops)"
    model = read_model(folder, "loopdetector")
    write_shipped(folder, out, model, [NETWORK], purpose=purpose, data=data, credits=credits, small=as_it_is)
