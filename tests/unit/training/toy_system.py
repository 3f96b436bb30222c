"""A small GAN with everything that is hard on a training loop: pools, dropout, dead biases, a gradient penalty."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gantools.errors import ModelError
from gantools.files.atomic import write_text
from gantools.options import from_mapping, option
from gantools.runtime.ranks import join_ranks, leave_ranks
from gantools.runtime.seeds import item_seed
from gantools.training.config import TrainConfig
from gantools.training.loop import train
from gantools.training.schedule import cosine, linear_decay
from gantools.training.system import Phase, Step, System, adam

LENGTH = 16


@dataclass(frozen=True)
class ToyConfig(TrainConfig):
    width: int = option(4, "channels")
    lr: float = option(1e-2, "learning rate")
    pool_size: int = option(3, "fakes kept per item")
    bad_from: int = option(-1, "step from which the data are NaN")
    bad_steps: int = option(10**9, "how many such steps")
    slow: float = option(0.0, "seconds that each batch takes")


class Toy(System):
    """Turns one noisy sine into another; `calls` counts what the loop asked for."""

    name = "toy"
    config: ToyConfig
    ema_networks = ("generator",)

    def __init__(self, config: ToyConfig, data: dict[str, Any] | None = None) -> None:
        self.config, self.device = config, torch.device("cpu")
        self.data = data or {"mel": {"n_mels": 4}, "db_range": [-40, 40], "roles": ["a", "b"]}
        torch.manual_seed(config.seed)
        width = config.width
        self.networks = {
            "generator": nn.Sequential(
                nn.Conv1d(1, width, 3, padding=1),
                nn.InstanceNorm1d(width),
                nn.ReLU(),
                nn.Dropout(0.2),
                nn.Conv1d(width, 1, 3, padding=1),
            ),
            "discriminator": nn.Sequential(
                nn.Conv1d(1, width, 3, padding=1), nn.InstanceNorm1d(width), nn.LeakyReLU(0.2), nn.Conv1d(width, 1, 3)
            ),
        }
        self.phases = (
            Phase("generator", ("generator",), adam(config.lr, (0.5, 0.999)), linear_decay(), every=2),
            Phase("discriminator", ("discriminator",), adam(config.lr, (0.5, 0.999)), cosine(0.1), clip_norm=5.0),
        )
        self.pools: dict[int, torch.Tensor] = {}
        self.validated: list[int] = []

    def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
        time.sleep(self.config.slow)
        rows = []
        for item in items:
            g = torch.Generator().manual_seed(item_seed(self.config.seed, "data", step, item))
            phase = torch.rand(2, 1, generator=g) * 6.28
            rows.append(torch.sin(torch.arange(LENGTH) * torch.tensor([[0.5], [1.5]]) + phase))
        both = torch.stack(rows)
        if self.config.bad_from <= step < self.config.bad_from + self.config.bad_steps and self.config.bad_from >= 0:
            both = both * torch.nan
        return {"real_a": both[:, :1], "real_b": both[:, 1:]}

    def losses(
        self, phase: str, batch: dict[str, torch.Tensor], step: Step
    ) -> tuple[torch.Tensor, Mapping[str, float | torch.Tensor]]:
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        if phase == "generator":
            fake = generator(batch["real_a"])
            return (discriminator(fake) - 1).square().mean(), {"fake_power": fake.square().mean()}
        with torch.no_grad():
            fake = generator(batch["real_a"])
        fake = self._pooled(fake, step)
        real = batch["real_b"].clone().requires_grad_()
        answer = discriminator(real)
        (slope,) = torch.autograd.grad(answer.sum(), real, create_graph=True)
        penalty = slope.square().sum(dim=(1, 2)).mean()
        return (answer - 1).square().mean() + discriminator(fake).square().mean() + 0.1 * penalty, {"penalty": penalty}

    def _pooled(self, fakes: torch.Tensor, step: Step) -> torch.Tensor:
        out = []
        for fake, item in zip(fakes, step.items, strict=True):
            pool = self.pools.get(item, torch.zeros(0, 1, LENGTH))
            g = torch.Generator().manual_seed(item_seed(self.config.seed, "pool", step.number, item))
            index = int(torch.randint(self.config.pool_size, (), generator=g))
            if not fake.isfinite().all():
                out.append(fake)
            elif len(pool) < self.config.pool_size:
                self.pools[item] = torch.cat([pool, fake[None]])
                out.append(fake)
            else:
                out.append(pool[index].clone())
                pool[index] = fake
        return torch.stack(out)

    def extra_state(self) -> dict[str, torch.Tensor]:
        return {f"item{item}/pool": pool for item, pool in self.pools.items()}

    def load_extra_state(self, state: dict[str, torch.Tensor]) -> None:
        self.pools = {int(key.split("/")[0][4:]): pool.clone() for key, pool in state.items()}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        assert not any(net.training for net in networks.values())
        self.validated.append(step)
        batch = {name: t.nan_to_num() for name, t in self.batch(0, range(8)).items()}
        fake = networks["generator"](batch["real_a"])
        return {"score": float((fake - batch["real_b"]).square().mean()), "noise": float(torch.rand(()))}

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        write_text(folder / f"{step}.txt", str(step))


def toy(**values: Any) -> Toy:
    """Return a toy system; one thread and float32 unless said otherwise."""
    return Toy(from_mapping(ToyConfig, {"steps": 20, "log_every": 5, "precision": "float32", "threads": 1, **values}))


def child_run(folder: Path, values: dict[str, Any], environment: dict[str, str] | None = None) -> None:
    """Train in a process of its own, with an environment of its own."""
    os.environ.update(environment or {})
    summary = train(toy(**values), folder)
    print(summary.status, summary.step)


def several_runs(folder: Path, values: dict[str, Any], environment: dict[str, str]) -> None:
    """Train models one after the other, on their own, within one join, and after an error, in one process."""
    os.environ.update(environment)
    for name in ("first", "second"):
        train(toy(**values), folder / name)
    with pytest.raises(ModelError, match="not finite"):
        train(toy(**values, bad_from=0), folder / "bad")
    join_ranks()
    train(toy(**values), folder / "within")
    train(toy(**values), folder / "after an error")
    leave_ranks()
