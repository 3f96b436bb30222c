"""Loudness: bring a stem to the mean of its type (paper, section 2.1, equation 1), below a true-peak ceiling."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gantools.audio.loudness import Loudness


@dataclass(frozen=True)
class GainSettings:
    """A gain, and what a report says about it.

    Attributes
    ----------
    gain : float
        Linear gain to apply.
    gain_db : float
    target_lufs : float
        What was aimed at; with an amount below 1 a part of the way there.
    before_lufs, after_lufs : float
        Integrated loudness; `after_lufs` follows from the stored energies.
    true_peak_after_db : float
        True peak after the gain in dBTP; -inf for silence.
    tp_limited : bool
        The ceiling kept the stem below its target.
    """

    gain: float
    gain_db: float
    target_lufs: float
    before_lufs: float
    after_lufs: float
    true_peak_after_db: float
    tp_limited: bool


def design_gain(
    loudness: Loudness,
    true_peak: float,
    target_lufs: float,
    ceiling_dbtp: float | None = -1.0,
    amount: float = 1.0,
) -> GainSettings:
    """Work out the gain to a loudness.

    Parameters
    ----------
    loudness : Loudness
        Loudness of the stem as it is.
    true_peak : float
        True peak on a linear scale, full scale 1.
    target_lufs : float
    ceiling_dbtp : float or None
        The true peak may not exceed it: the gain is reduced, nothing is limited. None: no ceiling. A stem that is
        already above it is turned down to it, whatever the amount.
    amount : float
        0 to 1, multiplies the gain in dB.
    """
    gain = loudness.gain_to(target_lufs) ** amount
    tp_limited = False
    if ceiling_dbtp is not None and true_peak > 0:
        highest = 10 ** (ceiling_dbtp / 20) / true_peak
        tp_limited = highest < gain
        gain = min(gain, highest)
    peak = true_peak * gain
    return GainSettings(
        gain=gain,
        gain_db=20 * math.log10(gain),
        target_lufs=target_lufs,
        before_lufs=loudness.integrated_lufs(),
        after_lufs=loudness.integrated_lufs(gain),
        true_peak_after_db=20 * math.log10(peak) if peak > 0 else -math.inf,
        tp_limited=tp_limited,
    )
