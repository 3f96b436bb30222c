"""How close separated stems are to the true ones: SDR and SI-SDR in dB.

No figure here allows a filter between estimate and reference, as the BSS Eval of older tables does (`museval`,
`mir_eval`): what is missing or delayed counts as error. Silent references have no ratio; they are left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gantools.errors import InputError

_BLOCK = 1 << 20
#: Mean square below which a reference is silent: -80 dB of full scale.
SILENCE = 1e-8
#: What an estimate without any error gets.
HIGHEST_DB = 200.0


@dataclass(frozen=True)
class StemScore:
    """Figures of one stem of one song; None where the reference is silent.

    Attributes
    ----------
    sdr_db : float or None
        SDR over the whole song.
    si_sdr_db : float or None
        Scale-invariant SDR over the whole song.
    chunk_sdr_db : float or None
        Median of the SDR over chunks of a second whose reference is not silent.
    chunks, silent_chunks : int
        Chunks in all, and those left out.
    """

    sdr_db: float | None
    si_sdr_db: float | None
    chunk_sdr_db: float | None
    chunks: int
    silent_chunks: int


def _products(reference: np.ndarray, estimate: np.ndarray) -> tuple[float, float, float, float]:
    """Return <s, s>, <s, e>, <e, e> and |s - e|^2 over channels and time, in float64."""
    if reference.shape != estimate.shape or reference.ndim != 2:
        raise InputError(
            f"stems of shapes {reference.shape} and {estimate.shape} cannot be compared; both must be (channels, n)"
        )
    sums = np.zeros(4)
    for start in range(0, reference.shape[1], _BLOCK):
        s = reference[:, start : start + _BLOCK].astype(np.float64)
        e = estimate[:, start : start + _BLOCK].astype(np.float64)
        sums += [np.vdot(s, s), np.vdot(s, e), np.vdot(e, e), np.sum(np.square(s - e))]
    if not np.isfinite(sums).all():
        raise InputError("a stem holds NaN or infinite samples")
    return float(sums[0]), float(sums[1]), float(sums[2]), float(sums[3])


def _is_silent(energy: float, reference: np.ndarray) -> bool:
    return energy <= SILENCE * max(1, reference.size)


def _ratio_db(signal: float, error: float) -> float:
    if signal <= 0:
        return -HIGHEST_DB
    if error <= signal * 10 ** (-HIGHEST_DB / 10):
        return HIGHEST_DB
    return max(-HIGHEST_DB, 10 * math.log10(signal / error))


def sdr_db(reference: np.ndarray, estimate: np.ndarray) -> float | None:
    """Return the signal-to-distortion ratio 10 log10(|s|^2 / |s - e|^2) over all channels and samples.

    Parameters
    ----------
    reference, estimate : numpy.ndarray
        (channels, n).

    Returns
    -------
    float or None
        In dB, at most 200; None for a silent reference (below -80 dB of full scale).

    Raises
    ------
    InputError
        Shapes differ, or values are not finite.

    Notes
    -----
    The "global SDR" of the Music Demixing Challenge (Mitsufuji et al. 2022, equation 1), also called uSDR. An estimate
    of silence has 0 dB.
    """
    signal, _, _, error = _products(reference, estimate)
    return None if _is_silent(signal, reference) else _ratio_db(signal, error)


def si_sdr_db(reference: np.ndarray, estimate: np.ndarray) -> float | None:
    """Return the scale-invariant SDR, 10 log10(|a s|^2 / |a s - e|^2) with a = <e, s> / |s|^2.

    The channels share one scale, so that a changed balance counts as error; means are not removed. Parameters, result
    and errors as in `sdr_db`. An estimate that has nothing of the reference, silence too, has -200 dB.

    Notes
    -----
    Le Roux, Wisdom, Erdogan and Hershey 2019, "SDR - half-baked or well done?", equation 5.
    """
    signal, cross, own, _ = _products(reference, estimate)
    if _is_silent(signal, reference):
        return None
    # |a s|^2 = <e, s>^2 / |s|^2, and the rest of e is orthogonal to s.
    target = cross * cross / signal
    return _ratio_db(target, max(own - target, 0.0))


def chunk_sdr_db(
    reference: np.ndarray, estimate: np.ndarray, rate_hz: int, chunk_s: float = 1.0
) -> tuple[float | None, int, int]:
    """Return the median SDR over chunks, the number of chunks, and how many were left out as silent.

    Parameters
    ----------
    reference, estimate : numpy.ndarray
        (channels, n).
    rate_hz : int
    chunk_s : float
        Chunks follow one another; a shorter rest is left out, unless it is all there is.

    Notes
    -----
    The windows and the median are those of museval (Stoter et al. 2018); its projection on filtered references is not
    done, so figures are lower than its own.
    """
    size = max(1, round(chunk_s * rate_hz))
    count = max(1, reference.shape[1] // size)
    pieces = [slice(i * size, (i + 1) * size) for i in range(count)]
    found = [sdr_db(reference[:, piece], estimate[:, piece]) for piece in pieces]
    heard = [value for value in found if value is not None]
    return (float(np.median(heard)) if heard else None), count, count - len(heard)


def score_stems(
    references: Mapping[str, np.ndarray], estimates: Mapping[str, np.ndarray], rate_hz: int
) -> dict[str, StemScore]:
    """Return the figures of every stem of a song.

    Parameters
    ----------
    references, estimates : mapping
        Role -> (channels, n); every reference needs an estimate.
    rate_hz : int

    Raises
    ------
    InputError
        A stem is missing, shapes differ, or values are not finite.
    """
    scores = {}
    for role, reference in references.items():
        if role not in estimates:
            raise InputError(f"no estimate of the {role}; there are {', '.join(estimates)}")
        estimate = estimates[role]
        median, chunks, silent = chunk_sdr_db(reference, estimate, rate_hz)
        scores[role] = StemScore(sdr_db(reference, estimate), si_sdr_db(reference, estimate), median, chunks, silent)
    return scores


def mean_over_stems(values: Mapping[str, float | None]) -> float | None:
    """Return the mean of the figures that there are; None where there are none."""
    there = [value for value in values.values() if value is not None]
    return sum(there) / len(there) if there else None
