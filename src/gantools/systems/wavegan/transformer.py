"""The transformer variant: TransGAN (Jiang, Chang and Wang 2021) in one dimension, upsampled by interpolation.

The paper (section 3.4): "a MLP which feeds into 6 transformer encoder layers which are upsampled using interpolation".
Sixty-five thousand tokens of one sample would buy nothing, so the last encoder works on a quarter of them, and a filter
that overlaps makes four samples of each; independent patches would meet in steps, a buzz at their rate.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.wavegan.config import FIRST_STEPS, WaveGANConfig, strides
from gantools.systems.wavegan.networks import Generator, UpConv

_LEAST_WIDTH = 32
_MOST_HEADS = 8
_MOST_POSITIONS = 1024


def stage_tokens(samples: int, most: int) -> tuple[list[int], int]:
    """Return the tokens of each stage, 16, 64, 256 ... up to `most`, and the samples that each of the last ones gives.

    These are 2 or more, so that lengths of `config.strides` are always whole numbers of tokens.
    """
    tokens = [FIRST_STEPS]
    while tokens[-1] * 8 <= samples and tokens[-1] * 4 <= most:
        tokens.append(tokens[-1] * 4)
    return tokens, samples // tokens[-1]


def relative_bias(table: torch.Tensor, tokens: int) -> torch.Tensor:
    """Return the bias (head, query, key) from a table (head, 2 window - 1) that is indexed by key - query."""
    middle = table.shape[1] // 2
    part = table[:, middle - tokens + 1 : middle + tokens]
    return part.unfold(1, tokens, 1).flip(1)


class Attention(nn.Module):
    """Multi-head attention with a learned bias per distance: among all tokens, or within windows.

    Parameters
    ----------
    width, heads : int
    window : int
        Tokens that attend to each other; the number of tokens where all do.
    shifted : bool
        Move the windows by half of one; the two halves at the ends are windows of their own.
    """

    def __init__(self, width: int, heads: int, window: int, shifted: bool) -> None:
        super().__init__()
        self.heads, self.window, self.shifted = heads, window, shifted
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, 2 * window - 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Attend over (batch, token, width)."""
        tokens, window = x.shape[1], self.window
        projected = self.project(x)
        if not self.shifted:
            return self.join(self._windows(projected, window))
        half = window // 2
        # The two halves at the ends go through attention as one batch of small windows.
        ends = torch.cat([projected[:, :half], projected[:, tokens - half :]], 1)
        ends = self._windows(ends, half)
        inner = self._windows(projected[:, half : tokens - half], window)
        return self.join(torch.cat([ends[:, :half], inner, ends[:, half:]], 1))

    def _windows(self, projected: torch.Tensor, window: int) -> torch.Tensor:
        batch, tokens, width = projected.shape
        parts = projected.reshape(batch * (tokens // window), window, 3, self.heads, width // 3 // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        bias = relative_bias(self.bias, window)[None].to(query.dtype)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return mixed.transpose(1, 2).reshape(batch, tokens, width // 3)


class Encoder(nn.Module):
    """One encoder layer with the norms in front: x + attention(norm x), x + MLP(norm x), GELU, four times the width."""

    def __init__(self, width: int, window: int, shifted: bool) -> None:
        super().__init__()
        self.attention = Attention(width, min(_MOST_HEADS, width // 8), window, shifted)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode (batch, token, width)."""
        x = x + self.attention(self.norms[0](x))
        return x + self.mlp(self.norms[1](x))


def start_small(encoder: Encoder) -> None:
    """Begin close to the identity."""
    with torch.no_grad():
        encoder.attention.join.weight.mul_(0.1)
        encoder.mlp[2].weight.mul_(0.1)  # type: ignore[operator]


class TransformerGenerator(nn.Module):
    """TransGAN in one dimension: (batch, latent) to (batch, channels, samples) in [-1, 1].

    A dense network to 16 tokens, then stages of interpolation by 4, learned positions (themselves interpolated above
    1024 tokens), one encoder, and a dense layer to half the width, not below 32. Each stage adds its own wave,
    interpolated to the full rate (TransGAN's "toRGB" sum).
    """

    noise_samples = 0

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__()
        tokens, self.patch = stage_tokens(config.samples, config.tokens)
        self.samples, self.channels, self.tokens = config.samples, config.channels, tokens[1:]
        widths = [max(_LEAST_WIDTH, config.token_width >> stage) for stage in range(len(tokens))]
        hidden = config.token_width
        self.start = nn.Sequential(
            nn.Linear(config.latent, hidden), nn.GELU(), nn.Linear(hidden, FIRST_STEPS * widths[0])
        )
        self.positions, self.encoders = nn.ParameterList(), nn.ModuleList()
        self.narrow, self.to_wave = nn.ModuleList(), nn.ModuleList()
        windowed = 0
        for stage, (count, width) in enumerate(zip(self.tokens, widths, strict=False)):
            self.positions.append(torch.zeros(1, width, min(count, _MOST_POSITIONS)))
            full = count <= config.full_attention
            self.encoders.append(
                Encoder(width, count if full else config.attention_window, not full and windowed % 2 == 1)
            )
            windowed += not full
            self.to_wave.append(nn.Linear(width, config.channels))
            self.narrow.append(nn.Linear(width, widths[stage + 1]))
        self.encoders.append(Encoder(widths[-1], min(config.attention_window, tokens[-1]), windowed % 2 == 1))
        self.norm = nn.LayerNorm(widths[-1])
        # Repeated tokens, because a constant then leaves no tone at their rate, as zeros in between would.
        self.last = UpConv(widths[-1], config.channels, config.kernel, self.patch, nearest=True)

    def settle(self, random: torch.Generator) -> None:
        """Begin with each encoder close to the identity, and small positions."""
        with torch.no_grad():
            for encoder in self.encoders:
                start_small(encoder)  # type: ignore[arg-type]
            for position in self.positions:
                position.copy_(0.3 * torch.randn(position.shape, generator=random))
            for wave in (*self.to_wave, self.last):
                wave.weight.mul_(0.1)  # type: ignore[union-attr, operator]

    def forward(self, z: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Make clips."""
        x = self.start(z).unflatten(1, (FIRST_STEPS, -1))
        wave = x.new_zeros(z.shape[0], self.channels, self.samples)
        for stage, count in enumerate(self.tokens):
            x = functional.interpolate(x.transpose(1, 2), count, mode="linear", align_corners=False)
            x = (x + functional.interpolate(self.positions[stage], count, mode="linear")).transpose(1, 2)
            x = self.encoders[stage](x)
            own = self.to_wave[stage](x).transpose(1, 2)
            wave = wave + functional.interpolate(own, self.samples, mode="linear")
            x = self.narrow[stage](x)
        x = self.norm(self.encoders[-1](x)).float().transpose(1, 2)[:, :, None]
        with torch.autocast(x.device.type, enabled=False):
            return torch.tanh(wave.float() + self.last(x)[:, :, 0])


class TransformerLayer(nn.Module):
    """An encoder in place of an upsampling convolution: (batch, inputs, 1, time) to (batch, outputs, 1, stride time).

    Parameters
    ----------
    inputs, outputs : int
        Channels. The encoder has as many as come in, or 32.
    tokens : int
        Time steps that the encoder works on.
    config : WaveGANConfig
    stride : int
        1 where the time steps were multiplied before, by interpolation; else a filter makes so many of each token.
    """

    def __init__(self, inputs: int, outputs: int, tokens: int, config: WaveGANConfig, stride: int = 1) -> None:
        super().__init__()
        width, self.tokens = max(_LEAST_WIDTH, inputs), tokens
        window = tokens if tokens <= config.full_attention else config.attention_window
        self.widen = nn.Linear(inputs, width)
        self.positions = nn.Parameter(torch.zeros(1, width, min(tokens, _MOST_POSITIONS)))
        # Windows of the one layer meet in the middle of those of the other.
        self.encoder = Encoder(width, window, window < tokens and stride > 1)
        self.last = UpConv(width, outputs, config.kernel, stride, nearest=True) if stride > 1 else None
        self.narrow = nn.Linear(width, outputs) if stride == 1 else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode, and upsample before or after it."""
        x = functional.interpolate(x[:, :, 0], self.tokens, mode="linear", align_corners=False)
        x = self.widen(x.transpose(1, 2))
        x = x + functional.interpolate(self.positions, self.tokens, mode="linear").transpose(1, 2)
        x = self.encoder(x)
        if self.narrow is not None:
            return self.narrow(x).transpose(1, 2)[:, :, None]
        assert self.last is not None
        return self.last(x.transpose(1, 2)[:, :, None])


class HybridGenerator(Generator):
    """WaveGAN's generator with transformers for its last two layers, which the paper saw collapse at once.

    Section 3.4: "making the final two layers of the DCGAN Transformer layers instead". Nothing more is said; the first
    of the two interpolates and then encodes, as the stages of the transformer variant do, and the last encodes and
    ends with a filter, as that variant does.
    """

    def __init__(self, config: WaveGANConfig) -> None:
        super().__init__(config)
        last = strides(config.samples)[-1]
        before, between = self.layers[-2], self.layers[-1]
        assert isinstance(before, UpConv)
        assert isinstance(between, UpConv)
        tokens = config.samples // last
        self.layers[-2] = TransformerLayer(before.weight.shape[1], before.outputs, tokens, config)
        self.layers[-1] = TransformerLayer(between.weight.shape[1], between.outputs, tokens, config, last)

    def settle(self, random: torch.Generator) -> None:
        """Begin as the generator does, with encoders close to the identity and small positions."""
        super().settle(random)
        for layer in self.layers[-2:]:
            assert isinstance(layer, TransformerLayer)
            start_small(layer.encoder)
            with torch.no_grad():
                layer.positions.copy_(0.3 * torch.randn(layer.positions.shape, generator=random))
