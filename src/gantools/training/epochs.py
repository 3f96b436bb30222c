"""The length of a run in epochs: how many steps they are, which only the data of a system can tell."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from gantools.errors import ConfigError


class Counted(Protocol):
    """What of a `gantools.training.system.System` tells how long an epoch is."""

    name: str
    config: Any
    epoch_items: int

    @property
    def epoch_steps(self) -> int:
        """Steps of an epoch."""
        ...


def count_epochs(system: Counted) -> str:
    """Set `steps` of a system's configuration to the length of its epochs; return what they are, in words.

    Nothing changes, and the text is empty, where the run is not told in epochs. The number of epochs stays in the
    configuration, so that a resumed run comes to the same steps: it goes on with equal data only.

    Raises
    ------
    ConfigError
        The system has no epochs, or the run has a budget too.
    """
    config = system.config
    if not config.epochs:
        return ""
    if config.budget:
        raise ConfigError("epochs: the run has a budget too; give one of --steps, --epochs and --budget")
    if not system.epoch_items:
        raise ConfigError(f"epochs: {system.name} learns from ever new items; give --steps or --budget")
    steps = config.epochs * system.epoch_steps
    system.config = dataclasses.replace(config, steps=steps)
    epochs, items = _many(config.epochs, "epoch"), _many(system.epoch_items, "item")
    return f"{epochs} of {items} in batches of {config.batch_size}: {_many(steps, 'step')}"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
