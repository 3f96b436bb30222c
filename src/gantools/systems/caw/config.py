"""Options and presets of training Catch-A-Waveform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import MOST_RATE_HZ
from gantools.errors import ConfigError
from gantools.options import option, parsed
from gantools.parsing import rising_rates, stretches, word_or
from gantools.training.config import TrainConfig

#: Rules that choose the rates of the scales, and the lowest rate of a list.
RATE_RULES, LEAST_RATE_HZ = ("paper", "octaves", "thinned"), 100
TASKS = ("music", "speech", "denoise", "inpaint")
#: Tasks whose result is the reconstruction.
RESTORING = ("denoise", "inpaint")
#: What new music starts from.
STARTS = ("noise", "patches", "auto")


@dataclass(frozen=True)
class CawConfig(TrainConfig):
    """Options of ``train caw``. Both kinds of steps count for each scale, ``budget`` for the whole model.

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
        group="Data",
    )
    max_seconds: float = option(25.0, "Longest clip; the rest is cut.", unit="s", low=0.5, group="Data")
    start_seconds: float = option(0.0, "Where in the file the clip starts.", unit="s", low=0, group="Data")
    segments: str = option(
        "",
        "Stretches of the file to learn from, as START-END in seconds, such as 0-12,40-52, in place of "
        "--start-seconds and --max-seconds. They become one model, as several clips with --together.",
        parse=stretches,
        group="Data",
    )
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
        group="Data",
    )

    start: str = option(
        "noise",
        "What new music starts from: noise, or patches, which are drafts of the patch engine that the scales correct. "
        "With auto it is patches for --task music and clips of 1 s or more.",
        choices=STARTS,
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
    drafts: int = option(
        4, "Drafts of each clip to train on, with --start patches.", low=1, high=64, group="Speed and memory"
    )
    draft_variety: float = option(
        0.65,
        "How far drafts go from the clip, with --start patches: 0 keeps whole bars of it, 1 joins what never sounded "
        "together.",
        low=0,
        high=1,
        group="Data",
    )
    channels: int = option(
        1, "Channels of the sound: 1 for mono, 2 for stereo, as mid and side.", low=1, high=2, group="Data"
    )
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
        if self.segments and self.task == "inpaint":
            raise ConfigError("segments: --task inpaint fills the holes of one stretch; give --start-seconds")
        if self.start == "patches" and self.task in RESTORING:
            raise ConfigError(f"start: patches makes new music, which --task {self.task} does not; give --start noise")

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
        noise_to_music = self.task == "music" and self.start != "patches"
        return self.mse_weight if self.mse_weight >= 0 else 0.0 if noise_to_music else 10.0

    @property
    def alpha2(self) -> float:
        """Weight of the spectral loss.

        From drafts the clip comes back exactly at first. A norm has no smooth bottom there and would hold the networks
        where they begin; the mean square error lets them move.
        """
        if self.task in RESTORING or self.start == "patches":
            return 0.0
        return self.spectral_weight if self.spectral_weight >= 0 else 1e-4 if self.task == "music" else 0.0

    @property
    def alpha3(self) -> float:
        """Weight of the frame statistics (ours)."""
        return 0.0 if self.task in RESTORING else self.statistics_weight

    @property
    def conditional_noise(self) -> bool:
        """Tell whether the second scale's noise is as strong as its input, which brings variety."""
        return self.task in ("music", "inpaint")

    def hole_seconds(self) -> list[tuple[float, float]]:
        """Return the holes, (start, end) in seconds, sorted; raises ConfigError."""
        holes: list[tuple[float, float]] = parsed(self, "holes")
        return holes


_PAPER = CawConfig(steps=3000, documented_steps=3000, precision="float32", ema=False)
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
    start="auto",
    coarsest_share=0.4,
    validate_every=1_000_000,
    validation_draws=1,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
