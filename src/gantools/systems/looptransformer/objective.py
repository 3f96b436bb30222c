"""The transformer over rolls as a system for the training loop: binary cross-entropy of the next step's cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.systems.loops.cells import DRAWS
from gantools.systems.loops.data import ROWS, Phrases, from_cells
from gantools.systems.loops.phrase_system import PhraseSystem
from gantools.systems.looptransformer.config import LoopTransformerConfig
from gantools.systems.looptransformer.networks import RollTransformer
from gantools.systems.looptransformer.sampling import draw_rolls
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, adam

Tensors = dict[str, torch.Tensor]
_SHOWN = 8
_BLOCK = 64
_FINAL_LR = 5e-3  # of the peak: the paper's 5e-6 of 1e-3


class LoopTransformer(PhraseSystem):
    """A Music Transformer on phrases of drums and bass.

    Parameters
    ----------
    config : LoopTransformerConfig
    phrases : Phrases
    device : torch.device
    """

    name = "looptransformer"
    config: LoopTransformerConfig

    def __init__(self, config: LoopTransformerConfig, phrases: Phrases, device: torch.device | str = "cpu") -> None:
        super().__init__(config, phrases, device)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(item_seed(config.seed, "weights"))
            network = RollTransformer(config)
        self.networks = {"transformer": network.to(self.device)}
        self.ema_networks = ("transformer",)
        optimizer = adam(config.lr, (0.9, 0.98), config.weight_decay)
        schedule = cosine(_FINAL_LR, config.warmup_steps)
        self.phases = (Phase("transformer", ("transformer",), optimizer, schedule, clip_norm=config.clip_norm),)
        self._validation: torch.Tensor | None = None

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return the phrases ``cells``."""
        return {"cells": self.training_cells(step, items)}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the mean cross-entropy of a cell, in nats."""
        return cross_entropy(self.networks["transformer"], batch["cells"]), {}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return the cross-entropy of the held-out phrases as ``score``, in nats for a step (all of its cells)."""
        if self._validation is None:
            self._validation = torch.from_numpy(self.phrases.cells(self.held_out(self.config.validation_phrases)))
        blocks = self._validation.split(_BLOCK)
        sums = [float(cross_entropy(networks["transformer"], b.to(self.device))) * len(b) for b in blocks]
        return {"score": ROWS * sum(sums) / len(self._validation)}

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write eight phrases as a picture and as MIDI."""
        network = networks["transformer"]
        assert isinstance(network, RollTransformer)
        seeds = [item_seed(self.config.seed, "validation", number) for number in range(_SHOWN)]
        drawn = [np.random.default_rng(seed).random((network.steps, DRAWS)) for seed in seeds]
        cells = draw_rolls(network, torch.from_numpy(np.stack(drawn))).cpu().numpy()
        self.write_samples(folder, step, *from_cells(cells))


def cross_entropy(network: nn.Module, cells: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross-entropy of the cells of (batch, 58, step), each given the steps before it."""
    return functional.binary_cross_entropy_with_logits(network(cells).float(), cells)
