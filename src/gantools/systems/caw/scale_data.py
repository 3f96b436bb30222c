"""What a scale learns from: the clips at its rate, their holes, and what the scales below make of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import torch

from gantools.runtime.seeds import item_seed
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.drafts import Drafts
from gantools.systems.caw.rates import bands, clip_length, noise_amplitude, resample_clip, scale_energy, upsample
from gantools.systems.caw.sampler import Sampler
from gantools.systems.caw.stack import Stack, noise_block

#: Samples around a hole that resampling smears it into.
_SMEAR_SAMPLES = 8
#: Fixed draws of each kind for validation and calibration.
_FIXED_DRAWS = 4


@dataclass(frozen=True)
class ScaleData:
    """One scale's share of the training clips.

    Parameters
    ----------
    rate_hz : int
    real : list of Tensor
        (channels, n) of each clip, mid and side where stereo.
    rec_previous, rec_noise : list of Tensor
        (channels, n): reconstruction of the scale below at this rate, and the fixed noise that is added to it.
    valid : list of Tensor or None
        (1, n): 0 in holes; None where there are none.
    amplitude : Tensor
        (channels, 1): factor of the noise of draws.
    clip_bands : list of Tensor, optional
        (channels, n) of each clip, where the model starts from drafts: what it has at this rate and not below. It is in
        `rec_previous` already.
    """

    rate_hz: int
    real: list[torch.Tensor]
    rec_previous: list[torch.Tensor]
    rec_noise: list[torch.Tensor]
    valid: list[torch.Tensor] | None
    amplitude: torch.Tensor
    clip_bands: list[torch.Tensor] | None = None

    @property
    def lengths(self) -> list[int]:
        """Samples of each clip."""
        return [real.shape[-1] for real in self.real]

    def stretches(self) -> list[torch.Tensor]:
        """Return the clips without their holes: what statistics may be taken from."""
        if self.valid is None:
            return self.real
        pieces = []
        for real, valid in zip(self.real, self.valid, strict=True):
            edges = torch.nonzero(valid[0, 1:] != valid[0, :-1]).flatten() + 1
            cuts = [0, *edges.tolist(), real.shape[-1]]
            pieces += [real[:, a:b] for a, b in itertools.pairwise(cuts) if valid[0, a] > 0]
        return pieces


def prepare(
    clips: list[np.ndarray],
    clip_rate_hz: int,
    rate_hz: int,
    below: Stack | None,
    config: CawConfig,
    device: torch.device,
) -> ScaleData:
    """Bring the clips to the rate of a scale, and find its noise.

    Parameters
    ----------
    clips : list of ndarray
        (channels, n) at `clip_rate_hz`, mid and side, holes filled with zeros.
    clip_rate_hz, rate_hz : int
    below : Stack or None
        The finished scales below.
    config : CawConfig
    device : torch.device

    Notes
    -----
    The noise is 1 in the coarsest scale. Above it is 0.01 sqrt(E_k - E_{k-1}) with the energies of the real signals,
    except in the second scale of a model of music, where it is the standard deviation of the upsampled reconstruction:
    these two scales carry nearly all variety (appendix A, and the authors' program). A model that starts from drafts
    has no noise: what is new comes from the draft.
    """
    # Each scale is resampled from the clip itself, not from the scale above: errors do not add up.
    real = [torch.from_numpy(resample_clip(clip, clip_rate_hz, rate_hz)).to(device) for clip in clips]
    valid = hole_masks(config, rate_hz, [r.shape[-1] for r in real], device)
    if config.start == "patches":
        return _prepare_for_drafts(real, clips, clip_rate_hz, rate_hz, below, config)
    # The coarsest scale starts from noise alone. Every other one starts from the reconstruction of the scale below, and
    # has the noise of draws from the energy that it adds.
    if below is None:
        amplitude = torch.ones(config.channels, 1, device=device)
        rec_previous = [torch.zeros_like(r) for r in real]
    else:
        rec_previous = [
            upsample(rec, below.rates_hz[-1], rate_hz, r.shape[-1])
            for rec, r in zip(_reconstructions(below, clips, clip_rate_hz, config), real, strict=True)
        ]
        if len(below.scales) == 1 and config.conditional_noise:
            amplitude = config.second_noise * torch.cat(rec_previous, -1).std(-1, keepdim=True)
        else:
            lower = [resample_clip(clip, clip_rate_hz, below.rates_hz[-1]) for clip in clips]
            energies = [scale_energy(np.concatenate(s, -1)) for s in ([r.cpu().numpy() for r in real], lower)]
            level = noise_amplitude(energies[0], energies[1], config.noise_factor)
            amplitude = torch.full((config.channels, 1), level, device=device)
    # z*: what the scales must turn into the clip. Above the coarsest one it is zero, but in holes, where nothing is
    # known, as strong as the noise of draws.
    rec_noise = [fixed_noise(config, index, rate_hz, r, below is None) for index, r in enumerate(real)]
    if valid is not None and below is not None:
        rec_noise = [n * amplitude * (1.0 - v) for n, v in zip(rec_noise, valid, strict=True)]
    return ScaleData(rate_hz, real, rec_previous, rec_noise, valid, amplitude)


def _prepare_for_drafts(
    real: list[torch.Tensor],
    clips: list[np.ndarray],
    clip_rate_hz: int,
    rate_hz: int,
    below: Stack | None,
    config: CawConfig,
) -> ScaleData:
    """Return what a scale learns from where draws start from drafts: the clip must come out as it is, without noise."""
    rates_hz = (*(below.rates_hz if below else ()), rate_hz)
    every = [
        [band.to(r) for band in bands(clip, clip_rate_hz, rates_hz, clip.shape[-1] / clip_rate_hz)]
        for clip, r in zip(clips, real, strict=True)
    ]
    own = [found[-1] for found in every]
    rec_previous = own
    if below is not None:
        lower = [below.restore([band[None] for band in found[:-1]])[0] for found in every]
        rec_previous = [
            upsample(rec, rates_hz[-2], rate_hz, band.shape[-1]) + band for rec, band in zip(lower, own, strict=True)
        ]
    still = [torch.zeros_like(r) for r in real]
    silent = torch.zeros(config.channels, 1, device=real[0].device)
    return ScaleData(rate_hz, real, rec_previous, still, None, silent, own)


def fixed_noise(config: CawConfig, clip: int, rate_hz: int, like: torch.Tensor, coarsest: bool) -> torch.Tensor:
    """Return the fixed noise of a clip (z* in the paper): normal in the coarsest scale, and where there are holes."""
    if not coarsest and not config.holes:
        return torch.zeros_like(like)
    seed = item_seed(config.seed, "reconstruction", clip)
    return noise_block(seed, rate_hz, 0, like.shape[-1], like.shape[0]).to(like)


@torch.no_grad()
def _reconstructions(below: Stack, clips: list[np.ndarray], clip_rate_hz: int, config: CawConfig) -> list[torch.Tensor]:
    """Return what the scales below make of the fixed noise of each clip; the first one's is stored in them."""
    result = [below.reconstruct()[0]]
    for index, clip in enumerate(clips[1:], start=1):
        signal: torch.Tensor | None = None
        for level, scale in enumerate(below.scales):
            length = clip_length(clip.shape[-1] / clip_rate_hz, scale.rate_hz)
            previous = below.raise_to(level, signal, length)
            noise = fixed_noise(config, index, scale.rate_hz, previous[0], level == 0)
            signal = scale.run(previous, noise[None], equalise=False)
        assert signal is not None
        result.append(signal[0])
    return result


def hole_masks(config: CawConfig, rate_hz: int, lengths: list[int], device: torch.device) -> list[torch.Tensor] | None:
    """Return (1, n) masks, 0 in the holes of the first clip, or None when there are none."""
    holes = config.hole_seconds()
    if not holes:
        return None
    masks = [torch.ones(1, length, device=device) for length in lengths]
    for start, end in holes:
        first = max(0, int(start * rate_hz) - _SMEAR_SAMPLES)
        masks[0][:, first : int(end * rate_hz) + 1 + _SMEAR_SAMPLES] = 0.0
    return masks


@dataclass
class CoarserDraws:
    """Draws of the scales below, at the rate of this scale: the input of its generator.

    A pool keeps `config.pool` of them, and replaces one every `config.pool_refresh` steps, in turn. Which draw a step
    gets is a function of (seed, step), so that a resumed run makes the same ones again. With `drafts` there are few,
    made once, and the draws are what the scales below make of them.
    """

    below: Stack | None
    rate_hz: int
    channels: int
    seconds: list[float]
    config: CawConfig
    device: torch.device
    drafts: Drafts | None = None
    _kept: dict[tuple[int, str, int], tuple[int, torch.Tensor]] = field(default_factory=dict)
    _sampler: Sampler | None = None

    def at_step(self, step: int, clip: int, item: int) -> torch.Tensor:
        """Return the input (channels, n) of an item of the batch, as long as the clip."""
        if not self.config.pool:
            return self._fresh(clip, "step", step, item)
        # The pool spares the scales below: a step takes one of the kept draws, and its age tells how often the slot has
        # been replaced by then. Both follow from the step, so that a resumed run needs no stored pool.
        random = torch.Generator().manual_seed(item_seed(self.config.seed, "slot", self.rate_hz, step, item))
        slot = int(torch.randint(self.config.pool, (), generator=random))
        replaced = step // self.config.pool_refresh
        return self._keep(clip, "pool", slot, max(0, -(-(replaced - slot) // self.config.pool)))

    def kept(self, clip: int, name: str, index: int) -> torch.Tensor:
        """Return one of a few fixed draws: the noise that is added to it makes it new."""
        return self._keep(clip, name, index % _FIXED_DRAWS, 0)

    def _keep(self, clip: int, name: str, slot: int, age: int) -> torch.Tensor:
        """Return the draw of a slot, made anew where it has another age."""
        found = self._kept.get((clip, name, slot))
        if found is None or found[0] != age:
            found = age, self._fresh(clip, name, slot, age)
            self._kept[clip, name, slot] = found
        return found[1]

    def _fresh(self, clip: int, name: str, first: int, second: int) -> torch.Tensor:
        """Draw from the scales below, from a seed of these names, and bring the draw to the rate of this scale."""
        seconds = self.seconds[clip]
        length = clip_length(seconds, self.rate_hz)
        bands: list[torch.Tensor] | None = None
        if self.drafts is not None:
            index = (first + second) % self.config.drafts
            bands = [band.to(self.device) for band in self.drafts.keep(seconds, self.config.seed, clip, index)]
        if self.below is None:
            return bands[0] if bands else torch.zeros(self.channels, length, device=self.device)
        seed = item_seed(self.config.seed, "below", self.rate_hz, clip, name, first, second)
        if self._sampler is None:
            self._sampler = Sampler(self.below)
        drawn = self._sampler.draw([seed], seconds, bands)[0]
        raised = upsample(drawn, self.below.rates_hz[-1], self.rate_hz, length)
        return raised + bands[len(self.below.scales)] if bands else raised
