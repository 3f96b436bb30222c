"""Bandwidth extension: the given band stays, the band above it is generated (Greshler et al. 2021, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from gantools.audio.io import read_audio
from gantools.audio.midside import from_mid_side, to_mid_side
from gantools.errors import ConfigError, InputError
from gantools.systems.caw.applications.source import SourceAudio
from gantools.systems.caw.rates import resample_clip
from gantools.systems.caw.sampler import Filter, Sampler, filter_taps, fresh_noise
from gantools.systems.caw.stack import Stack

#: The cross-fade ends at the edge and is so wide, or this share of the edge: resampling bends what is closer to it.
FADE_HZ, FADE_SHARE = 400.0, 0.1
_TAPS = 4097
_LSD_WINDOW, _LSD_FLOOR = 2048, 1e-10


@dataclass(frozen=True)
class Extension:
    """A recording and the place in the stack from which it is extended.

    Parameters
    ----------
    source : SourceAudio
    at_hz : int
        Rate up to which the source is good: its band ends at half of it.
    below : int
        Index of the scale that the source stands for.
    gain : float
        Brings the source to the loudness of the training clip.
    """

    source: SourceAudio
    at_hz: int
    below: int
    gain: float


def place_source(stack: Stack, source: SourceAudio, at_hz: int, gain: float) -> Extension:
    """Return where a source enters the stack: at the first scale above its rate.

    Raises
    ------
    InputError
        Its rate is below the coarsest scale's, or not below the highest.
    ConfigError
        `at_hz` is above the rate of the source.
    """
    if at_hz > source.rate_hz:
        raise ConfigError(f"--at-hz {at_hz} is above the rate of the source, {source.rate_hz} Hz")
    at_hz = at_hz or source.rate_hz
    top_hz = stack.rates_hz[-1]
    if at_hz >= top_hz:
        raise InputError(
            f"has {at_hz} Hz and the model {top_hz}: nothing is missing; "
            "where its band ends earlier, tell the rate that it is good for with --at-hz"
        )
    known = [index for index, rate in enumerate(stack.rates_hz) if rate <= at_hz]
    if not known:
        raise InputError(f"has {at_hz} Hz, below the model's coarsest scale of {stack.rates_hz[0]}")
    return Extension(source, at_hz, known[-1], gain)


def extend(sampler: Sampler, extension: Extension, seed: int) -> Iterator[np.ndarray]:
    """Yield the recording with its new high band, float32 (channels, n) at the model's rate, at its own level.

    A model of one channel extends each channel of the recording for itself, with the same noise.
    """
    stack, source = sampler.stack, extension.source
    lengths, top_hz = stack.lengths(source.seconds), stack.rates_hz[-1]
    split = stack.channels == 1 and source.channels > 1
    batch = source.channels if split else 1
    below = _signals(stack, extension, lengths[extension.below], split)
    noise = fresh_noise(stack, [seed] * batch)
    made = sampler.stream(noise, lengths, batch, first=extension.below + 1, below=below, equalise=False)
    high = (_waves(signals.cpu(), split) / np.float32(extension.gain) for signals in made)
    low = _as_wide(source.waves(top_hz, lengths[-1]), stack, split)
    return stitch(low, high, lengths[-1], extension.at_hz / 2, top_hz)


def _signals(stack: Stack, extension: Extension, length: int, split: bool) -> Iterator[torch.Tensor]:
    """Yield the recording as the signal of the scale that it stands for; split, its channels are the batch."""
    rate_hz = stack.rates_hz[extension.below]
    if not split:
        for signals in extension.source.signals(rate_hz, length, stack.channels, extension.gain):
            yield signals.to(stack.device)
        return
    for wave in extension.source.waves(rate_hz, length):
        yield torch.from_numpy(wave[:, None] * np.float32(extension.gain)).to(stack.device)


def _waves(signals: torch.Tensor, split: bool) -> np.ndarray:
    """Return a piece (channels, n) of what the model has made."""
    return (signals[:, 0] if split else from_mid_side(signals)[0]).numpy()


def _as_wide(waves: Iterator[np.ndarray], stack: Stack, split: bool) -> Iterator[np.ndarray]:
    """Bring the recording to the channels of the result."""
    for wave in waves:
        if split or len(wave) == stack.channels:
            yield wave
        else:
            pair = torch.from_numpy(np.ascontiguousarray(wave[[0, min(1, len(wave) - 1)]]))
            yield from_mid_side(to_mid_side(pair)).numpy()


def stitch(
    low: Iterable[np.ndarray], high: Iterable[np.ndarray], length: int, edge_hz: float, rate_hz: int
) -> Iterator[np.ndarray]:
    """Join the band of one signal below an edge with that of another above it, piece by piece.

    Parameters
    ----------
    low, high : iterable of ndarray
        float32 (channels, n), `length` samples in all.
    length : int
    edge_hz : float
        Above it only `high` is heard; the weight of `low` falls linearly to 0 there, from 400 Hz or a tenth of the
        edge below it.
    rate_hz : int
    """
    taps = torch.from_numpy(crossover(edge_hz, rate_hz))[None].float()
    keep = Filter(lambda x: filter_taps(x, taps), 1, taps.shape[-1] - 1, taps.shape[-1] // 2)
    waiting: np.ndarray | None = None
    done = 0
    # high + H (low - high): one filter, and where both agree nothing changes.
    for below, above in zip(_equal_pieces(low), _equal_pieces(high), strict=True):
        done += above.shape[1]
        difference = torch.from_numpy(below - above)[:, None, None]
        kept = keep.push(difference, done == length)[:, 0, 0].numpy()
        waiting = above if waiting is None else np.concatenate([waiting, above], 1)
        ready = kept.shape[1]
        if ready:
            yield waiting[:, :ready] + kept
            waiting = waiting[:, ready:]


def _equal_pieces(blocks: Iterable[np.ndarray], size: int = 1 << 16) -> Iterator[np.ndarray]:
    """Yield the same signal (channels, n) in pieces of `size` samples, the last one shorter."""
    kept: list[np.ndarray] = []
    for block in blocks:
        kept.append(block)
        if sum(part.shape[1] for part in kept) >= size:
            joined = np.concatenate(kept, 1)
            whole = joined.shape[1] // size * size
            yield from (joined[:, start : start + size] for start in range(0, whole, size))
            kept = [joined[:, whole:]]
    joined = np.concatenate(kept, 1)
    if joined.shape[1]:
        yield joined


def crossover(edge_hz: float, rate_hz: int) -> np.ndarray:
    """Return the taps of a filter that passes what is below an edge, linear in frequency across the fade.

    A trapezoid in frequency is the product of two sincs in time; a window ends it.
    """
    width_hz = min(max(FADE_HZ, FADE_SHARE * edge_hz), edge_hz)
    centre_hz = edge_hz - width_hz / 2
    n = np.arange(_TAPS) - _TAPS // 2
    ideal = 2 * centre_hz / rate_hz * np.sinc(2 * centre_hz * n / rate_hz) * np.sinc(width_hz * n / rate_hz)
    taps = ideal * np.kaiser(_TAPS, 8.0)
    return np.asarray(taps / taps.sum())


def log_spectral_distance(wave: np.ndarray, reference: np.ndarray) -> float:
    """Return the log-spectral distance of two equally long signals (n,).

    The root of the mean over bins of the squared difference of ln power, averaged over Hann windows of 2048 samples
    that do not overlap (Greshler et al. 2021, appendix; a floor of 1e-10 keeps silence finite).
    """
    spectra = []
    for signal in (wave, reference):
        frames = np.asarray(signal[: len(signal) // _LSD_WINDOW * _LSD_WINDOW], np.float64).reshape(-1, _LSD_WINDOW)
        power = np.abs(np.fft.rfft(frames * np.hanning(_LSD_WINDOW), axis=1)) ** 2
        spectra.append(np.log(power + _LSD_FLOOR))
    return float(np.mean(np.sqrt(np.mean(np.square(spectra[0] - spectra[1]), axis=1))))


def signal_to_noise_db(wave: np.ndarray, reference: np.ndarray) -> float:
    """Return 10 log10 of the energy of the reference over that of the difference."""
    reference = np.asarray(reference, np.float64)
    noise = float(np.square(wave - reference).sum())
    return float(10 * np.log10(max(float(np.square(reference).sum()), 1e-20) / max(noise, 1e-20)))


def compare(made: np.ndarray, plain: np.ndarray, reference: str, rate_hz: int) -> dict[str, float]:
    """Return distance and signal-to-noise ratio of a result and of plain resampling against the true recording."""
    wave, true_hz = read_audio(reference)
    true = resample_clip(wave.mean(0, keepdims=True), true_hz, rate_hz)[0]
    size = min(len(true), len(made))
    if size < len(made) - rate_hz // 10:
        raise InputError(f"is shorter than the source: {size / rate_hz:.2f} s", reference)
    figures: dict[str, float] = {}
    for name, signal in (("", made), ("plain_", plain)):
        figures[f"{name}lsd"] = round(log_spectral_distance(signal[:size], true[:size]), 3)
        figures[f"{name}snr_db"] = round(signal_to_noise_db(signal[:size], true[:size]), 2)
    return figures
