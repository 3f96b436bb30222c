"""Options of the measures of scores."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class SymbolicConfig:
    """Options of ``evaluate symbolic``."""

    real: str = option("", "Real MIDI to compare with, best of pieces that the model has not learned from.")
    trained_on: str = option(
        "", "MIDI that the model learned from: copies count from it, and instruments are guessed by it."
    )
    model: str = option(
        "", "Model of symphony, its folder or its name, that tells how probable the scores are, and their instruments."
    )
    grid: int = option(24, "Units of a quarter: 24 holds triplets and 32nds, the authors' 8 not.", low=2)
