"""The smallest codec: a hundred samples to a frame, eight numbers for two frames."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from gantools.systems.codec.config import PRESETS, CodecConfig
from gantools.systems.codec.objective import CodecObjective
from gantools.training.songs import SongClips

TINY: dict[str, Any] = {
    "sample_rate_hz": 8000,
    "n_fft": 128,
    "hop_samples": 32,
    "frames_per_latent": 4,
    "latent_channels": 6,
    "frame_channels": 12,
    "width": 8,
    "segment_frames": 16,
    "batch_size": 4,
    "validation_crops": 4,
    "discriminator_width": 2,
    "validate_every": 1000,
    "threads": 1,
    "precision": "float32",
}


def tiny_codec_config(**changes: Any) -> CodecConfig:
    """Return the smallest configuration."""
    return dataclasses.replace(PRESETS["small"], **{**TINY, **changes})


def tiny_codec(folder: Path, **changes: Any) -> CodecObjective:
    """Return the smallest codec on the sounds of a folder."""
    config = tiny_codec_config(**changes)
    files = sorted(path for path in folder.iterdir() if path.suffix == ".wav")
    return CodecObjective(config, SongClips([(path.stem, path) for path in files], config))


#: Flags of ``train codec`` for the same.
TINY_FLAGS = (
    "--sample-rate 8000 --n-fft 128 --hop-samples 32 --frames-per-latent 4 --latent-channels 6 --frame-channels 12 "
    "--width 8 --segment-frames 16 --batch-size 4 --validation-crops 4 --discriminator-width 2"
)
#: All four stages of the paper, with a discriminator in the second and the fourth.
STAGED: dict[str, Any] = {
    "joint": False,
    "stages": "1/2/1/2",
    "phase": "head",
    "adversarial_weight": 1.0,
    "spectral_weight": 4.0,
}
