"""Options of finding loops."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.options import option

_WRITTEN = "Loops that are written"
_JUDGED = "How loops are judged"


@dataclass(frozen=True)
class LoopScoreConfig:
    """Options of loopscore."""

    bars: int = option(8, "Bars of a loop: 4, 8 or 16. Shorter files are repeated to as many.")
    stride: int = option(1, "Bars from one window to the next.", low=1, high=64)
    bpm: float | None = option(
        None, "Tempo of every input. By default tags, name, acid chunk or length tell it, or it is heard.", unit="bpm",
        low=20.0, high=400.0,
    )  # fmt: skip
    offset: float | None = option(
        None, "Where a bar begins. By default it is heard, or it is the beginning of a trimmed loop.", unit="s", low=0.0
    )
    best: bool = option(False, "Keep the best window of each file only.")
    top: int = option(0, "Keep so many windows of each file, the best that do not overlap; 0 keeps all.", low=0)
    points: bool = option(False, "Print start, end and file in samples, as loop players read them.")
    matrix: bool = option(False, "Write a picture of how alike the bars are beside the loops of each file.")
    model: str = option(
        "loopdetector",
        "The detector: a model folder of train loopdetector, or one that ships.",
        group=_JUDGED,
    )
    features: str = option(
        "grid",
        "What of a bar is compared. The paper's sees the first beat of sound best.",
        choices=("grid", "paper"),
        group=_JUDGED,
    )
    method: str = option(
        "svdd",
        "What judges: svdd is the trained detector, bookend asks whether the first bar comes again after the last, "
        "meancorr how alike all bars are.",
        choices=("svdd", "bookend", "meancorr"),
        group=_JUDGED,
    )
    max_score: float | None = option(
        None,
        "Score up to which a window is a loop. By default that of the detector, for audio and for MIDI.",
        low=0.0,
        group=_JUDGED,
    )
    layout: str = option(
        "auto",
        "Parts of MIDI that are compared: drums and bass where there are both, or all.",
        choices=("auto", "bass+drums", "all"),
        group=_JUDGED,
    )
    fold_tail: bool = option(
        False, "Fade what rings on after a loop's end into its beginning, as far as nothing new begins.", group=_WRITTEN
    )
    format: str = option("wav", "Audio format of the loops.", choices=("wav", "flac", "ogg"), group=_WRITTEN)
    bits: str = option(
        "source", "Bits per sample of WAV and FLAC.", choices=("source", "16", "24", "32f"), group=_WRITTEN
    )

    def __post_init__(self) -> None:
        if self.bars not in (4, 8, 16):
            raise ConfigError(f"bars: {self.bars} is not one of 4, 8, 16")

    @property
    def most(self) -> int:
        """How many windows of a file are kept; 0 for all."""
        return 1 if self.best else self.top
