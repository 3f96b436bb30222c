"""Configuration of the tones."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.audio.config import AudioFileConfig
from gantools.options import option
from gantools.training.config import TrainConfig


@dataclass(frozen=True)
class TonesConfig(TrainConfig):
    """What `train tones` can be told."""

    samples: int = option(256, "Length of a clip.", unit="samples", low=16)
    width: int = option(32, "Width of both networks.", low=4)
    latent: int = option(4, "Numbers that a clip is made of.", low=1)
    lr: float = option(1e-3, "Learning rate of Adam.", low=0)


PRESETS = {"default": TonesConfig(steps=30, batch_size=4)}


@dataclass(frozen=True)
class TonesGenerateConfig(AudioFileConfig):
    """What `generate tones` can be told."""

    count: int = option(2, "Clips to make, of the seeds from --seed on.", low=1)
