"""All that a step changes: networks, averages and optimisers, with the updates that move them."""

from __future__ import annotations

import math
from typing import Any

from gantools.models.weights import Tensors
from gantools.runtime.ranks import Ranks
from gantools.training.average import Average
from gantools.training.batches import Batches, pays_ahead
from gantools.training.precision import LossScale
from gantools.training.state import pack, unpack
from gantools.training.system import System
from gantools.training.update import PhaseUpdate, average_buffers


class Engine:
    """Runs the phases of a system, step by step.

    Parameters
    ----------
    system : System
    ranks : Ranks

    Attributes
    ----------
    average : Average
        Of the generators.
    scale : LossScale
    """

    def __init__(self, system: System, ranks: Ranks) -> None:
        self.system, self.ranks = system, ranks
        self.batches = Batches(system, ranks.share(system.config.batch_size))
        self.average = Average({name: system.networks[name] for name in system.averaged if system.config.ema})

    def start(self) -> None:
        """Make all ranks begin with the networks of the first."""
        for net in self.system.networks.values():
            self.ranks.broadcast_([*net.parameters(), *net.buffers()])
            net.train()
        self.average.restart()

    def prepare(self, precision: str) -> None:
        """Make fresh optimisers."""
        self.scale = LossScale(precision)
        args = (self.system, self.ranks, precision, self.scale)
        self.updates = [PhaseUpdate(phase, *args) for phase in self.system.phases]

    @property
    def cycle(self) -> int:
        """Steps after which the same phases run again."""
        return math.lcm(*(update.every for update in self.updates))

    def run(self, step: int, total: int) -> tuple[str, dict[str, float]]:
        """Run the phases of a step; return the name of the one whose loss or gradient was not finite, and the terms."""
        batches = self.batches.load(step, total, ahead=pays_ahead(self.system.device))
        terms: dict[str, float] = {}
        for update in self.updates:
            if step % update.every == 0:
                finite, values = update.run(batches)
                if not finite:
                    return update.phase.name, terms
                terms.update(values)
        return "", terms

    def average_in(self, count: int) -> None:
        """Move the averages after the good step number `count`."""
        average_buffers(self.system.networks, self.ranks)
        self.average.update(count)

    def pack(self) -> tuple[Tensors, dict[str, Any]]:
        """Return the full state as tensors and JSON values; call it on all ranks, it is complete on the first."""
        tensors, numbers = pack(self.system, self.updates, self.average, self.ranks)
        return tensors, {"numbers": numbers, "scale": self.scale.state()}

    def put_back(self, tensors: Tensors, meta: dict[str, Any], rollbacks: int) -> None:
        """Take back what `pack` gave, for a run that has returned to a healthy state `rollbacks` times."""
        self.scale.load(meta["scale"])
        unpack(tensors, meta["numbers"], self.system, self.updates, self.average)
        for update in self.updates:
            update.temper(rollbacks)
