"""A trained loop detector made small enough to ship: its networks with their centres and known loops, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gantools.files.atomic import write_json, write_text
from gantools.files.containers import write_state
from gantools.models.folder import read_model
from gantools.models.weights import read_weights
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
    model: dict[str, Any] = read_model(folder, "loopdetector")
    meta = {"system": model["system"], "network": NETWORK, "config_hash": model["config_hash"]}
    write_state(out / f"{NETWORK}.safetensors", read_weights(folder, NETWORK), meta)
    purpose = "tells loops from other music, in audio and MIDI (gantools loopscore, generate loops)"
    write_json(out / "card.json", {"purpose": purpose, "data": data, "licence": "MIT"})
    write_text(out / "CREDITS.txt", credits)
    networks = {NETWORK: model["networks"][NETWORK]}
    write_json(out / "config.json", {**model, "networks": networks, "ema": []})
