"""What a model makes before it has learnt anything: beside it stands what its training has brought."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from gantools.errors import InputError

#: Systems whose models make sound of seeds alone, and the options of generating with them.
_SYSTEMS = {
    "wavegan": "gantools.systems.wavegan.generate_config:WaveGANGenerateConfig",
    "musika": "gantools.systems.musika.generate_config:MusikaGenerateConfig",
}


def untrained_sample(folder: Path, path: Path, device: Any = "cpu") -> None:
    """Write to `path` what the training of a model would have shown before its first step.

    Parameters
    ----------
    folder : Path
        The model folder.
    path : Path
    device : torch.device or str

    Raises
    ------
    InputError
        Models of this system do not make sound of seeds alone.
    ModelError
        The model cannot be opened.
    """
    from gantools.models.folder import read_configuration

    system = read_configuration(folder)["system"]
    if system not in _SYSTEMS:
        raise InputError(f"models of {system} do not make sound of seeds alone")
    module, _, kind = _SYSTEMS[system].partition(":")
    config = getattr(import_module(module), kind)()
    model = import_module(f"gantools.systems.{system}.generate").load(folder, config, str(device))
    model.untrained_sample(path)
