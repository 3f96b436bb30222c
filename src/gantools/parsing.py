"""How the text of an option is read: lists, ranges, shares and durations, each in one place for every verb.

A configuration keeps the text, so that `config.json` is a plain dump of what was asked for. `gantools.options.option`
takes one of these functions as ``parse``, `gantools.options.parsed` returns what the text means.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from gantools.errors import ConfigError

_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def names(text: str) -> list[str]:
    """Return the names of a comma-separated list, without what is empty."""
    return [name.strip() for name in text.split(",") if name.strip()]


def distinct_names(text: str) -> list[str]:
    """Return the names of a comma-separated list; raises ConfigError where one is empty or named twice."""
    found = [name.strip() for name in text.split(",")]
    if len(set(found)) < len(found) or not all(found):
        raise ConfigError(f"{text!r} is no list of different names; write for example vocals,drums,bass,other")
    return found


def form_letters(text: str) -> list[str]:
    """Return the letters of a musical form such as ``AABA`` in capitals; raises ConfigError where it has others."""
    letters = list("".join(text.split()).upper())
    if not letters or not all(letter.isalpha() for letter in letters):
        raise ConfigError(f"{text!r} is not letters; write one for each section, such as AABA")
    return letters


def shares(text: str) -> tuple[float, float, float]:
    """Return the relative sizes of train, val and test of a text such as ``80/10/10``; raises ConfigError."""
    try:
        train, val, test = (float(part) for part in text.split("/"))
    except ValueError as error:
        raise ConfigError(f"{text!r}: write three numbers such as 80/10/10") from error
    if not (train >= 0 and val >= 0 and test >= 0 and 0 < train + val + test < float("inf")):
        raise ConfigError(f"{text!r}: shares must not be negative and not all zero")
    return train, val, test


def span(
    low: float = -math.inf, high: float = math.inf, *, least: float = 0.0, example: str = "-18:-6"
) -> Callable[[str], tuple[float, float]]:
    """Return a parser of ``LO:HI``.

    Parameters
    ----------
    low, high : float
        Bounds of both numbers.
    least : float
        HI is at least this much above LO.
    example : str
        What the error shows.
    """

    def parse(text: str) -> tuple[float, float]:
        try:
            start, end = (float(part) for part in text.split(":"))
        except ValueError as error:
            raise ConfigError(f"{text!r}; write LO:HI, such as {example}") from error
        if not (math.isfinite(start) and math.isfinite(end) and low <= start and start + least <= end <= high):
            above = f"HI at least {least:g} above LO" if least else "LO not above HI"
            bounds = f", both from {low:g} to {high:g}" if math.isfinite(low + high) else ""
            raise ConfigError(f"{text!r}; write LO:HI, such as {example}: {above}{bounds}")
        return start, end

    return parse


def stretches(text: str) -> list[tuple[float, float]]:
    """Return the stretches of a text such as ``3.2-3.95,8-8.5`` as (start, end), sorted.

    Raises
    ------
    ConfigError
        The text is no list of START-END, or two stretches overlap.
    """
    found = []
    for part in names(text.replace(" ", "")):
        try:
            start, end = (float(number) for number in part.split("-"))
        except ValueError:
            start = end = math.nan
        if not 0 <= start < end < math.inf:
            raise ConfigError(f"{part!r} is no stretch; write START-END in seconds, such as 3.2-3.95")
        found.append((start, end))
    found.sort()
    if any(before[1] > after[0] for before, after in itertools.pairwise(found)):
        raise ConfigError(f"{text!r}: stretches overlap; join them")
    return found


def seeds(text: str) -> list[int]:
    """Return the seeds of a text such as ``3,7,20-25``, in its order; raises ConfigError."""
    found: list[int] = []
    for part in names(text):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (dash and int(last) < int(first)):
            raise ConfigError(f"{part!r} in {text!r}; write numbers and ranges such as 3,7,20-25")
        found += range(int(first), int(last or first) + 1)
    if len(set(found)) < len(found):
        raise ConfigError(f"{text!r} names a seed twice")
    return found


def two_seeds(text: str) -> tuple[int, int]:
    """Return the two seeds of a text such as ``3-7``, in any order; raises ConfigError."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise ConfigError(f"{text!r}: write two seeds, such as 3-7")
    return int(first), int(last)


