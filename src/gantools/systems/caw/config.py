"""Options of Catch-A-Waveform: those of training with their presets, and those of generating."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from gantools.audio.config import BITS, MOST_RATE_HZ
from gantools.errors import ConfigError
from gantools.options import option, parsed
from gantools.parsing import number, rising_rates, stretches, word_or
from gantools.training.config import TrainConfig

#: Rules that choose the rates of the scales, and the lowest rate of a list.
RATE_RULES, LEAST_RATE_HZ = ("paper", "octaves", "thinned"), 100
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

    task: str = option("music", "What the model is for. It chooses the losses and the first scale.", choices=TASKS)
    sample_rate_hz: int = option(
        16000,
        "Highest rate of the model. A clip with a lower one keeps it; a lower one trains faster and sounds duller.",
        unit="Hz",
        flag="sample-rate",
        low=1000,
        high=MOST_RATE_HZ,
    )
    max_seconds: float = option(25.0, "Longest clip; the rest is cut.", unit="s", low=0.5, group="Data")
    start_seconds: float = option(0.0, "Where in the file the clip starts.", unit="s", low=0, group="Data")
    rates: str = option(
        "paper",
        "Rates of the scales: paper, octaves, thinned (steps of at most 1.6), or a list in Hz. Fewer scales "
        "train faster.",
        parse=word_or(RATE_RULES, rising_rates(LEAST_RATE_HZ)),
        group="Networks",
    )
    least_energy: float = option(
        0.0025,
        "Mean square of the clip, at peak 1, that the coarsest scale must have.",
        low=0,
        high=1,
        group="Networks",
    )
    latest_start_hz: int = option(
        0,
        "Highest rate of the coarsest scale, whatever the energy. With 0 there is no limit.",
        unit="Hz",
        low=0,
        group="Networks",
    )
    holes: str = option(
        "",
        "Holes to fill, as START-END in seconds of the clip, such as 3.2-3.95,8-8.5. They need --task inpaint.",
        parse=stretches,
    )

    layers: int = option(
        8,
        "Dilated layers of each scale. One more doubles the receptive field, for longer structures.",
        low=2,
        high=10,
        group="Networks",
    )
    kernel: int = option(9, "Length of each filter, which is odd.", low=3, high=31, group="Networks")
    coarse_width: int = option(16, "Channels of the coarsest scale.", low=2, group="Networks")
    width: int = option(
        96, "Channels of all other scales. More can learn more and take longer.", low=2, group="Networks"
    )

    lr: float = option(
        0.0015, "Adam's learning rate, of which a tenth is left in the last third.", low=0, group="Optimiser"
    )
    beta1: float = option(0.5, "Adam's decay of the mean gradient.", low=0, high=1, group="Optimiser")
    beta2: float = option(0.999, "Adam's decay of the mean squared gradient.", low=0, high=1, group="Optimiser")
    penalty_weight: float = option(
        0.01, "Weight of the discriminator's gradient penalty (lambda).", low=0, group="Losses"
    )
    mse_weight: float = option(
        -1.0,
        "Weight of the mean square error (alpha 1). With -1 it is 0 for music and 10 for speech.",
        low=-1,
        group="Losses",
    )
    spectral_weight: float = option(
        -1.0,
        "Weight of the spectral loss (alpha 2). With -1 it is 1e-4 for music and 0 for speech.",
        low=-1,
        group="Losses",
    )
    restore_weight: float = option(
        10.0, "Weight alpha 1 of the tasks denoise and inpaint, which have no other distance.", low=0, group="Losses"
    )
    noise_factor: float = option(
        0.01, "Noise of a scale over the root of the energy that it adds.", low=0, group="Losses"
    )
    second_noise: float = option(
        1.0,
        "Noise of the second scale over the level of its input, for music and inpaint. Less gives less variety.",
        low=0,
        group="Losses",
    )
    warm_start: bool = option(
        True, "Begin each scale with the weights of the one below, where widths agree.", group="Optimiser"
    )

    # Additions.
    channels: int = option(1, "Channels of the sound: 1 for mono, 2 for stereo, as mid and side.", low=1, high=2)
    crop: int = option(
        0,
        "Length of the random pieces to train on, which makes steps faster. With 0 it is the whole clip.",
        low=0,
        unit="samples",
        group="Speed and memory",
    )
    penalty_every: int = option(
        1,
        "Steps from one gradient penalty to the next, which then weighs so much more. More are faster.",
        low=1,
        group="Speed and memory",
    )
    pool: int = option(
        0,
        "Draws of the scales below that are kept for later steps. With 0 each step makes a new one.",
        low=0,
        group="Speed and memory",
    )
    pool_refresh: int = option(
        1, "Steps after which one of the kept draws is replaced.", low=1, group="Speed and memory"
    )
    zero_init: bool = option(False, "Let a new scale begin as plain upsampling.", group="Optimiser")
    mse_start: float = option(
        0.0, "Extra weight alpha 1 at the start of a scale, which falls to 0.", low=0, group="Losses"
    )
    mse_share: float = option(0.5, "Share of a scale's steps in which it falls.", low=0, high=1, group="Losses")
    statistics_weight: float = option(
        0.0, "Weight of the sliced distance of the draws' frames from the clip's.", low=0, group="Losses"
    )
    recalibrate: int = option(
        0, "Passes that measure batch statistics anew after training. With 0 there are none.", low=0, group="Finishing"
    )
    match_eq_db: float = option(
        0.0, "Largest correction of each scale's spectrum after training.", unit="dB", low=0, group="Finishing"
    )
    keep_best: bool = option(
        False, "Keep the weights of a scale's best validation instead of the last.", group="Finishing"
    )
    validation_draws: int = option(2, "Draws that a validation measures.", low=1, group="Validating and saving")
    coarsest_share: float = option(
        0.3,
        "Share of the budget for the coarsest scale, which makes the structure.",
        low=0.01,
        high=0.9,
        group="Speed and memory",
    )

    def __post_init__(self) -> None:
        if self.kernel % 2 == 0:
            raise ConfigError(f"kernel: {self.kernel} is even; take {self.kernel + 1}")
        if self.crop and self.crop < 2 * self.receptive_field:
            raise ConfigError(f"crop: {self.crop} samples; give two receptive fields, {2 * self.receptive_field}, or 0")
        if bool(self.holes) != (self.task == "inpaint"):
            raise ConfigError("holes and --task inpaint go together; give both or none")

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
        """Return the holes, (start, end) in seconds, sorted; raises ConfigError."""
        holes: list[tuple[float, float]] = parsed(self, "holes")
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
    arrange: str = option("", "Put parts of the source in this order first, such as AABA, and vary the result.")
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
