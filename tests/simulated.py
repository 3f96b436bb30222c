"""A machine that exists on paper: a clock that stands still unless a system spends time on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import nn

from gantools.options import from_mapping
from gantools.training.config import TrainConfig
from gantools.training.schedule import linear_decay
from gantools.training.system import Phase, Step, System, adam

S = TypeVar("S", bound=System)


class Smallest(System):
    """One weight that learns to be one: a step takes half a millisecond, so that long runs can be simulated.

    Attributes
    ----------
    factors : list of float
        Factor of the learning rate in each step.
    """

    name = "smallest"

    def __init__(self, config: TrainConfig) -> None:
        self.config, self.device = config, torch.device("cpu")
        self.networks = {"weight": nn.Linear(1, 1, bias=False)}
        self.factors: list[float] = []
        decay = linear_decay()

        def noted(step: int, total: int) -> float:
            self.factors.append(decay(step, total))
            return self.factors[-1]

        self.phases = (Phase("weight", ("weight",), adam(1e-2), noted),)
        self.spent: list[float] = []
        self.parts: list[float] = []

    def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
        """Return ones."""
        return {"one": torch.ones(len(items), 1)}

    def losses(self, phase: str, batch: Any, step: Any) -> Any:
        """Return the square error."""
        return (self.networks["weight"](batch["one"]) - 1).square().mean(), {}

    def validate(self, networks: Any, step: int) -> dict[str, float]:
        """Return how far the weight is from one."""
        return {"score": float((networks["weight"].weight - 1).abs())}


def smallest(**values: Any) -> Smallest:
    """Return the smallest system, with one thread and float32 unless said otherwise."""
    settings = {"log_every": 100, "precision": "float32", "threads": 1, "ema": False, **values}
    return Smallest(from_mapping(TrainConfig, settings))


class Clock:
    """Seconds that pass only when something is said to take them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    @property
    def passed(self) -> float:
        return self.now - 1000.0


def on(
    clock: Clock,
    system: S,
    step: Callable[[float], float] = lambda passed: 1.0,
    validation: Callable[[float, float], float] = lambda passed, part: 0.5 * part,
    setup: Callable[[float], float] = lambda part: 0.0,
) -> S:
    """Let a system take time on a clock.

    `step` gives the seconds of a step that begins after so many seconds, `validation` those of a validation of a part
    of the set, `setup` what the first validation of each part takes in addition. Attributes are added: `spent`, the
    seconds of each validation, and `parts`, what they heard.
    """
    losses, validate = system.losses, system.validate
    system.spent, system.parts = [], []  # type: ignore[attr-defined]

    def slow_losses(phase: str, batch: Any, now: Step) -> Any:
        if "timed" not in now.shared:  # the first phase of the step
            now.shared["timed"] = True
            clock.now += step(clock.passed)
        return losses(phase, batch, now)

    def slow_validate(networks: Any, number: int) -> dict[str, float]:
        part = system.validation_part
        seconds = validation(clock.passed, part) + (0.0 if part in system.parts else setup(part))  # type: ignore[attr-defined]
        clock.now += seconds
        system.spent.append(seconds)  # type: ignore[attr-defined]
        system.parts.append(part)  # type: ignore[attr-defined]
        return validate(networks, number)

    system.losses, system.validate = slow_losses, slow_validate  # type: ignore[method-assign, assignment]
    return system
