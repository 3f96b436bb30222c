"""Options of ``generate drummer``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.errors import ConfigError
from gantools.options import option
from gantools.parsing import form_letters, number, seeds
from gantools.symbolic.config import KIT_HELP, drum_kit

#: The model that plays where none is named.
SHIPPED = "drummer"


def share(text: str) -> float | None:
    """Return a number of 0 to 1, or None for an empty text."""
    return number(0.0, 1.0, "of the density")(text) if text.strip() else None


@dataclass(frozen=True)
class DrummerGenerateConfig(AudioFileConfig):
    """Options of ``generate drummer``."""

    #: Options that change no result: the files of the model count, whatever its name.
    FREE: ClassVar[frozenset[str]] = frozenset({"model", "count", "seeds"})

    mix: bool = option(False, "Also write the input with the new part added at a matching level.")
    midi: bool = option(False, "Write the drums as a MIDI file too, in time with the input.")
    kit: str = option("rock", KIT_HELP, parse=drum_kit)
    bpm: float = option(0.0, "Tempo of the input; 0 finds it.", low=0, high=300)
    density: str = option(
        "0.5",
        "How much is played, from the least (0) to the most (1) of the music that was learned; empty leaves it open.",
        parse=share,
    )
    swing: float = option(
        50.0,
        "Place of every second sixteenth between its neighbours. 50 is straight, 66 a triplet; 0.66 is 66.",
        low=0.5,
        high=75,
    )
    rests: str = option(
        "play",
        "What to do where the bass rests for two bars or more: play on, or stop.",
        choices=("play", "stop"),
        group="Playing",
    )
    form: str = option(
        "ABAC",
        "Sections of 8 bars, from the start again where the music is longer. Each letter has a pattern of its own, "
        "and drums; A is one pattern throughout.",
        parse=form_letters,
    )
    breaks: bool = option(
        True,
        "Leave out the cymbals in a quarter of the sections of 8 bars, and all but them in another.",
        group="Playing",
    )
    equalise: bool = option(
        True,
        "Equalise a bundled kit to the spectrum that drums of songs have. Off, hits sound as they were recorded.",
        group="Playing",
    )
    count: int | None = option(
        None, "Results of each input, of the numbers from --seed on; 1 where nothing says which.", low=1
    )
    seeds: str = option("", "Results of each input by their numbers, such as 3,7,20-25.", parse=seeds)
    downbeat: float = option(
        -1.0, "Second of the input at which a bar begins; below 0 it is found.", group="Beats and bars", low=-1
    )
    model: str = option(SHIPPED, "Model folder of drummer, or the name of a model that ships.", group="Playing")
    sf2: str = option("", "SoundFont (SF2 or SF3) that plays the drums in place of the kit.", group="Playing")
    temperature: float = option(
        1.1, "Below 1 what is probable becomes more so, and bars more alike.", low=0, high=10, group="Playing"
    )
    top_p: float = option(
        0.995, "Draw from the most probable ways to strike a drum that together have this probability.", low=0, high=1,
        group="Playing",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if 0 < self.bpm < 30:
            raise ConfigError(f"bpm: {self.bpm:g} is out of range; 30 to 300, or 0")
        if not 0.5 <= self.swing_share <= 0.75:
            raise ConfigError(f"swing: {self.swing:g} is out of range; 50 to 75")
        if self.count is not None and self.seeds:
            raise ConfigError("count and seeds each say which results to make; give one of them")
        if not self.form.strip():
            raise ConfigError("form: needs a letter; A is one pattern throughout")

    @property
    def swing_share(self) -> float:
        """Place of the second sixteenth within its eighth, 0.5 to 0.75; other verbs count it in percent."""
        return self.swing if self.swing < 1 else self.swing / 100
