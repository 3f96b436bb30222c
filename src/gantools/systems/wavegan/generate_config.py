"""What ``generate wavegan`` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.metrics.music.steady_config import STEADY_OPTIONS, SteadyConfig
from gantools.options import option
from gantools.parsing import seeds, two_seeds

#: Clips where nothing says how many.
DEFAULT_COUNT = 10


@dataclass(frozen=True)
class WaveGANGenerateConfig(AudioFileConfig, SteadyConfig):
    """Options of ``generate wavegan``."""

    #: Which clips are made, not what they are.
    FREE: ClassVar[frozenset[str]] = STEADY_OPTIONS | {"count", "seeds", "interpolate", "latents", "path_points"}
    #: Each says which clips to make: one that is typed puts out the others of a variable or a file.
    OVERRIDES: ClassVar[dict[str, tuple[str, ...]]] = {
        "count": ("seeds", "interpolate", "latents"),
        "seeds": ("count", "interpolate", "latents"),
        "interpolate": ("count", "seeds", "latents"),
        "latents": ("count", "seeds", "interpolate"),
    }

    count: int | None = option(None, "Clips to make, of the seeds from --seed on. By default 10.", low=1)
    seeds: str = option("", "Seeds of the clips, such as 3,7,20-25.", parse=seeds)
    interpolate: str = option(
        "", "Two seeds, such as 3-7: go from one clip to the other in --path-points clips.", parse=two_seeds
    )
    latents: str = option("", "Latents to use in place of seeds, such as the z.safetensors of an earlier run.")
    path_points: int = option(9, "Clips of an interpolation, both ends included.", low=2)
    truncation: float = option(
        1.0, "How far clips go from the average one. Below 1 they are safer, above 1 wilder.", low=0
    )
    fixed_noise: bool = option(
        False, "Give all clips of the variant style the same noise inputs, for smooth interpolations."
    )
    seconds: float = option(
        0.0, "Length of each result. Clips of neighbouring latents are cross-faded to it; 0 is one clip.", low=0
    )
    ema: bool = option(True, "Use the averaged weights (EMA), where there are any.")
    bits: str = option("16", "Bits per sample of WAV and FLAC.", choices=("16", "24", "32f"), group="Output files")

    def __post_init__(self) -> None:
        self.refuse_choosing(seeds=self.seeds, interpolate=self.interpolate, latents=self.latents)
