"""What a generator makes as sound: waves as they are, latents through the codec that the model carries."""

from __future__ import annotations

import numpy as np
import torch

from gantools.audio.midside import from_mid_side
from gantools.systems.codec.codec import Codec
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.latents.sound import soften

#: What the GAN sees of latents; see `LatentScale`.
SCALING = "importance"


class LatentDecoding:
    """Makes sound of clips of latents.

    Parameters
    ----------
    codec : Codec
    scale : LatentScale
    channels : int
        Channels of the sound; two are mid and side.
    """

    def __init__(self, codec: Codec, scale: LatentScale, channels: int) -> None:
        self.codec, self.scale, self.channels = codec, scale, channels

    @torch.inference_mode()
    def __call__(self, made: torch.Tensor) -> np.ndarray:
        """Return the sound, float32 (channels, time), of one clip (channels C, T) as the GAN sees it."""
        latents = self.scale.latents(made.float()).view(self.channels, self.codec.channels, -1)
        wave = self.codec.decode(latents).float().cpu().numpy()
        return soften(from_mid_side(wave))


def as_wave(made: torch.Tensor) -> np.ndarray:
    """Return a wave (channels, time) as it is."""
    return made.float().cpu().numpy()
