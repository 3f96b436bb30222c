"""What the music can be told to be: note density, loudness, brightness, tempo, and the folder that it comes from.

Each is a curve at the rate of latents, between 0 and 1, measured on the songs that are learnt from by
`gantools.structure.curves` (sections 5.1 and 5.2 of the paper, which has note density and tempo).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gantools.structure.curves import MEASURED, Curves
from gantools.systems.musika import meter

_QUIETEST_DB = 60.0
_DARKEST_HZ, _BRIGHTEST_HZ = 100.0, 8000.0
_SLOWEST_BPM, _TEMPO_OCTAVES = 60.0, 2.0
#: What the networks see of the middle 90 % of the training, and the least of the scale that these 90 % count for.
_USUAL, _LEAST_SPREAD = 1.5, 0.05
#: Nothing further out is asked for: the networks have not learnt it, and answered with near silence.
_MOST_ASKED = 2.0
#: The condition that is not measured: it has a channel for each folder.
LABEL = "label"


@dataclass(frozen=True)
class Conditions:
    """The conditions of a model: which there are, and what 0 and 1 mean.

    Parameters
    ----------
    names : tuple of str
        Of `MEASURED`, in that order, and ``label`` last.
    most_density : float
        Onsets in a second that are 1: the 99th percentile of the training.
    labels : tuple of str
        Folders.
    usual : mapping of str to (float, float)
        The middle 90 % of the training for each measured name, between 0 and 1.
    tempi : tuple of float
        Beats in a minute of the songs that have a clock; empty where the networks see none.
    """

    names: tuple[str, ...] = ()
    most_density: float = 1.0
    labels: tuple[str, ...] = ()
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tempi: tuple[float, ...] = ()

    @property
    def channels(self) -> int:
        """Channels of all conditions, those of the clock last."""
        labels = len(self.labels) - 1 if LABEL in self.names else 0
        return len(self.names) + labels + (meter.CHANNELS if self.tempi else 0)

    def scaled(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return a measured curve between 0 and 1, on a scale on which equal steps are heard as such.

        The density is log(1 + d) over that of the most, the loudness counts from -60 dB, the brightness in octaves
        from 100 Hz to 8 kHz, the tempo in octaves from 60 to 240 beats in a minute.
        """
        if name == "density":
            found = np.log1p(np.maximum(values, 0)) / math.log1p(self.most_density)
        elif name == "loudness":
            found = (values + _QUIETEST_DB) / _QUIETEST_DB
        elif name == "brightness":
            found = np.log2(np.maximum(values, 1) / _DARKEST_HZ) / math.log2(_BRIGHTEST_HZ / _DARKEST_HZ)
        else:
            found = np.log2(np.maximum(values, 1) / _SLOWEST_BPM) / _TEMPO_OCTAVES
        return np.clip(found, 0.0, 1.0)

    def unscaled(self, name: str, values: np.ndarray) -> np.ndarray:
        """Return the curve, in its own unit, that `scaled` makes `values` of."""
        if name == "density":
            return np.expm1(values * math.log1p(self.most_density))
        if name == "loudness":
            return values * _QUIETEST_DB - _QUIETEST_DB
        if name == "brightness":
            return _DARKEST_HZ * (_BRIGHTEST_HZ / _DARKEST_HZ) ** values
        return _SLOWEST_BPM * 2 ** (_TEMPO_OCTAVES * values)

    def seen(self, name: str, shares: np.ndarray) -> np.ndarray:
        """Return what the networks see of a curve between 0 and 1: numbers as large as those of anchors and latents.

        Music moves within a part of the scale. Two channels that hardly differ from .7 among a hundred normal numbers
        were not listened to in a run of 4,000 steps.
        """
        low, high = self.usual.get(name, (0.0, 1.0))
        return (shares - (low + high) / 2) * (2 * _USUAL / max(high - low, _LEAST_SPREAD))

    def told(self, name: str, shares: np.ndarray) -> np.ndarray:
        """Return what the networks are told where a curve between 0 and 1 is asked for: no more than they know."""
        return np.clip(self.seen(name, shares), -_MOST_ASKED, _MOST_ASKED)

    def stacked(self, curves: Curves, label: str) -> np.ndarray:
        """Return the curves of a song as the networks see them, float32 (channels, T), less its clock."""
        rows = [self.seen(name, self.scaled(name, getattr(curves, name))) for name in self.names if name != LABEL]
        if LABEL in self.names:
            rows += [np.full(len(curves.tempo), float(label == one)) for one in self.labels]
        return np.array(rows, np.float32).reshape(-1, len(curves.tempo))

    def describe(self) -> dict[str, object]:
        """Return it as JSON values."""
        usual = {name: list(pair) for name, pair in self.usual.items()}
        return {"names": list(self.names), "most_density": self.most_density, "labels": list(self.labels),
                "usual": usual, "tempi": list(self.tempi)}  # fmt: skip


def learn_conditions(
    names: Sequence[str], curves: Sequence[Curves], labels: Sequence[str], tempi: Sequence[float] = ()
) -> Conditions:
    """Return the conditions of a set of songs, of which the curves, labels and the tempi of their clocks are given."""
    density = np.concatenate([song.density for song in curves])
    most = max(1.0, float(np.percentile(density, 99)))
    ordered = tuple(name for name in (*MEASURED, LABEL) if name in names)
    plain = Conditions(ordered, most)
    usual = {}
    for name in ordered:
        if name != LABEL:
            low, high = np.percentile(plain.scaled(name, np.concatenate([getattr(c, name) for c in curves])), [5, 95])
            usual[name] = (float(low), float(high))
    found = tuple(sorted(set(labels))) if LABEL in ordered else ()
    return Conditions(ordered, most, found, usual, tuple(round(float(bpm), 3) for bpm in tempi))


def read_conditions(described: Mapping[str, object]) -> Conditions:
    """Return conditions from `Conditions.describe`; raises KeyError, TypeError or ValueError where they are damaged."""
    names = tuple(str(name) for name in described["names"])  # type: ignore[attr-defined]
    if not set(names) <= {*MEASURED, LABEL}:
        raise ValueError(f"unknown conditions {names}")
    usual = {str(k): (float(v[0]), float(v[1])) for k, v in described["usual"].items()}  # type: ignore[attr-defined]
    labels = tuple(str(one) for one in described["labels"])  # type: ignore[attr-defined]
    tempi = tuple(float(bpm) for bpm in described["tempi"])  # type: ignore[attr-defined]
    return Conditions(names, float(described["most_density"]), labels, usual, tempi)  # type: ignore[arg-type]
