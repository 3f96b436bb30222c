"""The smallest Musika: patches of eight latents of an untrained codec."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import torch
from small_codec import tiny_codec, tiny_codec_config

from gantools.systems.codec.codec import Codec
from gantools.systems.codec.networks import build_coders
from gantools.systems.musika.config import PRESETS, MusikaConfig
from gantools.systems.musika.latents import LatentSongs
from gantools.systems.musika.objective import Musika
from gantools.training.loop import train

TINY: dict[str, Any] = {
    "patch_latents": 8,
    "width": 4,
    "anchor_size": 4,
    "style_size": 4,
    "detail_size": 3,
    "batch_size": 4,
    "offsets": 2,
    "clock": "off",
    "penalty_every": 2,
    "validation_patches": 16,
    "sample_seconds": 0.5,
    "validate_every": 1000,
    "threads": 1,
    "precision": "float32",
}
#: Flags of ``train musika`` for the same.
TINY_FLAGS = (
    "--patch-latents 8 --width 4 --anchor-size 4 --style-size 4 --detail-size 3 --batch-size 4 --offsets 2 "
    "--clock off "
    "--penalty-every 2 --validation-patches 16 --sample-seconds 0.5"
)


def tiny_musika_config(**changes: Any) -> MusikaConfig:
    """Return the smallest configuration."""
    return dataclasses.replace(PRESETS["small"], **{**TINY, **changes})


def untrained_codec() -> Codec:
    """Return a codec with random weights, always the same."""
    config = tiny_codec_config()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        coders = build_coders(config)
    for network in coders.values():
        network.eval().requires_grad_(False)
    return Codec(config, coders)


def tiny_musika(folder: Path, **changes: Any) -> Musika:
    """Return the smallest Musika on the sounds of a folder."""
    config, codec = tiny_musika_config(**changes), untrained_codec()
    files = sorted(path for path in folder.iterdir() if path.suffix == ".wav")
    return Musika(config, LatentSongs([(path.stem, path) for path in files], config, codec), codec)


def write_codec(songs: Path, folder: Path) -> None:
    """Write the model of a codec that was trained for a step on the sounds of a folder, without its samples."""
    train(tiny_codec(songs, steps=1, joint=True, stages="1/0/0/0", log_every=1), folder)
    shutil.rmtree(folder / "samples", ignore_errors=True)
