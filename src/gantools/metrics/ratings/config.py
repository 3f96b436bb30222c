"""Options of the evaluation of a listening test."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option
from gantools.parsing import names


@dataclass(frozen=True)
class AnswersConfig:
    """Options of whatever reads the answers of a listening test."""

    key: str = option("", "Key of the test. By default key.json in the folder of the results, or in the one above.")
    reverse: str = option(
        "", "Questions whose low values are the good ones, such as contamination: turned round.", parse=names
    )
    exclude: bool = option(False, "Leave out listeners who contradict themselves, or rate a hidden reference low.")
    least_consistency: float = option(
        0.0,
        "Least agreement of a listener's second answers with the first: 1 when equal, 0 when no closer than those to "
        "two clips at random.",
        low=-1,
        high=1,
    )
    resamples: int = option(2000, "Draws of listeners and clips behind each interval.", low=100, high=100_000)


@dataclass(frozen=True)
class RatingsConfig(AnswersConfig):
    """Options of the evaluation of a listening test."""

    real: str = option("", "Name of the set that is real. By default as in the key, or the one called real.")
