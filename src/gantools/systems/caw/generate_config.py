"""Options of `generate caw`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from gantools.audio.config import BITS, BITS_HELP
from gantools.errors import ConfigError
from gantools.options import option

MODES = ("unconditional", "vary", "extend", "inpaint", "denoise", "reconstruct")
#: Modes with one result, whatever the seed.
SINGLE_MODES = ("denoise", "reconstruct")
DEFAULT_SECONDS = 30.0


@dataclass(frozen=True)
class CawGenerateConfig:
    """What `generate caw` can be told."""

    mode: str = option(
        "unconditional",
        "unconditional: new music; vary: keep the low band of --source; extend: add the high band that --source "
        "lacks; inpaint: fill the holes that the model was trained with; denoise, reconstruct: the clip as the model "
        "has it.",
        choices=MODES,
    )
    seconds: float | None = option(
        None, f"Length; {DEFAULT_SECONDS:g} for new music, else that of the source.", unit="s", low=0.05
    )
    source: str = option("", "vary, extend, inpaint: audio file to begin with; unset: the training clip.")
    at: int = option(
        0,
        "vary: rate of the scale that the source stands for; higher keeps more of it; 0: the coarsest. "
        "extend: rate up to which the source is good; 0: its own.",
        unit="Hz",
        low=0,
    )
    strength: float = option(
        1.0,
        "vary: factor of the noise of the first scale that is generated; it tells at the coarsest --at, above which "
        "models are trained with next to no noise.",
        low=0, high=100,
    )  # fmt: skip
    arrange: str = option("", "vary: put parts of the source in this order first, such as AABA.")
    shuffle: str = option("no", "vary: put beats or bars in another order first.", choices=("no", "beats", "bars"))
    bpm: float = option(0.0, "Tempo for --arrange and --shuffle; 0: found in the source.", low=0, high=400)
    beats_per_bar: int = option(4, "Beats in a bar for --arrange and --shuffle.", low=1, high=16)
    reference: str = option("", "extend, denoise: the true recording, to measure distance and signal-to-noise ratio.")
    edge_trim: str = option(
        "auto",
        "unconditional: so much more is generated at each end and cut off, since a model begins and ends as its clip "
        "does; auto: half the coarsest receptive field; or seconds.",
    )
    engine: str = option(
        "caw", "caw; patch: instant draft, without training, from an audio file or a model's clip.",
        choices=("caw", "patch"),
    )  # fmt: skip
    rank: bool = option(False, "Rank the new music of this model in --out: ranked.csv, and index.html to listen to.")
    peak: bool = option(False, "Leave the level of training, the clip's peak at full scale, not the clip's own level.")
    format: str = option(
        "auto",
        "Audio format; auto: WAV, for inpaint that of the source.",
        choices=("auto", "wav", "flac", "ogg", "mp3"),
    )
    bits: str = option("source", BITS_HELP + " Without --source 16.", choices=BITS)

    def __post_init__(self) -> None:
        if self.arrange and self.shuffle != "no":
            raise ConfigError("--arrange and --shuffle exclude each other; give one")
        if self.mode == "unconditional" and (self.arrange or self.shuffle != "no"):
            object.__setattr__(self, "mode", "vary")
        for name, modes in _ONLY_FOR.items():
            if getattr(self, name) != type(self).__dataclass_fields__[name].default and self.mode not in modes:
                raise ConfigError(f"--{name.replace('_', '-')} is for --mode {' or '.join(modes)}, not {self.mode}")
        if self.engine == "patch" and self.mode != "unconditional":
            raise ConfigError(f"--engine patch knows --mode unconditional only, not {self.mode}")
        if self.mode == "extend" and not self.source:
            raise ConfigError("--mode extend needs a recording with a low rate; name one with --source")
        self.trim_seconds(0.0)

    @property
    def kind(self) -> str:
        """What file names say: the mode or what was done to the source, and what it was told beside the model."""
        if self.engine == "patch":
            return "patch"
        name = self.arrange.lower() if self.arrange else self.shuffle if self.shuffle != "no" else self.mode
        told = [PurePath(self.source).stem] if self.source else []
        told += [f"{self.at}hz"] if self.at else []
        told += [f"x{self.strength:g}"] if self.strength != 1 else []
        return "-".join([name, *told])

    def trim_seconds(self, automatic: float) -> float:
        """Return how much is cut off at each end; `automatic` is what ``auto`` means.

        Raises
        ------
        ConfigError
            Neither ``auto`` nor a number of seconds.
        """
        if self.edge_trim == "auto":
            return automatic
        try:
            seconds = float(self.edge_trim)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds <= 600:
            raise ConfigError(f"--edge-trim {self.edge_trim!r}: write auto, or 0 to 600 seconds")
        return seconds


_ONLY_FOR = {
    "source": ("vary", "extend", "inpaint"),
    "at": ("vary", "extend"),
    "strength": ("vary",),
    "arrange": ("vary",),
    "shuffle": ("vary",),
    "reference": ("extend", "denoise"),
    "edge_trim": ("unconditional",),
    "seconds": ("unconditional", "vary"),
}
