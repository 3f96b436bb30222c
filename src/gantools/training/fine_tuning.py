"""A new run that begins with the weights of another model."""

from __future__ import annotations

from pathlib import Path

from gantools.errors import ModelError
from gantools.models.folder import first_difference, hash_weights, read_model
from gantools.models.weights import load_weights
from gantools.training.system import System

# What the networks' input means: a model that saw other values of these cannot be continued.
_MEANING = ("mel", "db_range")


def start_from(system: System, folder: str | Path) -> dict[str, str]:
    """Load the weights of another model, and nothing else of it, as the start of a new run.

    This is pre-training followed by fine-tuning: new data, a new schedule, fresh optimisers. The raw weights are
    taken and not the averaged ones, because the discriminators were trained against those.

    Returns
    -------
    dict
        ``path`` of the model and ``hash`` of its weights, for `config.json`.

    Raises
    ------
    ModelError
        The model is of another system, its networks have other shapes, or its mel parameters or dB range differ.
    """
    model = read_model(folder)
    if model["system"] != system.name:
        raise ModelError(f"is a model of {model['system']}, not of {system.name}", folder)
    for part in _MEANING:
        if part in system.data and part in model["data"]:
            difference = first_difference(system.data[part], model["data"][part], part)
            if difference:
                raise ModelError(
                    f"does not fit the data: {difference}; make the chunks with the model's settings", folder
                )
    for name, net in system.networks.items():
        load_weights(folder, name, net, raw=True)
    return {"path": str(folder), "hash": hash_weights(folder, system.networks)}
