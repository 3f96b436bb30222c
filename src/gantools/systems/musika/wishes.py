"""What a piece is asked to be: each condition as a constant, a curve, a random walk, or that of another recording."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gantools.errors import ConfigError, InputError
from gantools.runtime.seeds import item_seed
from gantools.structure.curves import Curves
from gantools.systems.musika.conditions import LABEL, Conditions
from gantools.systems.musika.meter import clock

RANDOM = "random"
#: Time between the points that a random walk goes through.
_WALK_SECONDS = 6.0


class Wishes:
    """The conditions of one piece at any place of it.

    Parameters
    ----------
    conditions : Conditions
        Those of the model.
    asked : mapping of str to (str or float or Path)
        Name -> a number in its own unit (density 0 to 1, dB, Hz, beats in a minute), ``random``, the name of a
        label, or a CSV file of seconds and numbers. What is not named walks at random within what is usual.
    seed : int
        Of the piece.
    seconds_per_latent : float
    guide : Curves, optional
        Curves of another recording, for what `asked` does not name; behind its end the last value goes on.
    first_beat : float
        Place in the bar at which the piece begins.
    bpm : float
        Tempo of the clock where nothing else says one; by default it is drawn.
    loop : tuple of (int, int), optional
        Latents and beats of a loop, which ends as it begins: random values do not walk, and bars are whole.

    Raises
    ------
    ConfigError
        A condition that the model does not know, or a label that it has not seen.
    InputError
        A file cannot be read as a curve.
    """

    def __init__(
        self,
        conditions: Conditions,
        asked: Mapping[str, str | float | Path],
        seed: int,
        seconds_per_latent: float,
        guide: Curves | None = None,
        loop: tuple[int, int] | None = None,
        first_beat: float = 0.0,
        bpm: float = 0.0,
    ) -> None:
        self.conditions, self._asked, self._seed = conditions, dict(asked), seed
        self._seconds, self._loop = seconds_per_latent, loop
        self._first_beat, self._bpm = first_beat, bpm
        for name in self._asked:
            if name not in conditions.names and not (name == "tempo" and conditions.tempi):
                known = ", ".join([*conditions.names, *(["tempo"] if conditions.tempi else [])]) or "nothing"
                raise ConfigError(f"{name}: the model can be told {known}; train it with --conditions {name}")
        self._points: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for name, value in self._asked.items():
            if isinstance(value, Path):
                self._points[name] = read_curve(value)
        if LABEL in conditions.names and isinstance(self._asked.get(LABEL), str):
            self._label(str(self._asked[LABEL]))
        self._guide = guide

    def at(self, latents: np.ndarray) -> np.ndarray:
        """Return the conditions at some latents, float32 (channels, n), as the networks see them."""
        rows = []
        for name in self.conditions.names:
            if name == LABEL:
                rows += list(self._labels(len(latents)))
            else:
                rows.append(self.conditions.told(name, self._curve(name, latents)))
        found = np.array(rows, np.float32).reshape(-1, len(latents))
        if self.conditions.tempi:
            found = np.concatenate([found, clock(self._beats(latents))])
        return found

    @property
    def bpm(self) -> float:
        """Tempo of the clock at the beginning, in beats in a minute; 0 where there is none."""
        asked = self._asked.get("tempo")
        if isinstance(asked, float):
            return asked
        if asked is None and self._guide is not None:
            return float(self._guide.tempo[0])
        if self._bpm:
            return self._bpm
        # One of those that were learnt: between them the networks know nothing.
        tempi = self.conditions.tempi
        return tempi[int(self._draw("tempo", 0) * len(tempi))] if tempi else 0.0

    def curves(self, seconds: np.ndarray) -> dict[str, np.ndarray]:
        """Return what is asked for at some times of the piece, each in its own unit, by the names of `MEASURED`.

        Onsets in a second, dB of full scale, Hz, and beats in a minute, within what the networks can be told.
        """
        latents = seconds / self._seconds - 0.5
        found = {
            name: self.conditions.unscaled(name, self._curve(name, latents))
            for name in self.conditions.names
            if name != LABEL
        }
        if self.conditions.tempi:
            found["tempo"] = self._tempi(seconds)
        return found

    def _tempi(self, seconds: np.ndarray) -> np.ndarray:
        """Return the tempo that the clock goes at."""
        if self._loop:
            return np.full(len(seconds), 60 * self._loop[1] / (self._loop[0] * self._seconds))
        if "tempo" in self._points:
            return np.interp(seconds, *self._points["tempo"])
        return np.full(len(seconds), self.bpm)

    def _beats(self, latents: np.ndarray) -> np.ndarray:
        """Return the place in beats of some latents; the first bar begins with the piece."""
        if self._loop:
            return (latents + 0.5) * self._loop[1] / self._loop[0]
        seconds = (latents + 0.5) * self._seconds
        if "tempo" not in self._points:
            return self._first_beat + seconds * self.bpm / 60
        times, tempi = self._points["tempo"]
        # The sum of a curve that is straight between its points; before the first and behind the last it is level.
        knots = np.unique(np.concatenate([[0.0], times, [max(float(seconds.max()), float(times[-1])) + 1]]))
        rates = np.interp(knots, times, tempi) / 60
        whole = np.concatenate([[0.0], np.cumsum(np.diff(knots) * (rates[1:] + rates[:-1]) / 2)])
        place = np.clip(np.searchsorted(knots, seconds, "right") - 1, 0, len(knots) - 2)
        gone = seconds - knots[place]
        slope = np.diff(rates)[place] / np.diff(knots)[place]
        return self._first_beat + whole[place] + gone * (rates[place] + 0.5 * slope * gone)

    def _curve(self, name: str, latents: np.ndarray) -> np.ndarray:
        asked = self._asked.get(name)
        if asked is None and self._guide is not None:
            values = getattr(self._guide, name)
            return self.conditions.scaled(name, values[np.clip(latents.astype(int), 0, len(values) - 1)])
        if name in self._points:
            seconds, numbers = self._points[name]
            return self._own(name, np.interp((latents + 0.5) * self._seconds, seconds, numbers))
        if isinstance(asked, float):
            return self._own(name, np.full(len(latents), asked))
        return self._walk(name, latents)

    def _own(self, name: str, numbers: np.ndarray) -> np.ndarray:
        # The density is asked for as the paper has it, between 0 and 1; everything else in its own unit.
        return np.clip(numbers, 0, 1) if name == "density" else self.conditions.scaled(name, numbers)

    def _walk(self, name: str, latents: np.ndarray) -> np.ndarray:
        """Return a random curve: straight between random points, each of which is known by its number."""
        low, high = self.conditions.usual.get(name, (0.0, 1.0))
        if name == "tempo" and self.conditions.tempi:
            return self.conditions.scaled(name, np.full(len(latents), self.bpm))
        if self._loop or name == "tempo":
            return np.full(len(latents), low + (high - low) * self._draw(name, 0))
        places = latents * self._seconds / _WALK_SECONDS
        numbers = np.arange(math.floor(places.min()), math.floor(places.max()) + 2)
        heights = np.array([self._draw(name, int(number)) for number in numbers])
        return low + (high - low) * np.interp(places, numbers, heights)

    def _draw(self, name: str, number: int) -> float:
        return float(np.random.default_rng(item_seed(self._seed, "wish", name, number)).random())

    def _labels(self, count: int) -> np.ndarray:
        labels, asked = self.conditions.labels, self._asked.get(LABEL)
        chosen = self._label(str(asked)) if asked not in (None, RANDOM) else int(self._draw(LABEL, 0) * len(labels))
        return np.repeat(np.eye(len(labels))[chosen][:, None], count, axis=1)

    def _label(self, name: str) -> int:
        labels = self.conditions.labels
        if name == RANDOM and name not in labels:
            return 0
        if name not in labels:
            raise ConfigError(f"label: the model knows {', '.join(labels)}, not {name}")
        return labels.index(name)


def read_curve(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds and the numbers of a CSV file with two columns, rising in time; a header is passed over.

    Raises
    ------
    InputError
        The file cannot be read, or its rows are no such numbers.
    """
    rows = []
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), 1):
                try:
                    seconds, value = (float(cell) for cell in row)
                except ValueError as error:
                    if number == 1:
                        continue  # names of the columns
                    raise InputError(f"line {number} is no pair of seconds and a number", path) from error
                rows.append((seconds, value))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("cannot be read as a curve; write lines of seconds,number", path) from error
    points = np.array(rows).reshape(-1, 2)
    if not len(points) or not np.isfinite(points).all() or (np.diff(points[:, 0]) < 0).any():
        raise InputError("holds no curve; write lines of seconds,number that rise in time", path)
    return points[:, 0], points[:, 1]
