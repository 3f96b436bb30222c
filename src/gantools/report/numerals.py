"""Numbers as reports print them."""

from __future__ import annotations

import math


def number(value: float | None) -> str:
    """Four significant digits; a dash for what could not be measured."""
    if value is None or not math.isfinite(value):
        return "-"
    if value and (abs(value) < 0.001 or abs(value) >= 1e5):
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
