"""Panning until the mean similarity is that of the target.

Each frame is given the target's similarity (`gantools.effects.panning`). Where the gains differ from frame to frame,
the overlapping frames do not quite agree, and the mean comes out lower. The next round aims higher by what was missed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantools.effects.panning import PanPlan, pan_into, plan_panning
from gantools.effects.similarity import PanImage, PanMeter, pan_distance
from gantools.effects.stem import chunks

_ROUNDS = 6
#: Mean distance of the similarity from its target under which another round, or a first one, is not worth its error.
_NEAR = 0.02


@dataclass(frozen=True, eq=False)
class PanAim:
    """Where a stem is to be panned: the arguments of `gantools.effects.panning.plan_panning`."""

    psi: np.ndarray
    g30: float
    role: str = "other"
    side: str = "bin"
    max_db: float = 12.0
    k: float = 1.0
    amount: float = 1.0
    smooth_ms: float = 0.0

    @property
    def corrected(self) -> bool:
        """Whether the target is meant to be met; other settings are for a part of the way, or for comparison."""
        return self.amount == 1 and self.k == 1 and self.side == "bin" and not self.smooth_ms

    def plan(self, image: PanImage, psi: np.ndarray) -> PanPlan:
        """Return the settings for one round."""
        return plan_panning(
            image,
            psi,
            self.g30,
            role=self.role,
            side=self.side,
            max_db=self.max_db,
            k=self.k,
            amount=self.amount,
            smooth_ms=self.smooth_ms,
        )

    def skip(self, image: PanImage) -> str | None:
        """Return why a stem is left alone: ``mono``, or ``near`` where it is on target already."""
        near = self.corrected and pan_distance(image.psi, self.psi) <= _NEAR
        return self.plan(image, self.psi).skip or ("near" if near else None)


def pan_to_target(wave: np.ndarray, image: PanImage, aim: PanAim, out: np.ndarray) -> dict[str, Any]:
    """Pan a stem in up to six rounds, each from the original, and keep the best.

    Parameters
    ----------
    wave : array (2, n) of float32
    image : PanImage
        Stereo similarity of `wave`.
    aim : PanAim
    out : array (2, n) of float32
        Not `wave`.

    Returns
    -------
    dict
        ``largest_db`` (gain of any bin), ``right`` (side of what is in the centre), ``rounds``.
    """
    # A stem that was close before has to come twice as close, or the work was for nothing.
    enough = min(_NEAR, pan_distance(image.psi, aim.psi) / 2)
    wanted, best, rounds = aim.psi, (math.inf, aim.psi), 0
    while True:
        largest_db = pan_into(wave, aim.plan(image, wanted), out)
        rounds += 1
        if not aim.corrected:
            break
        psi = _image(out, image.rate_hz).psi
        distance = pan_distance(psi, aim.psi)
        if distance < best[0]:
            best = distance, wanted
        # A round made it worse: the best one is made again, as `out` holds only the last.
        elif best[1] is not wanted:
            largest_db = pan_into(wave, aim.plan(image, best[1]), out)
            break
        if distance <= enough or (distance <= _NEAR and rounds > 2) or rounds == _ROUNDS:
            break
        wanted = np.clip(wanted + aim.psi - psi, 0.0, 1.0)
    return {"largest_db": round(largest_db, 2), "right": image.right, "rounds": rounds}


def _image(wave: np.ndarray, rate_hz: int) -> PanImage:
    meter = PanMeter(rate_hz)
    for block in chunks(wave):
        meter.push(block)
    return meter.result()
