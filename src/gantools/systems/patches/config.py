"""Options of drafts by patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.errors import ConfigError
from gantools.metrics.music.steady_config import STEADY_OPTIONS, SteadyConfig
from gantools.options import option, parsed
from gantools.parsing import bars_or_duration


@dataclass(frozen=True)
class PatchGenerateConfig(AudioFileConfig, SteadyConfig):
    """What drafts by patches can be told."""

    #: Options that change no result.
    FREE: ClassVar[frozenset[str]] = STEADY_OPTIONS | {"format", "rank"}

    seconds: float = option(20.0, "Length of each result, where --bars says none.", unit="s", low=0.05)
    bars: int = option(0, "Length in bars, from a downbeat on; 0 takes --seconds.", low=0)
    loop: str = option(
        "",
        "Make loops without a seam of this length, such as 20s or 8bars, in place of pieces.",
        parse=bars_or_duration,
    )
    variety: float = option(
        0.6,
        "How far results go from the recording: 0 keeps whole bars of it, 1 joins what never sounded together.",
        low=0,
        high=1,
    )
    bpm: float = option(0.0, "Tempo of the recording; 0 finds it.", low=0, high=400)
    beats_per_bar: int = option(4, "Beats of a bar.", low=1, high=16)
    rank: bool = option(True, "Rank the results: ranked.csv, and index.html to listen to.", group="Output files")

    def length(self) -> tuple[str, float]:
        """Return what is asked for: ``("bars", n)`` or ``("seconds", s)``."""
        if self.loop:
            asked: tuple[str, float] = parsed(self, "loop")
            return asked
        return ("bars", float(self.bars)) if self.bars else ("seconds", self.seconds)

    def __post_init__(self) -> None:
        self.refuse_choosing()
        if self.loop and self.bars:
            raise ConfigError("bars: a loop has the length of --loop; leave out --bars")
        if 0 < self.bpm < 20:
            raise ConfigError(f"bpm: {self.bpm:g} is not a tempo; give 20 to 400")
