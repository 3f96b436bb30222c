"""What the loop systems have in common: which phrases of MIDI files they learn from."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option
from gantools.training.config import PieceConfig, split_option


@dataclass(frozen=True)
class PhraseConfig(PieceConfig):
    """Options of the systems that learn from phrases of drums and bass."""

    split: str = split_option("80/20/0")
    bars: int = option(8, "Bars of a phrase, all in 4/4.", low=1, high=16, group="Data")
    least_cells: int = option(
        32, "Cells of the roll that drums and bass must each fill at least, or the phrase is left out.", group="Data"
    )
    only_loops: bool = option(
        True, "Learn only from phrases that a loop detector accepts, of 4, 8 or 16 bars.", group="Data"
    )
    detector: str = option(
        "", "Loop detector: a model folder or a shipped name. By default the one that ships.", group="Data"
    )
    patterns: int = option(
        0, "Generated patterns to learn from beside the phrases, for when there are few pieces.", low=0, group="Data"
    )
    transpose: int = option(
        6, "Semitones by which the bass is moved at random, up or down; the paper's 0 moves none.", low=0, group="Data"
    )


@dataclass(frozen=True)
class VariedPhraseConfig(PhraseConfig):
    """Options of the systems that vary what they learn from."""

    swap_bass: float = option(
        0.3, "Share of phrases whose drums get the bass of another phrase. 0 keeps all as they are.", low=0, high=1,
        group="Data",
    )  # fmt: skip
    vary: float = option(
        0.5,
        "Share of phrases that are varied: they begin at another bar, or their drums lose, gain or exchange a part. 0 "
        "keeps all as they are.",
        low=0,
        high=1,
        group="Data",
    )
