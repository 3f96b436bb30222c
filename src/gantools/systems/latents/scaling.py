"""What the GAN sees of latents: without their tanh, of equal deviation, weighted by what is heard of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from gantools.systems.latents.encoding import LatentCodec

#: Latents are taken back through tanh up to here; beyond it half precision has no more steps.
_MOST = 0.999
_STEP = 0.5
_PROBED = 128
_LEAST_WEIGHT = 0.1
#: Real latents hardly go further from their mean; the decoder makes bursts of what does.
_MOST_DEVIATIONS = 4.0


class LatentScale(nn.Module):
    """The affine map between latents in (-1, 1) and what the GAN sees, one for each channel.

    With kind ``none`` both are the same. Else x = weight (atanh(z) - mean) / std; the weight is 1, or for
    ``importance`` the root of what a step of the channel changes in the decoded spectrum, at most 1.

    Parameters
    ----------
    channels : int
        Channels of all latents: channels of the sound times those of the codec.
    kind : str
        ``none``, ``unit`` or ``importance``.
    """

    mean: torch.Tensor
    std: torch.Tensor
    weight: torch.Tensor

    def __init__(self, channels: int, kind: str) -> None:
        super().__init__()
        self.kind = kind
        for name, value in (("mean", 0.0), ("std", 1.0), ("weight", 1.0)):
            self.register_buffer(name, torch.full((channels, 1), value))

    def fit(self, latents: Sequence[torch.Tensor], importance: torch.Tensor | None) -> None:
        """Set the statistics from latents (channels, T), and the weights from `importance` (channels,)."""
        if self.kind == "none":
            return
        plain = torch.atanh(torch.cat(list(latents), 1).clamp(-_MOST, _MOST))
        self.mean.copy_(plain.mean(1, keepdim=True))
        # A channel that is always alike, such as the side of mono files, must not become noise.
        self.std.copy_(plain.std(1, keepdim=True).clamp(min=1e-2))
        if importance is not None:
            self.weight.copy_((importance / importance.max()).sqrt().clamp(min=_LEAST_WEIGHT)[:, None])

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """Return what the GAN sees of latents (..., channels, T)."""
        if self.kind == "none":
            return latents
        return (torch.atanh(latents.clamp(-_MOST, _MOST)) - self.mean) / self.std * self.weight

    def latents(self, scaled: torch.Tensor) -> torch.Tensor:
        """Return latents in (-1, 1) of what the GAN makes; the inverse of `scaled` up to four deviations."""
        if self.kind == "none":
            return scaled.clamp(-1.0, 1.0)
        deviations = (scaled / self.weight).clamp(-_MOST_DEVIATIONS, _MOST_DEVIATIONS)
        return torch.tanh(deviations * self.std + self.mean)


@torch.inference_mode()
def importance_of(codec: LatentCodec, latents: Sequence[torch.Tensor], loudness: Sequence[float]) -> torch.Tensor:
    """Return how much is heard of each channel: the root mean square change of the levels that it is decoded to.

    Measured on real latents of which one channel after the other is moved by half of its own deviation. Levels in dB
    change as much in a soft side as in a loud middle, which covers it: they count by the loudness of their channel.
    Bins count by the part of the mel scale that they cover: among bins alike, two of 513 are all of the lowest bass,
    and what is made rumbles.

    Parameters
    ----------
    codec : LatentCodec
    latents : sequence of tensor (sound_channels C, T)
    loudness : sequence of float
        Of each channel of the sound, over that of the loudest.

    Returns
    -------
    tensor (sound_channels C,)
    """
    joined = torch.cat(list(latents), 1)
    probe = joined[:, torch.linspace(0, joined.shape[1] - 1, min(_PROBED, joined.shape[1])).long()]
    found = []
    for rows, share in zip(probe.chunk(len(loudness)), loudness, strict=True):
        plain = torch.atanh(rows.clamp(-_MOST, _MOST))
        spread = plain.std(1)
        base = codec.levels(torch.tanh(plain)[None])[0]
        heard = _mel_density(base.shape[1], codec.rate_hz).to(base)
        for channel in range(codec.channels):
            moved = plain.clone()
            moved[channel] += _STEP * spread[channel]
            change = codec.levels(torch.tanh(moved)[None])[0] - base
            found.append(share * (change.square().mean((0, 2)) * heard).mean().sqrt().cpu())
    return torch.stack(found)


def _mel_density(bins: int, rate_hz: int) -> torch.Tensor:
    """Return the share of the mel scale that each bin of a spectrum covers, (bins,), 1 in the mean."""
    density = 1 / (700 + torch.linspace(0, rate_hz / 2, bins))
    return density / density.mean()
