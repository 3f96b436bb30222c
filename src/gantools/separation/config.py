"""Options of `separate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gantools.audio.config import BITS, BITS_HELP
from gantools.errors import ConfigError
from gantools.options import did_you_mean, option, parsed
from gantools.parsing import names

#: Role of what is left of a song without one stem.
REST = "accompaniment"


@dataclass(frozen=True)
class SeparateConfig:
    """What `separate` can be told."""

    model: str = option(
        "auto",
        "Which model separates: tiny comes with gantools; htdemucs, htdemucs_ft and others of Demucs need "
        "weights; or a folder from gantools train separator. With auto it is htdemucs where its weights are "
        "here, else tiny.",
    )
    stems: str = option(
        "", "Roles to write, separated by commas, such as vocals,drums. By default all that the model has.", parse=names
    )
    two_stems: str = option(
        "", "Role to write together with the rest of the song as accompaniment, such as vocals for karaoke."
    )
    shifts: int = option(
        0,
        "Passes with random shifts that are averaged. Each makes the stems a little cleaner and takes as "
        "long again; 0 is one pass without a shift.",
        low=0,
        group="Quality and speed",
    )
    segment_seconds: float = option(
        0.0,
        "Audio that goes through the network at a time. Less needs less memory; 0 takes that of its training.",
        unit="s",
        low=0,
        group="Quality and speed",
    )
    overlap: float = option(
        0.25,
        "Share of a segment that the next one overlaps. More hides the seams better and takes longer.",
        low=0,
        high=0.9,
        group="Quality and speed",
    )
    batch: int = option(
        0,
        "Segments in the network at a time. With 0 it is one for each core, at most 4, on a CPU, and 8 elsewhere.",
        low=0,
        group="Quality and speed",
    )
    format: str = option(
        "wav", "Audio format of the results.", choices=("wav", "flac", "ogg", "mp3"), group="Output files"
    )
    bits: str = option("source", BITS_HELP, choices=BITS, group="Output files")
    download: bool = option(
        False, "Fetch the weights of a Demucs model that is not on this machine. Nothing is fetched without it."
    )

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
        wanted = [self.two_stems] if self.two_stems else parsed(self, "stems")
        for stem in wanted:
            if stem not in sources:
                there = f"{', '.join(sources)}{did_you_mean(stem, sources)}"
                raise ConfigError(f"no stem {stem!r} in this model; there are {there}")
        if self.two_stems:
            return self.two_stems, REST
        return tuple(dict.fromkeys(wanted)) or tuple(sources)
