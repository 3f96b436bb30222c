"""Options of ``generate symphony``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.parsing import bar_numbers, seeds
from gantools.symbolic.config import SoundConfig
from gantools.symbolic.instruments import programs

#: In place of chords: those of the file that the piece goes on from.
OF_PRIME = "prime"


def chords(text: str) -> list[int]:
    """Return the chords of a text, none for those of the prime."""
    from gantools.symbolic.chords import parse_chords  # which needs numpy

    return [] if text.strip() == OF_PRIME else parse_chords(text)


@dataclass(frozen=True)
class SymphonyGenerateConfig(SoundConfig):
    """Options of ``generate symphony``."""

    #: Options that change no piece.
    FREE: ClassVar[frozenset[str]] = frozenset({"count", "seeds", "page"})

    count: int | None = option(
        None, "Pieces to make, of the numbers from --seed on; 1 where nothing says which.", low=1
    )
    seeds: str = option("", "Pieces to make by their numbers, such as 3,7,20-25.", parse=seeds)
    prime: str = option("", "MIDI file whose bars the pieces begin with, and go on from.")
    bars: int = option(16, "Bars to make, behind those of --prime.", low=1, high=10000)
    chords: str = option(
        "", "Chords of the bars that are made, round and round, such as 'C Am F G'; prime takes those of --prime.",
        parse=chords,
    )  # fmt: skip
    instruments: str = option(
        "", "Instruments that may play: strings, brass, woodwinds, orchestra and so on, or programs such as 40-43,60.",
        parse=programs,
    )  # fmt: skip
    orchestrate: str = option("", "MIDI file whose notes stay, and whose parts are given instruments.")
    bpm: float = option(0.0, "Tempo of all bars; 0 takes what the model and the given bars say.", low=0, high=400)
    wav: bool = option(False, "Write each piece as sound too.")

    prime_bars: int = option(
        0, "Bars of --prime that count, from its beginning; 0 takes all.", low=0, group="Given bars"
    )
    infill: str = option(
        "", "Bars of --prime that are made anew, such as 9-12; those around them stay.", parse=bar_numbers,
        group="Given bars",
    )  # fmt: skip
    attempts: int = option(
        8, "Fillings that are made for --infill; the one that the bars behind it follow from best is taken.", low=1,
        high=1000, group="Given bars",
    )  # fmt: skip

    temperature: float | None = option(
        None, "Below 1 what is probable becomes more so, in notes and their places. By default 1.", low=0, high=10,
        group="Choosing",
    )  # fmt: skip
    top_p: float = option(
        0.99, "Draw from the most probable events that together have this probability.", low=0, high=1, group="Choosing"
    )
    duration_temperature: float = option(
        1.0, "The same as --temperature for durations.", low=0, high=10, group="Choosing"
    )
    duration_top_p: float = option(0.99, "The same as --top-p for durations.", low=0, high=1, group="Choosing")
    track_temperature: float = option(1.0, "The same as --temperature for tracks.", low=0, high=10, group="Choosing")
    track_top_p: float = option(0.99, "The same as --top-p for tracks.", low=0, high=1, group="Choosing")
    velocity_temperature: float = option(
        1.0, "The same as --temperature for how hard notes are struck.", low=0, high=10, group="Choosing"
    )
    velocity_top_p: float = option(
        0.99, "The same as --top-p for how hard notes are struck.", low=0, high=1, group="Choosing"
    )
    chord_tones: float = option(
        0.75, "Share of the probability of notes that those of the chord have at least, where --chords asks for it.",
        low=0, high=1, group="Choosing",
    )  # fmt: skip
    instrument_top_p: float = option(
        0.0, "The same as --top-p for instruments, of which 0 takes the most probable; the authors' is 0.9.", low=0,
        high=1, group="Choosing",
    )  # fmt: skip

    musicxml: bool = option(False, "Write each piece as MusicXML too, which needs music21.", group="Output files")
    page: bool = option(True, "Write a page with piano rolls and players.", group="Output files")

    def __post_init__(self) -> None:
        if self.count is not None and self.seeds:
            raise ConfigError("count and seeds each say which pieces to make; give one of them")
        if 0 < self.bpm < 20:
            raise ConfigError(f"bpm: {self.bpm:g} is out of range; 20 to 400, or 0")
        if self.orchestrate and (self.prime or self.infill or self.chords):
            raise ConfigError("--orchestrate keeps all notes: it goes with none of --prime, --infill and --chords")
        if self.infill and not self.prime:
            raise ConfigError("--infill and --prime belong together: which bars to make anew, and of which MIDI file")
        if self.prime_bars and not self.prime:
            raise ConfigError("--prime-bars and --prime belong together")
        if self.chords.strip() == OF_PRIME and not self.prime:
            raise ConfigError("chords: there is no --prime whose chords to take")
