"""The full state of a run as named tensors and JSON values: everything that the next step depends on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import torch

from gantools.models.weights import Tensors, load_network
from gantools.runtime.ranks import Ranks
from gantools.training.average import Average
from gantools.training.system import System
from gantools.training.update import PhaseUpdate


def pack(
    system: System, updates: Iterable[PhaseUpdate], average: Average, ranks: Ranks
) -> tuple[Tensors, dict[str, Any]]:
    """Return the tensors of a run and the numbers inside its optimisers.

    Names are ``network/NAME/KEY``, ``ema/NAME/KEY``, ``optimizer/PHASE/INDEX/KEY`` and ``extra/KEY``. The tensors are
    those in use, not copies. There is no generator state: all randomness follows from (seed, step, item). Call it on
    all ranks; the result is complete on rank 0.
    """
    tensors = {
        f"network/{name}/{key}": t for name, net in system.networks.items() for key, t in net.state_dict().items()
    }
    for name, net in average.copies.items():
        tensors.update({f"ema/{name}/{key}": t for key, t in net.state_dict().items()})
    numbers: dict[str, Any] = {}
    for update in updates:
        for index, entries in update.optimizer.state_dict()["state"].items():
            for key, value in entries.items():
                place = f"optimizer/{update.phase.name}/{index}/{key}"
                if isinstance(value, torch.Tensor):
                    tensors[place] = value
                else:
                    numbers[place] = value
    tensors.update({f"extra/{key}": t for key, t in _gather_extra(system, ranks).items()})
    return tensors, numbers


def _gather_extra(system: System, ranks: Ranks) -> Tensors:
    """Collect the extra state: what belongs to an item of the batch from its rank, the rest from rank 0."""
    share = ranks.share(system.config.batch_size)
    own: Tensors = {}
    for key, tensor in system.extra_state().items():
        item = re.match(r"item(\d+)/", key)
        if ranks.first if item is None else int(item[1]) in share:
            own[key] = tensor
    gathered: Tensors = {}
    for part in ranks.gather(own):
        gathered.update(part)
    return gathered


def unpack(
    tensors: Tensors, numbers: dict[str, Any], system: System, updates: Iterable[PhaseUpdate], average: Average
) -> None:
    """Put a packed state back.

    Raises
    ------
    ModelError
        A tensor is missing, has another shape, or belongs to nothing in this system.
    """
    for name, net in system.networks.items():
        load_network(net, _below(tensors, f"network/{name}/"), name)
    for name, net in average.copies.items():
        load_network(net, _below(tensors, f"ema/{name}/"), f"{name}.ema")
    for update in updates:
        prefix = f"optimizer/{update.phase.name}/"
        state: dict[int, dict[str, Any]] = {}
        for place, value in {**_below(tensors, prefix), **_below(numbers, prefix)}.items():
            index, key = place.split("/", 1)
            # An optimiser keeps what it is given: a copy, because a state that was read is a mapped file.
            state.setdefault(int(index), {})[key] = value.clone() if isinstance(value, torch.Tensor) else value
        groups = update.optimizer.state_dict()["param_groups"]
        update.optimizer.load_state_dict({"state": state, "param_groups": groups})
        restore_layout(update.optimizer)
    system.load_extra_state(_below(tensors, "extra/"))


def restore_layout(optimizer: torch.optim.Optimizer) -> None:
    """Lay moments out in memory as their parameters are: a fused Adam pairs the two by place, not by index."""
    for parameter, entries in optimizer.state.items():
        for key, value in entries.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                entries[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _below(entries: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key[len(prefix) :]: value for key, value in entries.items() if key.startswith(prefix)}
