"""Acceptance of novelty figures: the gates, calibrated on real clips, and the verdict on each figure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

#: Receptive field of the coarsest scale in seconds where the model is not known: 2041 samples at 500 Hz.
FIELD_S = 4.08


@dataclass(frozen=True)
class Gate:
    """The range that a figure must keep to.

    Attributes
    ----------
    low, high : float
        Ends of the range, both inclusive.
    small_high : float, optional
        Upper end for models trained in minutes on a CPU.
    times_halves, above_halves : float, optional
        The upper end is this multiple of what the halves of the clip give, or that plus this much, where lower.
    halves : str
        Figure of the halves that this refers to, if it is not the figure itself.
    """

    low: float = 0.0
    high: float = math.inf
    small_high: float | None = None
    times_halves: float | None = None
    above_halves: float | None = None
    halves: str = ""


#: Figures without a gate (``ncc_1s``) are reported only.
GATES: dict[str, Gate] = {
    "ltas_db": Gate(high=3.0, small_high=4.0),
    "recall_db": Gate(times_halves=1.35),
    "precision_db": Gate(times_halves=1.5),
    "modulation_ratio": Gate(low=0.6, high=1.4),
    "copied_1s": Gate(high=0.25),
    "copied_quarter": Gate(high=0.5),
    "verbatim_s": Gate(),  # half of the receptive field, see `judge`
    "pairwise_ncc": Gate(high=0.9, above_halves=0.25, halves="ncc_1s"),
    "pairwise_max": Gate(high=0.9),
}


class Verdict(NamedTuple):
    """A figure, its gate in words (empty where there is none), and whether it passes: None if it cannot be told."""

    value: float
    gate: str
    passed: bool | None


def judge(
    figures: Mapping[str, float], halves: Mapping[str, float], small: bool = False, field_s: float = FIELD_S
) -> dict[str, Verdict]:
    """Return the verdict on each figure.

    Parameters
    ----------
    figures : mapping of str to float
        From `Reference.measure`, means over several draws, or `diversity`.
    halves : mapping of str to float
        `Reference.halves`.
    small : bool
        Apply the gates for models trained in minutes on a CPU.
    field_s : float
        Receptive field of the coarsest scale in seconds; half of it may be copied in one piece.
    """
    return {name: _verdict(name, float(value), halves, small, field_s) for name, value in figures.items()}


def _verdict(name: str, value: float, halves: Mapping[str, float], small: bool, field_s: float) -> Verdict:
    gate = GATES.get(name)
    if gate is None:
        return Verdict(value, "", None)
    high = gate.small_high if small and gate.small_high is not None else gate.high
    if name == "verbatim_s":
        high = field_s / 2
    real = halves.get(gate.halves or name, math.nan)
    if gate.times_halves is not None:
        # NaN where the clip is too short to have halves: there is no gate then.
        high = gate.times_halves * real
    if gate.above_halves is not None and not math.isnan(real):
        high = min(high, real + gate.above_halves)
    text = f"{gate.low:g} to {high:.3g}" if gate.low else f"at most {high:.3g}"
    if math.isnan(high):
        return Verdict(value, "clip too short for a gate", None)
    return Verdict(value, text, None if math.isnan(value) else gate.low <= value <= high)
