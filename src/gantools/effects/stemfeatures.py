"""Features of one stem type: what its files have of each effect in the mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gantools.effects.grid import GRID_HZ, to_grid
from gantools.effects.sums import FeatureSums

_CURVES = ("eq_db", "eq_std_db", "pan_psi", "pan_psi_std")
#: Decimals of means and deviations in a file; the sums have more.
_DECIMALS = 5
_STATISTICS = ("loudness_lufs", "drc_onset_peak_db", "drc_spread_db")


@dataclass(frozen=True)
class Statistic:
    """Mean and standard deviation; NaN where unknown."""

    mean: float = math.nan
    std: float = math.nan


@dataclass(frozen=True, eq=False)
class StemFeatures:
    """Features of one stem type.

    Attributes
    ----------
    loudness_lufs : Statistic
        Over files (paper, equation 1).
    eq_db, eq_std_db : array (121,) or None
        Mean spectrum at -30 LUFS on `GRID_HZ` (paper, equation 2), and the deviation of the files from each other.
    pan_psi, pan_psi_std : array (121,) or None
        Mean stereo similarity (paper, equation 4), 1 in the centre.
    drc_onset_peak_db : Statistic
        Level of the onset peaks; the deviation is the mean of that within each file.
    drc_spread_db : Statistic
        Spread of the onset peaks, over files.
    n_files : int
    active_seconds : float
    sums : FeatureSums or None
        What the means were made of; without them the type cannot be merged with another.
    extra : dict
        Keys of the file that this version does not know.
    """

    loudness_lufs: Statistic = Statistic()
    eq_db: np.ndarray | None = None
    eq_std_db: np.ndarray | None = None
    pan_psi: np.ndarray | None = None
    pan_psi_std: np.ndarray | None = None
    drc_onset_peak_db: Statistic = Statistic()
    drc_spread_db: Statistic = Statistic()
    n_files: int = 0
    active_seconds: float = 0.0
    sums: FeatureSums | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_sums(cls, sums: FeatureSums, average: str = "linear") -> StemFeatures:
        """Return the features of a type from what its files added up to.

        Parameters
        ----------
        sums : FeatureSums
        average : str
            ``linear``: mean magnitude, as equation 2 says; ``db``: mean of the levels, which outliers move less.
        """
        eq_db, eq_std_db = sums.mean_std("eq_db")
        magnitude, _ = sums.mean_std("eq_magnitude")
        if average == "linear" and magnitude is not None:
            eq_db = 20 * np.log10(np.maximum(magnitude, 1e-15))
        psi, psi_std = sums.mean_std("pan_psi")
        onset, spread, loudness = (
            sums.statistic(name) for name in ("drc_onset_peak_db", "drc_spread_db", "loudness_lufs")
        )
        return cls(
            loudness_lufs=Statistic(*loudness),
            eq_db=eq_db,
            eq_std_db=eq_std_db,
            pan_psi=psi,
            pan_psi_std=psi_std,
            # Not the deviation between files: the bound of the compressor is about the peaks within one.
            drc_onset_peak_db=Statistic(onset[0], sums.statistic("drc_onset_std_db")[0]),
            drc_spread_db=Statistic(*spread),
            n_files=sums.n_files,
            active_seconds=sums.active_seconds,
            sums=sums,
        )

    def as_mapping(self) -> dict[str, Any]:
        """Return the features as a features file has them."""
        values: dict[str, Any] = {**self.extra, "n_files": self.n_files, "active_seconds": self.active_seconds}
        for key in _STATISTICS:
            statistic = getattr(self, key)
            values[key] = {name: round(value, _DECIMALS) for name, value in vars(statistic).items()}
        for key in _CURVES:
            curve = getattr(self, key)
            if curve is not None:
                values[key] = np.round(np.asarray(curve, float), _DECIMALS).tolist()
        if self.sums is not None:
            values["sums"] = self.sums.as_mapping()
        return values

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], grid_hz: np.ndarray) -> StemFeatures:
        """Return the features that a file has, its curves being brought from `grid_hz` to `GRID_HZ`.

        Raises
        ------
        ValueError
            If a curve does not fit the grid or is not finite.
        """
        values = dict(mapping)
        # A file rounds its frequencies, so equal grids differ a little.
        same = grid_hz.shape == GRID_HZ.shape and np.allclose(grid_hz, GRID_HZ, rtol=1e-4)
        known: dict[str, Any] = {
            "n_files": int(values.pop("n_files", 0)),
            "active_seconds": float(values.pop("active_seconds", 0.0)),
        }
        for key in _STATISTICS:
            given = values.pop(key, None) or {}
            # JSON knows no NaN; null stands for it.
            numbers = {name: math.nan if value is None else float(value) for name, value in given.items()}
            known[key] = Statistic(numbers.get("mean", math.nan), numbers.get("std", math.nan))
        for key in _CURVES:
            curve = values.pop(key, None)
            if curve is not None:
                array = np.array(curve, float)
                if array.shape != grid_hz.shape or not np.all(np.isfinite(array)):
                    raise ValueError(f"{key}: {array.size} values for {grid_hz.size} frequencies")
                known[key] = array if same else to_grid(array, grid_hz)
        sums = values.pop("sums", None)
        # Sums on another grid could not be added to ours.
        known["sums"] = FeatureSums.from_mapping(sums) if sums and same else None
        return cls(**known, extra=values)
