"""Small loops for tests: MIDI files made by rules, and the smallest models of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from gantools.symbolic.midi import write_midi
from gantools.systems.loopgan import config as loopgan_config
from gantools.systems.loopgan.objective import LoopGAN
from gantools.systems.looplm import config as looplm_config
from gantools.systems.looplm.objective import LoopLM
from gantools.systems.loops.data import open_phrases
from gantools.systems.loops.playing import play
from gantools.systems.loops.styles import draw_styled
from gantools.systems.looptransformer import config as looptransformer_config
from gantools.systems.looptransformer.objective import LoopTransformer
from gantools.systems.loopvae import config as loopvae_config
from gantools.systems.loopvae.objective import LoopVAEObjective
from gantools.training.loop import train

TINY: dict[str, Any] = {"threads": 1, "precision": "float32", "validate_every": 1000, "log_every": 1}
TINY |= {"only_loops": False, "val_songs": "piece2", "split": "100/0/0"}
TINY_VAE: dict[str, Any] = {"width": 8, "codebook_size": 12, "code_size": 4, "batch_size": 4, "validation_phrases": 8}
TINY_LM: dict[str, Any] = {
    "hidden": 8,
    "embedding": 4,
    "batch_size": 4,
    "validation_phrases": 8,
    "validation_loops": 64,
}
TINY_GAN: dict[str, Any] = {
    "bars": 2,
    "least_cells": 4,
    "width": 4,
    "latent": 3,
    "batch_size": 4,
    "discriminator_updates": 2,
}
TINY_GAN |= {"validation_phrases": 16}
TINY_TRANSFORMER: dict[str, Any] = {
    "bars": 2,
    "least_cells": 4,
    "width": 8,
    "layers": 1,
    "batch_size": 4,
    "warmup_steps": 1,
}
TINY_TRANSFORMER |= {"validation_phrases": 8}


def write_pieces(folder: Path, count: int = 3, bars: int = 10) -> None:
    """Write pieces of drums and bass as MIDI files, always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    sounding, onsets = draw_styled(count, bars, 5)
    for index in range(count):
        write_midi(folder / f"piece{index}.mid", play(sounding[index], onsets[index], 100.0 + index))


def files_of(folder: Path) -> list[tuple[str, Path]]:
    """Return the names and paths of the MIDI files of a folder."""
    return [(path.stem, path) for path in sorted(folder.glob("*.mid"))]


def tiny_vae(folder: Path, **changes: Any) -> LoopVAEObjective:
    """Return the smallest VQ-VAE, or the other variant, of the pieces in a folder."""
    config = dataclasses.replace(loopvae_config.PRESETS["small"], **{**TINY, **TINY_VAE, **changes})
    return LoopVAEObjective(config, open_phrases(files_of(folder), config))


def write_pieces_and_codes(folder: Path) -> None:
    """Write pieces, and beside them the model of a VQ-VAE that was trained for two steps: ``vae``."""
    write_pieces(folder)
    train(tiny_vae(folder, steps=2), folder / "vae")


def tiny_lm(folder: Path, **changes: Any) -> LoopLM:
    """Return the smallest prior over the codes of `write_pieces_and_codes`."""
    config = dataclasses.replace(looplm_config.PRESETS["small"], **{**TINY, **TINY_LM, **changes})
    return LoopLM(config, open_phrases(files_of(folder), config), folder / "vae")


def tiny_gan_config(**changes: Any) -> loopgan_config.LoopGANConfig:
    """Return the options of the smallest GAN of rolls, of phrases of two bars."""
    return dataclasses.replace(loopgan_config.PRESETS["small"], **{**TINY, **TINY_GAN, **changes})


def tiny_gan(folder: Path, **changes: Any) -> LoopGAN:
    """Return the smallest GAN of rolls, of the pieces in a folder."""
    config = tiny_gan_config(**changes)
    return LoopGAN(config, open_phrases(files_of(folder), config))


def tiny_transformer(folder: Path, **changes: Any) -> LoopTransformer:
    """Return the smallest transformer over rolls, of the pieces in a folder."""
    made = {**TINY, **TINY_TRANSFORMER, **changes}
    config = dataclasses.replace(looptransformer_config.PRESETS["small"], **made)
    return LoopTransformer(config, open_phrases(files_of(folder), config))
