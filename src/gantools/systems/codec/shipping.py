"""A trained codec made small enough to ship: its averaged encoders and decoders, matrices in half precision."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped
from gantools.systems.codec.networks import CODERS


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `codec.open_codec` needs of a model folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Model folder of ``train codec``.
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

    Notes
    -----
    Weights of two and more dimensions become float16, which moves a decoded level by about .01 dB. Biases and
    statistics stay float32.
    """
    purpose = "music as a few numbers for each tenth of a second, and back (gantools generate codec, train musika)"
    card = {"purpose": purpose, "data": data, "licence": "MIT"}
    write_shipped(folder, out, read_model(folder, "codec"), CODERS, card=card, credits=credits)
