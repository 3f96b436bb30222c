"""What a published system gives to the training loop, and all that the loop knows of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gantools.runtime.ranks import Ranks
from gantools.training.config import TrainConfig
from gantools.training.schedule import Schedule, constant

OptimizerFactory = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


def adam(
    lr: float, betas: tuple[float, float] = (0.9, 0.999), weight_decay: float = 0.0, *, amsgrad: bool = False
) -> OptimizerFactory:
    """Return a factory of Adam optimisers (AdamW where `weight_decay` is not 0), fused where torch can.

    With `amsgrad` it is Adam with the largest mean squared gradient so far (Reddi, Kale and Kumar 2018), and the weight
    decay part of the gradient, as before AdamW.
    """

    def factory(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        parameters = list(parameters)
        fused = parameters[0].device.type in ("cpu", "cuda")
        if amsgrad:
            return torch.optim.Adam(
                parameters, lr=lr, betas=betas, weight_decay=weight_decay, amsgrad=True, fused=fused
            )
        if weight_decay:
            return torch.optim.AdamW(parameters, lr=lr, betas=betas, weight_decay=weight_decay, fused=fused)
        return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=fused)

    return factory


def with_small_weights(factory: OptimizerFactory, limit: float) -> OptimizerFactory:
    """Return a factory of optimisers each step of which ends with all weights brought back to [-limit, limit].

    Notes
    -----
    Arjovsky, Chintala and Bottou 2017, "Wasserstein GAN", algorithm 1, line 7, where the limit is 0.01.
    """

    @torch.no_grad()
    def clip(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        for group in optimizer.param_groups:
            torch._foreach_clamp_min_(group["params"], -limit)
            torch._foreach_clamp_max_(group["params"], limit)

    def clipping(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = factory(parameters)
        optimizer.register_step_post_hook(clip)
        return optimizer

    return clipping


@dataclass(frozen=True)
class Phase:
    """One update within a step: a loss, the networks that it trains and their optimiser.

    Parameters
    ----------
    name : str
        Passed to `System.losses`, and part of the names in the saved state.
    networks : tuple of str
        Networks that this phase trains; all others are frozen meanwhile.
    optimizer : callable
        Makes the optimiser from the parameters, e.g. ``adam(2e-4, (0.5, 0.999))``. Any optimiser of torch will do whose
        state consists of tensors and numbers.
    schedule : callable
        Factor of the learning rate from (step, total steps).
    every : int
        Run only in each N-th step, e.g. 5 for a generator with five discriminator updates per update of its own.
    every_growth : int
        Added to `every` at each return to a healthy checkpoint (see `System.symptoms`): a discriminator that lost then
        gets more updates per update of the generator.
    clip_norm : float
        Scale the gradient down to this norm; 0 for no clipping.
    when : callable, optional
        Whether it runs in a step, from (step, total steps), for systems that learn in stages; equal on all ranks. A
        phase that does not run costs nothing, and its optimiser stays as it is.
    """

    name: str
    networks: tuple[str, ...]
    optimizer: OptimizerFactory
    schedule: Schedule = constant
    every: int = 1
    every_growth: int = 0
    clip_norm: float = 0.0
    when: Callable[[int, int], bool] | None = None


@dataclass(frozen=True)
class Step:
    """A step of a run as `System.losses` sees it.

    Parameters
    ----------
    number : int
        Steps that were done before, so the first one is 0.
    total : int
        Steps of the whole run, to which the weights of losses scale as learning rates do. A budget run has as many as
        fit at the speed so far, so the number changes from step to step.
    items : sequence of int
        Items of the global batch that this micro-batch holds.
    shared : dict
        What the phases of this step hand on to each other, empty at first: a generator leaves its (detached) fakes
        here for the discriminator.
    """

    number: int
    total: int
    items: Sequence[int]
    shared: dict[str, Any] = field(default_factory=dict)


class System(ABC):
    """A published system as the training loop sees it: configuration, networks, objective, sampler.

    Attributes
    ----------
    name : str
        Name of the system, as in ``gantools train NAME``.
    config : TrainConfig
        Frozen dataclass, the dump of which becomes `config.json`.
    device : torch.device
        Where the networks and batches are.
    networks : dict of str to nn.Module
        Made from `config.seed`; each is saved as ``NAME.safetensors``.
    ema_networks : tuple of str
        Networks of which the engine keeps an exponential moving average of the weights (EMA) unless the configuration
        says no, saved as ``NAME.ema.safetensors``.
    phases : tuple of Phase
        In the order in which they run within a step.
    songs : dict of str to list of str
        ``train``, ``val`` and ``test`` to the names of songs, where the system learns from songs.
    notes, left_out : list of str
        What the user has to know of the data, a sentence each: stems that are missing, songs twice; and a line for each
        file that was left out, with the reason.
    data : dict
        Description of the training data in JSON values, stored in `config.json`: ``mel`` (mel parameters),
        ``db_range``, roles, ``sounds`` (name of a song or file to the hash of its sound) and so on. A run is resumed
        only with equal data; a model is fine-tuned only where ``mel`` and ``db_range`` are equal.
    finish_step : callable, optional
        Called with the step and the ranks after the phases of a good step, on all ranks: it changes what gradients do
        not, such as the codebook of a VQ-VAE. What `losses` saw of this rank's micro-batches is summed over the ranks
        there, so that the change is the same on all of them.
    epoch_items : int
        Items of an epoch, for ``--epochs``: as many as it takes to hold the data once. Items are drawn with
        replacement, so that an epoch shows some twice and others not. 0 where there is no such number.
    preset : str
        Name of the settings that `config` is based on, for `config.json`; empty where there is none.
    command, sources : str, sequence of str
        What was typed, and the files and folders that it learns from, for its card; empty where nobody says.
    writes_card : bool
        Whether a run that is over writes the card of its model; not where the run is but a part of one.
    validation_part : float
        Part of the validation set, 0 to 1, that the next validations shall take, as the loop sets it: a budget pays for
        no more. A system whose validation is cheap may ignore it. Scores of different parts are never compared.

    Notes
    -----
    A batch item is a pure function of (seed, step, item), and so is all randomness. Nothing then depends on when or
    where an item is processed: a resumed run, a run of several ranks and a run in micro-batches see the same numbers,
    and there is no data position to save. The loop sets the global generators of torch, NumPy and Python from (seed,
    step, first item) before each call of `losses`, which is what dropout uses; everything else takes a generator of
    its own, seeded with ``item_seed(seed, what, step, item)``.
    """

    name: str
    config: TrainConfig
    device: torch.device
    networks: dict[str, nn.Module]
    ema_networks: tuple[str, ...] = ()
    phases: tuple[Phase, ...]
    data: dict[str, Any] = {}
    epoch_items: int = 0
    preset: str = ""
    command: str = ""
    sources: Sequence[str] = ()
    writes_card: bool = True
    validation_part: float = 1.0
    songs: Mapping[str, Sequence[str]] = {}
    notes: Sequence[str] = ()
    left_out: Sequence[str] = ()
    finish_step: Callable[[int, Ranks], None] | None = None

    @property
    def documented_steps(self) -> int:
        """About how many steps the documentation's figures took; 0 if not known."""
        return self.config.documented_steps

    @property
    def epoch_steps(self) -> int:
        """Steps of an epoch; the last batch counts as a whole one."""
        return -(-self.epoch_items // self.config.batch_size)

    @abstractmethod
    def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
        """Return the data of some items of the global batch, each tensor (len(items), ...).

        The loop moves them to `device`. It may call this for the next step, in another thread, while the present step
        computes, but never while it validates.
        """

    @abstractmethod
    def losses(
        self, phase: str, batch: dict[str, torch.Tensor], step: Step
    ) -> tuple[torch.Tensor, Mapping[str, float | torch.Tensor]]:
        """Return the loss of one phase, a scalar and a mean over the items, and scalar terms for the log.

        All phases of a step get the same `step` for the same micro-batch. A phase gives the same terms in every step.
        """

    def extra_state(self) -> dict[str, torch.Tensor]:
        """Return state beside networks and optimisers, such as image pools.

        A key that starts with ``item<N>/`` belongs to item N of the global batch and is saved by the rank that trains
        it; all other keys must be equal on all ranks. A bad step is skipped but not undone here: a pool must take in
        nothing that is not finite.
        """
        return {}

    def load_extra_state(self, state: dict[str, torch.Tensor]) -> None:
        """Take back what `extra_state` gave.

        What `state` lacks becomes as it was at the start; with an empty one everything does.
        """

    @abstractmethod
    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures on fixed validation data; ``score`` (lower is better) decides which weights are best.

        `networks` are those to listen to: the moving averages where the engine keeps some. Called on rank 0, without
        gradients, with all networks in evaluation mode.
        """

    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        """Return what shows that the networks have collapsed, name -> sentence; empty while they are healthy.

        Called as `validate` is and right after it, but never before the first step. On symptoms the run goes back to
        its last healthy validation and on from there with half the learning rates, `TrainConfig.rollbacks` times at
        most. Before the first healthy validation symptoms are only noted: every generator starts with noise.
        """
        return {}

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write small samples to `folder`; called after each validation, as `validate` is."""

    def facts(self) -> dict[str, Any]:
        """Return what ``--dry-run`` says of the data, name -> JSON value: how many windows, how many minutes."""
        return {}

    def describe(self) -> dict[str, Any]:
        """Return what ``--dry-run`` prints: parameter counts, and the data."""
        counts = {name: sum(p.numel() for p in net.parameters()) for name, net in self.networks.items()}
        return {"system": self.name, "parameters": counts, "data": self.data}
