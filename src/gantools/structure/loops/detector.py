"""The loop detector: how far the correlations of a phrase lie from those of loops, and where loops end.

Han et al., "Symbolic Music Loop Generation with Neural Discrete Representations" (ISMIR 2022), section 3.2.2: One-Class
Deep SVDD (Ruff et al. 2018). A network f_w without biases takes all loops of the training near a centre c; the loop
score of a phrase is its distance from c. This file applies what `gantools train loopdetector` has learnt, in NumPy, so
that scoring a folder of files does not wait for torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from gantools.errors import ConfigError, DependencyError, InputError, ModelError
from gantools.files.containers import read_tensors
from gantools.models.folder import read_model
from gantools.models.shipped import shipped_folder
from gantools.structure.loops.correlation import KINDS, Kind, pairs, roll_correlation

Domain = Literal["audio", "midi"]
DOMAINS: tuple[Domain, ...] = ("audio", "midi")
#: Dimensions of the space of f_w. The paper's equation 2 is the sum of squares over them, its program and all its
#: figures are the mean, which is meant here by loop score; the sum is seven times as much.
DIMENSIONS = 7
#: Slope of the LeakyReLU for negative values.
SLOPE = 0.1
#: Least size of a coordinate of the centre (Ruff's program): one at 0 would be met by a network of zeros.
CENTRE_LEAST = 0.1
#: The name of the network file of a model, and the detector that ships with gantools.
NETWORK = "detector"
SHIPPED = shipped_folder("loopdetector")
_LEAST_SCORE = 1e-12


def hidden_units(inputs: int) -> int:
    """Return the width of the two hidden layers: the paper's 14 for the 28 pairs of 8 bars, half the pairs of more."""
    return max(14, inputs // 2)


def network_name(domain: Domain, bars: int) -> str:
    """Return the name of the network for phrases of so many bars, trained on audio or MIDI: ``midi_8``."""
    return f"{domain}_{bars}"


def one_sigma(scores: np.ndarray) -> float:
    """Return the paper's threshold: one standard deviation above the mean of the logarithms of loops' scores.

    Of scores whose logarithms are normal 84 % lie below it.
    """
    logarithms = np.log(np.maximum(np.asarray(scores, np.float64), _LEAST_SCORE))
    return float(np.exp(logarithms.mean() + logarithms.std()))


@dataclass(frozen=True, eq=False)
class LoopNetwork:
    """One network f_w, its centre, and the loops that say what its scores mean.

    Attributes
    ----------
    weights : sequence of float64 arrays (outputs, inputs)
        Of three layers without biases, LeakyReLU with slope 0.1 between them.
    centre : float64 array (7,)
    scales : mapping of str to float64 array (loops,)
        ``audio`` and ``midi`` to the rising scores of known loops of that domain which training did not see; empty
        where there were none.
    """

    weights: Sequence[np.ndarray]
    centre: np.ndarray
    scales: Mapping[str, np.ndarray]

    @property
    def inputs(self) -> int:
        """How many correlations it takes."""
        return int(self.weights[0].shape[1])

    def scores(self, correlations: np.ndarray) -> np.ndarray:
        """Return the mean over the 7 dimensions of the squared distances from the centre, float64 (n,)."""
        return loop_scores(self.weights, self.centre, correlations)


def loop_scores(weights: Sequence[np.ndarray], centre: np.ndarray, correlations: np.ndarray) -> np.ndarray:
    """Return the loop scores of correlations (n, pairs), float64 (n,)."""
    values = np.asarray(correlations, np.float64)
    for index, weight in enumerate(weights):
        if index:
            values = np.where(values > 0, values, SLOPE * values)
        values = values @ weight.T
    return np.asarray(np.square(values - centre).mean(axis=1))


class LoopDetector:
    """Networks for phrases of several lengths, of sound and of notes.

    Parameters
    ----------
    kind : str
        Of the correlations; see `gantools.structure.loops.correlation`.
    networks : mapping of str to LoopNetwork
        By `network_name`.
    folder : Path, optional
        Named in errors.

    Attributes
    ----------
    lengths : tuple of int
        Bars for which there is a network, rising.
    """

    def __init__(self, kind: Kind, networks: Mapping[str, LoopNetwork], folder: Path | None = None) -> None:
        self.kind, self.networks, self.folder = kind, dict(networks), folder
        self.lengths = tuple(sorted({int(name.rpartition("_")[2]) for name in networks}))

    def network(self, bars: int, domain: Domain) -> LoopNetwork:
        """Return the network for phrases: of their domain, or the other's where the detector knows only that.

        Raises
        ------
        ConfigError
            There is none for phrases of this length.
        """
        order = (domain, *(other for other in DOMAINS if other != domain))
        for name in (network_name(one, bars) for one in order):
            if name in self.networks:
                return self.networks[name]
        has = ", ".join(map(str, self.lengths))
        raise ConfigError(f"the detector has no network for {bars} bars, only for {has}", self.folder)

    def scores(self, correlations: np.ndarray, bars: int, domain: Domain = "midi") -> np.ndarray:
        """Return the loop scores of phrases: the mean over the 7 dimensions, not the sum of equation 2.

        Parameters
        ----------
        correlations : array (n, bars (bars - 1) / 2)
            Of this detector's `kind`.
        bars : int
        domain : str
            ``audio`` or ``midi``.

        Returns
        -------
        float64 array (n,)
            0 and more; a phrase at or below `threshold` is a loop.
        """
        return self.network(bars, domain).scores(correlations)

    def threshold(self, bars: int, domain: Domain) -> float:
        """Return the score up to which a phrase counts as a loop: one sigma above the mean of known loops' log scores.

        The loops are of the domain that is scored. Of a detector that was given none of it they are the other's: the
        order of scores holds then, the threshold does not (of 100 loops the paper's transfer accepts about 3).
        """
        return one_sigma(self._scale(bars, domain))

    def is_calibrated(self, bars: int, domain: Domain) -> bool:
        """Return whether threshold and percentiles are those of loops of this domain."""
        return len(self.network(bars, domain).scales[domain]) > 0

    def percentile(self, scores: np.ndarray, bars: int, domain: Domain) -> np.ndarray:
        """Return the percentage of known loops that score lower, 0 to 100: comparable between detectors."""
        scale = self._scale(bars, domain)
        return np.asarray(np.searchsorted(scale, scores, side="left") * (100.0 / len(scale)))

    def roll_scores(self, sounding: np.ndarray, bars: int) -> np.ndarray:
        """Return the loop scores of piano rolls, bool (n, steps, 57) with as many steps in each bar, float64 (n,)."""
        sounding = np.asarray(sounding, bool)
        cells = sounding.reshape(len(sounding), bars, -1)
        return self.scores(roll_correlation(cells, self.kind), bars, "midi")

    def _scale(self, bars: int, domain: Domain) -> np.ndarray:
        scales = self.network(bars, domain).scales
        return scales[domain] if len(scales[domain]) else next(scale for scale in scales.values() if len(scale))


def open_detector(folder: Path | None = None) -> LoopDetector:
    """Open a model folder of ``train loopdetector``, or the detector that ships with gantools.

    Raises
    ------
    ModelError
        It is no such folder, or damaged.
    DependencyError
        The detector that ships is not in this installation.
    """
    if folder is None:
        folder = SHIPPED
        if not (folder / "config.json").is_file():
            raise DependencyError("the loop detector is missing from this installation; install gantools again")
    model, path = read_model(folder, "loopdetector"), Path(folder) / f"{NETWORK}.safetensors"
    try:
        tensors = read_tensors(path)[0]
    except InputError as error:
        raise ModelError(error.message, path) from error
    kind = model["config"].get("feature")
    names = sorted({name.partition(".")[0] for name in tensors})
    if kind not in KINDS or not names or not all(_known(name) for name in names):
        raise ModelError("holds no networks of a loop detector; train it again", path)
    return LoopDetector(kind, {name: _network(name, tensors, path) for name in names}, Path(folder))


def _known(name: str) -> bool:
    found = re.fullmatch(r"(audio|midi)_(\d{1,2})", name)
    return found is not None and int(found[2]) > 1


def _network(name: str, tensors: Mapping[str, np.ndarray], path: Path) -> LoopNetwork:
    """Return one network of a file of weights, checked."""
    own = {key.partition(".")[2]: np.asarray(array, np.float64) for key, array in tensors.items()
           if key.partition(".")[0] == name}  # fmt: skip
    inputs = pairs(int(name.rpartition("_")[2]))
    hidden = hidden_units(inputs)
    wanted: dict[str, tuple[int, ...]] = {
        "f.0.weight": (hidden, inputs),
        "f.2.weight": (hidden, hidden),
        "f.4.weight": (DIMENSIONS, hidden),
    }
    wanted["centre"] = (DIMENSIONS,)
    loops: dict[str, np.ndarray] = {domain: own.get(f"{domain}_loops", np.zeros((0, inputs))) for domain in DOMAINS}
    shapes = {key: own[key].shape for key in wanted if key in own}
    fits = shapes == wanted and all(array.ndim == 2 and array.shape[1] == inputs for array in loops.values())
    if not fits or not all(np.isfinite(array).all() for array in own.values()):
        raise ModelError(f"its network {name} has other weights than a loop detector's; train it again", path)
    if np.abs(own["centre"]).min() < CENTRE_LEAST * 0.999 or not any(len(array) for array in loops.values()):
        raise ModelError(f"its network {name} has no centre, or no loops to compare with; train it for longer", path)
    weights = [own[key] for key in list(wanted)[:3]]
    scales: dict[str, np.ndarray] = {
        domain: np.sort(loop_scores(weights, own["centre"], array)) for domain, array in loops.items()
    }
    return LoopNetwork(weights, own["centre"], scales)
