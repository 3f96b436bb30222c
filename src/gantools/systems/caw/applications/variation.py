"""Variations: the low band of a recording stays, what is above it is generated (Greshler et al. 2021, section 4)."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gantools.errors import ConfigError
from gantools.systems.caw.applications.source import SourceAudio
from gantools.systems.caw.sampler import DraftSource, NoiseSource, Sampler, fresh_noise
from gantools.systems.caw.stack import Stack


def scale_at(stack: Stack, at_hz: int) -> int:
    """Return the index of the scale that a source stands for; 0 Hz is the coarsest.

    Raises
    ------
    ConfigError
        There is no scale of this rate with one above it.
    """
    below = stack.rates_hz[:-1]
    if not below:
        raise ConfigError("the model has only one scale; train it on")
    if not at_hz:
        return 0
    if at_hz not in below:
        raise ConfigError(f"--at-hz {at_hz}: the model has scales at {', '.join(map(str, below))} Hz; take one of them")
    return below.index(at_hz)


def vary(
    sampler: Sampler,
    source: SourceAudio,
    seed: int,
    *,
    at: int = 0,
    strength: float = 1.0,
    gain: float = 1.0,
    draft: DraftSource | None = None,
) -> Iterator[torch.Tensor]:
    """Yield a variation of a recording piece by piece, (1, channels, n) at the model's rate, as long as the recording.

    The recording, resampled to the rate of scale `at`, replaces what this scale and those below generate. Only the
    noise above it makes one variation differ from another.

    Parameters
    ----------
    sampler : Sampler
    source : SourceAudio
    seed : int
    at : int
        Index of the scale that the recording stands for.
    strength : float
        Factor of the noise of the scale above.
    gain : float
        Brings the recording to the loudness of the training clip.
    draft : callable, optional
        Bands of the recording, for a model that starts from drafts.
    """
    stack = sampler.stack
    lengths = stack.lengths(source.seconds)
    strengths = [1.0] * len(lengths)
    strengths[at + 1] = strength
    noise: NoiseSource = fresh_noise(stack, [seed], strengths)
    below = (x.to(stack.device) for x in source.signals(stack.rates_hz[at], lengths[at], stack.channels, gain))
    return sampler.stream(noise, lengths, first=at + 1, below=below, draft=draft)
