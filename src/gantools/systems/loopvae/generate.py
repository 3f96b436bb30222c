"""Loops of a trained CNN-VAE: normal numbers in, rolls out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from gantools.errors import ModelError
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.weights import open_network
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loops.sampling import Rolls, RollSampler, normals
from gantools.systems.loopvae.config import LoopVAEConfig
from gantools.systems.loopvae.decoding import to_rolls
from gantools.systems.loopvae.networks import CNNVAE, build_network


class VAESampler(RollSampler):
    """The decoder of a CNN-VAE.

    Parameters
    ----------
    folder : Path
    config : LoopsGenerateConfig
        Its temperature is the standard deviation of the latents.
    device : str

    Raises
    ------
    ModelError
        No model folder of a CNN-VAE, or weights that are missing or do not fit.
    """

    def __init__(self, folder: Path, config: LoopsGenerateConfig, device: str) -> None:
        self.description = read_model(folder, "loopvae")
        trained = trained_with(LoopVAEConfig, self.description, folder)
        if trained.variant != "cnnvae":
            raise ModelError(
                f"is a {trained.variant}: codes without a prior; gantools train looplm --vae {folder} makes one", folder
            )
        network = open_network(folder, "vae", lambda: build_network(trained)).to(device).eval()
        assert isinstance(network, CNNVAE)
        self.network, self.device, self.temperature = network, torch.device(device), config.chosen_temperature()
        self.bars, self.bpm = trained.bars, float(self.description["data"].get("bpm", 120.0))
        self.files = model_files(folder, self.description)

    @torch.inference_mode()
    def draw_block(self, seeds: Sequence[int]) -> Rolls:
        """Return a loop for each seed."""
        latents = self.temperature * normals(seeds, self.network.latent).to(self.device)
        return to_rolls(self.network.decode(latents), self.network.thresholds)


def load_sampler(folder: Path, config: LoopsGenerateConfig, device: str) -> RollSampler:
    """Open a model folder for drawing loops; see `VAESampler`."""
    return VAESampler(folder, config, device)
