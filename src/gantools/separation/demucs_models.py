"""Weights of Demucs models on this machine, found and described without torch and without the network.

Demucs 4.1 publishes each model as one safetensors file whose metadata name the class of the network and its arguments.
Older files (``.th``) are pickles, which run code when they are opened; they are refused.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError, DependencyError, InputError, ModelError
from gantools.files.containers import read_header
from gantools.files.jsontext import parse_json
from gantools.options import did_you_mean

#: The only classes that a file of weights may name: the loader would import whatever it says.
_CLASSES = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")
_OWNER = "adefossez"


@dataclass(frozen=True)
class StemModel:
    """A separator on disk.

    Attributes
    ----------
    name : str
        Name of the model in messages and records.
    kind : str
        ``demucs``, or ``own`` for a model of `train separator`.
    files : tuple of Path
        All that its results depend on; for ``demucs`` one file per network of the bag.
    sources : tuple of str
        Stems in the order of the network's output.
    rate_hz : int
    weights : tuple of tuple of float
        Weight of each source in each network of the bag.
    segment_s : float
        Length that the bag prescribes; 0: each network's own.
    """

    name: str
    kind: str
    files: tuple[Path, ...]
    sources: tuple[str, ...]
    rate_hz: int = 44100
    weights: tuple[tuple[float, ...], ...] = ((),)
    segment_s: float = 0.0


def weights_folder() -> Path:
    """Return the folder for weights that the user puts there by hand."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "gantools" / "demucs"


def published() -> list[str]:
    """Return the names of Demucs' models; raises DependencyError where Demucs is not installed."""
    return sorted(path.stem for path in _bag_folder().glob("*.yaml"))


def find_named(name: str, *, download: bool = False) -> StemModel:
    """Return a published Demucs model whose weights are here.

    Looked up in `weights_folder` and in the cache of Hugging Face; only with `download` is the network touched.

    Raises
    ------
    ConfigError
        No model of that name.
    DependencyError
        Its weights are not on this machine, or cannot be fetched.
    """
    names = published()
    if name not in names:
        there = f"auto, tiny, {', '.join(names)} or a folder{did_you_mean(name, ['auto', 'tiny', *names])}"
        raise ConfigError(f"no model {name!r}; there are {there}")
    bag = _read_bag(_bag_folder() / f"{name}.yaml")
    found = {signature: _locate(name, signature) for signature in map(str, bag["models"])}
    if download:
        found = {signature: path or _fetch(name, signature) for signature, path in found.items()}
    absent = [f"{signature}.safetensors" for signature, path in found.items() if path is None]
    if absent:
        # Who has used an older Demucs has weights on this machine, and is told why they are not taken.
        pickles = any(_pickle_of(signature) for signature in found)
        raise DependencyError(
            f"no weights of {name} on this machine; put {', '.join(absent)} of "
            f"huggingface.co/{_repository(name)} into {weights_folder()}, or add --download"
            + (" (the .th file in torch's cache is a pickle, which is not read)" if pickles else "")
        )
    return _bag_model(name, [path for path in found.values() if path], bag)


def find_in_folder(path: Path) -> StemModel:
    """Return the model of a local Demucs repository: a bag (``NAME.yaml``) and its safetensors files.

    Parameters
    ----------
    path : Path
        A folder with one bag or one file of weights; or the bag, or the file itself.

    Raises
    ------
    ModelError
        Nothing that can be read, more than one model, or only pickles.
    """
    folder = path if path.is_dir() else path.parent
    bags = [path] if path.suffix == ".yaml" else sorted(path.glob("*.yaml")) if path.is_dir() else []
    files = [path] if path.suffix == ".safetensors" else sorted(path.glob("*.safetensors")) if path.is_dir() else []
    if len(bags) > 1:
        raise ModelError(f"holds several models; name one, such as {bags[0]}", path)
    if bags:
        bag = _read_bag(bags[0])
        found = [_signed(folder, str(signature)) for signature in bag["models"]]
        return _bag_model(bags[0].stem, found, bag)
    if len(files) == 1:
        return _bag_model(files[0].stem, files, {})
    if files:
        raise ModelError(f"holds several files of weights and no bag (.yaml); name one, such as {files[0]}", path)
    if path.suffix == ".th" or list(folder.glob("*.th")):
        raise ModelError(_PICKLE, path)
    raise ModelError("no model: neither config.json nor safetensors files of Demucs", path)


