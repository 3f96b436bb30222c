"""Networks as files that other programs run, TorchScript and ONNX, and what has to be known of them.

A system says in ``systems/<name>/export.py`` what it exports: ``exports(folder, config)`` returns its parts by their
names, the main one first, each a function that makes an `Export`. They are written by `models.export_writing`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gantools.errors import ConfigError, DependencyError
from gantools.files.jsontext import parse_object
from gantools.version import __version__

#: Ending of a file -> its format.
FORMATS = {".pt": "torchscript", ".onnx": "onnx"}
_ONNX_NEEDS = ("onnx", "onnxscript")


@dataclass(frozen=True)
class Port:
    """An input or output of a network.

    Attributes
    ----------
    name : str
    shape : tuple of int or str
        A number, or the name of a length that is free.
    meaning : str
        What it is, with its range and unit.
    dtype : str
        ``float32`` or ``int64``.
    drawn : str
        What examples are: ``normal``, ``even`` in [-1, 1), ``share`` in [0, 1), or ``coded``, tanh of half a normal
        number, as latents are distributed.
    below : tuple of int
        What whole numbers are below: one bound, or one for each place of the last axis.
    """

    name: str
    shape: tuple[int | str, ...]
    meaning: str
    dtype: str = "float32"
    drawn: str = "normal"
    below: tuple[int, ...] = ()

    def described(self) -> dict[str, Any]:
        """Return what the description says of it."""
        more = {"below": list(self.below)} if self.below else {}
        return {
            "name": self.name, "dtype": self.dtype, "shape": list(self.shape), "meaning": self.meaning, **more
        }  # fmt: skip


@dataclass(frozen=True)
class Export:
    """One network of a model as a function of tensors.

    Attributes
    ----------
    what : str
        What it does, in a sentence.
    module : nn.Module
        On the CPU, in float32, as it generates.
    inputs, outputs : tuple of Port
    sizes : mapping
        Name of a free length -> two values of it: one to trace with, and another to check with. Both are above 1,
        which some exporters take for a constant.
    rate_hz : int
        Rate of the sound; 0 where there is none.
    seeds : str
        What gantools makes the random inputs of, for those who want its results.
    notes : tuple of str
        What a user has to know besides.
    stream : callable, optional
        Makes what a TorchScript file holds in place of `module`: a module with a memory, which takes the input in
        blocks along its last axis; ``forward`` takes the next block, ``finish`` gives what is left, ``reset`` forgets,
        ``whole`` takes all at once.
    formats : tuple of str
        Those that it can be written in.
    why_not : str
        Why the others cannot be, and what to do.
    """

    what: str
    module: nn.Module
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    sizes: Mapping[str, tuple[int, int]]
    rate_hz: int = 0
    seeds: str = ""
    notes: tuple[str, ...] = ()
    stream: Callable[[], nn.Module] | None = None
    formats: tuple[str, ...] = tuple(FORMATS.values())
    why_not: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


#: Name of a part -> what makes it, the main one first.
Parts = Mapping[str, Callable[[], Export]]


def format_of(path: Path) -> str:
    """Return the format that the ending of a file asks for.

    Raises
    ------
    ConfigError
        It is none.
    DependencyError
        It is ONNX, and what writes that is not installed.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise ConfigError("name a file that ends in .pt (TorchScript) or .onnx (ONNX)", path)
    missing = [name for name in _ONNX_NEEDS if importlib.util.find_spec(name) is None]
    if found == "onnx" and missing:
        raise DependencyError(f"ONNX needs {' and '.join(missing)}; pip install 'gantools[onnx]', or write a .pt")
    return found


def check_format(export: Export, path: Path) -> str:
    """Return the format that the ending of a file asks for; raises ConfigError where a network cannot be in it."""
    kind = format_of(path)
    if kind not in export.formats:
        raise ConfigError(f"cannot be written as {path.suffix}: {export.why_not}", path)
    return kind


def choose_part(parts: Parts, part: str, folder: Path) -> str:
    """Return the name of a part, the main one where none is asked for.

    Raises
    ------
    ConfigError
        There is no such part.
    """
    if part and part not in parts:
        raise ConfigError(f"has no part {part!r} to export; there are {', '.join(parts)}", folder)
    return part or next(iter(parts))


def examples(ports: Sequence[Port], sizes: Mapping[str, tuple[int, int]], which: int, seed: int) -> list[torch.Tensor]:
    """Return random inputs, of the first or the second of the free lengths."""
    random = torch.Generator().manual_seed(seed)
    made = []
    for port in ports:
        shape = [size if isinstance(size, int) else sizes[size][which] for size in port.shape]
        if port.dtype == "int64":
            # A share of each bound, as bounds differ along the last axis.
            share = torch.rand(shape, dtype=torch.float64, generator=random)
            made.append((share * torch.tensor(port.below, dtype=torch.float64)).long())
        elif port.drawn == "normal":
            made.append(torch.randn(shape, generator=random))
        elif port.drawn == "coded":
            made.append(torch.tanh(torch.randn(shape, generator=random) / 2))
        else:
            share = torch.rand(shape, generator=random)
            made.append(share if port.drawn == "share" else 2 * share - 1)
    return made


def describe_export(export: Export, kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of an exported network: inputs, outputs, seeds, rate, and the model that it is of."""
    more: dict[str, Any] = {"rate_hz": export.rate_hz} if export.rate_hz else {}
    if export.stream is not None and kind == "torchscript":
        more["methods"] = {
            "forward": "takes the next block, of any length; returns what is ready of the result, which may be nothing",
            "finish": "returns what is left, and is ready for a new beginning",
            "reset": "forgets what was given",
            "whole": "returns the result of a whole input",
        }
    return {
        "made_by": f"gantools {__version__}",
        "format": kind,
        "what": export.what,
        "inputs": [port.described() for port in export.inputs],
        "outputs": [port.described() for port in export.outputs],
        "seeds": export.seeds,
        "notes": list(export.notes),
        **more,
        **export.facts,
        "model": {name: value for name, value in facts.items() if name != "folder"},
        "torch": str(torch.__version__),
    }


def of_model(folder: Path, model: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return what a description says of the model that it is of: system, part, hashes, licence and credits.

    Parameters
    ----------
    folder : Path
    model : mapping
        Contents of its ``config.json``.
    part : str
    """
    from gantools.files.hashing import hash_file

    files = [path for path in sorted(folder.rglob("*.safetensors")) if "state" not in path.relative_to(folder).parts]
    found: dict[str, Any] = {"folder": folder, "name": folder.resolve().name, "system": model["system"], "part": part}
    found |= {"config_hash": model.get("config_hash", ""), "trained_by": model.get("versions", {})}
    found["weights"] = {path.relative_to(folder).as_posix(): hash_file(path) for path in files}
    card = folder / "card.json"
    if card.is_file():
        told = parse_object(card.read_text(encoding="utf-8"))
        found |= {name: told[name] for name in ("purpose", "data", "licence") if name in told}
    else:
        found["licence"] = "that of the music that the model was trained on; the model folder has no card"
    credits = folder / "CREDITS.txt"
    return found | ({"credits": credits.read_text(encoding="utf-8")} if credits.is_file() else {})
