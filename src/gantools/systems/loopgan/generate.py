"""A trained GAN of rolls as a source of loops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.weights import open_network
from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.loopgan.config import LoopGANConfig
from gantools.systems.loopgan.networks import Generator, latent_size
from gantools.systems.loops.cells import DRAWS, draw_cells, likely_cells
from gantools.systems.loops.data import from_cells
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.loops.sampling import Rolls, RollSampler, normals, uniforms


class GANSampler(RollSampler):
    """Loops of a generator: a loop is a latent.

    Parameters
    ----------
    folder : Path
    config : LoopsGenerateConfig
        Its temperature is the standard deviation of the latents; ``binarise`` is one of the two ways of Dong et al.
        2018 that lead from probabilities to notes.
    device : str

    Raises
    ------
    ModelError
        No model folder of this system, or weights that are missing or do not fit.
    """

    def __init__(self, folder: Path, config: LoopsGenerateConfig, device: str) -> None:
        self.description = read_model(folder, "loopgan")
        self.files = model_files(folder, self.description)
        trained = trained_with(LoopGANConfig, self.description, folder)
        self.bars, self.bpm = trained.bars, float(self.description["data"].get("bpm", 120.0))
        self.temperature, self.random = config.chosen_temperature(), config.binarise == "bernoulli"
        self.device, self.latents = torch.device(device), latent_size(trained)
        self.generator = open_network(folder, "G", lambda: Generator(trained)).to(self.device).eval()

    @torch.inference_mode()
    def draw_block(self, seeds: Sequence[int]) -> Rolls:
        """Return a loop for each seed."""
        latents = self.temperature * normals(seeds, self.latents).to(self.device)
        logits = self.generator(latents).float()
        if self.random:
            # Seeds of their own: the numbers that latents are made of must not decide the cells as well.
            cells = draw_cells(logits, uniforms([item_seed(s, "cells") for s in seeds], self.bars * BAR_STEPS, DRAWS))
        else:
            cells = likely_cells(logits)
        return from_cells(cells.cpu().numpy())


def load_sampler(folder: Path, config: LoopsGenerateConfig, device: str) -> RollSampler:
    """Open a model folder for drawing loops; see `GANSampler`."""
    return GANSampler(folder, config, device)
