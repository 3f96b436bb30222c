"""A trained Musika made small enough to ship: its averaged generator, beside the codec that ships already."""

from __future__ import annotations

from pathlib import Path

from gantools.errors import ModelError
from gantools.models.folder import read_model
from gantools.models.shipped import shipped_folder
from gantools.models.shipping import write_shipped
from gantools.systems.codec.codec import open_codec
from gantools.systems.latents.carried import SHARED, hash_codec

CODEC = "codec"


def ship(folder: Path, out: Path, credits: str, purpose: str, data: str, gain_db: float = 0.0) -> None:
    """Write what ``generate musika`` needs of a model folder, and nothing else; see `write_shipped`.

    `gain_db` is that of `gantools.systems.musika.stream.SoundMaker`.

    Raises
    ------
    ModelError
        The model was trained on latents of another codec than the one that ships.
    """
    model = read_model(folder, "musika")
    if model["data"]["codec_hash"] != hash_codec(open_codec(shipped_folder(CODEC))):
        raise ModelError("was not trained on latents of the codec that ships", folder)
    model["data"].update({SHARED: CODEC, "gain_db": gain_db})
    write_shipped(folder, out, model, ["G", "scale"], purpose=purpose, data=data, credits=credits)
