"""A trained pix2pix as a mel translator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.errors import ModelError
from gantools.models.folder import trained_with
from gantools.models.weights import open_network
from gantools.runtime.seeds import item_seed
from gantools.systems.pix2pix.config import Pix2PixConfig
from gantools.systems.pix2pix.networks import UNetGenerator, build_generator
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.translation.song import MelTranslator, SongTranslator, open_translator


def load(folder: Path, config: TranslateConfig, device: str) -> SongTranslator:
    """Open a model folder for generating.

    The network stays in training mode, as in the authors' program: dropout is its only noise, and batch statistics are
    those of the window. Windows pass one at a time, so that a result does not depend on its neighbours.

    Raises
    ------
    ModelError
        No model folder of pix2pix, weights that are missing or do not fit, or a backward direction.
    """
    translator, generator, _, model = open_generator(folder, config)
    generator.to(device).train()

    def network(windows: np.ndarray, starts: Sequence[int], seed: int) -> np.ndarray:
        mels = torch.from_numpy(windows).transpose(1, 2)[:, None].to(device)
        made = []
        for mel, start in zip(mels, starts, strict=True):
            with torch.inference_mode(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(item_seed(seed, "dropout", start))
                made.append(generator(mel[None])[0, 0])
        return torch.stack(made).transpose(1, 2).float().cpu().numpy()

    translator.network = network
    return SongTranslator(translator, folder, model, config, device)


def open_generator(
    folder: Path, config: TranslateConfig
) -> tuple[MelTranslator, UNetGenerator, Pix2PixConfig, dict[str, Any]]:
    """Return a translator that lacks its network, the generator, its options, and the contents of ``config.json``.

    Raises
    ------
    ModelError
        See `load`.
    """
    if config.direction != "forward":
        raise ModelError("pix2pix has one direction only; train another model for the other", folder)
    translator, model = open_translator(folder, "pix2pix", config)
    options = trained_with(Pix2PixConfig, model, folder)
    generator = open_network(folder, "G", lambda: build_generator(options), raw=not config.ema)
    return translator, generator, options, model
