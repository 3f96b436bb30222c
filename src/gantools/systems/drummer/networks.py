"""The network of the drummer: it hears the bass around a step and the drums before it, and tells nine drums in turn."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from gantools.symbolic.roll import BAR_STEPS, DRUM_ROWS
from gantools.systems.drummer.config import DrummerConfig
from gantools.systems.drummer.music import ASKED, BASS_ROWS, LEVELS, PLACE_ROWS, QUANTILES, TOLD, VOICINGS

#: Convolutions over the bass: with three of five steps it is heard 42 steps back and ahead.
_KERNEL, _DILATIONS = 5, (1, 4, 16)
WORDS = DRUM_ROWS * LEVELS


class DrummerNet(nn.Module):
    """A recurrent network over sixteenths.

    Parameters
    ----------
    config : DrummerConfig

    Attributes
    ----------
    densities : tensor (QUANTILES,)
        Hits a bar of the training windows at even quantiles.
    voicings : tensor (VOICINGS, 9)
        Which drums play together, sets of the training.
    places : tensor (4, 16)
        By which the bars of a bass are found.
    """

    later: torch.Tensor
    densities: torch.Tensor
    voicings: torch.Tensor
    places: torch.Tensor

    def __init__(self, config: DrummerConfig) -> None:
        super().__init__()
        self.config = config
        widths = [BASS_ROWS, *[config.bass_width] * (len(_DILATIONS) - 1)]
        self.bass = nn.ModuleList(
            nn.Conv1d(width, config.bass_width, _KERNEL, padding=dilation * (_KERNEL // 2), dilation=dilation)
            for width, dilation in zip(widths, _DILATIONS, strict=True)
        )
        # The bass as it is heard beside what was made of it, what is told, and what is asked for.
        self.inputs = config.bass_width + BASS_ROWS + TOLD + ASKED
        self.memory = nn.GRU(self.inputs, config.width, batch_first=True)
        self.join = nn.Linear(config.width + self.inputs, config.width)
        self.heads = nn.Linear(config.width, WORDS)
        # What the drums of a step say of those that are told after them.
        self.nested = nn.Parameter(torch.zeros(WORDS, WORDS))
        later = torch.arange(WORDS)[:, None] // LEVELS < torch.arange(WORDS)[None] // LEVELS
        self.register_buffer("later", later.float(), persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.register_buffer("densities", torch.zeros(QUANTILES))
        self.register_buffer("voicings", torch.zeros(VOICINGS, DRUM_ROWS))
        self.register_buffer("places", torch.zeros(PLACE_ROWS, BAR_STEPS))

    def hear(self, bass: torch.Tensor) -> torch.Tensor:
        """Return what a bass (batch, step, 3) is heard as, (batch, step, bass_width + 3)."""
        x = bass.transpose(1, 2)
        for number, convolution in enumerate(self.bass):
            made = functional.gelu(convolution(x))
            x = made + x if number else made
        return torch.cat([x.transpose(1, 2), bass], 2)

    def forward(self, bass: torch.Tensor, told: torch.Tensor, asked: torch.Tensor, drums: torch.Tensor) -> torch.Tensor:
        """Return the logits of the drums of all steps, each given those before it.

        Parameters
        ----------
        bass : tensor (batch, step, 3)
        told : tensor (batch, step, TOLD)
        asked : tensor (batch, ASKED)
        drums : int64 tensor (batch, step, 9)
            What is played; what counts for nothing may be -1.

        Returns
        -------
        tensor (batch, step, 9, 4)
        """
        said = asked[:, None].expand(-1, told.shape[1], -1)
        x = torch.cat([self.hear(bass), told, said], 2)
        return self.told_apart(self.memory(self.dropout(x))[0], x, drums)

    def told_apart(self, hidden: torch.Tensor, x: torch.Tensor, drums: torch.Tensor) -> torch.Tensor:
        """Return the logits of steps from what is remembered, what comes in, and the drums; see `forward`."""
        joined = functional.gelu(self.join(self.dropout(torch.cat([hidden, x], 2))))
        logits = self.heads(self.dropout(joined))
        played = functional.one_hot(drums.clamp(min=0), LEVELS).flatten(2).to(logits.dtype)
        logits = logits + played @ (self.nested * self.later)
        return logits.unflatten(2, (DRUM_ROWS, LEVELS))


def build_network(config: DrummerConfig) -> DrummerNet:
    """Return an untrained network."""
    return DrummerNet(config)
