"""Options of the measures of generated loops."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class LoopsConfig:
    """Options of the measures of generated loops."""

    real: str = option(
        "", "Real MIDI to compare with; the paper takes what the model learned from. Without it half the figures."
    )
    trained_on: str = option("", "MIDI that the model learned from, where that is not --real; novelty counts from it.")
    detector: str = option("", "Loop detector: a model folder or a shipped name. By default the one that ships.")
    bars: int = option(8, "Bars of a phrase, all in 4/4.", low=2, high=16)
    least_cells: int = option(
        32, "Cells of the roll that drums and bass of a real phrase must each fill, or it is left out.", low=0
    )
    only_loops: bool = option(
        True, "Compare with those real phrases that the detector accepts, as systems learn from these alone."
    )
    samples: int = option(10000, "Most phrases of each side that are compared; of more, some are drawn.", low=1)
    random_networks: int = option(10, "Random networks in whose spaces the sets are compared.", low=1, high=100)
    neighbours: int = option(5, "Which nearest neighbour sets the radius of a ball (k).", low=1)
