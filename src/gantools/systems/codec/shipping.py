"""A trained codec made small enough to ship: its averaged encoders and decoders."""

from __future__ import annotations

from pathlib import Path

from gantools.models.folder import read_model
from gantools.models.shipping import write_shipped
from gantools.systems.codec.networks import CODERS


def ship(folder: Path, out: Path, credits: str, data: str) -> None:
    """Write what `codec.open_codec` needs of a model folder, and nothing else; see `write_shipped`.

    Matrices in half precision move a decoded level by about .01 dB.
    """
    purpose = "music as a few numbers for each tenth of a second, and back (gantools generate codec, train musika)"
    write_shipped(folder, out, read_model(folder, "codec"), CODERS, purpose=purpose, data=data, credits=credits)
