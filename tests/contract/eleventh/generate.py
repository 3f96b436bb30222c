"""Clips of a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from gantools.systems.tones.config import TonesConfig, TonesGenerateConfig
from gantools.systems.tones.networks import Generator

from gantools.audio.writing import write_audio
from gantools.chunks.item import Item
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network


class ToneMaker(LoadedModel):
    """A generator, and the seeds of its clips."""

    def __init__(self, folder: Path, config: TonesGenerateConfig, device: str) -> None:
        self.description, self.config, self.extension = read_model(folder, "tones"), config, config.format
        self.files = model_files(folder, self.description)
        self.trained = trained_with(TonesConfig, self.description, folder)
        sizes = (self.trained.latent, self.trained.width, self.trained.samples)
        self.generator = open_network(folder, "G", lambda: Generator(*sizes)).to(device).eval()

    @torch.inference_mode()
    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the clip of a seed."""
        z = torch.randn(1, self.trained.latent, generator=torch.Generator().manual_seed(seed))
        wave = self.generator(z.to(next(self.generator.parameters()).device)).cpu().numpy()
        write_audio(outputs[0], wave, int(self.description["data"]["rate_hz"]), self.config.bits)
        return {"seed": seed}


def load(folder: Path, config: TonesGenerateConfig, device: str) -> ToneMaker:
    """Open a model folder for generating."""
    return ToneMaker(folder, config, device)
