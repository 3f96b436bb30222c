"""Options of generating with Catch-A-Waveform."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from gantools.audio.config import BITS
from gantools.errors import ConfigError
from gantools.metrics.music.steady_config import STEADY_OPTIONS, SteadyConfig
from gantools.options import option, parsed
from gantools.parsing import form_letters, number, word_or

MODES = ("unconditional", "vary", "extend", "inpaint", "denoise", "reconstruct")
#: Modes with one result, whatever the seed.
SINGLE_MODES = ("denoise", "reconstruct")
DEFAULT_SECONDS = 30.0
#: Endings of sources whose format a filled recording keeps.
_LOSSLESS = (".wav", ".flac", ".aif", ".aiff", ".w64", ".caf", ".au")


@dataclass(frozen=True)
class CawGenerateConfig(SteadyConfig):
    """Options of ``generate caw``."""

    #: Options that change no result.
    FREE: ClassVar[frozenset[str]] = STEADY_OPTIONS | {"rank", "format"}

    mode: str = option(
        "unconditional",
        "What to make. With unconditional it is new music; vary keeps the low band of --source; extend adds "
        "the high band that --source lacks; inpaint fills the holes that the model was trained with; "
        "denoise and reconstruct give the clip as the model has it.",
        choices=MODES,
    )
    seconds: float | None = option(
        None, "Length of each result. By default 30 for new music, else that of the source.", unit="s", low=0.05
    )
    source: str = option("", "Audio file to begin with, for vary, extend and inpaint. By default the training clip.")
    at_hz: int = option(
        0,
        "Rate of the scale that the source stands for. For vary a higher one keeps more of the source, and "
        "0 is the coarsest; for extend it is the rate up to which the source is good, and 0 its own.",
        unit="Hz",
        low=0,
        group="Variation and extension",
    )
    strength: float = option(
        1.0,
        "Factor of the noise of the first scale that vary generates. It tells at the coarsest --at-hz, "
        "above which models are trained with next to no noise.",
        low=0,
        high=100,
        group="Variation and extension",
    )
    arrange: str = option(
        "", "Put parts of the source in this order first, such as AABA, and vary the result.", parse=form_letters
    )
    shuffle: str = option(
        "no",
        "Put beats or bars of the source in another order first, and vary the result.",
        choices=("no", "beats", "bars"),
    )
    bpm: float = option(
        0.0,
        "Tempo for --arrange and --shuffle; 0 finds it in the source.",
        low=0,
        high=400,
        group="Variation and extension",
    )
    beats_per_bar: int = option(
        4, "Beats in a bar, for --arrange and --shuffle.", low=1, high=16, group="Variation and extension"
    )
    reference: str = option(
        "",
        "True recording, to measure the distance and signal-to-noise ratio of extend and denoise.",
        group="Variation and extension",
    )
    edge_trim: str = option(
        "auto",
        "Seconds that are generated more at each end of new music and cut off, since a model begins and "
        "ends as its clip does. With auto they are half the coarsest receptive field.",
        parse=word_or(("auto",), number(0, 600, "seconds")),
        group="Output files",
    )
    engine: str = option(
        "caw",
        "What generates. The engine patch is an instant draft without training, from an audio file or a model's clip.",
        choices=("caw", "patch"),
    )
    rank: bool = option(False, "Rank the new music of this model in --out: ranked.csv, and index.html to listen to.")
    peak: bool = option(
        False,
        "Leave the level of training, where the clip's peak is full scale, instead of the clip's own.",
        group="Output files",
    )
    format: str = option(
        "auto",
        "Audio format of the results. With auto it is WAV, for inpaint that of the source.",
        choices=("auto", "wav", "flac", "ogg", "mp3"),
        group="Output files",
    )
    bits: str = option(
        "source",
        "Bits per sample of WAV and FLAC. With source they are those of the input, or 24 where that is "
        "lossy; without --source they are 16.",
        choices=BITS,
        group="Output files",
    )

    def __post_init__(self) -> None:
        self.refuse_choosing()
        if self.chooses and self.mode in SINGLE_MODES:
            raise ConfigError(f"--mode {self.mode} has one result whatever the seed: there is nothing to choose from")
        if self.arrange and self.shuffle != "no":
            raise ConfigError("--arrange and --shuffle exclude each other; give one")
        if self.mode == "unconditional" and self.reorders:
            object.__setattr__(self, "mode", "vary")
        for name, modes in _ONLY_FOR.items():
            if getattr(self, name) != type(self).__dataclass_fields__[name].default and self.mode not in modes:
                raise ConfigError(f"--{name.replace('_', '-')} is for --mode {' or '.join(modes)}, not {self.mode}")
        if self.engine == "patch" and self.mode != "unconditional":
            raise ConfigError(f"--engine patch knows --mode unconditional only, not {self.mode}")
        if self.mode == "extend" and not self.source:
            raise ConfigError("--mode extend needs a recording with a low rate; name one with --source")

    @property
    def reorders(self) -> bool:
        """Tell whether parts of the source are put into another order first."""
        return bool(self.arrange) or self.shuffle != "no"

    @property
    def extension(self) -> str:
        """Ending of the results: the wanted format, or that of the recording whose holes are filled, or ``wav``."""
        if self.format != "auto":
            return self.format
        suffix = PurePath(self.source).suffix.lower() if self.mode == "inpaint" else ""
        return suffix[1:] if suffix in _LOSSLESS else "wav"

    @property
    def kind(self) -> str:
        """What file names say: the mode or what was done to the source, and what it was told beside the model."""
        if self.engine == "patch":
            return "patch"
        name = self.arrange.lower() if self.arrange else self.shuffle if self.shuffle != "no" else self.mode
        told = [PurePath(self.source).stem] if self.source else []
        told += [f"{self.at_hz}hz"] if self.at_hz else []
        told += [f"x{self.strength:g}"] if self.strength != 1 else []
        return "-".join([name, *told])

    def trim_seconds(self, automatic: float) -> float:
        """Return how much is cut off at each end; `automatic` is what ``auto`` means.

        Raises
        ------
        ConfigError
            Neither ``auto`` nor a number of seconds.
        """
        trim = parsed(self, "edge_trim")
        return automatic if trim == "auto" else float(trim)


_ONLY_FOR = {
    "source": ("vary", "extend", "inpaint"),
    "at_hz": ("vary", "extend"),
    "strength": ("vary",),
    "arrange": ("vary",),
    "shuffle": ("vary",),
    "reference": ("extend", "denoise"),
    "edge_trim": ("unconditional",),
    "seconds": ("unconditional", "vary"),
}
