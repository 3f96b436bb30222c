"""The encoders and decoders of both levels, in the shapes of the paper, of the authors' program, and in ours."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.systems.codec.config import CodecConfig
from gantools.systems.codec.discriminator import SpectrogramDiscriminator
from gantools.systems.codec.small import SmallDecoder1, SmallDecoder2, SmallEncoder1, SmallEncoder2


class Noise(nn.Module):
    """x + b eps: one learned b for the layer, eps from N(0, 1), equal in all channels; nothing when generating.

    What chunks of a stream share must not depend on a generator's state, so a trained decoder adds none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (batch, channel, frame) with noise."""
        if not self.training:
            return x
        return x + self.scale * torch.randn(len(x), 1, x.shape[-1], device=x.device, dtype=x.dtype)


class Same(nn.Module):
    """Zeros around x so that a convolution of this kernel and stride keeps, or exactly divides, its length."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.before = (kernel - stride) // 2
        self.behind = kernel - stride - self.before

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with zeros before and behind."""
        return functional.pad(x, (self.before, self.behind))


class Layers:
    """Makes the layers of one variant: a convolution, then noise, batch norm and SiLU as far as it has them.

    Parameters
    ----------
    norm : bool
        Batch norm.
    noise : bool
        `Noise`, in decoders.
    """

    def __init__(self, norm: bool, noise: bool) -> None:
        self.norm, self.noise = norm, noise

    def down(
        self, kernel: int, stride: int, inner: int, outer: int, *, valid: bool = False, last: bool = False
    ) -> nn.Sequential:
        """Return a convolution; `last` is one without anything behind it."""
        padding: list[nn.Module] = [] if valid or kernel == stride else [Same(kernel, stride)]
        return nn.Sequential(*padding, nn.Conv1d(inner, outer, kernel, stride), *([] if last else self._behind(outer)))

    def up(self, inner: int, outer: int) -> nn.Sequential:
        """Return a transposed convolution that doubles the frames."""
        return nn.Sequential(nn.ConvTranspose1d(inner, outer, 4, 2, padding=1), *self._behind(outer))

    def _behind(self, channels: int) -> list[nn.Module]:
        noise: list[nn.Module] = [Noise()] if self.noise else []
        norm: list[nn.Module] = [nn.BatchNorm1d(channels)] if self.norm else []
        return [*noise, *norm, nn.SiLU()]


