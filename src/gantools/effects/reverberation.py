"""Reverberation: it is not normalised but added, so that a network trained on the result learns to take it away.

The text of the paper that is at hand only names it; kinds and numbers are those of its program. ``send`` makes training
data: a band-limited copy of the stem through a long room, under the stem. ``pre`` makes dry stems alike: half the stem,
half a short room.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.effects.filtering import convolve_into
from gantools.effects.impulse_response import (
    decay_seconds,
    read_response,
    response_files,
    streamed_k_energy,
    synthetic_response,
)
from gantools.effects.stem import allocate, chunks
from gantools.errors import InputError

#: Stem types that get reverberation; drums and bass stay dry (the paper's program).
REVERB_ROLES = ("vocals", "other")
_SEND_RT60_S, _PRE_RT60_S, _PRE_LIMIT_S = (2.0, 4.0), (0.4, 1.4), 1.5
_LOW_SHELF_HZ, _HIGH_SHELF_HZ = (500.0, 700.0), (7000.0, 10000.0)
_SHELF_DB, _SHELF_Q = -30.0, 0.707


@dataclass(frozen=True)
class ReverbPlan:
    """What was drawn for one stem.

    Attributes
    ----------
    kind : str
        ``send``: out = dry + c wet, c being such that the K-weighted energy of c wet is `wet_db` over that of the dry.
        ``pre``: out = 0.5 dry + 0.5 wet, wet having the K-weighted energy of the dry.
    wet_db : float
    rt60_s : float
        Reverberation time of a synthesised room; of a recording its T30.
    low_shelf_hz, high_shelf_hz : float or None
        Corners of the shelves of -30 dB in front of the room; None without.
    response : str
        ``synth`` or the file.
    seed : int
        Seed of the synthesised room.
    rate_hz : int
    """

    kind: str
    wet_db: float
    rt60_s: float
    low_shelf_hz: float | None
    high_shelf_hz: float | None
    response: str
    seed: int
    rate_hz: int


def plan_reverb(
    kind: str, rate_hz: int, seed: int, *, wet_range_db: tuple[float, float] = (-18.0, -6.0), responses: str = "synth"
) -> ReverbPlan:
    """Draw a room and its level.

    Parameters
    ----------
    kind : str
        ``send`` or ``pre``.
    rate_hz : int
    seed : int
        Equal seeds draw the same.
    wet_range_db : tuple of two float
        Range of the wet level for ``send``, uniform in dB.
    responses : str
        ``synth``, or a folder of recordings. For ``pre`` only those with a T30 below 1.5 s are taken.

    Raises
    ------
    InputError
        The folder has no recording that serves.
    """
    rng = np.random.default_rng(seed)
    # All numbers are drawn in one order, used or not, so that an option does not shift the draws of the others.
    wet_db, low_hz, high_hz = rng.uniform(*wet_range_db), rng.uniform(*_LOW_SHELF_HZ), rng.uniform(*_HIGH_SHELF_HZ)
    rt60_s, room = rng.uniform(*(_SEND_RT60_S if kind == "send" else _PRE_RT60_S)), int(rng.integers(1 << 62))
    response = responses
    if responses != "synth":
        response, rt60_s = _draw_recording(Path(responses), rate_hz, kind, rng)
    send = kind == "send"
    return ReverbPlan(
        kind=kind,
        wet_db=float(wet_db) if send else 0.0,
        rt60_s=float(rt60_s),
        low_shelf_hz=float(low_hz) if send else None,
        high_shelf_hz=float(high_hz) if send else None,
        response=response,
        seed=room,
        rate_hz=rate_hz,
    )


def _draw_recording(folder: Path, rate_hz: int, kind: str, rng: np.random.Generator) -> tuple[str, float]:
    files = response_files(folder)
    for number in rng.permutation(len(files)):
        seconds = decay_seconds(read_response(files[number], rate_hz)[0], rate_hz)
        if kind == "send" or seconds < _PRE_LIMIT_S:
            return str(files[number]), seconds
    raise InputError(f"no impulse response decays in less than {_PRE_LIMIT_S} s; add a short one", folder)


def shelf(rate_hz: int, corner_hz: float, gain_db: float, high: bool, q: float = _SHELF_Q) -> np.ndarray:
    """Return a shelving filter as one second-order section (6,) (Bristow-Johnson, Audio EQ Cookbook)."""
    amplitude = 10 ** (gain_db / 40)
    omega = 2 * np.pi * min(corner_hz, 0.49 * rate_hz) / rate_hz
    # The high shelf is the low shelf with the frequency axis turned round.
    cosine = -np.cos(omega) if high else np.cos(omega)
    width, sign = np.sqrt(amplitude) * np.sin(omega) / q, -1 if high else 1
    plus, minus = amplitude + 1, amplitude - 1
    b = amplitude * np.array([plus - minus * cosine + width, sign * 2 * (minus - plus * cosine), 0])
    b[2] = amplitude * (plus - minus * cosine - width)
    a = np.array([plus + minus * cosine + width, sign * -2 * (minus + plus * cosine), plus + minus * cosine - width])
    return np.concatenate([b, a]) / a[0]


def impulse_response(plan: ReverbPlan, channels: int) -> np.ndarray:
    """Return the response of the room behind its shelves, float32 (channels, n).

    A recording in mono serves both channels; of a stereo response a mono stem gets the left.
    """
    from scipy.signal import sosfilt  # a chain without reverberation does without the second that it loads

    if plan.response == "synth":
        response = synthetic_response(plan.rt60_s, plan.rate_hz, plan.seed, channels)
    else:
        recorded = read_response(Path(plan.response), plan.rate_hz)
        response = recorded[[min(c, len(recorded) - 1) for c in range(channels)]]
    # Shelves and room commute, so the shelves filter the short response instead of the stem.
    sections = [
        shelf(plan.rate_hz, corner, _SHELF_DB, high)
        for corner, high in ((plan.low_shelf_hz, False), (plan.high_shelf_hz, True))
        if corner is not None
    ]
    return sosfilt(np.array(sections), response).astype(np.float32) if sections else response


def reverb_into(wave: np.ndarray, plan: ReverbPlan, out: np.ndarray, scratch: Path | None = None) -> float:
    """Add reverberation to a stem; the length is kept, the tail after its end is cut off.

    Parameters
    ----------
    wave : array (channels, n) of float32
        One or two channels.
    plan : ReverbPlan
    out : array (channels, n) of float32
        May be `wave` itself; the wet sound then needs as much room again.
    scratch : Path, optional
        Folder for the wet sound where it is too long for memory.

    Returns
    -------
    float
        Gain of the wet sound; 0 for silence, which stays silent.
    """
    # The level of the wet sound is known only when all of it is there.
    wet = allocate(len(wave), wave.shape[1], scratch) if np.may_share_memory(wave, out) else out
    response = impulse_response(plan, len(wave))
    for channel in range(len(wave)):
        convolve_into(wave[channel : channel + 1], response[channel], 0, wet[channel : channel + 1])
    dry_energy, wet_energy = streamed_k_energy(wave, plan.rate_hz), streamed_k_energy(wet, plan.rate_hz)
    heard = dry_energy > 0 and wet_energy > 0
    gain = float(np.sqrt(dry_energy / wet_energy) * 10 ** (plan.wet_db / 20)) if heard else 0.0
    share = 1.0 if plan.kind == "send" else 0.5
    for dry_part, wet_part, part in zip(chunks(wave), chunks(wet), chunks(out), strict=True):
        wet_part *= np.float32(share * gain)
        np.add(dry_part if share == 1.0 else dry_part * np.float32(share), wet_part, out=part)
    return share * gain


def reverberate(
    wave: np.ndarray,
    rate_hz: int,
    *,
    kind: str,
    role: str,
    seed: int,
    ir: str = "synth",
    wet_range_db: tuple[float, float] = (-18.0, -6.0),
    out: np.ndarray,
    scratch: Path | None = None,
) -> dict[str, Any]:
    """Draw a room for a stem and add it; see `plan_reverb` and `reverb_into`.

    Returns
    -------
    dict
        What was drawn, for a report; empty for stem types that stay dry, whose samples are copied.
    """
    if role not in REVERB_ROLES:
        if out is not wave:
            out[:] = wave
        return {}
    plan = plan_reverb(kind, rate_hz, seed, wet_range_db=wet_range_db, responses=ir)
    gain = reverb_into(wave, plan, out, scratch)
    values = {"wet_db": plan.wet_db, "wet_gain": gain, "rt60_s": plan.rt60_s}
    values |= {"low_shelf_hz": plan.low_shelf_hz or 0.0, "high_shelf_hz": plan.high_shelf_hz or 0.0}
    room = plan.response if plan.response == "synth" else Path(plan.response).name
    return {"kind": plan.kind, "response": room} | {name: round(value, 4) for name, value in values.items() if value}
