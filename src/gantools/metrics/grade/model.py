"""What was learnt, as a file that holds numbers alone: grade.safetensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.containers import read_tensors
from gantools.files.jsontext import well_formed
from gantools.metrics.embedders.musicnn import LAYERS, WIDTH
from gantools.metrics.grade.config import FEATURES
from gantools.metrics.grade.density import Density
from gantools.metrics.grade.learning import Learnt
from gantools.metrics.grade.slices import Slices

NAME = "grade.safetensors"
KIND, SCHEMA = "gantools grade", 1
_NO_MODEL = "is no model of evaluate grade fit; fit it again"
_LEARNT = ("mean", "scale", "logistic", "linear")
_DENSITY = ("mean", "components", "precision")
_BANDS = 256


@dataclass
class GradeModel:
    """How features are made, and what was learnt of them.

    Attributes
    ----------
    kind : str
        ``both``, ``stoi`` or ``density``.
    threshold : float
        Grade from which a clip counts as good.
    densities : dict of str to Density
        By layer; empty without densities.
    network : str
        Hash of the network of the densities.
    learnt : Learnt or None
        None until it has learnt.
    """

    kind: str
    threshold: float
    densities: dict[str, Density]
    network: str = ""
    learnt: Learnt | None = None

    def features(self, slices: Slices) -> np.ndarray:
        """Return the features of each slice, float64 (slices, d)."""
        parts = [slices.stoi] if self.kind != "density" else []
        if self.kind != "stoi":
            parts.append(slices.densities(self.densities))
        return np.concatenate(parts, axis=1)

    @property
    def size(self) -> int:
        """How many features there are."""
        return (_BANDS if self.kind != "density" else 0) + (len(LAYERS) if self.kind != "stoi" else 0)

    def pack(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the arrays of the file, and what it says of them."""
        assert self.learnt is not None
        arrays = {f"learnt/{name}": getattr(self.learnt, name) for name in _LEARNT}
        for layer, density in self.densities.items():
            arrays |= {f"{layer}/{name}": getattr(density, name) for name in _DENSITY}
        about = {"kind": KIND, "schema": SCHEMA, "features": self.kind, "threshold": self.threshold}
        return arrays, about | {"network": self.network}


def model_path(place: str) -> Path:
    """Return the file of a model, given its folder or the file itself.

    Raises
    ------
    ConfigError
        There is none.
    """
    if not place:
        raise ConfigError("missing option '--model': name the folder that evaluate grade fit wrote")
    path = Path(place) / NAME if Path(place).is_dir() else Path(place)
    if not path.is_file():
        raise ConfigError("no such file; name the folder that evaluate grade fit wrote", path)
    return path


def read_model(path: Path) -> GradeModel:
    """Read a model.

    Raises
    ------
    ModelError
        It is none, of another version, or damaged.
    """
    try:
        arrays, about = read_tensors(path)
    except InputError as error:
        raise ModelError(_NO_MODEL, path) from error
    if about.get("kind") != KIND or about.get("schema") != SCHEMA:
        raise ModelError(_NO_MODEL, path)
    with well_formed(path, _NO_MODEL, ModelError):
        kind = about["features"]
        if kind not in FEATURES:
            raise ValueError(kind)
        densities: dict[str, Density] = {}
        for layer in LAYERS if kind != "stoi" else ():
            mean, components, precision = (arrays[f"{layer}/{name}"] for name in _DENSITY)
            count = len(precision)
            _require(mean, (WIDTH[layer],))
            _require(components, (count, WIDTH[layer]))
            _require(precision, (count, count))
            densities[layer] = Density(mean, components, precision)
        learnt = Learnt(*(arrays[f"learnt/{name}"] for name in _LEARNT))
        model = GradeModel(kind, float(about["threshold"]), densities, str(about["network"]), learnt)
        for name in _LEARNT:
            _require(getattr(learnt, name), (model.size + (name in ("logistic", "linear")),))
        if not (learnt.scale > 0).all():
            raise ValueError("a scale that is not positive")
    return model


def _require(array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise ValueError(f"an array of shape {array.shape}, not {shape}, or not finite")
