"""Joining pieces of a recording without clicks: cross-fades that keep the power, at the place where waveforms agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft


def cross_fade(ending: np.ndarray, beginning: np.ndarray) -> np.ndarray:
    """Fade from one piece to another over their whole length, with the power of the two at every moment.

    Gains g and h with h = 1 - g are right for equal waveforms and 3 dB too quiet in the middle for independent ones.
    Here both are divided by sqrt(g^2 + h^2 + 2 r g h), r being the correlation of the pieces, so that the power stays
    whatever r is. Waveforms in opposite phase (r < 0) count as independent: nothing can save them.

    Parameters
    ----------
    ending, beginning : float32 arrays (channels, n)

    Returns
    -------
    float32 array (channels, n)
    """
    n = ending.shape[1]
    if n == 0:
        return np.zeros_like(ending)
    # With silence there is no correlation: 1 leaves the plain gains g and 1 - g.
    power = float(np.vdot(ending, ending)) * float(np.vdot(beginning, beginning))
    correlation = max(0.0, float(np.vdot(ending, beginning)) / np.sqrt(power)) if power > 0 else 1.0
    position = (np.arange(n) + 0.5) / n
    rise = 0.5 - 0.5 * np.cos(np.pi * position)
    scale = 1 / np.sqrt(rise**2 + (1 - rise) ** 2 + 2 * correlation * rise * (1 - rise))
    return (ending * ((1 - rise) * scale) + beginning * (rise * scale)).astype(np.float32)


def agreements(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return how well a piece agrees with what stands in `source` at each shift, as a correlation.

    Parameters
    ----------
    target : float32 array (channels, n)
    source : float32 array (channels, n + reach)

    Returns
    -------
    float64 array (reach + 1,)
        0 where either is empty or silent.
    """
    n, reach = target.shape[1], source.shape[1] - target.shape[1]
    if n == 0:
        return np.zeros(reach + 1)
    size = fft.next_fast_len(source.shape[1], real=True)
    spectrum = fft.rfft(source, size) * np.conj(fft.rfft(target, size))
    # Correlation at each shift, summed over channels. Up to `reach` the target lies inside: nothing wraps around.
    products = fft.irfft(spectrum.sum(0), size)[: reach + 1]
    energy = np.concatenate([[0.0], np.cumsum(np.square(source, dtype=np.float64).sum(0))])
    energy = np.maximum(energy[n:] - energy[:-n], 0.0)
    # Agreement is measured against the louder of the two: a quiet place fits nothing.
    own = float(np.square(target, dtype=np.float64).sum())
    return np.asarray(products / np.sqrt(np.maximum(energy, 0.1 * own + 1e-12) * (own + 1e-12)))


def settled(
    clip: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    fade: int,
    align: int,
    merit: Callable[[int, int, int], np.ndarray] | None = None,
) -> np.ndarray:
    """Return where pieces begin so that each agrees best with what it is faded from, for `chain`.

    Parameters
    ----------
    clip : float32 array (channels, n)
    starts, lengths : int64 arrays (pieces,)
        In samples.
    fade : int
        Length of a fade, see `chain`.
    align : int
        A piece may begin up to so many samples earlier or later. Neighbours in the clip stay as they are.
    merit : callable, optional
        What speaks for each shift of a piece besides the agreement, which is a correlation: of its start in the clip,
        its place in the chain and its length to an array (2 * align + 1,). It also moves the first piece.

    Returns
    -------
    int64 array (pieces,)
    """
    away = 0.1 * np.abs(np.arange(-align, align + 1)) / max(align, 1)
    found, at, expected = [], 0, -1
    for index, (start, length) in enumerate(
        zip(np.asarray(starts).tolist(), np.asarray(lengths).tolist(), strict=True)
    ):
        if align and start != expected and (index or merit):
            gain = -away
            if index:
                half = min(fade, length, int(lengths[index - 1])) // 2
                near = cut(clip, start - half - align, 2 * (half + align))
                gain = gain + agreements(cut(clip, expected - half, 2 * half), near)
            if merit:
                gain = gain + merit(start, at, length)
            start += int(np.argmax(gain)) - align
        found.append(start)
        at += length
        expected = start + length
    return np.array(found, np.int64)


def chain(clip: np.ndarray, starts: np.ndarray, lengths: np.ndarray, fade: int) -> np.ndarray:
    """Play pieces of a clip one after the other, each cross-faded into the next.

    A piece is heard from `fade` / 2 samples before its place to as many after its end, so that the pieces keep their
    lengths and the middle of a fade is the seam. Beyond the ends of the clip there is silence. Neighbours in the clip
    that are played in a row are not faded: they come out sample by sample.

    Parameters
    ----------
    clip : float32 array (channels, n)
    starts, lengths : int64 arrays (pieces,)
        In samples; see `settled` for starts at which waveforms agree.
    fade : int
        Length of a fade; shortened to the shorter of two neighbours.

    Returns
    -------
    float32 array (channels, sum of lengths)
    """
    total = int(np.sum(lengths))
    out = np.zeros((clip.shape[0], total), np.float32)
    at, expected = 0, -1
    for index, (start, length) in enumerate(
        zip(np.asarray(starts).tolist(), np.asarray(lengths).tolist(), strict=True)
    ):
        # A seam: the piece before is played on beyond its end, this one begins before its start, and over that time one
        # is faded into the other. What is half a fade inside is copied as it is.
        if index and start != expected:
            half = min(fade, length, int(lengths[index - 1])) // 2
            faded = cross_fade(cut(clip, expected - half, 2 * half), cut(clip, start - half, 2 * half))
            room = faded[:, : total - at + half]
            out[:, at - half : at - half + room.shape[1]] = room
            out[:, at + half : at + length] = cut(clip, start + half, length - half)
        else:
            out[:, at : at + length] = cut(clip, start, length)
        at += length
        expected = start + length
    return out


def cut(clip: np.ndarray, start: int, length: int) -> np.ndarray:
    """Return `length` samples from `start`, with silence beyond the ends."""
    n = clip.shape[1]
    if start >= 0 and start + length <= n:
        return clip[:, start : start + length]
    out = np.zeros((clip.shape[0], length), np.float32)
    first, last = max(start, 0), min(start + length, n)
    if last > first:
        out[:, first - start : last - start] = clip[:, first:last]
    return out
