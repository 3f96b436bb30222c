"""Which of many ideas to hear first: like the clip, new, and unlike each other.

Likeness and novelty come from `metrics.novelty`, measured at 16 kHz, and are judged by what the two halves of the real
clip give against each other: new music by the same hand is as like as that, and may repeat the clip as much as the clip
repeats itself.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import load_mono
from gantools.audio.resample import resample
from gantools.errors import InputError
from gantools.files.atomic import write_text
from gantools.metrics.novelty.figures import FIGURES, GATES, Reference, judge, pairwise_ncc
from gantools.metrics.novelty.gates import FIELD_S
from gantools.report.ideas import Idea

RATE_HZ = 16000
#: Ideas less new than this come after all others. Half means about as much copied as the gates allow.
LEAST_NOVELTY = 0.5
#: Ideas are compared with each other in their first 10 s, and only for the first places.
_COMPARED_SECONDS = 10.0
_DIVERSE_PLACES, _CANDIDATES = 20, 40
#: Below the page of ranked ideas.
PAGE_NOTE = (
    "Likeness: spectrum, frames and movement against the clip; 1 is as like as its two halves are to each other. "
    "Novelty: how little is copied; 0 is a copy. All figures: ranked.csv."
)
#: Figure -> what the page calls it, and its unit.
_LABELS = (
    ("ltas_db", "average spectrum off by", "dB"),
    ("recall_db", "of the clip, found again within", "dB"),
    ("precision_db", "belongs to the clip within", "dB"),
    ("modulation_ratio", "level moves, times the clip", ""),
    ("ncc_1s", "correlation with the clip", ""),
    ("copied_1s", "copied in pieces of 1 s", "%"),
    ("copied_quarter", "copied in pieces of 0.25 s", "%"),
    ("verbatim_s", "longest piece of the clip", "s"),
)
COLUMNS = ("rank", "file", "likeness", "novelty", "score", "flags", "seconds", *FIGURES, "closest", "closest_ncc")


def rank(
    ideas: Sequence[Path],
    clip: np.ndarray,
    rate_hz: int,
    *,
    diversity: float = 0.3,
    tick: Callable[[], None] | None = None,
) -> list[dict[str, Any]]:
    """Rank ideas against the clip that they come from.

    First come those with a novelty of at least .5, by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998):
    the next one is that with the largest (1 - diversity) x merit - diversity x similarity to the nearest idea already
    ranked. Merit is four parts likeness and one part novelty, because likeness ends where real music by the same hand
    is. The others follow by novelty, then what cannot be measured.

    Parameters
    ----------
    ideas : sequence of Path
        Audio files, at any rate.
    clip : float32 array (channels, n)
    rate_hz : int
        Rate of the clip.
    diversity : float
        0 ranks by merit alone, up to 1.
    tick : callable, optional
        Called once for each idea measured.

    Returns
    -------
    list of dict
        Best first: ``rank``, ``path``, ``likeness`` and ``novelty`` in [0, 1] (see `likeness` and `novelty`),
        ``score`` (what decided the place), ``flags`` (sentences), ``seconds``, the figures of `Reference.measure`,
        ``closest`` (the idea ranked before that resembles it most) and ``closest_ncc``. NaN where nothing can be told.
    """
    reference = Reference(_mono(clip, rate_hz), RATE_HZ)
    halves = reference.halves
    rows, beginnings = [], []
    for path in ideas:
        row, wave = _measured(Path(path), reference, halves)
        rows.append(row)
        # A copy, or the slice would keep the whole sound in memory.
        beginnings.append(wave[: round(_COMPARED_SECONDS * RATE_HZ)].copy())
        if tick:
            tick()
    order = _in_order(rows, beginnings, halves, diversity)
    for place, index in enumerate(order, start=1):
        rows[index]["rank"] = place
        rows[index]["flags"] = flags(rows[index], halves)
    return [rows[index] for index in order]


def _mono(clip: np.ndarray, rate_hz: int) -> np.ndarray:
    return resample(clip.mean(0, dtype=np.float32), rate_hz, RATE_HZ)


def _measured(path: Path, reference: Reference, halves: Mapping[str, float]) -> tuple[dict[str, Any], np.ndarray]:
    row: dict[str, Any] = {"path": path, "seconds": math.nan, **dict.fromkeys(FIGURES, math.nan)}
    wave, error = np.zeros(0, np.float32), ""
    try:
        wave = load_mono(path, RATE_HZ)
    except InputError as failure:
        error = failure.message
    else:
        row |= {"seconds": len(wave) / RATE_HZ, **reference.measure(wave)}
    silent = not np.any(wave)
    row |= {"likeness": likeness(row, halves), "novelty": novelty(row, halves), "error": error, "silent": silent}
    return row | {"score": math.nan, "closest": "", "closest_ncc": math.nan}, wave


def likeness(figures: Mapping[str, float], halves: Mapping[str, float]) -> float:
    """Return how much a sound is like its clip, 0 to 1.

    The geometric mean of four shares: spectrum, recall, precision, modulation. Each is 1 / (1 + (e / g)^2), e being how
    much the figure exceeds that of the halves of the clip and g how much its gate does: 1 for what is as good as real
    music by the same hand, .5 at the gate.
    """
    shares = []
    for name in ("ltas_db", "recall_db", "precision_db"):
        gate, real = GATES[name], halves[name]
        limit = gate.high if gate.times_halves is None else gate.times_halves * real
        # The halves may be further apart than the gate allows; a quarter of it stays for the fall to .5.
        real = min(real, 0.75 * limit) if math.isfinite(real) else 0.0
        shares.append(_share(figures[name] - real, limit - real))
    ratio, gate = figures["modulation_ratio"], GATES["modulation_ratio"]
    if ratio > 0:
        shares.append(_share(abs(math.log(ratio)), math.log(gate.high if ratio > 1 else 1 / gate.low)))
    else:
        # 0 and NaN have no logarithm, and stand for themselves.
        shares.append(ratio)
    return _geometric_mean(shares)


def novelty(figures: Mapping[str, float], halves: Mapping[str, float]) -> float:
    """Return how new a sound is beside its clip, 0 (a copy) to 1.

    The geometric mean of four shares: 1 - (x - h) / (1 - h) for the copied shares of 1 s and 0.25 s windows and for the
    mean correlation of 1 s windows, and 1 / (1 + (e / g)^2) for the longest verbatim run, g being half of the coarsest
    receptive field. h is the figure of the halves of the clip: a loop is copied by its own second half.
    """
    shares = []
    for name in ("copied_1s", "copied_quarter", "ncc_1s"):
        real = halves[name] if math.isfinite(halves[name]) else 0.0
        excess = figures[name] - real
        shares.append(math.nan if math.isnan(excess) else 1 - max(0.0, excess) / max(1 - real, 1e-3))
    run_s = halves["verbatim_s"] if math.isfinite(halves["verbatim_s"]) else 0.0
    shares.append(_share(figures["verbatim_s"] - run_s, FIELD_S / 2))
    return _geometric_mean(shares)


def _share(excess: float, gate: float) -> float:
    if math.isnan(excess) or not gate > 0:
        return math.nan
    return 1 / (1 + (max(0.0, excess) / gate) ** 2)


def _geometric_mean(shares: Sequence[float]) -> float:
    if any(math.isnan(share) for share in shares):
        return math.nan
    return float(np.prod(np.clip(shares, 0.0, 1.0)) ** (1 / len(shares)))


def _in_order(
    rows: list[dict[str, Any]], waves: Sequence[np.ndarray], halves: Mapping[str, float], diversity: float
) -> list[int]:
    """Return the numbers of the rows, best first, and note scores and closest ideas in them."""
    known = [i for i, row in enumerate(rows) if math.isfinite(row["likeness"]) and math.isfinite(row["novelty"])]
    new = sorted((i for i in known if rows[i]["novelty"] >= LEAST_NOVELTY), key=lambda i: -_merit(rows[i]))
    order = _diverse(rows, waves, halves, diversity, new[:_CANDIDATES])
    order += [i for i in new if i not in order]
    order += sorted((i for i in known if rows[i]["novelty"] < LEAST_NOVELTY), key=lambda i: -rows[i]["novelty"])
    order += [i for i in range(len(rows)) if i not in order]
    return order


def _merit(row: Mapping[str, Any]) -> float:
    return float(0.8 * row["likeness"] + 0.2 * row["novelty"])


def _diverse(
    rows: list[dict[str, Any]],
    waves: Sequence[np.ndarray],
    halves: Mapping[str, float],
    diversity: float,
    candidates: Sequence[int],
) -> list[int]:
    """Return the first places by maximal marginal relevance."""
    own = halves["ncc_1s"] if math.isfinite(halves["ncc_1s"]) else 0.0
    closest = dict.fromkeys(candidates, 0.0)
    order: list[int] = []
    while len(order) < min(len(candidates), _DIVERSE_PLACES):
        waiting = [i for i in candidates if i not in order]

        def relevance(i: int) -> float:
            # The ideas of a clip that repeats itself are alike anyway; only what goes beyond that counts.
            repeated = max(0.0, closest[i] - own) / max(1 - own, 1e-3)
            return float((1 - diversity) * _merit(rows[i]) - diversity * repeated)

        best = max(waiting, key=relevance)
        rows[best]["score"] = relevance(best)
        order.append(best)
        for i in waiting:
            alike = float(pairwise_ncc([waves[best], waves[i]], RATE_HZ)[0, 1]) if i != best else math.nan
            if alike > closest[i]:
                closest[i] = alike
                rows[i] |= {"closest": rows[best]["path"].name, "closest_ncc": alike}
    return order


def flags(row: Mapping[str, Any], halves: Mapping[str, float]) -> list[str]:
    """Return what somebody should know before choosing this idea, a sentence each."""
    if row["error"] or row["silent"]:
        return [row["error"] or "silent"]
    if not math.isfinite(row["likeness"]) or not math.isfinite(row["novelty"]):
        return ["too short to measure"]
    found = []
    # A loop copies itself; what counts is beyond that.
    copied = [name for name in ("copied_1s", "copied_quarter") if row[name] > max(GATES[name].high, halves[name])]
    if copied:
        share = 100 * max(row[name] for name in copied)
        found.append(f"{share:.0f} % of it is copied from the clip")
    if row["verbatim_s"] > max(FIELD_S / 2, halves["verbatim_s"]):
        found.append(f"{row['verbatim_s']:.1f} s of the clip in one piece")
    if row["closest_ncc"] > max(GATES["pairwise_max"].high, (1 + halves["ncc_1s"]) / 2):
        found.append(f"nearly the same as {row['closest']}")
    if row["ltas_db"] > GATES["ltas_db"].high:
        found.append(f"its spectrum is {row['ltas_db']:.1f} dB off")
    if row["modulation_ratio"] < GATES["modulation_ratio"].low:
        found.append("its level hardly moves: more noise than music")
    verdicts = judge({name: row[name] for name in ("precision_db", "recall_db")}, halves)
    if verdicts["precision_db"].passed is False:
        found.append("sounds that the clip does not have")
    if verdicts["recall_db"].passed is False:
        found.append("much of the clip does not come up")
    return found


def as_ideas(rows: Sequence[Mapping[str, Any]]) -> list[Idea]:
    """Return rows of `rank` as the page of ideas shows them."""
    return [
        Idea(
            Path(row["path"]),
            str(row["rank"]),
            row["seconds"],
            [(name, _shown(row[name])) for name in ("likeness", "novelty")],
            [(label, _shown(row[name], unit)) for name, label, unit in _LABELS],
            row["flags"],
        )
        for row in rows
    ]


def _shown(value: float, unit: str = "") -> str:
    scale, digits = (100, 0) if unit == "%" else (1, 2)
    text = f"{value * scale:.{digits}f}" if math.isfinite(value) else "-"
    return f"{text} {unit}".rstrip()


def write_ranking(path: str | Path, rows: Sequence[Mapping[str, Any]], place: Path | None = None) -> None:
    """Write rows of `rank` as CSV, atomically.

    Parameters
    ----------
    path : str or Path
        Usually ``ranked.csv`` in the folder of the ideas, which are named relative to it.
    rows : sequence of mappings
    place : Path, optional
        Folder in which the table will stand, where that is not the folder of `path`.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        cells = {
            **row,
            "file": os.path.relpath(row["path"], place or Path(path).parent),
            "flags": "; ".join(row["flags"]),
        }
        table.writerow([_cell(cells[name]) for name in COLUMNS])
    write_text(path, text.getvalue())


def _cell(value: Any) -> str | int:
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else ""
    return value if isinstance(value, int) else str(value)
