"""Options of generating loops, whatever made the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.parsing import bar_numbers, limit_or_auto, seeds
from gantools.symbolic.config import SoundConfig

#: Systems whose models make loops of drums and bass.
GENERATORS = ("looplm", "loopvae", "loopgan", "looptransformer")


@dataclass(frozen=True)
class LoopsGenerateConfig(SoundConfig):
    """Options of ``generate loops``."""

    #: Options that change no loop.
    FREE: ClassVar[frozenset[str]] = frozenset({"count", "seeds", "page"})

    count: int | None = option(None, "Loops to make, of the numbers from --seed on; 8 where nothing says which.", low=1)
    seeds: str = option("", "Loops to make by their numbers, such as 3,7,20-25.", parse=seeds)
    bpm: float = option(0.0, "Tempo; 0 takes the middle tempo of the music that was learned.", low=0, high=400)
    wav: bool = option(False, "Write each loop as sound too, cut so that it repeats without a seam.")
    repeat: int = option(1, "Times that each file plays its loop.", low=1, high=256)
    swing: float = option(
        50.0,
        "Place of every second sixteenth between its neighbours. 50 is straight, 66 a triplet.",
        unit="%",
        low=50,
        high=74,
    )
    page: bool = option(True, "Write a page with players that loop.", group="Output files")

    temperature: float | None = option(
        None,
        "Below 1 what is probable becomes more so: safer loops, less unlike each other. By default 0.8 for codes, 1 "
        "for other models.",
        low=0,
        high=10,
        group="Choosing",
    )
    binarise: str = option(
        "threshold",
        "How the probabilities that a GAN makes become notes: above one half, or at random (Bernoulli).",
        choices=("threshold", "bernoulli"),
        group="Choosing",
    )
    top_k: int = option(
        30, "Draw from the so many most probable codes only; 0 draws from all.", low=0, group="Choosing"
    )
    top_p: float = option(
        1.0, "Draw from the most probable codes that together have this probability.", low=0, high=1, group="Choosing"
    )
    max_loop_score: str = option(
        "",
        "Draw again until the loop score is at most this; auto takes the limit of the loop detector.",
        parse=limit_or_auto,
        group="Choosing",
    )
    best_of: int = option(
        1, "Loops to draw for each result, of which the best loop stays.", low=1, high=1000, group="Choosing"
    )
    attempts: int = option(
        50,
        "Draws at most for each loop; the best of them is taken if none is good enough.",
        low=1,
        high=10000,
        group="Choosing",
    )
    detector: str = option(
        "", "Loop detector: a model folder or a shipped name. By default the one that ships.", group="Choosing"
    )

    given: str = option("", "MIDI file of which --keep keeps bars.", flag="in", group="Filling in")
    keep: str = option(
        "", "Bars of --in that stay as they are, such as 1-4 or 1,5-6; the others are made anew.", parse=bar_numbers,
        group="Filling in",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.count is not None and self.seeds:
            raise ConfigError("count and seeds each say which loops to make; give one of them")
        if bool(self.keep) != bool(self.given):
            raise ConfigError("--keep and --in belong together: which bars to keep, and of which MIDI file")
        if 0 < self.bpm < 20:
            raise ConfigError(f"bpm: {self.bpm:g} is out of range; 20 to 400, or 0")

    def chosen_temperature(self, usual: float = 1.0) -> float:
        """Return the temperature, or else the usual one of a system."""
        return usual if self.temperature is None else self.temperature
