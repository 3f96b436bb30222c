"""A trained loop detector made small enough to ship: its networks with their centres and known loops, nothing else."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import as_it_is, write_shipped
from gantools.structure.loops.detector import NETWORK


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `gantools.structure.loops.detector.open_detector` needs of a model folder.

    Parameters
    ----------
    folder : Path
        Model folder of `train loopdetector`.
    out : Path
        Folder for the four files.
    credits : str
        Where the training data come from, for ``CREDITS.txt``.
    data : str
        The same in a few words, for ``card.json``.

    Raises
    ------
    ModelError
        No model folder, or weights are missing.
    """
    purpose = "tells loops from other music, in audio and MIDI (gantools loopscore, generate loops)"
    card = {"purpose": purpose, "data": data, "licence": "MIT"}
    model = read_model(folder, "loopdetector")
    write_shipped(folder, out, model, [NETWORK], card=card, credits=credits, small=as_it_is)
