"""Features of a dataset: the mean of each effect over its stems (paper, section 2.1, equations 1, 2 and 4).

Sequential, as in the paper's program: the dynamics are those of stems whose spectrum is already normalised, and the
loudness is that of stems after all other effects. That takes three passes over the files; ``raw`` takes one.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gantools.audio.loudness import Meter
from gantools.audio.peermeter import by_pyloudnorm
from gantools.effects.analysis import analyse, feed, is_short, is_silent, measure_onsets
from gantools.effects.chain import normalise
from gantools.effects.config import ChainConfig, FitConfig
from gantools.effects.features import Features, StemFeatures, merge, read_features
from gantools.effects.spectrum import GAMMA_SECONDS, GATE_DB, grid_magnitude
from gantools.effects.stem import chunks, read_stem
from gantools.effects.sums import FeatureSums
from gantools.version import __version__

#: Passes of each mode, in order.
PASSES = {"raw": ("raw",), "sequential": ("spectrum", "dynamics", "loudness")}
_FEW_FILES, _TOO_FEW_FILES = 10, 3
#: How the features are measured; features of different settings are not merged.
SETTINGS: dict[str, Any] = {
    "reference_lufs": -30.0,
    "gamma_seconds": GAMMA_SECONDS,
    "gamma_overlap": 0.5,
    "pan_ms": 46.4,
    "gate_db": GATE_DB,
    "drc_peak_dbfs": -10.0,
    "percentile": 75,
}


def fit_file(path: Path, role: str, stage: str, features: Features | None, config: FitConfig) -> dict[str, Any]:
    """Measure one file in one pass.

    Parameters
    ----------
    path : Path
    role : str
    stage : str
        ``raw``: everything; ``spectrum``: spectrum and panning; ``dynamics``: onset peaks after the EQ of `features`;
        ``loudness``: after EQ, compression and panning.
    features : Features or None
        What the passes before gave.
    config : FitConfig

    Returns
    -------
    dict
        Arguments for `Fit.take`; ``left_out`` with a reason for a file that does not count.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    stem = read_stem(path, nan=config.nan)
    if stage in ("raw", "spectrum"):
        found = analyse(stem, meter=config.reads_with(), gated=not config.paper)
        active = found.spectrum.active_seconds
        # Decided in the first pass only; the later ones skip these files (`Fit.wants`).
        reason = _left_out(
            is_silent(stem, found.lufs),
            is_short(stem),
            active < config.min_active_seconds,
            bool(stem.clipped_runs),
            config,
        )
        if reason:
            return {"left_out": reason}
        magnitude = grid_magnitude(found.spectrum.gamma, stem.rate_hz, found.reference_gain, mean=config.paper)
        result: dict[str, Any] = {"active_seconds": active, "magnitude": magnitude}
        if found.image is not None:
            result["psi"] = found.image.psi
        if stage == "raw":
            result["lufs"] = found.lufs
            if found.onsets is not None:
                result["onsets"] = (found.onsets.mean_db, found.onsets.std_db, found.onsets.spread_db)
        return result
    assert features is not None
    effects = "eq" if stage == "dynamics" else "eq,drc,pan"
    done = normalise(stem, features, ChainConfig(effects=effects, meter=config.meter, paper=config.paper), role=role)
    if stage == "dynamics":
        # The scale of the onset peaks follows the sample peak, which the EQ has changed.
        peak = max(float(abs(block).max()) for block in chunks(done.wave))
        onsets = measure_onsets(done.wave, stem.rate_hz, peak)
        return {"onsets": (onsets.mean_db, onsets.std_db, onsets.spread_db)}
    meter = Meter(stem.rate_hz, len(done.wave))
    feed(done.wave, meter)
    loudness = meter.loudness()
    if config.reads_with() == "pyloudnorm":
        loudness = by_pyloudnorm(done.wave, stem.rate_hz, loudness)
    return {"lufs": loudness.integrated_lufs()}


def _left_out(silent: bool, short: bool, inactive: bool, clipped: bool, config: FitConfig) -> str:
    if silent:
        return "silent"
    if short:
        return "short"
    if clipped and config.skip_clipped:
        return "clipped"
    return "inactive" if inactive else ""


class Fit:
    """Collects what the passes measure, and makes the features of it.

    Parameters
    ----------
    config : FitConfig

    Attributes
    ----------
    left_out : dict
        Reason -> number of files.
    """

    def __init__(self, config: FitConfig) -> None:
        self.config = config
        self.sums: dict[str, FeatureSums] = {}
        self.left_out: Counter[str] = Counter()
        self._out: set[str] = set()

    @property
    def counts(self) -> dict[str, int]:
        """Stem type -> number of files that count."""
        return {role: sums.n_files for role, sums in self.sums.items()}

    def wants(self, key: str) -> bool:
        """Tell whether a file still counts after the passes so far."""
        return key not in self._out

    def take(self, results: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        """Add the results of one pass: (key, stem type, what `fit_file` returned), in the order of the files."""
        # In the order of the files, whichever job ended first: the sum of floats depends on the order.
        for key, role, found in results:
            if "left_out" in found:
                self.left_out[found["left_out"]] += 1
                self._out.add(key)
                continue
            sums = self.sums.setdefault(role, FeatureSums())
            if "magnitude" in found:
                sums.add_file(found["active_seconds"])
                sums.add_eq(found["magnitude"])
            if "psi" in found:
                sums.add_panning(found["psi"])
            if "onsets" in found:
                mean_db, std_db, spread_db = found["onsets"]
                sums.add_onsets(mean_db, std_db)
                sums.add_spread(spread_db)
            if "lufs" in found:
                sums.add_loudness(found["lufs"])

    def features(self, inputs_sha256: str | None = None) -> Features:
        """Return the features so far; at the end, where the hash of the inputs is given, with those of ``merge``.

        Raises
        ------
        InputError
            The file to merge cannot be read, or was measured otherwise.
        """
        stems = {role: StemFeatures.from_sums(sums, self.config.average) for role, sums in self.sums.items()}
        extra = {
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "tool": f"gantools {__version__}",
            "inputs_sha256": inputs_sha256 or "",
        }
        settings = SETTINGS | {"mode": self.config.measure, "average": self.config.average}
        if self.config.reads_with() != "own":
            settings["meter"] = self.config.reads_with()
        if self.config.paper:
            settings |= {"paper": True, "gate_db": None}
        found = Features(self.config.title or "fit", stems, settings, extra)
        # Not between passes: their stems are brought to the features of this dataset alone.
        if self.config.merge and inputs_sha256 is not None:
            found = replace(merge(found, read_features(self.config.merge)), extra=extra)
        return found

    @property
    def warnings(self) -> list[str]:
        """Return what makes the features doubtful."""
        return [
            f"only {count} files of {role}; {'the mean says little' if count < _TOO_FEW_FILES else 'more are better'}"
            for role, count in sorted(self.counts.items())
            if count < (_TOO_FEW_FILES if self.config.merge else _FEW_FILES)
        ]
