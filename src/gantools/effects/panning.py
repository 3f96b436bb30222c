"""Panning: give every frequency of a stem the stereo similarity of its type (paper, section 2.1, equations 4 to 6).

The paper approximates the panning coefficient alpha by psi / 2; under its linear law (left 1 - alpha, right alpha) the
exact alpha of a bin is R / (L + R), which is used here. Each bin stays on its own side (equation 5, whose Delta is
positive where the right channel is the louder one, not the left as the text says) and keeps its energy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.audio.compiled import compiled
from gantools.effects.framing import change_spectra, root_hann
from gantools.effects.grid import from_grid
from gantools.effects.similarity import PanImage, PanMeter, pan_distance, pan_size

__all__ = ["PAN_LIMITS_HZ", "PanImage", "PanMeter", "PanPlan", "pan_distance", "pan_into", "plan_panning"]

#: Above this nothing is panned (the paper's program); types that are not here use `_LIMIT_HZ`.
PAN_LIMITS_HZ = {"drums": 6000.0}
_LIMIT_HZ = 16000.0
#: A bin has a side of its own from about this difference on: not at half of it, wholly at one and a half.
_SIDE_DB = 0.5
#: Level of a sine below which a frame is left alone, for a stem at -30 LUFS. (The paper's program has -66, under which
#: noise-like frames that count in the mean similarity would stay as they are.)
_QUIET_DBFS = -90.0
_MONO_PSI = 0.999


@dataclass(frozen=True, eq=False)
class PanPlan:
    """How a stem is panned.

    Attributes
    ----------
    rate_hz : int
    weak : array (bins,) of float32
        Coefficient of the weaker side under the linear law, 0 to 0.5; the stronger has 1 - weak.
    right : bool
        Side of bins without one of their own; of all bins where `mode` is ``global``.
    mode : str
        ``bin`` or ``global``.
    limit_hz, max_db, amount, smooth_ms : float
        See `plan_panning`.
    quiet : float
        Frames whose largest |L + R| is below this have gain 1.
    skip : str or None
        Why nothing is to be done: ``mono`` (`pan_into` then copies).
    """

    rate_hz: int
    weak: np.ndarray
    right: bool
    mode: str
    limit_hz: float
    max_db: float
    amount: float
    smooth_ms: float
    quiet: float
    skip: str | None


def plan_panning(
    image: PanImage,
    psi: np.ndarray,
    g30: float,
    *,
    role: str = "other",
    side: str = "bin",
    max_db: float = 12.0,
    k: float = 1.0,
    amount: float = 1.0,
    smooth_ms: float = 0.0,
) -> PanPlan:
    """Choose the panning of a stem.

    Parameters
    ----------
    image : PanImage
    psi : array (121,)
        Target similarity S on `GRID_HZ`.
    g30 : float
        Linear gain that would bring the stem to -30 LUFS; only the level under which frames are quiet depends on it.
    role : str
        Stem type; drums are panned up to 6 kHz, all others up to 16 kHz.
    side : str
        ``bin``: every bin keeps its side, and those within 0.5 dB of the centre take that of the whole stem.
        ``global``: all go to the side of the whole stem, as in the paper's program.
    max_db : float
        Largest gain and loss of a bin in one channel.
    k : float
        Factor on `psi`; the paper's program has 0.9.
    amount : float
        0 to 1, share of the gains in dB.
    smooth_ms : float
        Time constant of a one-pole over the gains in dB; 0 for none.

    Returns
    -------
    PanPlan
        With `skip` = ``mono`` for equal channels (mean psi above 0.999), unless `side` is ``global``, which pans them
        to the right. A stem of one channel has nothing to pan.
    """
    n_fft = pan_size(image.rate_hz)
    hz = np.arange(n_fft // 2 + 1) * image.rate_hz / n_fft
    target = np.clip(k * from_grid(np.asarray(psi, np.float64), np.maximum(hz, 1.0)), 1e-6, 1.0)
    # psi = 2 r / (1 + r^2) for the ratio r of the weaker to the stronger side.
    ratio = (1 - np.sqrt(1 - target**2)) / target
    mono = image.mean_psi > _MONO_PSI and side != "global"
    # Magnitude of such a sine in a frame (amplitude times half the sum of the window), before the gain to -30 LUFS.
    quiet = 10 ** (_QUIET_DBFS / 20) / 2 * float(root_hann(n_fft).sum()) / max(g30, 1e-30)
    return PanPlan(
        rate_hz=image.rate_hz,
        weak=(ratio / (1 + ratio)).astype(np.float32),
        right=image.right,
        mode=side,
        limit_hz=PAN_LIMITS_HZ.get(role, _LIMIT_HZ),
        max_db=max_db,
        amount=amount,
        smooth_ms=smooth_ms,
        quiet=quiet,
        skip="mono" if mono else None,
    )


@compiled
def _repan(
    spectra: np.ndarray,
    weak: np.ndarray,
    own_side: bool,
    right: bool,
    quiet: float,
    limit: np.float32,
    amount: np.float32,
    decay: np.float32,
    state: np.ndarray,
) -> float:
    """Multiply spectra (2, frames, re im re im ...) by their gains (equation 6); return the largest gain.

    `weak` ends at the highest bin that is panned; `state` (2, bins) holds the logarithms of smoothed gains.
    """
    one, tiny = np.float32(1), np.float32(1e-20)
    near, far = np.float32(10 ** (_SIDE_DB / 20)), np.float32(10 ** (3 * _SIDE_DB / 20))
    floor, largest = one / limit, np.float32(0)
    for f in range(spectra.shape[1]):
        left, other = spectra[0, f], spectra[1, f]
        loudest = np.float32(0)
        for k in range(left.size // 2):
            re, im = left[2 * k] + other[2 * k], left[2 * k + 1] + other[2 * k + 1]
            loudest = max(loudest, re * re + im * im)
        # With smoothing, the gains glide back to 1 through the quiet frames too.
        silent = loudest < quiet * quiet
        if silent and decay == 0:
            continue
        for k in range(weak.size):
            l2 = left[2 * k] ** 2 + left[2 * k + 1] ** 2
            r2 = other[2 * k] ** 2 + other[2 * k + 1] ** 2
            total, gain_l, gain_r = l2 + r2, one, one
            if not silent and total > np.float32(1e-30):
                # alpha is the share of the right channel: 0 is left, 1 right.
                alpha = one - weak[k] if right else weak[k]
                if own_side and (r2 > l2) != right:
                    # From the side of the stem to that of the bin as it leaves the centre, without a jump.
                    low = min(l2, r2)
                    away = (max(l2, r2) - near * low) / ((far - near) * low + tiny)
                    alpha += min(max(away, np.float32(0)), one) * (one - 2 * alpha)
                amp_l, amp_r = np.sqrt(l2) + tiny, np.sqrt(r2) + tiny
                # Equation 6: wanted over actual coefficient, the actual ones being L / (L + R) and R / (L + R).
                gain_l, gain_r = (one - alpha) * (amp_l + amp_r) / amp_l, alpha * (amp_l + amp_r) / amp_r
                gain_l, gain_r = min(max(gain_l, floor), limit), min(max(gain_r, floor), limit)
                # The bin keeps its energy and changes only its place.
                scale = np.sqrt(total / (gain_l * gain_l * l2 + gain_r * gain_r * r2))
                gain_l, gain_r = gain_l * scale, gain_r * scale
                # Where keeping the energy lifts the weaker side above the limit, the stronger takes the rest.
                if gain_l > limit:
                    gain_l = limit
                    gain_r = min(limit, np.sqrt(max(total - limit * limit * l2, np.float32(0)) / (r2 + tiny)))
                elif gain_r > limit:
                    gain_r = limit
                    gain_l = min(limit, np.sqrt(max(total - limit * limit * r2, np.float32(0)) / (l2 + tiny)))
            if amount != one or decay != 0:
                # Nothing is taken away entirely, so that the logarithm is finite.
                log_l = amount * np.log(max(gain_l, np.float32(1e-6)))
                log_r = amount * np.log(max(gain_r, np.float32(1e-6)))
                if decay != 0:
                    log_l += decay * (state[0, k] - log_l)
                    log_r += decay * (state[1, k] - log_r)
                    state[0, k], state[1, k] = log_l, log_r
                gain_l, gain_r = np.exp(log_l), np.exp(log_r)
            largest = max(largest, gain_l, gain_r)
            left[2 * k] *= gain_l
            left[2 * k + 1] *= gain_l
            other[2 * k] *= gain_r
            other[2 * k + 1] *= gain_r
    return float(largest)


def pan_into(wave: np.ndarray, plan: PanPlan, out: np.ndarray) -> float:
    """Pan a stem, in constant memory.

    Parameters
    ----------
    wave : array (2, n) of float32
    plan : PanPlan
    out : array (2, n) of float32
        May be `wave` itself.

    Returns
    -------
    float
        Largest gain of any bin in dB; 0 where nothing is done.
    """
    if plan.skip is not None:
        if out is not wave:
            out[:] = wave
        return 0.0
    n_fft = pan_size(plan.rate_hz)
    # A limit on frequency. The paper's program applies it to the frames, and so pans only the first seconds.
    bins = min(int(plan.limit_hz * n_fft / plan.rate_hz) + 1, n_fft // 2 + 1)
    decay = np.exp(-n_fft / 2 / (plan.smooth_ms / 1000 * plan.rate_hz)) if plan.smooth_ms > 0 else 0.0
    limit, amount = np.float32(10 ** (plan.max_db / 20)), np.float32(plan.amount)
    settings = (plan.mode == "bin", plan.right, plan.quiet, limit, amount, np.float32(decay))
    state = np.zeros((2, bins), np.float32)
    largest = 0.0

    def repan(first: int, spectra: np.ndarray) -> None:
        nonlocal largest
        largest = max(largest, _repan(spectra.view(np.float32), plan.weak[:bins], *settings, state))

    change_spectra(wave, n_fft, repan, out)
    return float(20 * np.log10(largest)) if largest > 0 else 0.0
