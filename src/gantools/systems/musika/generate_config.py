"""Options of ``generate musika``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.errors import ConfigError
from gantools.metrics.music.steady_config import STEADY_OPTIONS, SteadyConfig
from gantools.options import option
from gantools.parsing import bars_or_duration, clock, number_or_curve, seeds

_LIKE = "What the music is like, where the model was trained with --conditions"


@dataclass(frozen=True)
class MusikaGenerateConfig(AudioFileConfig, SteadyConfig):
    """Options of ``generate musika``."""

    #: Which pieces are made, not what they are.
    FREE: ClassVar[frozenset[str]] = STEADY_OPTIONS | {"count", "seeds"}
    #: Each says which pieces, or how long: one that is typed puts out the others of a variable or a file.
    OVERRIDES: ClassVar[dict[str, tuple[str, ...]]] = {
        "count": ("seeds",),
        "seeds": ("count",),
        "loop": ("seconds", "place"),
        "seconds": ("loop",),
        "place": ("loop",),
    }

    seconds: float = option(
        60.0, "Length of each result, to the sample. With 0 and -o - music goes on until nobody listens.", low=0
    )
    count: int | None = option(None, "Pieces to make, of the seeds from --seed on. By default 1.", low=1)
    seeds: str = option("", "Seeds of the pieces, such as 3,7,20-25.", parse=seeds)
    place: str = option(
        "",
        "Place in the piece to begin at, such as 00:40:00: the same music as from its start.",
        flag="from",
        parse=clock,
    )
    loop: str = option(
        "",
        "Make a loop without a seam of about this length, such as 20s, or of 8bars where the model has one tempo.",
        parse=bars_or_duration,
    )
    after: str = option(
        "", "Recording to go on from: it comes first, and --seconds of new music that follow from its last seconds."
    )
    walk_to: int | None = option(
        None, "Seed whose style the piece ends with; on the way it goes from its own style to that one.", low=0
    )
    style_bound: float = option(
        0.0,
        "Largest number in a style. About 2 gives more usual pieces, 0 draws without a bound.",
        low=0,
        group="Choosing",
    )
    anchor_bound: float = option(
        0.0,
        "Largest number in an anchor. About 2 gives steadier music, 0 draws without a bound.",
        low=0,
        group="Choosing",
    )
    density: str = option(
        "",
        "Note density from 0 to 1, random, or a CSV file of seconds and numbers.",
        parse=number_or_curve(0, 1, "of the density"),
        group=_LIKE,
    )
    loudness: str = option(
        "",
        "Level in dB of full scale, random, or a CSV file.",
        parse=number_or_curve(-100, 20, "dB"),
        group=_LIKE,
    )
    brightness: str = option(
        "",
        "Middle of the spectrum in Hz, random, or a CSV file.",
        parse=number_or_curve(20, 20000, "Hz"),
        group=_LIKE,
    )
    tempo: str = option(
        "",
        "Beats in a minute, random, or a CSV file.",
        parse=number_or_curve(20, 400, "beats in a minute"),
        group=_LIKE,
    )
    label: str = option(
        "",
        "Folder of the training songs that the music is like, or random.",
        group=_LIKE,
    )
    guide: str = option(
        "",
        "Recording whose density, loudness, brightness and tempo the music follows, where no option says otherwise.",
        group=_LIKE,
    )
    ema: bool = option(True, "Use the averaged weights (EMA), where there are any.")
    bits: str = option("16", "Bits per sample of WAV and FLAC.", choices=("16", "24", "32f"), group="Output files")

    def __post_init__(self) -> None:
        self.refuse_choosing(seeds=self.seeds)
        if self.loop and self.place:
            raise ConfigError("loop: a loop begins at its beginning; leave out --from")
        if self.after and (self.loop or self.place):
            raise ConfigError("after: music goes on from the end of a recording; leave out --loop and --from")
        if self.loop and self.walk_to is not None:
            raise ConfigError("walk_to: a loop ends as it begins; leave out --loop")
