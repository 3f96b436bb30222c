"""The variant small: linear paths that begin as principal components, and networks beside them that begin at zero."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.codec.config import CodecConfig

#: Standard deviation of a code before tanh: nearly linear, and far from its ends.
CODE_SCALE = 0.5
#: Codes beyond this, 9 standard deviations, are taken for this.
_MOST = 0.9998
_DILATIONS = (1, 2, 4)


def unbounded(codes: torch.Tensor) -> torch.Tensor:
    """Return artanh of codes in [-1, 1], float32."""
    return torch.atanh(codes.float().clamp(-_MOST, _MOST))


def _in_full(linear: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return `linear` of x in float32, whatever the precision around: rounding would be the larger error."""
    with torch.autocast(x.device.type, enabled=False):
        return linear(x.float())


def _zero(layer: nn.Conv1d) -> nn.Conv1d:
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _same(inner: int, outer: int, dilation: int = 1) -> nn.Conv1d:
    return nn.Conv1d(inner, outer, 3, padding=dilation, dilation=dilation)


class Residual(nn.Module):
    """x + conv(SiLU(conv(SiLU(x)))), the first of the two seeing three frames that are `dilation` apart."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.spread, self.mix = _same(width, width, dilation), nn.Conv1d(width, width, 1)
        with torch.no_grad():
            self.mix.weight.mul_(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return an array of the shape of x, (batch, channel, frame)."""
        return x + self.mix(functional.silu(self.spread(functional.silu(x))))


class SmallEncoder1(nn.Module):
    """Enc1: levels (batch, bin, frame) to tanh codes (batch, channel, frame), each frame on its own."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        bins, codes, width = config.n_fft // 2 + 1, config.frame_channels, config.width
        self.linear = nn.Conv1d(bins, codes, 1)
        self.net = nn.Sequential(
            nn.Conv1d(bins, width, 1),
            nn.SiLU(),
            nn.Conv1d(width, width, 1),
            nn.SiLU(),
            _zero(nn.Conv1d(width, codes, 1)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the codes."""
        return torch.tanh(_in_full(self.linear, x) + self.net(x).float())


class SmallEncoder2(nn.Module):
    """Enc2: blocks of codes, each on its own, to tanh latents: (batch, channel, frame) to (batch, channel, latent)."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        codes, latent, block = config.frame_channels, config.latent_channels, config.frames_per_latent
        wide = 2 * config.width
        self.linear = nn.Conv1d(codes, latent, block, stride=block)
        self.net = nn.Sequential(
            nn.Conv1d(codes, wide, block, stride=block),
            nn.SiLU(),
            nn.Conv1d(wide, wide, 1),
            nn.SiLU(),
            _zero(nn.Conv1d(wide, latent, 1)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the latents."""
        x = unbounded(x)
        return torch.tanh(_in_full(self.linear, x) + self.net(x).float())


class SmallDecoder2(nn.Module):
    """Dec2: latents to the codes of the first level; most of its width works at the rate of the latents."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        codes, latent, block = config.frame_channels, config.latent_channels, config.frames_per_latent
        width, wide = config.width, 2 * config.width
        # Lapped: a block follows from its own latent and from those on both sides.
        beside = int(config.lapped)
        self.linear = nn.ConvTranspose1d(latent, codes, (1 + 2 * beside) * block, stride=block, padding=beside * block)
        self.slow = nn.Sequential(_same(latent, wide), Residual(wide, 1), Residual(wide, 2), nn.SiLU())
        self.up = nn.ConvTranspose1d(wide, width, block, stride=block)
        self.fast = nn.Sequential(Residual(width, 1), nn.SiLU(), _zero(nn.Conv1d(width, codes, 1)))
        #: Latents on either side that a code depends on.
        self.halo = 4 + math.ceil(1 / block)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the codes."""
        x = unbounded(x)
        return torch.tanh(_in_full(self.linear, x) + self.fast(self.up(self.slow(x))).float())


class SmallDecoder1(nn.Module):
    """Dec1: codes (batch, channel, frame) to levels and, where the configuration has a head for them, phases."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        bins, codes, width = config.n_fft // 2 + 1, config.frame_channels, config.width
        self.linear = nn.Conv1d(codes, bins, 1)
        self.body = nn.Sequential(_same(codes, width), *[Residual(width, d) for d in _DILATIONS], nn.SiLU())
        self.levels = _zero(nn.Conv1d(width, bins, 1))
        self.phase = nn.Conv1d(width, bins, 1) if config.phase == "head" else None
        self.halo_frames = 1 + sum(_DILATIONS)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return levels and phases without bounds, both (batch, bin, frame)."""
        x = unbounded(x)
        body = self.body(x)
        levels = _in_full(self.linear, x) + self.levels(body).float()
        return levels, None if self.phase is None else self.phase(body).float()

    def heads(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return levels and phases, in half turns."""
        levels, phase = self(x)
        return levels, None if phase is None else phase / torch.pi
