"""Sums over the files of a stem type, from which every mean and deviation is made and which merge exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gantools.effects.grid import GRID_HZ

#: Quantities that have a value for each frequency.
_CURVES = ("eq_magnitude", "eq_db", "pan_psi")


@dataclass
class Moments:
    """Number, sum and sum of squares of a quantity (a number or a curve)."""

    n: int
    total: np.ndarray
    squares: np.ndarray

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.n + other.n, self.total + other.total, self.squares + other.squares)


def _digits(values: np.ndarray) -> Any:
    """Twelve significant digits: a merge is exact to 1e-9, in a file of two thirds the size."""
    rounded = np.vectorize(lambda value: float(f"{value:.12g}"))(values)
    return rounded.tolist()


class FeatureSums:
    """Adds up what was measured of the files of one stem type.

    Quantities are added apart, as a fit measures them in two passes and not every file has all (a mono file has no
    panning, one without onsets no dynamics).
    """

    def __init__(self) -> None:
        self.n_files = 0
        self.active_seconds = 0.0
        self._moments: dict[str, Moments] = {}

    def add_file(self, active_seconds: float) -> None:
        """Count a file."""
        self.n_files += 1
        self.active_seconds += active_seconds

    def add_loudness(self, lufs: float) -> None:
        """Add integrated loudness."""
        self._add("loudness_lufs", lufs)

    def add_eq(self, magnitude: np.ndarray) -> None:
        """Add a mean spectrum at -30 LUFS, linear, on `GRID_HZ`; see `spectrum.grid_magnitude`."""
        self._add("eq_magnitude", magnitude)
        self._add("eq_db", 20 * np.log10(np.maximum(magnitude, 1e-6)))

    def add_panning(self, psi: np.ndarray) -> None:
        """Add mean stereo similarity on `GRID_HZ`."""
        self._add("pan_psi", psi)

    def add_onsets(self, mean_db: float, std_db: float) -> None:
        """Add mean and deviation of a file's onset peaks."""
        self._add("drc_onset_peak_db", mean_db)
        self._add("drc_onset_std_db", std_db)

    def add_spread(self, spread_db: float) -> None:
        """Add the spread of a file's onset peaks."""
        self._add("drc_spread_db", spread_db)

    def _add(self, name: str, value: float | np.ndarray) -> None:
        array = np.asarray(value, np.float64)
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name} is not finite")
        moments = Moments(1, array, array**2)
        self._moments[name] = self._moments[name] + moments if name in self._moments else moments

    def mean_std(self, name: str) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
        """Return mean and standard deviation of a quantity over files; None where no file has it."""
        if name not in self._moments:
            return None, None
        moments = self._moments[name]
        mean = moments.total / moments.n
        # Rounding may leave a variance just below 0.
        return mean, np.sqrt(np.maximum(moments.squares / moments.n - mean**2, 0))

    def statistic(self, name: str) -> tuple[float, float]:
        """Return mean and standard deviation of a number; NaN where no file has it."""
        mean, std = self.mean_std(name)
        return (math.nan, math.nan) if mean is None or std is None else (float(mean), float(std))

    def __add__(self, other: FeatureSums) -> FeatureSums:
        result = FeatureSums()
        result.n_files = self.n_files + other.n_files
        result.active_seconds = self.active_seconds + other.active_seconds
        result._moments = dict(self._moments)
        for name, moments in other._moments.items():
            result._moments[name] = result._moments[name] + moments if name in result._moments else moments
        return result

    def as_mapping(self) -> dict[str, Any]:
        """Return the sums as JSON values."""
        moments = {
            name: {"n": m.n, "sum": _digits(m.total), "sum_squares": _digits(m.squares)}
            for name, m in self._moments.items()
        }
        return {"n_files": self.n_files, "active_seconds": self.active_seconds, **moments}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> FeatureSums:
        """Return the sums that `as_mapping` gave; raises ValueError where they could not be added to others."""
        result = cls()
        result.n_files, result.active_seconds = int(values["n_files"]), float(values["active_seconds"])
        for name, moments in values.items():
            if isinstance(moments, Mapping):
                # One curve of another length, or one NaN, would spoil every mean that it is merged into.
                count, total, squares = (np.asarray(moments[part], float) for part in ("n", "sum", "sum_squares"))
                shape = GRID_HZ.shape if name in _CURVES else ()
                if (total.shape, squares.shape) != (shape, shape) or not count >= 1:
                    raise ValueError(f"the sums of {name} have another shape")
                if not (np.isfinite(count) and np.all(np.isfinite(total)) and np.all(np.isfinite(squares))):
                    raise ValueError(f"the sums of {name} are not finite")
                result._moments[name] = Moments(int(count), total, squares)
        return result
