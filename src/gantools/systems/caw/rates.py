"""Which sampling rates a model has (Greshler et al. 2021, appendix A, and the authors' program); from rate to rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch

from gantools.audio.resample import resample
from gantools.parsing import rising_rates
from gantools.systems.caw.config import LEAST_RATE_HZ

#: The published list in Hz, and what follows it up to 44.1 kHz at similar steps.
PAPER_RATES_HZ = (320, 400, 500, 640, 800, 1000, 1280, 1600, 2000, 2500, 4000, 8000, 10000, 12000, 14400, 16000)
HIGHER_RATES_HZ = (20000, 25000, 32000, 40000, 44100)
OCTAVE_RATES_HZ = (500, 1000, 2000, 4000, 8000, 16000, 32000)
#: Speech begins here, and so does a clip of which no scale has enough energy.
SPEECH_HZ = 500
_THINNED_STEP = 1.6


@dataclass(frozen=True)
class RateChoice:
    """The rates that a model has, and those that it skips.

    Parameters
    ----------
    rates_hz : tuple of int
        Ascending; the last is the rate of the clip.
    skipped : dict
        Rates of the list that are not used, and why.
    """

    rates_hz: tuple[int, ...]
    skipped: dict[int, str] = field(default_factory=dict)


def list_rates(name: str, rate_hz: int) -> list[int]:
    """Return the candidates up to `rate_hz`, which is always the last.

    Parameters
    ----------
    name : str
        ``paper``; ``octaves`` from 500 Hz; ``thinned``: the paper's list without what is closer than needed for steps
        of at most 1.6; or rates in Hz, separated by commas.
    rate_hz : int
        Rate of the clip.

    Raises
    ------
    ConfigError
        The name is unknown, or the rates do not rise.
    """
    everything = [*PAPER_RATES_HZ, *HIGHER_RATES_HZ]
    if name == "paper":
        wanted = everything
    elif name == "octaves":
        wanted = list(OCTAVE_RATES_HZ)
    elif name == "thinned":
        wanted = _thinned([rate for rate in everything if rate <= rate_hz])
    else:
        wanted = rising_rates(LEAST_RATE_HZ)(name)
    return [rate for rate in wanted if rate < rate_hz] + [rate_hz]


def _thinned(rates: list[int]) -> list[int]:
    """Leave out each rate without which its neighbours are still close enough."""
    kept = [rates[0]]
    for index, rate in enumerate(rates[1:], start=1):
        last = index == len(rates) - 1
        if last or rates[index + 1] > _THINNED_STEP * kept[-1]:
            kept.append(rate)
    return kept


def choose_rates(
    clip: np.ndarray,
    rate_hz: int,
    name: str = "paper",
    *,
    speech: bool = False,
    least_energy: float = 0.0025,
    latest_start_hz: int = 0,
) -> RateChoice:
    """Choose where the coarsest scale begins, and return all scales from there.

    Music begins at the first rate at which the mean square of the clip, its peak being 1, is `least_energy`; below,
    there is nothing to learn. Speech begins at 500 Hz whatever its energy, and so does music that has no such rate.
    The rule is blind to peaks: hi-hats at full scale leave single hits so little energy that it can skip all scales but
    the last, whose 0.1 s of context know no rhythm. `latest_start_hz` ends it there.

    Parameters
    ----------
    clip : ndarray
        (n,): the clip at `rate_hz`, mono (mid), peak 1.
    rate_hz : int
    name : str
        See `list_rates`.
    speech : bool
    least_energy : float
    latest_start_hz : int
        Highest rate at which music begins whatever its energy; 0: none.

    Raises
    ------
    ConfigError
        See `list_rates`.
    """
    candidates = list_rates(name, rate_hz)
    if speech:
        return _from_500(candidates, "below 500 Hz, where speech begins")
    skipped: dict[int, str] = {}
    for index, rate in enumerate(candidates):
        energy = scale_energy(resample_clip(clip[None], rate_hz, rate))
        last = latest_start_hz and not any(later <= latest_start_hz for later in candidates[index + 1 :])
        if energy >= least_energy or last:
            return RateChoice(tuple(candidates[index:]), skipped)
        skipped[rate] = f"its energy {energy:.2g} is below {least_energy:g}"
    return _from_500(candidates, "below 500 Hz, where a clip begins of which no scale has enough energy")


def _from_500(candidates: list[int], reason: str) -> RateChoice:
    """Return the candidates from 500 Hz on, or the last one."""
    kept = [rate for rate in candidates if rate >= SPEECH_HZ] or candidates[-1:]
    return RateChoice(tuple(kept), {rate: reason for rate in candidates if rate < kept[0]})


def scale_energy(signal: np.ndarray) -> float:
    """Return the mean square of the first channel (mid) of (channels, n)."""
    return float(np.mean(np.square(signal[0], dtype=np.float64))) if signal.shape[-1] else 0.0


def noise_amplitude(energy: float, energy_below: float, factor: float = 0.01) -> float:
    """Return how strong a scale's noise is: 0.01 sqrt(max(0, E_k - E_{k-1})), from the energies of the real signals."""
    return factor * max(0.0, energy - energy_below) ** 0.5


