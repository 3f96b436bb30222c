"""The GAN of Goodfellow et al. 2014, with the loss for the generator that does not saturate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gantools.systems.tones.config import TonesConfig
from gantools.systems.tones.networks import Discriminator, Generator
from torch import nn
from torch.nn import functional

from gantools.audio.io import load_mono
from gantools.runtime.seeds import item_seed
from gantools.training.system import Phase, Step, System, adam

RATE_HZ = 8000


class Tones(System):
    """A GAN on clips of recordings."""

    name = "tones"
    config: TonesConfig

    def __init__(self, config: TonesConfig, files: Sequence[Path], device: torch.device | str = "cpu") -> None:
        self.config, self.device = config, torch.device(device)
        self.sound = np.concatenate([load_mono(path, RATE_HZ) for path in files])
        self.data = {"rate_hz": RATE_HZ}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(item_seed(config.seed, "weights"))
            generator = Generator(config.latent, config.width, config.samples)
            self.networks = {"G": generator, "D": Discriminator(config.width, config.samples)}
        self.ema_networks = ("G",)
        optimizer = adam(config.lr, (0.5, 0.9))
        self.phases = (Phase("discriminator", ("D",), optimizer), Phase("generator", ("G",), optimizer))

    def batch(self, step: int, items: Sequence[int]) -> dict[str, torch.Tensor]:
        """Return clips ``real`` and latents ``z``."""
        clips, latents = [], []
        for item in items:
            random = np.random.default_rng(item_seed(self.config.seed, "data", step, item))
            start = random.integers(len(self.sound) - self.config.samples)
            clips.append(self.sound[start : start + self.config.samples])
            latents.append(random.standard_normal(self.config.latent).astype(np.float32))
        return {"real": torch.from_numpy(np.stack(clips)), "z": torch.from_numpy(np.stack(latents))}

    def losses(
        self, phase: str, batch: dict[str, torch.Tensor], step: Step
    ) -> tuple[torch.Tensor, Mapping[str, float | torch.Tensor]]:
        """Return the loss of a phase."""
        fake = self.networks["G"](batch["z"])
        if phase == "generator":
            return functional.softplus(-self.networks["D"](fake)).mean(), {}
        real, fake = (self.networks["D"](clips) for clips in (batch["real"], fake.detach()))
        return (functional.softplus(-real) + functional.softplus(fake)).mean(), {}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return how far the generated level is from the real one."""
        made = networks["G"](torch.eye(self.config.latent))
        return {"score": abs(float(made.std()) - float(self.sound.std()))}

    def facts(self) -> dict[str, Any]:
        """Return how long the recordings are."""
        return {"seconds": round(len(self.sound) / RATE_HZ, 1)}
