"""The smallest configuration of each variant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from small_musika import untrained_codec

from gantools.systems.wavegan.config import PRESETS, WaveGANConfig, resolve
from gantools.systems.wavegan.latent_clips import LatentClips
from gantools.systems.wavegan.latent_objective import LatentWaveGAN

TINY: dict[str, Any] = {
    "domain": "wave",
    "samples": 1024,
    "width": 2,
    "batch_size": 4,
    "latent": 8,
    "style_width": 8,
    "token_width": 32,
    "attention_window": 16,
    "full_attention": 64,
    "validation_clips": 16,
    "validate_every": 1000,
    "threads": 1,
    "precision": "float32",
}


def tiny(variant: str = "improved", **changes: Any) -> WaveGANConfig:
    """Return the smallest configuration of a variant, resolved."""
    return resolve(dataclasses.replace(PRESETS["small"], **{**TINY, "variant": variant, **changes}))


#: Flags of ``train wavegan`` for the smallest of latents.
LATENT_FLAGS = (
    "--preset small --domain latent --clip-latents 16 --offsets 2 --width 2 --latent 8 --style-width 8 --batch-size 4 "
    "--penalty-every 2 --validation-clips 16"
)


def tiny_latents(folder: Path, **changes: Any) -> LatentWaveGAN:
    """Return the smallest WaveGAN of latents on the sounds of a folder."""
    own = {"domain": "latent", "variant": "style", "clip_latents": 16, "offsets": 2, "penalty_every": 2}
    config, codec = resolve(dataclasses.replace(PRESETS["small"], **{**TINY, **own, **changes})), untrained_codec()
    files = sorted(path for path in folder.iterdir() if path.suffix == ".wav")
    return LatentWaveGAN(LatentClips([(path.stem, path) for path in files], config, codec), codec)
