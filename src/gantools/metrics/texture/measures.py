"""All figures of one sound, and of a file as the means of its clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantools.audio.infrasound import HighPass
from gantools.errors import InputError
from gantools.metrics.texture.attacks import onset_seconds, rises_db
from gantools.metrics.texture.bars import bar_likeness, pulse_clarity, share_as_good
from gantools.metrics.texture.partials import find_partials
from gantools.metrics.texture.spectrum import RATE_HZ, band_rises, power_spectra
from gantools.structure.beats import find_beats

LEAST_SECONDS = 1.0
#: A clip so far below the loudest one of its file is silent.
_SILENT = 1e-3
#: What a filter leaves of a constant offset.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Figure:
    """A figure of a sound, as tables show it.

    Attributes
    ----------
    title, column, note : str
        In the table, at the head of a column, and how to read it.
    tells : bool
        Whether music has more of it than noise of its shape.
    """

    title: str
    column: str
    note: str
    tells: bool = True


#: Name in results -> what it is, in the order of tables.
FIGURES = {
    "partial_ms": Figure("partials last", "partial ms", "ms, mean weighted with energy"),
    "held_share": Figure("held partials", "held", "share of all energy in partials of more than 100 ms"),
    "attack_db": Figure("attack", "attack", "dB within 15 ms at onsets, median"),
    "attack_p90_db": Figure("attack, 90 %", "90 %", "the same, of the sharpest tenth"),
    "onsets_per_second": Figure("onsets", "onsets", "a second", tells=False),
    "pulse": Figure("pulse", "pulse", "highest autocorrelation of onsets at 0.25 to 1.5 s"),
    "bar_next": Figure("bar like the next", "next", "correlation of onsets by band and sixteenth"),
    "bar_fourth": Figure("bar like the fourth after", "fourth", "the same"),
    "bar_beats_shuffled": Figure("next, beats shuffled", "beats any", "what chance gives", tells=False),
    "bar_bars_shuffled": Figure("next, bars shuffled", "bars any", "what any two bars have", tells=False),
}  # fmt: skip
#: Arrays that go with them: `DRAWS` orders each, and energy by duration.
DRAWN = ("beats_drawn", "bars_drawn")
Heard = dict[str, Any]


def measure(wave: np.ndarray, bpm: float | None, seed: int) -> Heard:
    """Return the figures of one sound.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono at 22,050 Hz, a second long at least.
    bpm : float, optional
        By default the tempo is heard.
    seed : int
        Of the random orders of beats and bars.

    Returns
    -------
    dict
        `FIGURES` by name, ``beats_drawn`` and ``bars_drawn`` (199,), ``durations`` of partials, ``matrix`` (bars,
        bars), and ``clear``, 1 where a pulse was found or the tempo given, else 0: bars are then equal slices.

    Raises
    ------
    InputError
        It is silent, or too short.
    """
    if len(wave) < LEAST_SECONDS * RATE_HZ:
        raise InputError(f"{len(wave) / RATE_HZ:.3g} s are too short to tell music from noise; give a second at least")
    wave = heard_alone(wave)
    power = power_spectra(wave)
    partials, rises = find_partials(power), band_rises(power)
    starts = onset_seconds(wave)
    attacks = rises_db(wave, starts)
    grid = find_beats(wave[None], RATE_HZ, bpm)
    bars = bar_likeness(rises, grid, seed)
    median, sharp = np.percentile(attacks, (50, 90)) if len(attacks) else (np.nan, np.nan)
    return {
        "partial_ms": partials.mean_ms,
        "held_share": partials.held_share,
        "attack_db": float(median),
        "attack_p90_db": float(sharp),
        "onsets_per_second": len(starts) * RATE_HZ / len(wave),
        "pulse": pulse_clarity(rises),
        "bar_next": bars.following,
        "bar_fourth": bars.fourth,
        "bar_beats_shuffled": float(bars.beats_shuffled.mean()),
        "bar_bars_shuffled": float(bars.bars_shuffled.mean()),
        "beats_drawn": bars.beats_shuffled,
        "bars_drawn": bars.bars_shuffled,
        "durations": partials.histogram(),
        "matrix": bars.matrix,
        "clear": float(grid.clear),
    }


def heard_alone(wave: np.ndarray) -> np.ndarray:
    """Return a mono wave at 22,050 Hz without what lies below 20 Hz, at a peak of 1.

    Figures do not depend on the level then: floors are relative, and nothing of a quiet sound falls below that of mels.

    Raises
    ------
    InputError
        It is silent, but for an offset.
    """
    peak = float(np.abs(wave).max(initial=0.0))
    audible = HighPass(RATE_HZ).push(wave[:, None])[:, 0]
    left = float(np.abs(audible).max(initial=0.0))
    if not left > _ROUNDING * peak:
        raise InputError("is silent")
    return np.ascontiguousarray(audible / np.float32(left), np.float32)


def cut_clips(wave: np.ndarray, seconds: float, most: int) -> list[np.ndarray]:
    """Return clips of a wave at 22,050 Hz, evenly spread and not overlapping; the whole of one that is no longer.

    Silent ones are left out, where not all are.

    Parameters
    ----------
    wave : float32 array (n,)
    seconds : float
    most : int
        0 takes all.
    """
    length = round(seconds * RATE_HZ)
    if len(wave) <= length:
        return [wave]
    count = min(most or len(wave), len(wave) // length)
    middles = (np.arange(count) + 0.5) * len(wave) / count
    starts = np.clip(np.round(middles - length / 2).astype(np.int64), 0, len(wave) - length)
    clips = [wave[start : start + length] for start in starts]
    peaks = [float(np.abs(clip).max()) for clip in clips]
    return [clip for clip, peak in zip(clips, peaks, strict=True) if peak > _SILENT * max(peaks)] or clips[:1]


def averaged(heard: Sequence[Mapping[str, Any]]) -> Heard:
    """Return the means of the figures of clips or files, with their p; what a clip does not have counts for nothing.

    ``bar_p`` and ``order_p`` are the shares of random orders of beats, and of bars, in which bars are as like the next
    as they really are: the mean over clips among such means, order by order.
    """
    made: Heard = {name: _mean([one[name] for one in heard]) for name in (*FIGURES, "clear")}
    for name in DRAWN:
        made[name] = _means(np.stack([np.asarray(one[name], np.float64) for one in heard]))
    made["bar_p"], made["order_p"] = (share_as_good(made["bar_next"], made[name]) for name in DRAWN)
    made["durations"] = np.mean([np.asarray(one["durations"]) for one in heard], axis=0)
    made["matrix"] = heard[0]["matrix"]
    return made


def _mean(values: Sequence[float]) -> float:
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else float("nan")


def _means(rows: np.ndarray) -> np.ndarray:
    known = rows[np.isfinite(rows).all(axis=1)]
    return np.asarray(known.mean(axis=0) if len(known) else np.full(rows.shape[1], np.nan))
