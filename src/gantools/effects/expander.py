"""Expander: where a stem is quiet, the stages before lift it no more than they lift its loud parts.

One filter for a whole stem lifts its rests, and the hiss under its notes, as much as its sound; a compressor that
lowers the loud parts lifts all others beside them. So each band is turned down again, to the rise of the loud parts,
where the stem is quiet or the band holds no more than its noise floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.effects.framing import change_spectra
from gantools.effects.noisefloor import QUIET_DB, BandLevels, loud_frames, noise_floor_db, quiet_frames

#: From quiet to this level against the loud frames, and over this range above the noise, a band gets its boost back.
_LOUD_DB, _KNEE_DB = -24.0, 8.0
_RELEASE_SECONDS = 0.1
#: Less than the first is not worth a pass; a band that loses more than the second stays off its target.
_NEGLIGIBLE_DB, _LEFT_DB = 0.5, 1.0
#: What lies this far under the loud frames counts as nothing, in power.
_NOTHING = 1e-13


@dataclass(frozen=True, eq=False)
class ExpansionPlan:
    """What an expander does.

    Attributes
    ----------
    gains_db : array (frames, bands) of float32
        0 or less.
    places : array (bins,) of float32
        Place of each bin among the bands, between whose gains is interpolated.
    n_fft : int
    floor_hz : list of pairs of float
        Stretches at their noise floor for so much of the time that they stay off their target.
    quiet_rise_db : pair of float or None
        See `quiet_rise_db`: without the expander, and with it.
    """

    gains_db: np.ndarray
    places: np.ndarray
    n_fft: int
    floor_hz: list[tuple[float, float]]
    quiet_rise_db: tuple[float | None, float | None]

    @property
    def active(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self.gains_db.min() < -_NEGLIGIBLE_DB)


def plan_expansion(before: BandLevels, after: BandLevels) -> ExpansionPlan:
    """Work out where a stem is to be turned down again.

    Parameters
    ----------
    before, after : BandLevels
        Of the stem before and after the stages that change its level.

    Notes
    -----
    A frame is quiet 36 dB under the mean of the loud ones. A band is at its floor up to 1 dB and 2.5 deviations above
    its noise (`noise_floor_db`). Gains return at once, before an onset, and are gone within 0.1 s.
    """
    total_db, reference, rise = _against_loud(before, after)
    playing = total_db > QUIET_DB
    loudness = np.clip((total_db - QUIET_DB) / (_LOUD_DB - QUIET_DB), 0, 1)
    # The hop is half a frame. The largest of all earlier shares, less their age, glides down from each of them.
    age = np.arange(len(total_db)) * (before.n_fft / 2 / before.rate_hz / _RELEASE_SECONDS)
    gains_db, kept = np.zeros(before.power.shape, np.float32), np.ones(before.power.shape[1])
    left = np.zeros(len(total_db))
    # Band after band, so that an hour needs no more than a few arrays of one number a frame.
    for band, noise_db in enumerate(before.noise_db):
        power, now = (levels.power[:, band].astype(np.float64) / reference for levels in (before, after))
        level_db = _decibels(power)
        floor_db = noise_floor_db(level_db, total_db, noise_db) + 1 + 2.5 * noise_db
        share = np.minimum(np.clip((level_db - floor_db) / _KNEE_DB, 0, 1), loudness)
        share = np.clip(np.maximum.accumulate(share + age) - age, 0, 1)
        risen_db = _decibels((now + _NOTHING) / (power * rise + _NOTHING))
        gains_db[:, band] = np.minimum((share - 1) * risen_db, 0)
        left += now * 10 ** (gains_db[:, band] / 10)
        magnitude = np.sqrt(now[playing])
        if magnitude.any():
            kept[band] = (magnitude * 10 ** (gains_db[playing, band] / 20)).sum() / magnitude.sum()
    bins_hz = np.maximum(np.arange(before.n_fft // 2 + 1), 0.5)
    centres = np.sqrt(np.maximum(before.edges[:-1], 0.5) * before.edges[1:])
    places = np.interp(np.log(bins_hz), np.log(centres), np.arange(len(centres))).astype(np.float32)
    return ExpansionPlan(
        gains_db,
        places,
        before.n_fft,
        _joined(before.edges_hz, kept < 10 ** (-_LEFT_DB / 20)),
        (quiet_rise_db(before, after), _quiet_rise_db(total_db, left / rise)),
    )


def quiet_rise_db(before: BandLevels, after: BandLevels) -> float | None:
    """Return by how much more than the loud frames the quiet ones rise, digital silence left out: the median.

    None where a stem has no quiet frames to speak of.
    """
    total_db, reference, rise = _against_loud(before, after)
    return _quiet_rise_db(total_db, after.power.sum(axis=1, dtype=np.float64) / (reference * rise))


def expand_into(wave: np.ndarray, plan: ExpansionPlan, out: np.ndarray) -> None:
    """Turn float32 (channels, n) down where `plan` says; `out` may be `wave` itself."""
    left = np.minimum(plan.places.astype(int), plan.gains_db.shape[1] - 2)
    between = plan.places - left.astype(np.float32)
    nepers = np.float32(np.log(10) / 20)

    def turn_down(first: int, spectra: np.ndarray) -> None:
        gains_db = plan.gains_db[first : first + spectra.shape[1]] * nepers
        spectra *= np.exp(gains_db[:, left] * (1 - between) + gains_db[:, left + 1] * between)

    change_spectra(wave, plan.n_fft, turn_down, out)


def _against_loud(before: BandLevels, after: BandLevels) -> tuple[np.ndarray, float, float]:
    """Level of each frame against the loud ones, their mean power, and by how much that rises."""
    total = before.power.sum(axis=1, dtype=np.float64)
    loud = loud_frames(total)
    # Silence has no loud frames, and nothing rises.
    if not loud.any():
        return _decibels(total), 1.0, 1.0
    reference = float(total[loud].mean())
    return (
        _decibels(total / reference),
        reference,
        float(after.power[loud].sum(axis=1, dtype=np.float64).mean()) / reference,
    )


def _quiet_rise_db(total_db: np.ndarray, now: np.ndarray) -> float | None:
    """Median rise of the quiet frames; `now` is their power against that of the loud ones as it is now."""
    quiet = quiet_frames(total_db)
    return None if quiet is None else float(np.median(_decibels(now[quiet]) - total_db[quiet]))


def _joined(edges_hz: np.ndarray, chosen: np.ndarray) -> list[tuple[float, float]]:
    """Limits of the chosen bands, neighbours joined."""
    rises = np.diff(np.concatenate([[0], chosen.astype(int), [0]]))
    pairs = zip(np.flatnonzero(rises == 1), np.flatnonzero(rises == -1), strict=True)
    return [(float(edges_hz[low]), float(edges_hz[high])) for low, high in pairs]


def _decibels(power: np.ndarray) -> np.ndarray:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-30)))
