"""The drummer as a system for the training loop: the drums of each step given the bass and the drums before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import write_midi
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.drummer.bars import learn_places
from gantools.systems.drummer.config import DrummerConfig
from gantools.systems.drummer.counts import Counts
from gantools.systems.drummer.data import Pieces
from gantools.systems.drummer.networks import build_network
from gantools.systems.drummer.playing import drum_score, even_times
from gantools.systems.drummer.sampling import Player
from gantools.training.schedule import Schedule
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
_BLOCK = 16


class Drummer(System):
    """A network that learns to play drums to a bass.

    Parameters
    ----------
    config : DrummerConfig
    pieces : Pieces
    device : torch.device
    """

    name = "drummer"
    config: DrummerConfig

    def __init__(self, config: DrummerConfig, pieces: Pieces, device: torch.device | str = "cpu") -> None:
        self.config, self.pieces, self.device = config, pieces, torch.device(device)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(item_seed(config.seed, "weights"))
            network = build_network(config)
        network.densities.copy_(torch.from_numpy(pieces.densities))
        network.voicings.copy_(torch.from_numpy(pieces.voicings))
        basses = [[stretch.bass for stretch in piece.stretches] for piece in pieces.sides["train"]]
        network.places.copy_(torch.from_numpy(learn_places(basses)))
        self.networks = {"drummer": network.to(self.device)}
        self.ema_networks = ("drummer",)
        optimizer = adam(config.lr, (0.9, 0.99), config.weight_decay)
        schedule = rising_and_falling(config.warmup_steps)
        self.phases = (Phase("drummer", ("drummer",), optimizer, schedule, clip_norm=config.clip_norm),)
        self.songs, self.notes, self.left_out = pieces.split, pieces.notes, pieces.left_out
        hashes = {piece.name: piece.hash for side in pieces.sides.values() for piece in side}
        self.data = {"songs": pieces.split, "sounds": hashes}
        self.epoch_items = pieces.count("train")
        self._validation: Tensors | None = None
        self._counts: Counts | None = None

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return windows: ``bass``, ``told``, ``drums`` and ``asked`` as `Pieces.window` gives them."""
        return _stacked([self.pieces.draw("window", step, item) for item in items])

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the cross-entropy of the nine drums of a step together, in nats."""
        logits = self.networks["drummer"](batch["bass"], batch["told"], batch["asked"], batch["drums"]).float()
        # The mean over the items, as the loop joins micro-batches: short pieces count no less.
        nats, steps = cross_entropy(logits, batch["drums"])
        return (nats / steps.clamp(min=1)).mean(), {}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return figures on windows of unseen pieces, the same each time, in nats for a step of nine drums.

        ``score`` is the network's. ``bar_before`` is what the counts of the training say of a drum given what it did a
        bar before; ``by_place`` of a drum given the place in the bar.
        """
        bars, windows = self.config.bars, self.pieces.windows("val")
        count = min(len(windows), self.config.validation_windows)
        numbers = np.unique(np.linspace(0, len(windows) - 1, count).astype(int)).tolist()
        if self._validation is None:
            self._validation = _stacked([self.pieces.window("val", number) for number in numbers])
        if self._counts is None:
            self._counts = Counts.of(self.pieces.windows("train"), bars)
        held, nats, steps = self._validation, 0.0, 0.0
        for start in range(0, len(held["drums"]), _BLOCK):
            part = {name: tensor[start : start + _BLOCK].to(self.device) for name, tensor in held.items()}
            logits = networks["drummer"](part["bass"], part["told"], part["asked"], part["drums"]).float()
            some, held_steps = cross_entropy(logits, part["drums"])
            nats, steps = nats + float(some.detach().sum()), steps + float(held_steps.sum())
        counted = self._counts.nats([windows[number] for number in numbers], bars)
        return {"score": nats / max(1.0, steps), **counted}

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write drums for the bass of a window of an unseen piece, as MIDI."""
        window = self.pieces.window("val", 0)
        drums = Player(networks["drummer"]).play(window["bass"], item_seed(self.config.seed, "sample"), density=0.5)  # type: ignore[arg-type]
        folder.mkdir(parents=True, exist_ok=True)
        times_s = even_times(len(drums), 120.0)
        write_midi(folder / f"step-{step:08d}.mid", drum_score(drums, times_s, 120.0, seed=0))

    def facts(self) -> dict[str, Any]:
        """Return how many windows and bars there are."""
        windows = {f"{side}_windows": self.pieces.count(side) for side in ("train", "val")}
        bars = sum(stretch.bars for piece in self.pieces.sides["train"] for stretch in piece.stretches)
        return {**windows, "train_bars": bars, "bars": self.config.bars, "steps_a_bar": BAR_STEPS}


def _stacked(windows: Sequence[dict[str, np.ndarray]]) -> Tensors:
    return {name: torch.from_numpy(np.stack([window[name] for window in windows])) for name in windows[0]}


def cross_entropy(logits: torch.Tensor, drums: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the nats of each window over all its steps, and how many steps count, (batch,) each."""
    nats = functional.cross_entropy(logits.permute(0, 3, 1, 2), drums, reduction="none", ignore_index=-1)
    return nats.sum((1, 2)), (drums[..., 0] >= 0).sum(1)


def rising_and_falling(warmup_steps: int) -> Schedule:
    """Return a schedule that rises in a straight line, and falls to 0 at the end in another."""

    def factor(step: int, total: int) -> float:
        if step < warmup_steps:
            return (step + 1) / (warmup_steps + 1)
        return max(0.0, (total - step) / max(1, total - warmup_steps))

    return factor
