"""A trained separator made small enough to ship: averaged weights alone, matrices in half precision."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped


def ship(folder: Path, out: Path, credits: str = "") -> None:
    """Write what `generate.load` needs of a model folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Model folder of `train separator`.
    out : Path
        Folder for the three files.
    credits : str
        Where the training data come from, for ``CREDITS.txt``.

    Raises
    ------
    ModelError
        No model folder, or weights are missing.

    Notes
    -----
    Weights of two and more dimensions become float16, which moves the masks by less than bfloat16 arithmetic does.
    Statistics and biases stay float32: a variance can leave the range of float16.
    """
    write_shipped(folder, out, read_model(folder), ["mask"], card={}, credits=credits)
