"""Inpainting: holes of the training clip filled with what the model makes there (Greshler et al. 2021, section 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from gantools.audio.midside import from_mid_side
from gantools.audio.resample import resample
from gantools.systems.caw.model import CawModel
from gantools.systems.caw.sampler import NoiseSource, Sampler
from gantools.systems.caw.scale_data import hole_masks
from gantools.systems.caw.stack import noise_block

#: Longest cross-fade at each end of a hole.
_FADE_SECONDS = 0.03


@dataclass(frozen=True, eq=False)
class Filling:
    """What is put into a hole, with its surroundings for the cross-fade.

    Parameters
    ----------
    start : int
        First sample of the hole.
    made : ndarray
        float32 (channels, before + n + behind): what the model makes of the hole and of its surroundings.
    before, behind : int
        Samples of the surroundings.
    """

    start: int
    made: np.ndarray
    before: int
    behind: int

    @property
    def stop(self) -> int:
        """First sample behind the hole."""
        return self.start + self.made.shape[1] - self.before - self.behind


def hole_noise(model: CawModel, seed: int) -> NoiseSource:
    """Return the noise of the reconstruction, with fresh noise of the trained amplitude in the holes."""
    stack = model.stack
    masks = {}
    for index, scale in enumerate(stack.scales):
        found = hole_masks(model.config, scale.rate_hz, [scale.reconstruction_noise.shape[-1]], stack.device)
        assert found is not None
        masks[index] = found[0]

    def noise(index: int, start: int, length: int) -> torch.Tensor:
        scale, outside = stack.scales[index], masks[index][:, start : start + length]
        fresh = noise_block(seed, scale.rate_hz, start, length, stack.channels).to(scale.amplitude) * scale.amplitude
        kept = scale.reconstruction_noise[:, start : start + length]
        return (kept * outside + fresh * (1 - outside))[None]

    return noise


def fill(model: CawModel, sampler: Sampler, seed: int) -> np.ndarray:
    """Return the whole reconstruction with new sound in the holes, float32 (channels, n), at the clip's own level."""
    signals = sampler.reconstruct(hole_noise(model, seed))
    return from_mid_side(signals)[0].cpu().numpy() * np.float32(model.peaks[0])


def cut_fillings(
    filled: np.ndarray, model: CawModel, rate_hz: int, channels: int, frames: int, start_seconds: float = 0.0
) -> list[Filling]:
    """Return what goes into the holes of a recording of another rate and number of channels.

    Parameters
    ----------
    filled : ndarray
        (channels, n), from `fill`.
    model : CawModel
    rate_hz, channels, frames : int
        Rate, channels and length of the recording.
    start_seconds : float
        Where in the recording the clip begins.
    """
    filled = resample(filled, model.rate_hz, rate_hz, quality="finest")
    if channels != len(filled):
        filled = filled.mean(0, keepdims=True) if channels == 1 else filled[np.arange(channels) % len(filled)]
    offset = round(start_seconds * rate_hz)
    filled = filled[:, : frames - offset]
    result = []
    for start_s, end_s in model.config.hole_seconds():
        start, stop = int(start_s * rate_hz), min(int(end_s * rate_hz) + 1, filled.shape[1])
        fade = min((stop - start + 1) // 2, round(_FADE_SECONDS * rate_hz))
        before, behind = min(fade, start), min(fade, filled.shape[1] - stop)
        made = filled[:, start - before : stop + behind].astype(np.float32)
        result.append(Filling(start + offset, made, before, behind))
    return result


def insert(recording: Iterable[np.ndarray], fillings: list[Filling]) -> Iterator[np.ndarray]:
    """Yield a recording (channels, n) block by block with its holes filled; outside them no sample changes.

    Where a hole begins and ends, what the recording has and the reconstruction lacks there is mirrored into the hole
    and faded out by half a Hann window: there is no step, nothing outside is touched, and a reconstruction that is
    right at the edges is left as it is.
    """
    reach = max((max(filling.before, filling.behind) for filling in fillings), default=0)
    kept: np.ndarray | None = None
    origin = 0
    for block in recording:
        kept = block.copy() if kept is None else np.concatenate([kept, block], 1)
        for filling in list(fillings):
            if filling.stop + filling.behind <= origin + kept.shape[1]:
                _fill(kept, origin, filling)
                fillings = [other for other in fillings if other is not filling]
        # A hole that is not complete yet waits with what is before it; else only what the next hole may mirror.
        waiting = min((filling.start - reach for filling in fillings), default=origin + kept.shape[1])
        ready = max(0, min(waiting - origin, kept.shape[1]))
        yield kept[:, :ready]
        kept, origin = kept[:, ready:], origin + ready
    if kept is not None:
        yield kept


def _fill(wave: np.ndarray, origin: int, filling: Filling) -> None:
    """Write a filling into a piece of the recording that begins at sample `origin`."""
    start, stop = filling.start - origin, filling.stop - origin
    size = stop - start
    inside = filling.made[:, filling.before : filling.before + size].copy()
    for length, outside, modelled, flip in (
        (filling.before, wave[:, start - filling.before : start], filling.made[:, : filling.before], False),
        (filling.behind, wave[:, stop : stop + filling.behind], filling.made[:, filling.before + size :], True),
    ):
        fade = np.square(np.cos(np.pi / 2 * (np.arange(length) + 0.5) / max(1, length)), dtype=np.float32)
        lacking = (outside - modelled)[:, ::-1]
        if flip:
            inside[:, size - length :] += lacking * fade[::-1]
        else:
            inside[:, :length] += lacking * fade
    wave[:, start:stop] = inside
