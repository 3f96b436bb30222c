"""The list of the models that ship, as ``gantools generate --models`` prints it."""

from __future__ import annotations

from gantools.models.shipped import shipped_models


def print_models() -> None:
    """Print a line for each model that ships: name, system, size, licence, purpose, training data."""
    models = shipped_models()
    width = max(len(model.name) for model in models)
    for model in models:
        print(f"{model.name:<{width}}  {model.system:<12}  {model.megabytes:5.2f} MB  {model.licence}")
        print(f"{'':<{width}}  {model.purpose}; trained on {model.data}")
