"""All that a step changes: networks, their moving averages, optimisers, and what a system keeps beside them."""

from __future__ import annotations

import math
import re
from typing import Any

import torch
from torch import nn

from gantools.models.weights import Tensors, load_network
from gantools.runtime.ranks import Ranks
from gantools.training.batches import Batches, pays_ahead
from gantools.training.ema import EMA
from gantools.training.system import System
from gantools.training.update import LossScale, PhaseUpdate, average_buffers


class Engine:
    """Runs the phases of a system, step by step, and gives and takes all tensors that a step changes.

    Parameters
    ----------
    system : System
    ranks : Ranks

    Attributes
    ----------
    ema : EMA
        Of the networks that the system names, if its configuration asks for it. Nothing outside the engine knows of it.
    batches : Batches
    scale : LossScale
    """

    def __init__(self, system: System, ranks: Ranks) -> None:
        self.system, self.ranks = system, ranks
        self.batches = Batches(system, ranks.share(system.config.batch_size))
        self.ema = EMA({name: system.networks[name] for name in system.ema_networks if system.config.ema})

    def start(self) -> None:
        """Make all ranks begin with the networks of the first."""
        for net in self.system.networks.values():
            self.ranks.broadcast_([*net.parameters(), *net.buffers()])
            net.train()
        self.ema.restart()

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
            when = update.phase.when
            if step % update.every == 0 and (when is None or when(step, total)):
                finite, values = update.run(batches)
                if not finite:
                    return update.phase.name, terms
                terms.update(values)
        if self.system.finish_step is not None:
            self.system.finish_step(step, self.ranks)
        return "", terms

    def average(self, count: int) -> None:
        """Move the averages after the good step number `count`."""
        average_buffers(self.system.networks, self.ranks)
        self.ema.update(count)

    # What the model is

    def networks(self) -> dict[str, nn.Module]:
        """Return the networks to listen to: those with a moving average are its copies."""
        return {**self.system.networks, **self.ema.copies}

    def weights(self) -> dict[str, Tensors]:
        """Return what is published, name of a file of weights -> its tensors: ``G``, and ``G.ema`` of its average."""
        files = {name: dict(net.state_dict()) for name, net in self.system.networks.items()}
        return files | {f"{name}.ema": dict(net.state_dict()) for name, net in self.ema.copies.items()}

    # What a checkpoint holds

    def pack(self) -> tuple[Tensors, dict[str, Any]]:
        """Return everything that the next step depends on, as tensors and JSON values.

        Names are ``network/NAME/KEY``, ``ema/NAME/KEY``, ``optimizer/PHASE/INDEX/KEY`` and ``extra/KEY``. The tensors
        are those in use, not copies. There is no generator state: all randomness follows from (seed, step, item). Call
        it on all ranks; the result is complete on the first.
        """
        tensors: Tensors = {}
        for kind, networks in (("network", self.system.networks), ("ema", self.ema.copies)):
            for name, net in networks.items():
                tensors.update({f"{kind}/{name}/{key}": t for key, t in net.state_dict().items()})
        numbers: dict[str, Any] = {}
        for update in self.updates:
            for index, entries in update.optimizer.state_dict()["state"].items():
                for key, value in entries.items():
                    place = f"optimizer/{update.phase.name}/{index}/{key}"
                    if isinstance(value, torch.Tensor):
                        tensors[place] = value
                    else:
                        numbers[place] = value
        tensors.update({f"extra/{key}": t for key, t in self._gather_extra().items()})
        return tensors, {"numbers": numbers, "scale": self.scale.state()}

    def _gather_extra(self) -> Tensors:
        """Collect the extra state: what belongs to an item of the batch from its rank, the rest from the first."""
        share = self.ranks.share(self.system.config.batch_size)
        own: Tensors = {}
        for key, tensor in self.system.extra_state().items():
            item = re.match(r"item(\d+)/", key)
            if self.ranks.first if item is None else int(item[1]) in share:
                own[key] = tensor
        gathered: Tensors = {}
        for part in self.ranks.gather(own):
            gathered.update(part)
        return gathered

    def restore(self, tensors: Tensors, meta: dict[str, Any], rollbacks: int) -> None:
        """Take back what `pack` gave, for a run that has gone back to a checkpoint `rollbacks` times.

        Raises
        ------
        ModelError
            A tensor is missing, has another shape, or belongs to nothing in this system.
        """
        for name, net in self.system.networks.items():
            load_network(net, _below(tensors, f"network/{name}/"), name)
        for name, net in self.ema.copies.items():
            load_network(net, _below(tensors, f"ema/{name}/"), f"{name}.ema")
        for update in self.updates:
            prefix = f"optimizer/{update.phase.name}/"
            _restore_optimizer(update.optimizer, {**_below(tensors, prefix), **_below(meta["numbers"], prefix)})
            update.temper(rollbacks)
        self.system.load_extra_state(_below(tensors, "extra/"))
        self.scale.load(meta["scale"])


def _restore_optimizer(optimizer: torch.optim.Optimizer, entries: dict[str, Any]) -> None:
    """Give an optimiser its state back, ``INDEX/KEY`` -> value."""
    state: dict[int, dict[str, Any]] = {}
    for place, value in entries.items():
        index, key = place.split("/", 1)
        # An optimiser keeps what it is given: a copy, because a checkpoint that was read is a mapped file.
        state.setdefault(int(index), {})[key] = value.clone() if isinstance(value, torch.Tensor) else value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    restore_layout(optimizer)


def restore_layout(optimizer: torch.optim.Optimizer) -> None:
    """Lay moments out in memory as their parameters are: a fused Adam pairs the two by place, not by index."""
    for parameter, moments in optimizer.state.items():
        for key, value in moments.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                moments[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _below(entries: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key[len(prefix) :]: value for key, value in entries.items() if key.startswith(prefix)}
