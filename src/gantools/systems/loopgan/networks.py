"""Generators and discriminators of rolls, after MuseGAN (Dong et al. 2018), one of each for drums and for bass.

MuseGAN makes a phrase bar by bar. What a bar is made of are four vectors: z, the same for all parts and bars; z_t, for
all parts but another in each bar; z_i, of one part for all bars; and z_{i,t}, of one part and bar. Temporal generators
make the sequences z_t and z_{i,t} from one vector each, and the bar generator of a part turns the four of a bar into
its roll, first along time, then along pitch. Its convolutions do not overlap: their strides are as long as their
kernels. Here they are dense layers on blocks, which are the same and faster.

Rolls are (batch, row, step): 9 drums, 48 pitches of the bass and a row with the bass's strikes; see
`gantools.systems.loops.data.to_cells`.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from gantools.symbolic.roll import BAR_STEPS, BASS_PITCHES, DRUM_ROWS
from gantools.systems.loopgan.config import LoopGANConfig
from gantools.systems.loops.cells import likely_cells

#: The parts in the order of the discriminators' scores.
PARTS = ("drums", "bass")
_SLOPE = 0.2
_SEMITONES = 12
_OCTAVES = BASS_PITCHES // _SEMITONES
_BEATS, _BEAT_STEPS = 4, BAR_STEPS // 4
# Where a generator begins: drums rarely sound, and a bass nearly always does, on any pitch.
_FIRST_LOGIT = {"drums": -2.0, "bass": 0.0}


def latent_size(config: LoopGANConfig) -> int:
    """Return the numbers that a phrase is made from: z and z_t where they are shared, z_i and z_{i,t} of each part."""
    return config.latent * (2 * config.shared + 2 * len(PARTS))


class Norm(nn.Module):
    """Batch norm and ReLU of the last dimension, over all others."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise."""
        return torch.relu(self.norm(x.flatten(0, -2)).view_as(x))


class TemporalGenerator(nn.Module):
    """One vector to a sequence of them, (batch, latent) to (batch, bar, latent)."""

    def __init__(self, latent: int, bars: int) -> None:
        super().__init__()
        hidden = 4 * latent
        self.layers = nn.Sequential(
            nn.Linear(latent, bars * hidden, bias=False),
            nn.Unflatten(1, (bars, hidden)),
            Norm(hidden),
            nn.Linear(hidden, latent),
        )

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Make a sequence."""
        return self.layers(z)


class BarGenerator(nn.Module):
    """The vectors of bars to logits of their rolls, (bar, inputs) to (bar, step, row)."""

    def __init__(self, inputs: int, width: int, part: str) -> None:
        super().__init__()
        self.beats = nn.Sequential(
            nn.Linear(inputs, _BEATS * 4 * width, bias=False), nn.Unflatten(1, (_BEATS, 4 * width)), Norm(4 * width)
        )
        self.steps = nn.Sequential(
            nn.Linear(4 * width, _BEAT_STEPS * 2 * width, bias=False),
            nn.Unflatten(2, (_BEAT_STEPS, 2 * width)),
            nn.Flatten(1, 2),
            Norm(2 * width),
        )
        if part == "bass":
            self.pitches = nn.Sequential(
                nn.Linear(2 * width, _OCTAVES * width, bias=False),
                nn.Unflatten(2, (_OCTAVES, width)),
                Norm(width),
                nn.Linear(width, _SEMITONES),
                nn.Flatten(2),
            )
            # A note is mostly longer than a step: what its beat says comes first, and steps depart from it.
            self.beat_pitches = nn.Linear(4 * width, BASS_PITCHES)
            nn.init.normal_(self.pitches[-2].weight, std=0.1 * width**-0.5)  # type: ignore[arg-type]
        # Beside the strikes, of the bass what lifts or lowers all pitches of a step, as a rest needs.
        flat = 2 if part == "bass" else DRUM_ROWS
        self.rows = nn.Sequential(nn.Linear(2 * width, width, bias=False), Norm(width), nn.Linear(width, flat))
        for layer in (self.rows[-1], self.pitches[-2]) if part == "bass" else (self.rows[-1],):
            nn.init.constant_(layer.bias, _FIRST_LOGIT[part])  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Make bars."""
        beats = self.beats(x)
        steps = self.steps(beats)
        rows = self.rows(steps)
        if not hasattr(self, "pitches"):
            return rows
        lift, strikes = rows.split(1, 2)
        pitches = self.beat_pitches(beats).repeat_interleave(_BEAT_STEPS, 1) + self.pitches(steps)
        return torch.cat([pitches + lift, strikes], 2)


class PartGenerator(nn.Module):
    """The generator of one part: its temporal and its bar generator."""

    def __init__(self, config: LoopGANConfig, part: str) -> None:
        super().__init__()
        self.temporal = TemporalGenerator(config.latent, config.bars)
        self.bar = BarGenerator(config.latent * (2 + 2 * config.shared), config.width, part)

    def forward(self, z: torch.Tensor, z_temporal: torch.Tensor, shared: torch.Tensor | None) -> torch.Tensor:
        """Make logits (batch, row, step) from z_i, z_{i,t}'s seed, and what is shared in each bar."""
        sequence = self.temporal(z_temporal)
        bars = sequence.shape[1]
        each = [z[:, None].expand(-1, bars, -1), sequence, *([] if shared is None else [shared])]
        made = self.bar(torch.cat(each, 2).flatten(0, 1))
        return made.unflatten(0, (-1, bars)).flatten(1, 2).transpose(1, 2)


