"""Long lists of values in a report: quantiles stand for them."""

from __future__ import annotations

import numpy as np

MOST_VALUES = 2000


def thinned(values: np.ndarray, digits: int) -> list[float]:
    """Return the values (n,) in order, rounded; at most `MOST_VALUES` quantiles, so that reports stay small."""
    values = np.sort(values)
    kept = np.linspace(0, len(values) - 1, min(MOST_VALUES, len(values))).astype(int)
    return values[kept].round(digits).tolist()
