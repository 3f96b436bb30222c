"""WGAN-GP for the two generators and two discriminators of rolls, as a system for the training loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.metrics.loops.style import note_density, used_pitches
from gantools.nn.penalty import gradient_penalty
from gantools.runtime.seeds import item_seed
from gantools.systems.loopgan.config import LoopGANConfig
from gantools.systems.loopgan.networks import PARTS, Discriminator, Generator, fire, latent_size
from gantools.systems.loopgan.score import RollScore
from gantools.systems.loops.cells import likely_cells
from gantools.systems.loops.data import Phrases, from_cells
from gantools.systems.loops.phrase_system import PhraseSystem
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, adam

Tensors = dict[str, torch.Tensor]
_SHOWN = 8


class LoopGAN(PhraseSystem):
    """MuseGAN on phrases of drums and bass.

    Parameters
    ----------
    config : LoopGANConfig
    phrases : Phrases
    device : torch.device
    """

    name = "loopgan"
    config: LoopGANConfig

    def __init__(self, config: LoopGANConfig, phrases: Phrases, device: torch.device | str = "cpu") -> None:
        super().__init__(config, phrases, device)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(item_seed(config.seed, "weights"))
            networks: dict[str, nn.Module] = {"G": Generator(config), "D": Discriminator(config)}
        self.networks = {name: net.to(self.device) for name, net in networks.items()}
        self.ema_networks = ("G",)
        betas, schedule = (config.beta1, config.beta2), cosine(config.final_lr_share)
        self.phases = (
            Phase("discriminator", ("D",), adam(config.discriminator_lr, betas), schedule),
            Phase(
                "generator",
                ("G",),
                adam(config.lr, betas),
                schedule,
                every=config.discriminator_updates,
                every_growth=2,
            ),
        )
        self._score: RollScore | None = None
        self._made: tuple[int, tuple[np.ndarray, np.ndarray]] | None = None

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return real phrases, latents of both phases, and the places between real and fake."""
        c = self.config
        tensors = {"real": self.training_cells(step, items)}
        for phase in ("discriminator", "generator"):
            seeds = [item_seed(c.seed, phase, step, item) for item in items]
            tensors[f"{phase}_z"] = latents(seeds, latent_size(c))
        places = [np.random.default_rng(item_seed(c.seed, "mix", step, item)).random() for item in items]
        return tensors | {"mix": torch.tensor(places, dtype=torch.float32)}

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the sum of the losses of both discriminators, or of both generators."""
        fake = fire(self.networks["G"](batch[f"{phase}_z"]), self.config.neurons)
        if phase == "generator":
            return -self.networks["D"](fake).float().mean(0).sum(), {}
        fake = fake.detach()
        real_scores = self.networks["D"](batch["real"]).float().mean(0)
        distances = real_scores - self.networks["D"](fake).float().mean(0)
        terms: dict[str, Any] = dict(zip(PARTS, distances, strict=True))
        penalty = self._penalty(batch["real"], fake, batch["mix"])
        return self.config.penalty_weight * penalty - distances.sum(), {**terms, "penalty": penalty}

    def _penalty(self, real: torch.Tensor, fake: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Return the sum of the penalties of both discriminators, each of which is to have a slope of 1 by itself."""
        discriminator = self.networks["D"]
        assert isinstance(discriminator, Discriminator)
        with torch.autocast(self.device.type, enabled=False):
            parts = discriminator.parts.values()
            return torch.stack([gradient_penalty(part, real, fake.float(), places) for part in parts]).sum()

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return the energy distance of generated from held-out phrases as ``score``, and what it is judged by."""
        self._made = None  # a run that went back validates the same step with other weights
        made, _ = self._samples(networks, step)
        figures = {
            "density": float(note_density(made).mean()),
            "pitches": float(used_pitches(made).mean()),
            **self._judge().figures(made),
        }
        return {"score": self._judge().distance(made), **figures}

    def symptoms(self, networks: dict[str, nn.Module], step: int) -> dict[str, str]:
        """Return what has collapsed."""
        return self._judge().symptoms(self._samples(networks, step)[0])

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write eight phrases as a picture and as MIDI."""
        sounding, onsets = self._samples(networks, step)
        self.write_samples(folder, step, sounding[:_SHOWN], onsets[:_SHOWN])

    def _judge(self) -> RollScore:
        if self._score is None:
            self._score = RollScore(self.phrases.rolls(self.held_out(self.config.validation_phrases))[0])
        return self._score

    def _samples(self, networks: dict[str, nn.Module], step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what sounds and what begins in phrases of fixed seeds, made once for each validation."""
        if self._made is None or self._made[0] != step:
            c = self.config
            seeds = [item_seed(c.seed, "validation", number) for number in range(c.validation_phrases)]
            logits = networks["G"](latents(seeds, latent_size(c)).to(self.device)).float()
            self._made = step, from_cells(likely_cells(logits).cpu().numpy())
        return self._made[1]


def latents(seeds: Sequence[int], size: int) -> torch.Tensor:
    """Return standard normal latents, float32 (seeds, size), each of its seed alone."""
    return torch.from_numpy(
        np.stack([np.random.default_rng(seed).standard_normal(size).astype(np.float32) for seed in seeds])
    )