class FrameEncoder(nn.Module):
    """Enc1: each frame on its own, levels (batch, bin, frame) to tanh codes (batch, channel, frame)."""

    def __init__(self, layers: Layers, widths: list[int]) -> None:
        super().__init__()
        hidden = [layers.down(1, 1, a, b) for a, b in itertools.pairwise(widths[:-1])]
        self.layers = nn.Sequential(*hidden, layers.down(1, 1, widths[-2], widths[-1], last=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the codes."""
        return torch.tanh(self.layers(x).float())


class BlockEncoder(nn.Module):
    """Enc2: blocks of `block` codes, each on its own, become one latent: (batch, channel, frame) to (..., latent).

    Parameters
    ----------
    block : int
    layers : nn.Sequential
        Takes `block` frames to one.
    """

    def __init__(self, block: int, layers: nn.Sequential) -> None:
        super().__init__()
        self.block, self.layers = block, layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the latents."""
        blocks = x.unflatten(-1, (-1, self.block)).transpose(1, 2)  # (batch, block, channel, frame)
        made = self.layers(blocks.flatten(0, 1))
        return torch.tanh(made.float()).squeeze(-1).unflatten(0, blocks.shape[:2]).transpose(1, 2)


class CodeDecoder(nn.Module):
    """Dec2: latents to the codes of the first level."""

    def __init__(self, layers: nn.Sequential, bounded: bool, halo: int) -> None:
        super().__init__()
        self.layers, self.bounded = layers, bounded
        #: Latents on either side that a code depends on.
        self.halo = halo

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the codes."""
        made = self.layers(x).float()
        return torch.tanh(made) if self.bounded else made


class ProgramDecoder(nn.Module):
    """Dec1 of base44: a U-Net of codes with a branch of its own for the phase.

    Notes
    -----
    The published program makes one deeper pair of layers whose output nothing uses; it is left out.
    """

    halo_frames = 24

    def __init__(self, codes: int, bins: int) -> None:
        super().__init__()
        layers = Layers(norm=False, noise=True)
        self.d0 = layers.down(3, 1, codes, 768)
        self.d1 = layers.down(3, 2, 768, 768)
        self.d2 = layers.down(3, 2, 768, 512)
        self.d3 = layers.down(3, 2, 512, 256)
        self.u2, self.u1, self.u0 = layers.up(256, 512), layers.up(512, 768), layers.up(768, 768)
        self.magnitude = layers.down(1, 1, 768, bins, last=True)
        self.p1, self.p0 = layers.up(512, 768), layers.up(768, 768)
        self.phase = layers.down(1, 1, 768, bins, last=True)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return levels in [-1, 1] and phases in [-pi, pi], (batch, bin, frame) of codes (batch, channel, frame)."""
        levels, turns = self.heads(x)
        return levels.float(), torch.pi * turns.float()

    def heads(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return levels and phases, in half turns, both in [-1, 1] and in the precision of the layers."""
        d0 = self.d0(x)
        d1 = self.d1(d0)
        d2 = self.d2(d1)
        u2 = self.u2(self.d3(d2))
        u1 = self.u1(u2 + d2)
        u0 = self.u0(u1 + d1)
        p0 = self.p0(self.p1(u2) + u1)
        return self.magnitude(u0 + d0).clamp(-1, 1), self.phase(p0 + u0).clamp(-1, 1)


class PaperDecoder(nn.Module):
    """Dec1 of techno22 and maestro22: a U-Net whose last layer gives magnitude and phase side by side."""

    halo_frames = 24

    def __init__(self, codes: int, bins: int) -> None:
        super().__init__()
        layers = Layers(norm=True, noise=True)
        self.d0 = layers.down(1, 1, codes, 768)
        self.d1 = layers.down(3, 2, 768, 512)
        self.d2 = layers.down(3, 2, 512, 384)
        self.d3 = layers.down(3, 2, 384, 320)
        self.u2, self.u1, self.u0 = layers.up(320, 384), layers.up(384, 512), layers.up(512, 768)
        self.join = layers.down(1, 1, 768, 1280)
        self.last = layers.down(1, 1, 1280, 2 * bins, last=True)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return levels in [-1, 1] and phases in [-pi, pi], (batch, bin, frame) of codes (batch, channel, frame)."""
        levels, turns = self.heads(x)
        return levels.float(), torch.pi * turns.float()

    def heads(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return levels and phases, in half turns, both in [-1, 1] and in the precision of the layers."""
        d0 = self.d0(x)
        d1 = self.d1(d0)
        d2 = self.d2(d1)
        u1 = self.u1(self.u2(self.d3(d2)) + d2)
        u0 = self.u0(u1 + d1)
        levels, turns = self.last(self.join(u0 + d0)).clamp(-1, 1).chunk(2, 1)
        return levels, turns


def _program44(config: CodecConfig) -> dict[str, nn.Module]:
    codes, latent, bins = config.frame_channels, config.latent_channels, config.n_fft // 2 + 1
    plain, noisy = Layers(norm=False, noise=False), Layers(norm=False, noise=True)
    enc2 = nn.Sequential(
        plain.down(3, 1, codes, 256),
        plain.down(3, 2, 256, 384, valid=True),
        plain.down(3, 1, 384, 384),
        plain.down(3, 2, 384, 512, valid=True),
        plain.down(3, 1, 512, 512),
        plain.down(3, 1, 512, 768, valid=True),
        plain.down(1, 1, 768, 768),
        plain.down(1, 1, 768, latent, last=True),
    )
    dec2 = nn.Sequential(
        noisy.down(3, 1, latent, 768),
        noisy.up(768, 640),
        noisy.down(3, 1, 640, 640),
        noisy.up(640, 512),
        noisy.down(3, 1, 512, 512),
        noisy.up(512, 384),
        noisy.up(384, 256),
        noisy.down(1, 1, 256, codes, last=True),
    )
    return {
        "encoder1": FrameEncoder(plain, [bins, *[1024] * 5, codes]),
        "decoder1": ProgramDecoder(codes, bins),
        "encoder2": BlockEncoder(16, enc2),
        "decoder2": CodeDecoder(dec2, bounded=False, halo=3),
    }


def _paper22(config: CodecConfig) -> dict[str, nn.Module]:
    codes, latent, bins = config.frame_channels, config.latent_channels, config.n_fft // 2 + 1
    plain, noisy = Layers(norm=True, noise=False), Layers(norm=True, noise=True)
    # maestro22 is not published: a layer that halves and one that doubles make techno22's 8 frames 16.
    twice = config.variant == "maestro22"
    enc2 = nn.Sequential(
        plain.down(1, 1, codes, 256),
        *([plain.down(2, 2, 256, 256, valid=True)] if twice else []),
        plain.down(3, 1, 256, 512, valid=True),
        plain.down(3, 1, 512, 640, valid=True),
        plain.down(1, 1, 640, 640),
        plain.down(3, 1, 640, 768, valid=True),
        plain.down(2, 1, 768, 768, valid=True),
        plain.down(1, 1, 768, latent, last=True),
    )
    dec2 = nn.Sequential(
        noisy.down(4, 1, latent, 768),
        *([noisy.up(768, 768)] if twice else []),
        noisy.up(768, 768),
        noisy.up(768, 640),
        noisy.down(4, 1, 640, 512),
        noisy.up(512, 384),
        noisy.down(1, 1, 384, codes, last=True),
    )
    return {
        "encoder1": FrameEncoder(plain, [bins, 544, 576, 640, 704, 768, codes]),
        "decoder1": PaperDecoder(codes, bins),
        "encoder2": BlockEncoder(16 if twice else 8, enc2),
        "decoder2": CodeDecoder(dec2, bounded=True, halo=4),
    }


def _small(config: CodecConfig) -> dict[str, nn.Module]:
    return {
        "encoder1": SmallEncoder1(config),
        "decoder1": SmallDecoder1(config),
        "encoder2": SmallEncoder2(config),
        "decoder2": SmallDecoder2(config),
    }


_KINDS = {"base44": _program44, "techno22": _paper22, "maestro22": _paper22, "small": _small}
#: Networks that a codec consists of; the discriminators are only for training.
CODERS = ("encoder1", "decoder1", "encoder2", "decoder2")


def build_coders(config: CodecConfig) -> dict[str, nn.Module]:
    """Return the encoders and decoders with their initial weights (He), which follow from `config.seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(item_seed(config.seed, "weights"))
        networks = _KINDS[config.variant](config)
        if config.variant != "small":  # which has starts of its own
            for network in networks.values():
                network.apply(_he)
    return networks


def build_discriminator(config: CodecConfig, level: int) -> SpectrogramDiscriminator:
    """Return the discriminator of one level, with its initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(item_seed(config.seed, "weights", "discriminator", level))
        return SpectrogramDiscriminator(config.discriminator_width)


def _he(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        assert module.bias is not None
        nn.init.zeros_(module.bias)
