"""The smallest configuration of each variant."""

from __future__ import annotations

import dataclasses
from typing import Any

from gantools.systems.wavegan.config import PRESETS, WaveGANConfig, resolve

TINY: dict[str, Any] = {
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
