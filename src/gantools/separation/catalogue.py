"""Which separator `--model` means. Imports no torch, so that the answer, or what is missing, comes at once."""

from __future__ import annotations

from pathlib import Path

from gantools.errors import DependencyError, ModelError
from gantools.files.jsontext import parse_object
from gantools.models.folder import system_of
from gantools.models.shipped import shipped_folder
from gantools.separation.demucs_models import StemModel, find_in_folder, find_named, published
from gantools.systems.separator.config import RATE_HZ, SOURCES

#: The separator that ships with gantools.
TINY = shipped_folder("tiny")
_PREFERRED = "htdemucs"


def find_model(name: str, *, download: bool = False) -> StemModel:
    """Return the model called `name`, whose weights are on this machine.

    Parameters
    ----------
    name : str
        ``auto`` (htdemucs where its weights are here, else tiny), ``tiny``, a Demucs model, or a path.
    download : bool
        Fetch weights of a Demucs model that are not here; nothing else touches the network.

    Raises
    ------
    ConfigError, DependencyError, ModelError
        No such model, or no weights of it here; the message says where to put them.
    """
    if name == "auto":
        try:
            return find_named(_PREFERRED, download=download)
        except DependencyError:
            if describe_own(TINY) is None:
                raise
            name = "tiny"
    if name == "tiny":
        model = describe_own(TINY)
        if model is None:
            raise DependencyError("the weights of tiny are missing from this installation; install gantools again")
        return model
    path = Path(name)
    # Demucs' own program leaves folders of results called htdemucs; ./htdemucs names such a folder.
    if not path.exists() or ("/" not in name and name in published()):
        return find_named(name, download=download)
    if own := describe_own(path):
        return own
    if (system := system_of(path)) not in ("", "separator"):
        raise ModelError(f"is a model of {system}, not of separator", path)
    return find_in_folder(path)


def describe_own(folder: Path) -> StemModel | None:
    """Return the model of `train separator` in a folder, or None where there is none. Reads no weights."""
    try:
        config = parse_object((folder / "config.json").read_text(encoding="utf-8"))
        if config["system"] != "separator":
            return None
        sources = tuple(config["data"].get("sources", SOURCES))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return StemModel(
        folder.name, "own", (folder / "config.json", *sorted(folder.glob("*.safetensors"))), sources, RATE_HZ
    )
