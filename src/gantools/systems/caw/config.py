"""Options of Catch-A-Waveform: those of training with their presets, and those of generating."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from gantools.audio.config import BITS, BITS_HELP, MOST_RATE_HZ
from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import TrainConfig

TASKS = ("music", "speech", "denoise", "inpaint")
#: Tasks whose result is the reconstruction.
RESTORING = ("denoise", "inpaint")


@dataclass(frozen=True)
class CawConfig(TrainConfig):
    """What `train caw` can be told. Both kinds of steps count for each scale, ``budget`` for the whole model.

    The defaults are those of the paper and of the authors' program (Greshler, Shaham and Michaeli, "Catch-A-Waveform",
    NeurIPS 2021); the fields under "additions" are ours, and without effect as they stand here.
    """

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_draws", "coarsest_share"}

    task: str = option("music", "What the model is for; chooses losses and first scale.", choices=TASKS)
    sample_rate_hz: int = option(
        16000,
        "Highest rate of the model; a clip with a lower one keeps it.",
        unit="Hz",
        flag="sample-rate",
        low=1000,
        high=MOST_RATE_HZ,
    )
    max_seconds: float = option(25.0, "Longest clip; the rest is cut.", unit="s", low=0.5)
    start_seconds: float = option(0.0, "Where in the file the clip starts.", unit="s", low=0)
    rates: str = option(
        "paper", "Rates of the scales: paper, octaves, thinned (steps of at most 1.6), or a list in Hz."
    )
    least_energy: float = option(
        0.0025, "Mean square of the clip (peak 1) that the coarsest scale must have.", low=0, high=1
    )
    latest_start_hz: int = option(
        0, "The coarsest scale has this rate at most, whatever the energy; 0: no limit.", unit="Hz", low=0
    )
    holes: str = option("", "Inpainting: holes in seconds of the clip, such as 3.2-3.95,8-8.5.")

    layers: int = option(8, "Dilated layers; each one doubles the receptive field.", low=2, high=10)
    kernel: int = option(9, "Kernel of every layer, odd.", low=3, high=31)
    coarse_width: int = option(16, "Channels in the coarsest scale.", low=2)
    width: int = option(96, "Channels in all other scales.", low=2)

    lr: float = option(0.0015, "Adam's learning rate; a tenth of it in the last third.", low=0)
    beta1: float = option(0.5, "Adam's first decay.", low=0, high=1)
    beta2: float = option(0.999, "Adam's second decay.", low=0, high=1)
    penalty_weight: float = option(0.01, "Weight of the discriminator's gradient penalty, lambda.", low=0)
    mse_weight: float = option(-1.0, "Weight alpha1 of the mean square error; -1: 0 for music, 10 for speech.", low=-1)
    spectral_weight: float = option(
        -1.0, "Weight alpha2 of the spectral loss; -1: 1e-4 for music, 0 for speech.", low=-1
    )
    restore_weight: float = option(10.0, "Weight alpha1 of denoise and inpaint, which have no other distance.", low=0)
    noise_factor: float = option(0.01, "Noise of a scale over the root of the energy that it adds.", low=0)
    second_noise: float = option(
        1.0, "Noise of the second scale over the level of its input (music, inpainting); less is less variety.", low=0
    )
    warm_start: bool = option(True, "Begin each scale with the weights of the one below, where widths agree.")

    # Additions.
    channels: int = option(1, "2: stereo, as mid and side.", low=1, high=2)
    crop: int = option(0, "Train on random pieces of so many samples; 0: on the whole clip.", low=0, unit="samples")
    penalty_every: int = option(1, "Compute the penalty in each N-th step, N times as heavy.", low=1)
    pool: int = option(0, "Draws of the scales below that are kept; 0: a new one in each step.", low=0)
    pool_refresh: int = option(1, "Steps after which one of the kept draws is replaced.", low=1)
    zero_init: bool = option(False, "Let a new scale begin as plain upsampling.")
    mse_start: float = option(0.0, "Extra weight alpha1 at the start, falling to 0.", low=0)
    mse_share: float = option(0.5, "Share of a scale's steps in which it falls.", low=0, high=1)
    statistics_weight: float = option(0.0, "Weight of the sliced distance of draws' frames from the clip's.", low=0)
    recalibrate: int = option(0, "Passes that measure batch statistics anew after training; 0: none.", low=0)
    match_eq_db: float = option(0.0, "Largest correction of each scale's spectrum after training.", unit="dB", low=0)
    keep_best: bool = option(False, "Keep the weights of a scale's best validation instead of the last.")
    validation_draws: int = option(2, "Draws that a validation measures.", low=1)
    coarsest_share: float = option(0.3, "Share of the budget for the coarsest scale.", low=0.01, high=0.9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel % 2 == 0:
            raise ConfigError(f"kernel: {self.kernel} is even; take {self.kernel + 1}")
        if self.crop and self.crop < 2 * self.receptive_field:
            raise ConfigError(f"crop: {self.crop} samples; give two receptive fields, {2 * self.receptive_field}, or 0")
        if bool(self.holes) != (self.task == "inpaint"):
            raise ConfigError("holes and --task inpaint go together; give both or none")
        self.hole_seconds()

    @property
    def reach(self) -> int:
        """Samples on each side that an output sample depends on: 1020 for 8 layers with kernel 9."""
        return (2**self.layers - 1) * (self.kernel // 2)

    @property
    def receptive_field(self) -> int:
        """Samples that a score of the discriminator sees: 2041 for 8 layers with kernel 9."""
        return 2 * self.reach + 1

    @property
    def alpha1(self) -> float:
        """Weight of the mean square error."""
        if self.task in RESTORING:
            return self.restore_weight
        return self.mse_weight if self.mse_weight >= 0 else 0.0 if self.task == "music" else 10.0

    @property
    def alpha2(self) -> float:
        """Weight of the spectral loss."""
        if self.task in RESTORING:
            return 0.0
        return self.spectral_weight if self.spectral_weight >= 0 else 1e-4 if self.task == "music" else 0.0

    @property
    def alpha3(self) -> float:
        """Weight of the frame statistics (ours)."""
        return 0.0 if self.task in RESTORING else self.statistics_weight

    @property
    def conditional_noise(self) -> bool:
        """Whether the second scale's noise is as strong as its input, which brings variety."""
        return self.task in ("music", "inpaint")

    def hole_seconds(self) -> list[tuple[float, float]]:
        """Return the holes, (start, end) in seconds, sorted.

        Raises
        ------
        ConfigError
            The text is no list of START-END, or holes overlap.
        """
        holes = []
        for part in filter(None, self.holes.replace(" ", "").split(",")):
            try:
                start, end = (float(number) for number in part.split("-"))
            except ValueError:
                start = end = math.nan
            if not 0 <= start < end:
                raise ConfigError(f"holes: {part!r} is no hole; write START-END in seconds, such as 3.2-3.95")
            holes.append((start, end))
        holes.sort()
        if any(before[1] > after[0] for before, after in itertools.pairwise(holes)):
            raise ConfigError(f"holes: {self.holes!r} overlap; join them")
        return holes