def rising_rates(least_hz: int) -> Callable[[str], list[int]]:
    """Return a parser of a comma-separated list of rates in Hz that rise from `least_hz` or more."""

    def parse(text: str) -> list[int]:
        try:
            found = [int(part) for part in text.split(",")]
        except ValueError as error:
            raise ConfigError(f"{text!r} is no list of rates in Hz, such as 1000,2000,4000") from error
        if found != sorted(set(found)) or found[0] < least_hz:
            raise ConfigError(f"{text!r} must rise, from {least_hz} Hz or more")
        return found

    return parse


def number(low: float, high: float, unit: str) -> Callable[[str], float]:
    """Return a parser of a number from `low` to `high`; `unit` is for the error."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ConfigError(f"{text!r}: write {low:g} to {high:g} {unit}")
        return value

    return parse


def word_or(words: Sequence[str], parse_other: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a parser that leaves certain words as they are and reads everything else with another one."""

    def parse(text: str) -> Any:
        if text in words:
            return text
        try:
            return parse_other(text)
        except ConfigError as error:
            raise ConfigError(f"{error.message}; or {', '.join(words)}") from error

    return parse


def duration(text: str) -> float:
    """Return a duration in seconds.

    Parameters
    ----------
    text : str
        A number with a unit, ``90s``, ``5m``, ``2h``, ``1d``, several of them, ``1h30m``, or a bare number of seconds.

    Raises
    ------
    ConfigError
        The text is no positive duration.
    """
    compact = text.strip().lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", compact)
    if parts and "".join(number + unit for number, unit in parts) == compact:
        seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    elif re.fullmatch(r"\d+(\.\d+)?", compact):
        seconds = float(compact)
    else:
        seconds = 0.0
    if seconds <= 0:
        raise ConfigError(f"{text!r} is no duration; write for example 90s, 5m or 2h")
    return seconds


def bar_numbers(text: str) -> list[int]:
    """Return the bars of a text such as ``1-4,7``, counted from 1 and rising; raises ConfigError."""
    found: set[int] = set()
    for part in names(text):
        first, dash, last = (word.strip() for word in part.partition("-"))
        numbers = [int(word) for word in (first, last if dash else first) if word.isdecimal() and len(word) < 5]
        if len(numbers) < 2 or not 1 <= numbers[0] <= numbers[1]:
            raise ConfigError(f"{part!r} in {text!r}; write bars and ranges from 1 on, such as 1-4,7")
        found |= set(range(numbers[0], numbers[1] + 1))
    return sorted(found)


def limit_or_auto(text: str) -> float | None:
    """Return a positive number, or None for ``auto``; raises ConfigError."""
    if text.strip() == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ConfigError(f"{text!r}; write a number above 0, or auto")
    return value


def clock(text: str) -> float:
    """Return a place in time in seconds: ``40:00``, ``00:40:00``, or a duration such as ``40m`` or ``90.5``.

    Raises
    ------
    ConfigError
        The text is none of these.
    """
    parts = text.strip().split(":")
    if len(parts) == 1:
        return 0.0 if re.fullmatch(r"0+(\.0*)?", parts[0]) else duration(text)
    if re.fullmatch(r"(\d+:){1,2}\d+(\.\d+)?", text.strip()) and all(float(part) < 60 for part in parts[1:]):
        return sum(float(part) * 60**place for place, part in enumerate(reversed(parts)))
    raise ConfigError(f"{text!r} is no place in time; write for example 00:40:00, 40m or 90")


def bars_or_duration(text: str) -> tuple[str, float]:
    """Return ``("bars", n)`` of a text such as ``8bars``, or ``("seconds", s)`` of a duration; raises ConfigError."""
    found = re.fullmatch(r"(\d+)\s*bars?", text.strip().lower())
    if found and int(found[1]) > 0:
        return "bars", float(found[1])
    try:
        return "seconds", duration(text)
    except ConfigError as error:
        raise ConfigError(f"{text!r} is no length; write for example 8bars or 20s") from error


def number_or_curve(low: float, high: float, unit: str) -> Callable[[str], float | str]:
    """Return a parser of a number from `low` to `high`, of ``random``, or of the name of a CSV file."""

    def parse(text: str) -> float | str:
        if text == "random" or text.lower().endswith(".csv"):
            return text
        try:
            return number(low, high, unit)(text)
        except ConfigError as error:
            raise ConfigError(f"{error.message}; or random, or a .csv file") from error

    return parse
