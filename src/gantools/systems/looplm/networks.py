"""The prior p(z_i | z_<i) over the codes of a loop (Han et al., section 3.3.2), and drawing from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.looplm.config import LoopLMConfig

State = tuple[torch.Tensor, torch.Tensor]
#: Bars ago that the network looks at besides the code before.
_BARS_AGO = (1, 2, 4)


@dataclass(frozen=True)
class CodeShape:
    """The codes of the VQ-VAE that a prior is over.

    Attributes
    ----------
    codes : int
        How many there are (K).
    bars, per_bar : int
        Bars of a loop, and codes of each; their product is S.
    """

    codes: int
    bars: int
    per_bar: int

    @property
    def steps(self) -> int:
        """Codes of a loop."""
        return self.bars * self.per_bar


class Prior(nn.Module):
    """An LSTM over codes.

    The code before is the input, a start symbol before the first. Beside the paper's network it may know its place in
    the loop, and see the codes of one, two and four bars ago: these have logits of their own, added to that of the
    code, so that repeating costs the network one decision and not one for each code.

    Parameters
    ----------
    config : LoopLMConfig
    shape : CodeShape

    Attributes
    ----------
    first_counts : float32 buffer (codes,)
        How often training loops begin with each code.
    thresholds : float32 buffer (2,)
        With which loops that are drawn have as many notes as training loops; see `loopvae.decoding`.
    """

    first_counts: torch.Tensor
    thresholds: torch.Tensor

    def __init__(self, config: LoopLMConfig, shape: CodeShape) -> None:
        super().__init__()
        self.shape, self.start = shape, shape.codes
        self.lags = [shape.per_bar * bars for bars in _BARS_AGO] if config.lookback else []
        size = config.embedding
        self.embedding = nn.Embedding(shape.codes + 1, size)
        self.in_bar = nn.Embedding(shape.per_bar, size) if config.positions else None
        self.in_loop = nn.Embedding(shape.bars, size) if config.positions else None
        dropout = config.dropout if config.layers > 1 else 0.0
        inputs = size * (1 + len(self.lags))
        self.lstm = nn.LSTM(inputs, config.hidden, config.layers, batch_first=True, dropout=dropout)
        self.logits = nn.Linear(config.hidden, shape.codes)
        self.repeats = nn.Linear(config.hidden, len(self.lags)) if self.lags else None
        self.learned_start = config.start == "learned"
        self.register_buffer("first_counts", torch.ones(shape.codes))
        self.register_buffer("thresholds", torch.full((2,), 0.5))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the logits of each code given those before it.

        Parameters
        ----------
        codes : int64 tensor (batch, S)

        Returns
        -------
        tensor (batch, S, K)
        """
        count = codes.shape[1]
        shown = [
            functional.pad(codes[:, : max(0, count - lag)], (min(lag, count), 0), value=self.start)
            for lag in (1, *self.lags)
        ]
        place = torch.arange(count, device=codes.device)
        hidden, _ = self.lstm(self._inputs(shown, place))
        logits = self._outputs(hidden, shown)
        if not self.learned_start:
            first = self.first_counts.clamp_min(1e-9).log().expand(len(codes), 1, -1)
            logits = torch.cat([first.to(logits), logits[:, 1:]], 1)
        return logits

    def _inputs(self, shown: list[torch.Tensor], place: torch.Tensor) -> torch.Tensor:
        """Return what the LSTM reads: the codes shown, each (batch, n), at some places (n,) of the loop."""
        embedded = [self.embedding(codes) for codes in shown]
        if self.in_bar is not None and self.in_loop is not None:
            bar = torch.div(place, self.shape.per_bar, rounding_mode="floor")
            embedded[0] = embedded[0] + self.in_bar(place % self.shape.per_bar) + self.in_loop(bar)
        return torch.cat(embedded, 2)

    def _outputs(self, hidden: torch.Tensor, shown: list[torch.Tensor]) -> torch.Tensor:
        logits: torch.Tensor = self.logits(hidden)
        if self.repeats is None:
            return logits
        chances = self.repeats(hidden)
        # The start symbol stands where there is no code yet; it has a column of its own, which goes.
        logits = functional.pad(logits, (0, 1))
        return logits.scatter_add(2, torch.stack(shown[1:], 2), chances.to(logits.dtype))[:, :, :-1]

    def step(self, codes: torch.Tensor, place: int, state: State | None) -> tuple[torch.Tensor, State]:
        """Return the logits (batch, K) of the code at a place, and the state after it.

        Parameters
        ----------
        codes : int64 tensor (batch, S)
            Of which those before `place` are looked at.
        place : int
        state : pair of tensors, optional
            As returned for the place before.
        """
        start = codes.new_full((len(codes), 1), self.start)
        shown = [codes[:, place - lag, None] if place >= lag else start for lag in (1, *self.lags)]
        hidden, state = self.lstm(self._inputs(shown, torch.tensor([place], device=codes.device)), state)
        logits = self._outputs(hidden, shown)[:, 0]
        if place == 0 and not self.learned_start:
            logits = self.first_counts.clamp_min(1e-9).log().to(logits).expand(len(codes), -1)
        return logits, state

    @torch.no_grad()
    def draw(
        self,
        uniform: torch.Tensor,
        pick: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        given: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw loops, code after code.

        Parameters
        ----------
        uniform : tensor (batch, S)
            Random numbers from 0 to 1.
        pick : callable
            Logits (batch, K) and random numbers (batch,) to codes (batch,).
        given : int64 tensor (S,), optional
            Codes that stay as they are; -1 where one is to be drawn.

        Returns
        -------
        codes : int64 tensor (batch, S)
        evidence : tensor (batch,)
            The log probability of the given codes behind what was drawn before them.
        """
        codes = torch.zeros(len(uniform), self.shape.steps, dtype=torch.int64, device=self.first_counts.device)
        evidence = torch.zeros(len(uniform), device=codes.device)
        fixed = [-1] * self.shape.steps if given is None else given.tolist()
        state: State | None = None
        for place, code in enumerate(fixed):
            logits, state = self.step(codes, place, state)
            if code < 0:
                codes[:, place] = pick(logits, uniform[:, place])
            else:
                codes[:, place] = code
                evidence += functional.log_softmax(logits.float(), 1)[:, code]
        return codes, evidence


def build_network(config: LoopLMConfig, shape: CodeShape) -> Prior:
    """Return the untrained network of a configuration."""
    return Prior(config, shape)
