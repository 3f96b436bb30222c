"""The models that ship with gantools: a folder each, with its configuration, weights, card and credits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gantools.files.jsontext import parse_object

_ROOM = Path(__file__).parent


@dataclass(frozen=True)
class ShippedModel:
    """A model that ships.

    Attributes
    ----------
    name : str
        What a ``MODEL`` argument may say in place of a folder.
    folder : Path
    system : str
        The system that made it.
    purpose, data, licence : str
        What it is for, what it was trained on, and under which licence it is; from its ``card.json``.
    """

    name: str
    folder: Path
    system: str
    purpose: str
    data: str
    licence: str

    @property
    def megabytes(self) -> float:
        """Size of its weights, in millions of bytes."""
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors")) / 1e6


def shipped_models() -> list[ShippedModel]:
    """Return all models of this installation, by name."""
    return [_read(folder) for folder in sorted(_ROOM.iterdir()) if (folder / "card.json").is_file()]


def _read(folder: Path) -> ShippedModel:
    from gantools.models.folder import system_of  # not for a help, which would load numpy with it

    card = parse_object((folder / "card.json").read_text(encoding="utf-8"))
    texts = (str(card.get(name, "")) for name in ("purpose", "data", "licence"))
    return ShippedModel(folder.name, folder, system_of(folder), *texts)


def shipped_folder(name: str) -> Path:
    """Return where a model that ships lies; who opens it says what it means that it is missing."""
    return _ROOM / name


def find_model(text: str | Path) -> Path:
    """Return the folder that a ``MODEL`` argument means: a path, or the name of a model that ships.

    A name counts where no model folder of that name is here; ``./loops`` is always a folder.
    """
    from gantools.models.folder import system_of

    path = Path(text)
    if str(text) in {model.name for model in shipped_models()} and not system_of(path):
        return shipped_folder(str(text))
    return path
