"""Configuration and presets of SymphonyNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import PieceConfig

#: Merges of pitches that a corpus keeps; a model takes the first so many of them.
MOST_MERGES = 1024


@dataclass(frozen=True)
class SymphonyConfig(PieceConfig):
    """Options of ``train symphony``."""

    FREE: ClassVar[frozenset[str]] = PieceConfig.FREE | {"validation_windows"}

    transpose: int = option(
        6, "Semitones by which pieces are moved at random, up or down; the program's 0 moves none.", low=0, high=24,
        group="Data",
    )  # fmt: skip
    shuffle_tracks: float = option(
        0.0, "Share of windows in whose bars the tracks come in any order.", low=0, high=1, group="Data"
    )
    drop_parts: float = option(
        0.0, "Largest share of its parts that a window is left without at random.", low=0, high=0.9, group="Data"
    )
    vary_velocity: int = option(
        0, "Steps of velocity by which windows are louder or softer at random, of eight.", low=0, high=7, group="Data"
    )
    track_numbers: str = option(
        "rising",
        "Numbers of tracks, out of 40: rising at random from the top of the score to its end, or in any order, as in "
        "the authors' program, where one says nothing of its part.",
        choices=("rising", "any"),
        group="Data",
    )
    context: int = option(512, "Rows that the network sees at a time; a note takes about two.", low=16)

    grid: int = option(24, "Units of a quarter: 24 holds triplets and 32nds, the program's 8 not.", low=2, group="Rows")
    merges: int = option(
        256, "Sets of pitches that become one word (music BPE); 0 leaves every note its row.", low=0, high=MOST_MERGES,
        group="Rows",
    )  # fmt: skip
    held: bool = option(True, "Hold notes beyond four quarters; the authors' program strikes them again.", group="Rows")
    meters: bool = option(True, "Tell the meters of bars beside their lengths.", group="Rows")
    tempi: bool = option(True, "Tell tempi.", group="Rows")
    velocity: bool = option(True, "Tell how hard notes are struck, in eight steps.", group="Rows")

    width: int = option(256, "Numbers that stand for a row. More can learn more and take longer.", low=8)
    layers: int = option(6, "Layers of the transformer.", low=1, high=48, group="Networks")
    heads: int = option(8, "Heads of the attention, a divisor of --width.", low=1, group="Networks")
    # Models from before this option have none.
    recall: bool = option(
        False,
        "Tell each row what its part did before and what sounds with it, read off the rows; the paper's network has to "
        "find that among them.",
        group="Networks",
    )
    dropout: float = option(0.1, "Share of units that are dropped in training.", low=0, high=0.9, group="Networks")
    attention: str = option(
        "linear",
        "Kind of attention: linear, whose time and memory a row do not grow with the rows before, or softmax.",
        choices=("linear", "softmax"),
        group="Networks",
    )
    layer_norm: str = option(
        "before", "Where layers are normalised: before each part, or after it as in the authors' program.",
        choices=("before", "after"), group="Networks",
    )  # fmt: skip
    head: str = option(
        "nested",
        "How the fields of a row are told: all at once (parallel, as in the program), or duration, track and velocity "
        "given the event (nested).",
        choices=("nested", "parallel"),
        group="Networks",
    )
    instrument_head: str = option(
        "aligned",
        "Where the instrument of a note is read: at the note itself, or a row before it (shifted, as in the program).",
        choices=("aligned", "shifted"),
        group="Networks",
    )

    loss: str = option(
        "balanced",
        "Mean over the rows that have a field for each field, or all over all rows, as in the program.",
        choices=("balanced", "paper"),
        group="Optimiser",
    )
    lr: float = option(1e-3, "Peak of the learning rate of AdamW, which falls to 0 in a straight line.", low=0)
    warmup_steps: int = option(100, "Steps in which the learning rate rises to --lr.", low=0, group="Optimiser")
    weight_decay: float = option(0.01, "Weight decay of AdamW.", low=0, group="Optimiser")
    clip_norm: float = option(1.0, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser")
    validation_windows: int = option(
        48, "Windows of unseen pieces that a validation reads.", low=1, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ConfigError(f"heads: {self.heads} is no divisor of the width {self.width}")
        if 480 % self.grid:
            raise ConfigError(f"grid: {self.grid} does not divide 480, the ticks of a quarter in MIDI files")


#: 8 GPUs and 46,359 files. Its program: no transposition, struck notes, lengths of bars alone.
_PAPER = SymphonyConfig(
    steps=210_000,
    documented_steps=210_000,
    batch_size=128,
    split="99/1/0",
    transpose=0,
    track_numbers="any",
    context=4096,
    grid=8,
    merges=700,
    held=False,
    meters=False,
    tempi=False,
    velocity=False,
    width=512,
    layers=12,
    heads=16,
    layer_norm="after",
    head="parallel",
    instrument_head="shifted",
    loss="paper",
    lr=3e-4,
    warmup_steps=5000,
    clip_norm=0.0,
    ema=False,
)
_DEFAULT = SymphonyConfig(
    steps=50_000,
    documented_steps=50_000,
    batch_size=16,
    drop_parts=0.4,
    vary_velocity=2,
    context=1024,
    recall=True,
    warmup_steps=500,
)
_SMALL = SymphonyConfig(
    steps=2500,
    documented_steps=2500,
    batch_size=4,
    context=512,
    width=160,
    layers=3,
    heads=5,
    recall=True,
    dropout=0.1,
    lr=2.5e-3,
    drop_parts=0.4,
    vary_velocity=2,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
