"""How alike the bars of drums are."""

from __future__ import annotations

import numpy as np

from gantools.symbolic.roll import BAR_STEPS


def bars_alike(drums: np.ndarray, apart: int) -> float:
    """Return the mean likeness of bars that are some bars apart: hits that both have over hits of either, 0 to 1.

    Parameters
    ----------
    drums : array (steps, 9)
        From the start of a bar; nonzero where a drum is struck.
    apart : int

    Returns
    -------
    float
        Bars without hits are left out; 0 where no two are left.
    """
    bars = len(drums) // BAR_STEPS
    struck = np.asarray(drums[: bars * BAR_STEPS]).reshape(bars, -1) > 0
    one, other = struck[:-apart] if apart else struck, struck[apart:]
    sounding = one.any(1) & other.any(1)
    either = (one | other).sum(1)[sounding]
    return float(((one & other).sum(1)[sounding] / either).mean()) if sounding.any() else 0.0
