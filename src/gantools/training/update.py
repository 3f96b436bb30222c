"""One update of the networks of a phase: gradients over micro-batches and ranks, the check, the optimiser's step."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from gantools.runtime.ranks import Ranks
from gantools.runtime.seeds import item_seed, seed_word
from gantools.training.batches import MicroBatch
from gantools.training.precision import LossScale, autocast
from gantools.training.system import Phase, Step, System

#: What arithmetic on networks that have diverged may raise.
NUMERIC_ERRORS = (ArithmeticError, torch.linalg.LinAlgError)


class PhaseUpdate:
    """The optimiser of one phase and the way to its gradient.

    Notes
    -----
    The gradient of n micro-batches is summed in a balanced tree: the first half plus the second half, each summed in
    the same way. Two ranks sum their halves by themselves and add the two, so one process gets the same numbers, bit
    for bit, when it uses the same micro-batches. It matters more than it looks: a bias in front of an instance norm
    has a gradient of pure rounding noise, which Adam turns into full-size updates.
    """

    def __init__(self, phase: Phase, system: System, ranks: Ranks, precision: str, scale: LossScale) -> None:
        self.phase, self.system, self.ranks, self.precision, self.scale = phase, system, ranks, precision, scale
        self.trained = [p for name in phase.networks for p in system.networks[name].parameters() if p.requires_grad]
        chosen = {id(p) for p in self.trained}
        everything = [p for net in system.networks.values() for p in net.parameters() if p.requires_grad]
        self.frozen = [p for p in everything if id(p) not in chosen]
        self.optimizer = phase.optimizer(self.trained)
        self.rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.size = sum(p.numel() for p in self.trained)
        self.every, self.rate_factor = phase.every, 1.0
        self._names: list[str] = []

    def temper(self, rollbacks: int) -> None:
        """Halve the learning rate for each return to an earlier state, and run less often where the phase says so."""
        self.every, self.rate_factor = self.phase.every + self.phase.every_growth * rollbacks, 0.5**rollbacks

    def run(self, batches: Sequence[MicroBatch]) -> tuple[bool, dict[str, float]]:
        """Do one update unless loss or gradient are not finite.

        Returns
        -------
        tuple
            Whether the update was done, and the logged terms, means over the global batch.
        """
        for p in self.frozen:
            p.requires_grad_(False)
        try:
            flat, names = self._tree(batches)
        finally:
            for p in self.frozen:
                p.requires_grad_(True)
        self.ranks.sum_(flat)
        gradient = flat[: self.size]
        if self.scale.value != 1.0:
            gradient.div_(self.scale.value)
        # One transfer for all numbers that the host needs: on a GPU each one waits for the whole step.
        *values, norm = torch.cat([flat[self.size :], torch.linalg.vector_norm(gradient)[None]]).tolist()
        finite = math.isfinite(norm) and math.isfinite(values[0])
        if finite:
            self._apply(batches[0].step, flat, norm)
        return finite, dict(zip(names, values, strict=True))

    def _tree(self, batches: Sequence[MicroBatch]) -> tuple[torch.Tensor, list[str]]:
        if len(batches) == 1:
            try:
                flat, self._names = self._backward(batches[0])
            except NUMERIC_ERRORS:
                if not self._names:
                    raise
                # As NaN, which all ranks get to know of.
                flat = torch.full((self.size + len(self._names),), torch.nan, device=self.system.device)
            return flat, self._names
        half = len(batches) // 2
        left, names = self._tree(batches[:half])
        return left.add_(self._tree(batches[half:])[0]), names

    def _backward(self, batch: MicroBatch) -> tuple[torch.Tensor, list[str]]:
        """Return the flat gradient of one micro-batch followed by the loss and the terms, all weighted by its items."""
        config, step = self.system.config, batch.step
        set_generators(item_seed(config.seed, "global", seed_word(self.phase.name), step.number, step.items[0]))
        for p in self.trained:
            p.grad = None
        with autocast(self.precision, self.system.device):
            loss, terms = self.system.losses(self.phase.name, batch.data, step)
        weight = len(step.items) / config.batch_size
        (loss.float() * (weight * self.scale.value)).backward()

        names = [self.phase.name, *(name for name in terms if name != self.phase.name)]
        numbers = [loss, *(terms[name] for name in names[1:])]
        flat = torch.zeros(self.size + len(names), device=self.system.device)
        used = [(view, p.grad) for view, p in zip(self._views(flat), self.trained, strict=True) if p.grad is not None]
        if used:
            torch._foreach_copy_([view for view, _ in used], [gradient for _, gradient in used])
        for index, number in enumerate(numbers, start=self.size):
            flat[index] = number.detach() if isinstance(number, torch.Tensor) else number
        flat[self.size :] *= weight
        return flat, names

    def _views(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """Return pieces of a flat tensor with the shapes and strides of the parameters (channels-last included)."""
        views, start = [], 0
        for p in self.trained:
            views.append(flat.as_strided(p.size(), p.stride(), start))
            start += p.numel()
        return views

    def _apply(self, step: Step, flat: torch.Tensor, norm: float) -> None:
        limit = self.phase.clip_norm
        if limit and norm > limit:
            flat.mul_(limit / norm)
        for p, view in zip(self.trained, self._views(flat), strict=True):
            p.grad = view
        factor = self.phase.schedule(step.number, step.total)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor * self.rate_factor
        self.optimizer.step()
        for p in self.trained:
            p.grad = None


def average_buffers(networks: dict[str, nn.Module], ranks: Ranks) -> None:
    """Replace running statistics (batch norm) by their mean over the ranks."""
    if ranks.size == 1:
        return
    for net in networks.values():
        for buffer in net.buffers():
            if buffer.is_floating_point():
                ranks.sum_(buffer).div_(ranks.size)


def set_generators(seed: int) -> None:
    """Seed the global generators of torch (on all devices in use), NumPy and Python."""
    # torch.manual_seed would take a millisecond, and keep each seed until CUDA starts.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
