"""The toy with networks that collapse on purpose, until the learning rate is low enough."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from toy_system import Toy, ToyConfig

from gantools.options import from_mapping, option
from gantools.training.loop import train
from gantools.training.system import Phase, Step, adam


@dataclass(frozen=True)
class CollapsingConfig(ToyConfig):
    ill_until: int = option(0, "steps up to which every validation shows symptoms")
    collapse_from: int = option(10, "step from which a collapse is seen")
    cured_by: int = option(1, "returns after which the networks stay healthy")
    diverge_from: int = option(-1, "step from which losses are NaN until cured")
    raise_from: int = option(-1, "step from which the objective divides by zero until cured")


class Speedometer(nn.Module):
    """Measures its own learning rate, as part of the saved state: Adam moves `place` by it in each update."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1))
        self.register_buffer("before", torch.zeros(1))
        self.register_buffer("speed", torch.ones(1))

    def forward(self) -> torch.Tensor:
        with torch.no_grad():
            if self.place != self.before:  # once in a step, also in micro-batches
                self.speed.copy_((self.place - self.before).abs())
                self.before.copy_(self.place)
        return self.place.sum()


class CollapsingToy(Toy):
    """`generator_steps` are those in which the generator was trained, in the order in which it was."""

    name = "collapsing"
    config: CollapsingConfig
    phases: tuple[Phase, ...]

    def __init__(self, config: CollapsingConfig) -> None:
        super().__init__(config)
        self.networks["speedometer"] = Speedometer()
        generator, discriminator = self.phases
        generator = Phase("generator", ("generator",), generator.optimizer, generator.schedule, every=2, every_growth=1)
        self.phases = (Phase("speed", ("speedometer",), adam(1.0)), generator, discriminator)
        self.generator_steps: list[int] = []

    @property
    def cured(self) -> bool:
        return float(self.networks["speedometer"].speed) < 1.5 * 0.5**self.config.cured_by

    def losses(self, phase: str, batch: dict[str, torch.Tensor], step: Step) -> Any:
        if phase == "speed":
            return self.networks["speedometer"](), {}
        loss, terms = super().losses(phase, batch, step)
        if phase == "generator":
            self.generator_steps.append(step.number)
        if not self.cured:
            if 0 <= self.config.raise_from <= step.number:
                raise ZeroDivisionError("nothing is left of the loss")
            if 0 <= self.config.diverge_from <= step.number:
                return loss * torch.nan, terms
        return loss, terms

    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        assert step > 0
        assert not any(net.training for net in networks.values())
        if step <= self.config.ill_until:
            return {"noise": "not yet music"}
        if step >= self.config.collapse_from and not self.cured:
            return {"silence": f"nothing is heard {torch.rand(()):.3f}"}
        return {}


SETTINGS = {"steps": 20, "log_every": 5, "validate_every": 4, "save_every": 3, "precision": "float32", "threads": 1}


def collapsing(**values: Any) -> CollapsingToy:
    """Return a collapsing toy; one thread and float32 unless said otherwise."""
    return CollapsingToy(from_mapping(CollapsingConfig, {**SETTINGS, **values}))


def kinds(folder: Path) -> list[tuple[str, int, int]]:
    """Return (kind, step, rollbacks) of the journal's lines about validations and collapses."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    wanted = ("validation", "symptoms", "collapse")
    return [(line["kind"], line["step"], line.get("rollbacks", 0)) for line in lines if line["kind"] in wanted]


def collapsing_run(folder: Path, values: dict[str, Any], environment: dict[str, str]) -> None:
    """Train in a process of its own, with an environment of its own."""
    os.environ.update(environment)
    train(collapsing(**values), folder)
