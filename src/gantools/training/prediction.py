"""How long a run of so many steps will take, measured before its first step."""

from __future__ import annotations

import time

import torch

from gantools.errors import DeviceError
from gantools.runtime.ranks import Ranks, set_threads
from gantools.training.engine import Engine
from gantools.training.precision import choose_precision
from gantools.training.system import System

#: Steps of which one is timed, and a time after which no other is begun.
_STEPS, _LONGEST_SECONDS = 3, 20.0


def predict_seconds(system: System) -> float:
    """Return about how many seconds the steps of a run will take, without its validations.

    Some steps are done as the loop does them, and undone: everything that a step changes is in what a checkpoint
    holds, so that the run then begins as if nothing had been measured. The first step, which also imports and
    allocates, does not count.

    Parameters
    ----------
    system : System
        As it was built, on the one process that will train it.
    """
    set_threads(system.config.threads)
    engine = Engine(system, Ranks())
    try:
        engine.start()
        engine.prepare(choose_precision(system.config.precision, system.device))
        tensors, meta = engine.pack()
        before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
        taken, begun = list[float](), time.perf_counter()
        for step in range(1 + max(_STEPS, engine.cycle)):
            since = time.perf_counter()
            engine.run(step, system.config.steps)
            wait_for(system.device)
            taken.append(time.perf_counter() - since)
            if step and time.perf_counter() - begun > _LONGEST_SECONDS:
                break
        engine.restore(before, meta, 0)
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceError("out of memory; use a smaller batch_size or micro_batch") from error
    finally:
        engine.batches.close()
    for network in system.networks.values():
        network.zero_grad(set_to_none=True)
    return system.config.steps * sum(taken[1:]) / len(taken[1:])


def readable(seconds: float) -> str:
    """Return a time in the unit in which it is read most easily."""
    for unit, size in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def wait_for(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
