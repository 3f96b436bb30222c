"""The networks of Han et al., appendix B.4: convolutions along the sixteenths of a loop, rows as channels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from gantools.symbolic.roll import PITCHES
from gantools.systems.loops.data import ROWS
from gantools.systems.loopvae.codebook import Codebook
from gantools.systems.loopvae.config import LoopVAEConfig

_SLOPE = 0.2
#: Kernel of the last convolution of the CNN-VAE; of the VQ-VAE it is 3.
_CNN_KERNEL = 7


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution over 3 steps without bias, batch norm, and a LeakyReLU."""
    convolution = nn.Conv1d(inputs, outputs, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm1d(outputs), nn.LeakyReLU(_SLOPE))


class Residual(nn.Module):
    """Two convolutions beside the identity; nothing follows their sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv1d(width, width, 3, padding=1, bias=False)
        self.layers = nn.Sequential(*block(width, width), last, nn.BatchNorm1d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (batch, width, step)."""
        changed: torch.Tensor = x + self.layers(x)
        return changed


def encoder_trunk(rows: int, width: int, halvings: int) -> nn.Sequential:
    """Return the convolutions from (batch, rows, step) to (batch, width, step / 2^halvings)."""
    layers: list[nn.Module] = [block(rows, width)]
    for _ in range(halvings):
        layers += [block(width, width, 2), Residual(width)]
    return nn.Sequential(*layers)


def decoder_trunk(width: int, halvings: int) -> nn.Sequential:
    """Return the convolutions from (batch, width, step / 2^halvings) to (batch, width, step)."""
    layers: list[nn.Module] = []
    for _ in range(halvings):
        layers += [nn.Upsample(scale_factor=2, mode="nearest"), block(width, width), Residual(width)]
    return nn.Sequential(*layers)


class LoopVAE(nn.Module):
    """What both variants are: cells to logits of cells, with what lies between them.

    Attributes
    ----------
    rows : int
        57 as in the paper, or 58 with the strikes of the bass.
    thresholds : float32 buffer (2,)
        Of drums and bass, above which they sound; validation finds those that give as many notes as there are
        (`decoding.calibrate`). The paper's are 0.5.
    """

    thresholds: torch.Tensor

    def __init__(self, config: LoopVAEConfig) -> None:
        super().__init__()
        self.rows = ROWS if config.onset_row else PITCHES
        self.encoder = encoder_trunk(self.rows, config.width, config.halvings)
        self.register_buffer("thresholds", torch.full((2,), 0.5))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, rows, step) of latents."""
        raise NotImplementedError


class VQVAE(LoopVAE):
    """The VQ-VAE (figure 4, upper part): (batch, rows, 128) to 32 codes of 512, and back."""

    def __init__(self, config: LoopVAEConfig) -> None:
        super().__init__(config)
        self.to_latents = nn.Conv1d(config.width, config.code_size, 3, padding=1)
        self.codebook = Codebook(config.codebook_size, config.code_size, config.codebook_decay, config.restart_below)
        trunk = decoder_trunk(config.width, config.halvings)
        last = nn.Conv1d(config.width, self.rows, 3, padding=1)
        self.decoder = nn.Sequential(block(config.code_size, config.width), *trunk, last)

    def encode(self, cells: torch.Tensor) -> torch.Tensor:
        """Return the latents z (batch, D, S) of cells (batch, rows, step)."""
        latents: torch.Tensor = self.to_latents(self.encoder(cells))
        return latents

    def codes_of(self, cells: torch.Tensor) -> torch.Tensor:
        """Return the codes of cells, int64 (batch, S)."""
        return self.codebook.nearest(self.encode(cells).float())

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, rows, step) of quantised latents (batch, D, S)."""
        logits: torch.Tensor = self.decoder(latents)
        return logits

    def decode_codes(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, rows, step) of codes (batch, S)."""
        return self.decode(self.codebook.of(codes))

    def forward(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return logits, latents z in float32, and codes; gradients pass the codebook straight through."""
        latents = self.encode(cells).float()
        codes = self.codebook.nearest(latents.detach())
        quantised = self.codebook.of(codes)
        return self.decode(latents + (quantised - latents).detach()), latents, codes


class CNNVAE(LoopVAE):
    """The CNN-VAE: the trunk of the VQ-VAE around 512 normal numbers for the whole loop (Kingma and Welling 2013)."""

    def __init__(self, config: LoopVAEConfig) -> None:
        super().__init__(config)
        steps = config.bars * config.codes_per_bar
        self.latent = config.latent
        self.mean = nn.Linear(config.width * steps, config.latent)
        self.spread = nn.Linear(config.width * steps, config.latent)
        self.spreading = nn.Linear(config.latent, config.width * steps)
        trunk = decoder_trunk(config.width, config.halvings)
        last = nn.Conv1d(config.width, self.rows, _CNN_KERNEL, padding=_CNN_KERNEL // 2)
        self.decoder = nn.Sequential(
            nn.Unflatten(1, (config.width, steps)), block(config.width, config.width), *trunk, last
        )

    def encode(self, cells: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and standard deviation of the latents, both (batch, latent), of cells (batch, rows, step)."""
        features = self.encoder(cells).flatten(1)
        return self.mean(features).float(), functional.softplus(self.spread(features).float()) + 1e-4

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, rows, step) of latents (batch, latent)."""
        logits: torch.Tensor = self.decoder(self.spreading(latents))
        return logits

    def forward(self, cells: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits, and the divergence of the latents from the standard normal distribution in nats, (batch,)."""
        mean, deviation = self.encode(cells)
        return self.decode(mean + deviation * noise), divergence(mean, deviation)


def divergence(mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Return KL(N(mean, deviation^2) || N(0, 1)) in nats, (batch,), of tensors (batch, latent)."""
    return 0.5 * (mean.square() + deviation.square() - 1 - 2 * deviation.log()).sum(1)


def build_network(config: LoopVAEConfig) -> VQVAE | CNNVAE:
    """Return the untrained network of a configuration."""
    kinds: dict[str, Callable[[LoopVAEConfig], VQVAE | CNNVAE]] = {"vqvae": VQVAE, "cnnvae": CNNVAE}
    return kinds[config.variant](config)