_PAPER = CawConfig(steps=3000, documented_steps=3000, precision="float32", ema=False, recalibrate=50)
_DEFAULT = CawConfig(
    steps=1200,
    documented_steps=1200,
    precision="float32",
    rates="thinned",
    coarse_width=32,
    crop=65536,
    penalty_every=4,
    pool=32,
    pool_refresh=4,
    zero_init=True,
    mse_weight=5.0,
    restore_weight=500.0,
    statistics_weight=0.3,
    recalibrate=50,
    match_eq_db=6.0,
    latest_start_hz=1000,
    keep_best=True,
)
_SMALL = CawConfig(
    steps=400,
    documented_steps=240,
    budget="4m",
    precision="float32",
    rates="octaves",
    layers=7,
    coarse_width=32,
    width=16,
    crop=8192,
    penalty_every=4,
    pool=8,
    pool_refresh=16,
    zero_init=True,
    mse_weight=20.0,
    restore_weight=500.0,
    spectral_weight=5e-4,
    second_noise=0.1,
    statistics_weight=1.0,
    lr=0.004,
    recalibrate=4,
    match_eq_db=6.0,
    latest_start_hz=1000,
    coarsest_share=0.4,
    validate_every=1_000_000,
    validation_draws=1,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}


MODES = ("unconditional", "vary", "extend", "inpaint", "denoise", "reconstruct")
#: Modes with one result, whatever the seed.
SINGLE_MODES = ("denoise", "reconstruct")
DEFAULT_SECONDS = 30.0
#: Endings of sources whose format a filled recording keeps.
_LOSSLESS = (".wav", ".flac", ".aif", ".aiff", ".w64", ".caf", ".au")


@dataclass(frozen=True)
class CawGenerateConfig:
    """What `generate caw` can be told."""

    #: Options that change no result.
    FREE: ClassVar[frozenset[str]] = frozenset({"rank", "format"})

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
    at_hz: int = option(
        0,
        "vary: rate of the scale that the source stands for; higher keeps more of it; 0: the coarsest. "
        "extend: rate up to which the source is good; 0: its own.",
        unit="Hz",
        low=0,
    )
    strength: float = option(
        1.0,
        "vary: factor of the noise of the first scale that is generated; it tells at the coarsest --at-hz, above which "
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
        if self.mode == "unconditional" and self.reorders:
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
    def reorders(self) -> bool:
        """Whether parts of the source are put into another order first."""
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
    "at_hz": ("vary", "extend"),
    "strength": ("vary",),
    "arrange": ("vary",),
    "shuffle": ("vary",),
    "reference": ("extend", "denoise"),
    "edge_trim": ("unconditional",),
    "seconds": ("unconditional", "vary"),
}
