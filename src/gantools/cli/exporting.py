"""``generate SYSTEM MODEL --export FILE``: the network of a model for other programs, in place of music."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.item import Item
from gantools.cli.batch import run_batch
from gantools.cli.flags import Run
from gantools.cli.generation import from_model
from gantools.cli.records import say
from gantools.cli.tasks import Task
from gantools.errors import ConfigError
from gantools.options import to_mapping

if TYPE_CHECKING:
    from gantools.models.export import Export, Parts

#: What ends the name of the description beside an exported network.
BESIDE = ".json"


def export_model(
    run: Run, folder: Path, config: Any, file: Path, part: str, inputs: Sequence[str] | None = None
) -> int:
    """Write the network of a model to a file, and its description beside it; return the exit code.

    Parameters
    ----------
    run : Run
    folder : Path
        The model folder.
    config : dataclass
        Options of the command; those that a network follows count, such as ``ema``.
    file : Path
        Its ending chooses the format.
    part : str
        Which network, or empty for the main one.
    inputs : sequence of str, optional
        What the command was given to work on, of which an export has no use.

    Raises
    ------
    ConfigError
        Options that make no sense here, an unknown part, or a system that exports nothing, with the reason.
    DependencyError
        What writes ONNX is not installed.
    ModelError
        The model cannot be opened.
    """
    if inputs:
        raise ConfigError("--export writes the network and takes no inputs; leave them out")
    if run.out is not None:
        raise ConfigError("--export names the file to write; leave out -o")
    from gantools.models.export import check_format, choose_part, format_of, of_model
    from gantools.models.folder import read_configuration

    if file.is_dir():
        raise ConfigError("--export names a file, and this is a folder", file)
    format_of(file)
    model = read_configuration(folder)
    parts = parts_of(model["system"], folder, config)
    if not part and len(parts) > 1:
        say(run, f"exporting {next(iter(parts))}; --export-part chooses among {', '.join(parts)}")
    part = choose_part(parts, part, folder)
    # Opened here, so that what cannot be written ends the run before any work.
    export = parts[part]()
    check_format(export, file)
    run = dataclasses.replace(run, out=file.parent, name=file.name, jobs=1)
    files = sorted(path for path in folder.rglob("*.safetensors") if "state" not in path.relative_to(folder).parts)
    item = Item(folder / "config.json", "", file.stem, part, "", also=tuple(files), seed=0)
    settings = {**to_mapping(config), "part": part, "system": model["system"], "torch": _torch_version()}
    work = partial(_write, export, of_model(folder, model, part))
    task = Task(item, (file.name, file.name + BESIDE))
    return run_batch(run, [task], settings, from_model(run, folder, model, work))


def parts_of(system: str, folder: Path, config: Any) -> Parts:
    """Return what a system exports of a model, by the names of the parts.

    Raises
    ------
    ConfigError
        It exports nothing, with the reason.
    """
    name = f"gantools.systems.{system}.export"
    if find_spec(name) is None:
        raise ConfigError(f"a model of {system} has no network that makes music by itself, so none to export")
    found: Parts = import_module(name).exports(folder, config)
    return found


def _write(
    export: Export,
    facts: dict[str, Any],
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    """Write both files; return the fields of the record."""
    from gantools.models.export_writing import write_export

    fields = write_export(export, outputs[0], outputs[1], facts)
    if fields["difference"] is None:
        fields["warning"] = "not compared with the module: onnxruntime, which runs such files, is not installed"
    return {**fields, "part": facts["part"]}


def _torch_version() -> str:
    from importlib.metadata import version

    return version("torch")
