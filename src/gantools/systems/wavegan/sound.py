"""What a generator makes as sound: waves as they are, latents through the codec that the model carries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gantools.audio.midside import from_mid_side
from gantools.systems.codec.codec import Codec
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.latents.sound import soften

#: Clips that training shows of waves and of latents, and the silence behind each.
SHOWN_WAVES, SHOWN_LATENTS, _GAP_SECONDS = 8, 4, 0.1
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


def in_a_row(clips: Sequence[np.ndarray], rate_hz: int) -> np.ndarray:
    """Return clips (channels, time) one after the other, with gaps, as training shows them."""
    gap = np.zeros((len(clips[0]), round(_GAP_SECONDS * rate_hz)), np.float32)
    return np.concatenate([part for clip in clips for part in (clip, gap)], axis=1)