class Generator(nn.Module):
    """Both generators, and the temporal generator of what they share: (batch, latents) to logits (batch, 58, step)."""

    def __init__(self, config: LoopGANConfig) -> None:
        super().__init__()
        self.latent, self.bars = config.latent, config.bars
        self.temporal = TemporalGenerator(config.latent, config.bars) if config.shared else None
        self.parts = nn.ModuleDict({part: PartGenerator(config, part) for part in PARTS})

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Make rolls."""
        vectors = list(z.split(self.latent, 1))
        shared = None
        if self.temporal is not None:
            constant, seed = vectors.pop(0), vectors.pop(0)
            shared = torch.cat([constant[:, None].expand(-1, self.bars, -1), self.temporal(seed)], 2)
        own = zip(vectors[::2], vectors[1::2], strict=True)
        return torch.cat([part(*pair, shared) for part, pair in zip(self.parts.values(), own, strict=True)], 1)


class PartDiscriminator(nn.Module):
    """The discriminator of one part: (batch, 58, step) to (batch,), from its own rows or from all.

    Pitch is taken first, by octaves, then the time of a bar, then the bars; there is no norm, as WGAN-GP asks.
    """

    def __init__(self, config: LoopGANConfig, part: str) -> None:
        super().__init__()
        width, both = config.width, config.judge == "both"
        self.bars = config.bars
        self.sees_bass, self.sees_drums = both or part == "bass", both or part == "drums"
        if self.sees_bass:
            self.pitches = nn.Sequential(
                nn.Unflatten(2, (_OCTAVES, _SEMITONES)),
                nn.Linear(_SEMITONES, width),
                nn.LeakyReLU(_SLOPE),
                nn.Flatten(2),
                nn.Linear(_OCTAVES * width, width),
            )
        self.streams = config.streams
        parts = DRUM_ROWS * self.sees_drums + self.sees_bass
        self.rows = nn.Linear(parts + 2 * config.streams * (self.sees_drums + self.sees_bass), width)
        inside = width * (1 + self.sees_bass)
        self.time = nn.Sequential(
            nn.LeakyReLU(_SLOPE),
            nn.Unflatten(1, (_BEATS, _BEAT_STEPS)),
            nn.Flatten(2),
            nn.Linear(_BEAT_STEPS * inside, 2 * width),
            nn.LeakyReLU(_SLOPE),
            nn.Flatten(1),
            nn.Linear(_BEATS * 2 * width, 4 * width),
            nn.LeakyReLU(_SLOPE),
        )
        self.phrase = nn.Sequential(
            nn.Flatten(1),
            nn.Linear(config.bars * 4 * width, 4 * width),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(4 * width, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Judge rolls."""
        drums, pitches, strikes = x.transpose(1, 2).split([DRUM_ROWS, BASS_PITCHES, 1], 2)
        rows = [drums] * self.sees_drums + [strikes] * self.sees_bass
        if self.streams:
            parts = [drums] * self.sees_drums + [pitches] * self.sees_bass
            rows += [kept(part, lag) for part in parts for lag in (1, BAR_STEPS)]
        seen = [self.rows(self._bars(torch.cat(rows, 2)))]
        if self.sees_bass:
            seen.append(self.pitches(self._bars(pitches)))
        return self.phrase(self.time(torch.cat(seen, 2)).unflatten(0, (-1, self.bars)))[:, 0]

    def _bars(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(1, (self.bars, BAR_STEPS)).flatten(0, 1)


def kept(x: torch.Tensor, lag: int) -> torch.Tensor:
    """Return how many cells sound as they did some steps before, (batch, step, row) to (batch, step, 1).

    Steps that have none so far before them are compared with the end: a loop begins again there.
    """
    return (x * x.roll(lag, 1)).sum(2, keepdim=True)


class Discriminator(nn.Module):
    """Both discriminators: (batch, 58, step) to (batch, 2), the scores of `PARTS`."""

    def __init__(self, config: LoopGANConfig) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({part: PartDiscriminator(config, part) for part in PARTS})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Judge rolls."""
        return torch.stack([part(x) for part in self.parts.values()], 1)


def fire(logits: torch.Tensor, neurons: str) -> torch.Tensor:
    """Return what the discriminators see of logits: probabilities, or 0 and 1 with the probabilities' gradient.

    Parameters
    ----------
    logits : tensor (batch, 58, step)
    neurons : str
        ``sigmoid``; ``bernoulli``, which draws each cell with torch's own generator; or ``threshold``: one half, and
        one note of the bass at most, since a rest and the pitches are classes of one softmax.

    Notes
    -----
    Dong and Yang 2018 ("Convolutional generative adversarial networks with binary neurons for polyphonic music
    generation"), section 2: straight-through estimators.
    """
    logits = logits.float()
    probability = torch.sigmoid(logits)
    if neurons == "sigmoid":
        return probability
    if neurons == "bernoulli":
        cells = probability.detach() > torch.rand_like(probability)
    else:
        cells = likely_cells(logits.detach())
        # With the logit 0 for a rest the most probable class is the pitch above one half, or the rest.
        drums, pitches, strikes = logits.split([DRUM_ROWS, BASS_PITCHES, 1], 1)
        chances = torch.softmax(functional.pad(pitches, (0, 0, 0, 1)), 1)[:, :-1]
        probability = torch.cat([torch.sigmoid(drums), chances, torch.sigmoid(strikes)], 1)
    return probability + (cells.float() - probability).detach()
