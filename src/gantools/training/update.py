"""One update of the networks of a phase: gradients over micro-batches and ranks, the check, the optimiser's step.

Here too is the scale of float16 losses, which follows from the check. Which precision a run has is chosen in
`gantools.training.precision`.
"""

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
from gantools.training.precision import autocast
from gantools.training.system import Phase, Step, System

#: What arithmetic on networks that have diverged may raise.
NUMERIC_ERRORS = (ArithmeticError, torch.linalg.LinAlgError)


class LossScale:
    """Scale float16 losses so that small gradients do not vanish; 1 and fixed for the other precisions.

    The scale halves when a gradient overflows and doubles after `patience` good steps.

    Notes
    -----
    Micikevicius et al. 2018, section 3.2.
    """

    def __init__(self, precision: str, patience: int = 2000) -> None:
        self.active = precision == "float16"
        self.patience = patience
        self.value = 2.0**16 if self.active else 1.0
        self.good_steps = 0

    def tolerates(self) -> bool:
        """Return whether an overflow can be answered by a smaller scale; it must be told to `update` then."""
        return self.active and self.value > 1.0

    def update(self, finite: bool) -> None:
        """Take note of a step."""
        if not self.active:
            return
        self.good_steps = self.good_steps + 1 if finite else 0
        if not finite:
            self.value = max(1.0, self.value / 2.0)
        elif self.good_steps == self.patience:
            self.value, self.good_steps = self.value * 2.0, 0

    def state(self) -> dict[str, float]:
        """Return what `load` takes back."""
        return {"value": self.value, "good_steps": self.good_steps}

    def load(self, state: dict[str, float]) -> None:
        """Take back a state."""
        self.value, self.good_steps = float(state["value"]), int(state["good_steps"])


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
        self.phase, self.system, self.ranks, self.scale = phase, system, ranks, scale
        self.autocast = autocast(precision, system.device)
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
        """Halve the learning rate for each return to a checkpoint, and run less often where the phase says so."""
        self.every, self.rate_factor = self.phase.every + self.phase.every_growth * rollbacks, 0.5**rollbacks

    def run(self, batches: Sequence[MicroBatch]) -> tuple[bool, dict[str, float]]:
        """Do one update unless loss or gradient are not finite.

        Returns
        -------
        tuple
            Whether the update was done, and the logged terms, means over the global batch.
        """
        # The loss of one phase runs through networks of others, whose gradients nobody wants and which cost as much.
        for p in self.frozen:
            p.requires_grad_(False)
        try:
            flat, names = self._tree(batches)
        finally:
            for p in self.frozen:
                p.requires_grad_(True)
        # Gradients, loss and terms of all ranks in one sum. It comes before the check, so that all ranks check the same
        # numbers and do, or leave out, the same update.
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
        """Return the sum over some micro-batches as `_backward` does over one, added up in a balanced tree."""
        if len(batches) == 1:
            try:
                flat, self._names = self._backward(batches[0])
            except NUMERIC_ERRORS:
                if not self._names:
                    raise
                # The others wait in the sum over the ranks, so this one must come too: with NaN, which all get to see.
                flat = torch.full((self.size + len(self._names),), torch.nan, device=self.system.device)
            return flat, self._names
        half = len(batches) // 2
        left, names = self._tree(batches[:half])
        return left.add_(self._tree(batches[half:])[0]), names

    def _backward(self, batch: MicroBatch) -> tuple[torch.Tensor, list[str]]:
        """Return the flat gradient of one micro-batch followed by the loss and the terms, all weighted by its items."""
        config, step = self.system.config, batch.step
        # Dropout draws from the global generators: seeded here, it is the same in a resumed run, and on any rank.
        set_generators(item_seed(config.seed, "global", seed_word(self.phase.name), step.number, step.items[0]))
        for p in self.trained:
            p.grad = None
        with self.autocast:
            loss, terms = self.system.losses(self.phase.name, batch.data, step)
        # A loss is a mean over the items of its micro-batch; weighted by their share of the global batch, the sum over
        # micro-batches and ranks is the mean over all items, also where the pieces are of unequal size.
        weight = len(step.items) / config.batch_size
        (loss.float() * (weight * self.scale.value)).backward()
        # One flat tensor, loss and terms behind the gradients, is all that has to be summed and checked.
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
        """Move the weights along the gradient at the front of `flat`, which has the norm `norm`."""
        limit = self.phase.clip_norm
        if limit and norm > limit:
            flat.mul_(limit / norm)
        # The optimiser reads the gradients where they lie, and they go with `flat`.
        for p, view in zip(self.trained, self._views(flat), strict=True):
            p.grad = view
        # Schedules give factors, and returns to a checkpoint another one; the optimiser knows only the product.
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
