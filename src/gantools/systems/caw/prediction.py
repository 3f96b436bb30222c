"""How long training will take on this machine: a few steps of each size of network, measured and scaled up."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import torch

from gantools.systems.caw.job import CawTraining
from gantools.systems.caw.material import LowerDraws, Material
from gantools.systems.caw.scale import CawScale

_SAMPLES = 8192
_STEPS = 3
#: Drawing from the scales below in each step costs so much more (measured over all scales).
_REDRAW = 1.2


def predict(job: CawTraining) -> dict[str, Any]:
    """Return ``time``: the budget, or a prediction of the seconds that all scales take.

    Without early stopping, and within a factor of two: large windows fit caches less, small ones waste more.
    """
    config = job.config
    if config.budget:
        return {"time": f"{config.budget} (budget)"}
    per_sample = {width: _step_seconds(job, width) / _SAMPLES for width in {job.width(i) for i in range(2)}}
    seconds = 0.0
    for index, rate_hz in enumerate(job.rates_hz):
        length = job.clips[0].seconds * rate_hz
        window = min(length, config.crop) if config.crop else length
        redraw = 1.0 if config.pool or not index else _REDRAW
        seconds += config.steps * config.batch_size * window * per_sample[job.width(index)] * redraw
    return {"time": f"about {_readable(seconds)} on {job.device}"}


def _step_seconds(job: CawTraining, width: int) -> float:
    """Return the time of one step on a window of `_SAMPLES`."""
    config = dataclasses.replace(job.config, crop=0, pool=0, holes="", task="music", batch_size=1, penalty_every=1)
    shape = (config.channels, _SAMPLES)
    real = 0.1 * torch.randn(shape, device=job.device)
    zeros = torch.zeros(shape, device=job.device)
    material = Material(8000, [real], [zeros], [zeros], None, torch.ones(config.channels, 1, device=job.device))
    draws = LowerDraws(None, 8000, config.channels, [_SAMPLES / 8000], config, job.device)
    system = CawScale(config, material, draws, width, job.device)
    begun = time.perf_counter()
    for step in range(_STEPS + 1):
        if step == 1:
            _wait(job.device)
            begun = time.perf_counter()
        batch = system.batch(step, [0])
        for phase in ("discriminator", "generator"):
            loss, _ = system.losses(phase, batch, {"step": step, "items": [0]})
            loss.backward()
    _wait(job.device)
    return (time.perf_counter() - begun) / _STEPS


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _readable(seconds: float) -> str:
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
