"""The network of FxNorm-Automix (section 2.3, "Ours"): front end, latent mixer, back end.

The number of weights (2,752,817) and the sizes are those of the authors' public program; the text of the paper that
is at hand ends before this section.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from gantools.runtime.seeds import item_seed
from gantools.systems.automix.bands import BandMixer
from gantools.systems.automix.config import AutomixConfig

_KERNEL = 64
_POOL = 64
_ENVELOPE_KERNEL = 128


class FrontEnd(nn.Module):
    """Learned filters and their envelopes: (batch, channel, time) to Z (batch, filter, time) and its latent.

    The latent (batch, filter, time / 64) is what a smoothing filter per channel and a max-pool leave of |Z|.
    """

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.filters = nn.Conv1d(channels, filters, _KERNEL, bias=False)
        self.envelope = nn.Conv1d(filters, filters, _ENVELOPE_KERNEL, groups=filters, bias=False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return Z and the latent; the length must be a multiple of 64."""
        # A kernel of even length: one sample less behind than before keeps the length.
        z = self.filters(functional.pad(x, (_KERNEL // 2, _KERNEL // 2 - 1)))
        envelope = self.envelope(functional.pad(z.abs(), (_ENVELOPE_KERNEL // 2, _ENVELOPE_KERNEL // 2 - 1)))
        return z, functional.max_pool1d(functional.softplus(envelope), _POOL)


class _Block(nn.Module):
    """One block of the temporal convolutional network (Luo and Mesgarani 2019, figure 1C)."""

    def __init__(self, channels: int, hidden: int, skip: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(channels, hidden, 1),
            nn.PReLU(),
            nn.GroupNorm(1, hidden, eps=1e-8),
            nn.Conv1d(hidden, hidden, 3, dilation=dilation, padding=dilation, groups=hidden),
            nn.PReLU(),
            nn.GroupNorm(1, hidden, eps=1e-8),
        )
        self.residual = nn.Conv1d(hidden, channels, 1)
        self.skip = nn.Conv1d(hidden, skip, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        body = self.body(x)
        return x + self.residual(body), self.skip(body)


class LatentMixer(nn.Module):
    """Masks from the latent: a temporal convolutional network, then a BLSTM; (batch, filter, latent frame) both."""

    def __init__(self, config: AutomixConfig) -> None:
        super().__init__()
        filters = config.filters
        self.norm = nn.GroupNorm(1, filters, eps=1e-8)
        self.enter = nn.Conv1d(filters, config.bottleneck, 1)
        self.blocks = nn.ModuleList(
            _Block(config.bottleneck, config.hidden, config.skip, 2**block)
            for _ in range(config.repeats)
            for block in range(config.blocks)
        )
        self.leave = nn.Sequential(nn.PReLU(), nn.Conv1d(config.skip, filters, 1), nn.Softplus())
        self.lstm = nn.LSTM(
            filters,
            filters // 2,
            config.lstm_layers,
            batch_first=True,
            bidirectional=True,
            dropout=config.dropout if config.lstm_layers > 1 else 0.0,
        )

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the mask."""
        x = self.enter(self.norm(latent))
        total = torch.zeros((), device=x.device, dtype=x.dtype)
        for block in self.blocks:
            x, skip = block(x)
            total = total + skip
        memory, _ = self.lstm(self.leave(total).transpose(1, 2))
        return functional.softplus(memory).transpose(1, 2)


class BackEnd(nn.Module):
    """Masked filters back to a stereo mix: squeeze-excitation, the front end's filters transposed, sum, tanh."""

    def __init__(self, filters: int, ratio: int) -> None:
        super().__init__()
        self.excite = nn.Sequential(
            nn.Linear(filters, filters * ratio), nn.ReLU(), nn.Linear(filters * ratio, filters), nn.Sigmoid()
        )

    def forward(self, z: torch.Tensor, mask: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
        """Return the mix (batch, 2, time).

        Parameters
        ----------
        z : torch.Tensor
            (batch, filter, time) of the front end.
        mask : torch.Tensor
            (batch, filter, time / 64), each value valid for 64 samples.
        kernels : torch.Tensor
            Filters of the front end, (filter, channel, 64): analysis and synthesis are tied.
        """
        masked = z * functional.interpolate(mask, scale_factor=float(_POOL), mode="nearest")
        # Squeeze-excitation: one factor for each filter, from its mean level over the whole input.
        masked = masked * self.excite(masked.abs().mean(2))[:, :, None]
        stems = functional.conv_transpose1d(masked, kernels)
        first = _KERNEL // 2 - 1
        stems = stems[:, :, first : first + z.shape[2]]
        return torch.tanh(stems.unflatten(1, (-1, 2)).sum(1))


class PaperMixer(nn.Module):
    """The whole network: normalised stems (batch, 2 x stems, time) to a mix (batch, 2, time).

    The time must be a multiple of 64. Squeeze-excitation and group norms average over the whole input, so that the
    result depends (a little) on the length that is given at a time; `generate` therefore gives equal lengths.
    """

    #: Multiple to which lengths and starts of chunks must be aligned, and what must be given before and behind them.
    stride_samples = _POOL
    warmup_samples = 441_024
    reach_samples = 33_088

    def __init__(self, config: AutomixConfig) -> None:
        super().__init__()
        self.front = FrontEnd(2 * len(config.role_names), config.filters)
        self.mixer = LatentMixer(config)
        self.back = BackEnd(config.filters, config.squeeze_ratio)

    def forward(self, stems: torch.Tensor) -> torch.Tensor:
        """Mix."""
        z, latent = self.front(stems)
        return self.back(z, self.mixer(latent), self.front.filters.weight)


def give_back(front: FrontEnd, stems: torch.Tensor) -> torch.Tensor:
    """Return the stems (batch, channel, time) as the front end and its transposed filters give them back.

    The back end without what mixes: the envelope stands where the mask will, and no stems are added up. The program
    trains its two front-end layers as such an autoencoder first; how that decodes is not known, this is ours.
    """
    z, latent = front(stems)
    masked = z * functional.interpolate(latent, scale_factor=float(_POOL), mode="nearest")
    first = _KERNEL // 2 - 1
    return functional.conv_transpose1d(masked, front.filters.weight)[:, :, first : first + stems.shape[2]]


def chrono_initialise(lstm: nn.LSTM, longest: int, generator: torch.Generator) -> None:
    """Set the biases of an LSTM so that its memories last up to `longest` steps.

    Notes
    -----
    Tallec and Ollivier 2018, equation 16: b_f ~ log U(1, longest - 1), b_i = -b_f.
    """
    size = lstm.hidden_size
    for name, bias in lstm.named_parameters():
        if name.startswith("bias"):
            with torch.no_grad():
                bias.zero_()
                if name.startswith("bias_ih"):
                    # Torch's order of gates is input, forget, cell, output; its second bias stays 0.
                    lasting = torch.empty(size).uniform_(1.0, max(2.0, longest - 1.0), generator=generator).log()
                    bias[size : 2 * size], bias[:size] = lasting, -lasting


def build_network(config: AutomixConfig) -> nn.Module:
    """Return the untrained network, whose initial weights follow from `config.seed`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(item_seed(config.seed, "weights", "M"))
        if config.network == "bands":
            return BandMixer(config)
        network = PaperMixer(config)
        generator = torch.Generator().manual_seed(item_seed(config.seed, "chrono"))
        chrono_initialise(network.mixer.lstm, max(3, math.ceil(config.crop / _POOL)), generator)
        return network
