"""Options of the measures that shaped noise fails."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.metrics.metric import RoleConfig
from gantools.options import option


@dataclass(frozen=True)
class TextureConfig(RoleConfig):
    """Options of the measures that shaped noise fails."""

    real: str = option("", "Real music of the same kind to compare with. Without it nothing says what is good.")
    brackets: bool = option(
        False, "Measure what could fake it too: noise with the spectrum and envelopes of --real, and its bars shuffled."
    )
    accompanied: str = option(
        "", "Stems that the files play with, such as the bass: are their rests played? Paired by name.", flag="with"
    )
    source_role: str = option("", "Role of the stems of --with, such as bass. By default each file's own.")
    bpm: float | None = option(
        None, "Tempo of the generated files. By default it is heard in each, as it is in real ones.", unit="bpm",
        low=20.0, high=400.0,
    )  # fmt: skip
    clip_seconds: float = option(
        30.0, "Longer files are measured in clips of this length: figures of other lengths do not compare.", unit="s",
        low=2.0, high=600.0,
    )  # fmt: skip
    clips_per_song: int = option(4, "Clips of each file at most, spread evenly; 0 takes all.", low=0)

    def __post_init__(self) -> None:
        if self.brackets and not self.real:
            raise ConfigError("--brackets goes with --real")
        if self.source_role and not self.accompanied:
            raise ConfigError("--source-role goes with --with")
