"""Options of `separate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gantools.audio.config import BITS, BITS_HELP
from gantools.errors import ConfigError
from gantools.options import did_you_mean, option

#: Role of what is left of a song without one stem.
REST = "accompaniment"


@dataclass(frozen=True)
class SeparateConfig:
    """What `separate` can be told."""

    model: str = option(
        "auto",
        "auto (htdemucs where its weights are here, else tiny), tiny, a Demucs model such as htdemucs_ft, or a folder:"
        " a Demucs repository of safetensors, or a model of train separator",
    )
    stems: str = option("", "Write only these stems, separated by commas.")
    two_stems: str = option("", f"Write this stem, and the rest of the song as {REST}.")
    shifts: int = option(0, "Passes with random shifts that are averaged; 0: one pass without a shift.", low=0)
    segment_seconds: float = option(0.0, "What the network hears at a time; 0: as in its training.", unit="s", low=0)
    overlap: float = option(0.25, "Share of a segment that the next one overlaps.", low=0, high=0.9)
    batch: int = option(
        0, "Segments in the network at a time; 0: a core each, at most 4, on a CPU, 8 elsewhere.", low=0
    )
    format: str = option("wav", "Audio format.", choices=("wav", "flac", "ogg", "mp3"))
    bits: str = option("source", BITS_HELP, choices=BITS)
    download: bool = option(False, "Fetch the weights of a Demucs model that is not on this machine.")

    def __post_init__(self) -> None:
        if self.stems and self.two_stems:
            raise ConfigError("--stems and --two-stems exclude each other; give one")

    def roles(self, sources: Sequence[str]) -> tuple[str, ...]:
        """Return the roles to write, of a model with these sources.

        Raises
        ------
        ConfigError
            A stem that the model does not have.
        """
        wanted = [self.two_stems] if self.two_stems else [s.strip() for s in self.stems.split(",") if s.strip()]
        for stem in wanted:
            if stem not in sources:
                there = f"{', '.join(sources)}{did_you_mean(stem, sources)}"
                raise ConfigError(f"no stem {stem!r} in this model; there are {there}")
        if self.two_stems:
            return self.two_stems, REST
        return tuple(dict.fromkeys(wanted)) or tuple(sources)