_PICKLE = (
    "holds pickles (.th), which can run code and are not read; "
    "convert them to safetensors with tools/export_hf.py of Demucs"
)


def _signed(folder: Path, signature: str) -> Path:
    # LocalRepo of Demucs: SIGNATURE.ending or SIGNATURE-CHECKSUM.ending.
    for path in (folder / f"{signature}.safetensors", *sorted(folder.glob(f"{signature}-*.safetensors"))):
        if path.is_file():
            return path
    if list(folder.glob(f"{signature}*.th")):
        raise ModelError(_PICKLE, folder)
    raise ModelError(f"the file of weights {signature}.safetensors is missing", folder)


def _bag_folder() -> Path:
    spec = importlib.util.find_spec("demucs")
    if spec is None or not spec.submodule_search_locations:
        raise DependencyError("demucs is not installed; pip install demucs, or use --model tiny")
    return Path(spec.submodule_search_locations[0]) / "remote"


def _read_bag(path: Path) -> dict[str, Any]:
    import yaml

    try:
        bag = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not (isinstance(bag, dict) and isinstance(bag["models"], list) and bag["models"]):
            raise TypeError
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ModelError("not a bag of Demucs models (a list 'models' in YAML)", path) from error
    return bag


def _repository(name: str) -> str:
    """Return the repository of a named model, as Demucs 4.1 names them."""
    if name == "htdemucs":
        return f"{_OWNER}/HTDemucs"
    return f"{_OWNER}/" + (f"HTDemucs-{name[9:]}" if name.startswith("htdemucs_") else f"Demucs-{name}")


def _locate(name: str, signature: str) -> Path | None:
    own = weights_folder() / f"{signature}.safetensors"
    if own.is_file():
        return own
    # Where huggingface_hub keeps its cache, found without importing it; of several snapshots the newest is taken.
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub")
    repository = cache / f"models--{_repository(name).replace('/', '--')}"
    found = sorted(repository.glob(f"snapshots/*/{signature}.safetensors"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _pickle_of(signature: str) -> bool:
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "torch"
    return any((Path(home) / "hub" / "checkpoints").glob(f"{signature}-*.th"))


def _fetch(name: str, signature: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(_repository(name), f"{signature}.safetensors", etag_timeout=10))
    except Exception as error:  # its errors have no common base below Exception
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DependencyError(f"the weights of {name} cannot be fetched ({reason}); try again, or copy them") from error


def _bag_model(name: str, files: Sequence[Path], bag: dict[str, Any]) -> StemModel:
    described = [describe(file) for file in files]
    sources, rate_hz = described[0]
    # The outputs of the networks are averaged source by source and sample by sample.
    if any(other != described[0] for other in described):
        raise ModelError("the networks of this bag differ in sources or rate", files[0].parent)
    weights = bag.get("weights") or [[1.0] * len(sources)] * len(files)
    if len(weights) != len(files) or any(len(row) != len(sources) for row in weights):
        raise ModelError("the weights of this bag are not one row per network and one number per source", files[0])
    rows = tuple(tuple(float(weight) for weight in row) for row in weights)
    return StemModel(name, "demucs", tuple(files), sources, rate_hz, rows, float(bag.get("segment") or 0))


def describe(path: Path) -> tuple[tuple[str, ...], int]:
    """Return sources and rate in Hz of one Demucs network from the header of its file.

    Raises
    ------
    ModelError
        No such file, another class of network, quantised weights, or not a stereo network.
    """
    try:
        metadata = read_header(path).get("__metadata__") or {}
        if metadata["klass"] not in _CLASSES:
            raise ModelError(f"names the class {metadata['klass']!r}; only Demucs' own networks are loaded", path)
        if "structure" in metadata:
            raise ModelError("holds quantised weights, which need diffq; take htdemucs or htdemucs_ft", path)
        arguments, named = parse_json(metadata["args"]), parse_json(metadata["kwargs"])
        sources = tuple(str(source) for source in named.get("sources") or arguments[0])
        if int(named.get("audio_channels", 2)) != 2:
            raise ModelError("is not a stereo network", path)
        return sources, int(named.get("samplerate", 44100))
    except InputError as error:
        raise ModelError(error.message, path) from error
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise ModelError("not a network of Demucs 4.1: its metadata do not name class and arguments", path) from error
