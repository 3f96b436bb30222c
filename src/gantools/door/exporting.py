"""A network of a model as a file that other programs run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gantools.door.models import Model, load
from gantools.door.verbs import command_of, options_of, promised, refuse, run
from gantools.errors import ConfigError
from gantools.systems.loops.generate_config import GENERATORS


def export(model: Model | str | Path, path: str | Path, part: str = "", **options: Any) -> dict[str, Any]:
    """Write the network of a model for other programs, as ``gantools generate SYSTEM MODEL --export`` does.

    Parameters
    ----------
    model : Model, str or Path
        From `load` or `train`, or a model folder, or the name of a model that ships.
    path : str or Path
        What to write: ``.pt`` is TorchScript, ``.onnx`` ONNX. Beside it goes ``path.json``, which says what its inputs
        and outputs are, of which model it is and how nearly it makes what the model makes.
    part : str, optional
        Which network, where the model has several: ``decoder`` of a Musika, a scale such as ``500hz`` of a caw.
    **options
        As of ``gantools generate SYSTEM``, those that a network follows: ``ema=False``, ``direction="backward"``.

    Returns
    -------
    dict
        The record: ``path``, ``format``, ``part``, ``difference`` from the model at two lengths, over the larger of 1
        and the largest value; None where ONNX could not be run.

    Raises
    ------
    ConfigError
        The ending is another, there is no such part, or the model has no network to export, with the reason.
    DependencyError
        ONNX needs the extra ``onnx``.
    InputError, ModelError
        The model cannot be used, or a file of the user's is in the way.

    Examples
    --------
    >>> gt.export("codec", "decoder.pt")["difference"] < 1e-4  # doctest: +SKIP
    True
    """
    opened = model if isinstance(model, Model) else load(model)
    word = "loops" if opened.system in GENERATORS else opened.system
    if find_spec(f"gantools.systems.{opened.system}.export") is None:
        raise ConfigError(f"a model of {opened.system} has no network that makes music by itself, so none to export")
    refuse("export", options, "out", "dry_run", "print_config")
    # A command that begins with its inputs has an option for the model.
    own = {"model": str(opened.folder)} if "model" in options_of(command_of("generate", word)) else {}
    first = () if own else (opened.folder,)
    told = {**options, **own, "export": path, "export_part": part or None}
    return promised("export", run("generate", word, *first, **told))[0]