_A = -0.5


def clip_length(seconds: float, rate_hz: int) -> int:
    """Return the samples of so many seconds at a rate, rounded."""
    return round(seconds * rate_hz)


def resample_clip(clip: np.ndarray, from_hz: int, to_hz: int, length: int | None = None) -> np.ndarray:
    """Return float32 (channels, n) at another rate, by a windowed sinc.

    Parameters
    ----------
    clip : ndarray
        (channels, n).
    from_hz, to_hz : int
    length : int, optional
        Samples of the result, cut or filled with zeros; rounded from the duration when left out.
    """
    if length is None:
        length = clip_length(clip.shape[-1] / from_hz, to_hz)
    wave = resample(clip.astype(np.float64), from_hz, to_hz, quality="finest").astype(np.float32)
    wave = wave[:, :length]
    return np.pad(wave, ((0, 0), (0, length - wave.shape[1])))


def cubic(distance: torch.Tensor) -> torch.Tensor:
    """Return Keys' kernel with a = -1/2 for distances of 0 to 2 samples."""
    near = (_A + 2) * distance**3 - (_A + 3) * distance**2 + 1
    far = _A * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(far)))


@lru_cache(maxsize=32)
def _taps(from_hz: int, to_hz: int, start: int, length: int, total: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return source indices and weights, (4, length) each, of output samples `start` to `start + length`."""
    output = torch.arange(start, start + length, dtype=torch.int64)
    # (i + 1/2) from / to - 1/2 in whole numbers, so that a sample has the same weights in every chunk.
    numerator = (2 * output + 1) * from_hz - to_hz
    floor = torch.div(numerator, 2 * to_hz, rounding_mode="floor")
    share = (numerator - floor * 2 * to_hz).double() / (2 * to_hz)
    offsets = torch.arange(-1, 3)[:, None]
    weights = cubic((share[None] - offsets).abs())
    indices = (floor[None] + offsets) % (2 * total)  # mirrored, with the border sample twice
    return torch.where(indices < total, indices, 2 * total - 1 - indices), weights.float()


def upsample(
    x: torch.Tensor,
    from_hz: int,
    to_hz: int,
    length: int,
    start: int = 0,
    *,
    origin: int = 0,
    total: int | None = None,
) -> torch.Tensor:
    """Return `length` samples at a higher rate, from output sample `start` on.

    Cubic interpolation (a = -1/2) at (i + 1/2) from/to - 1/2, borders mirrored. Each output sample depends on its index
    only, so that pieces put together equal the whole.

    Parameters
    ----------
    x : Tensor
        (..., n): source samples from `origin` on.
    from_hz, to_hz : int
        Rates.
    length, start : int
        Range of the output.
    origin : int
        Index of the first sample of x in the source.
    total : int, optional
        Samples of the whole source, where its border is; the end of x when left out.
    """
    indices, weights = _taps(from_hz, to_hz, start, length, origin + x.shape[-1] if total is None else total)
    if x.device.type != "cpu":
        indices, weights = indices.to(x.device), weights.to(x.device)
    result = torch.zeros(*x.shape[:-1], length, dtype=x.dtype, device=x.device)
    for index, weight in zip(indices, weights, strict=True):
        result.addcmul_(x[..., index - origin], weight.to(x.dtype))
    return result


def bands(signal: np.ndarray, from_hz: int, rates_hz: Sequence[int], seconds: float) -> list[torch.Tensor]:
    """Return what each scale has of a signal that the upsampled scale below has not; the coarsest has all of its rate.

    These are the bands of a Laplacian pyramid: upsampled and summed, coarsest first, they are the signal at any rate.

    Parameters
    ----------
    signal : ndarray
        (channels, n) at `from_hz`.
    from_hz : int
    rates_hz : sequence of int
        Ascending.
    seconds : float
        Length of the bands, which are cut or filled with zeros.

    Returns
    -------
    list of Tensor
        float32 (channels, n) at each rate.
    """
    result: list[torch.Tensor] = []
    below: torch.Tensor | None = None
    for index, rate_hz in enumerate(rates_hz):
        length = clip_length(seconds, rate_hz)
        whole = torch.from_numpy(resample_clip(signal, from_hz, rate_hz, length))
        result.append(whole if below is None else whole - upsample(below, rates_hz[index - 1], rate_hz, length))
        below = whole
    return result
