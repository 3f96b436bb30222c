"""Configuration and presets of automix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from gantools.audio.config import BITS, MOST_RATE_HZ, AudioFileConfig
from gantools.errors import ConfigError
from gantools.options import option, parsed
from gantools.parsing import distinct_names
from gantools.training.config import TrainConfig

ROLES = "vocals,drums,bass,other"


@dataclass(frozen=True)
class AutomixConfig(TrainConfig):
    """Options of ``train automix``.

    The defaults are the paper's network with a loss and an optimiser of ours; preset ``paper`` has those of the
    authors' program.
    """

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_crops"}

    roles: str = option(
        ROLES, "Roles that the network mixes, in this order. A song may lack some.", parse=distinct_names, group="Data"
    )
    sample_rate_hz: int = option(
        44100,
        "Sampling rate of the network. Stems are resampled to it.",
        unit="Hz",
        flag="sample-rate",
        low=8000,
        high=MOST_RATE_HZ,
        group="Data",
    )

    network: str = option(
        "paper",
        "Kind of network. That of the authors' program (paper) learns filters and masks; bands learns gains for each "
        "stem, band, mid and side, which a CPU can train.",
        choices=("paper", "bands"),
    )
    filters: int = option(128, "Filters of the front end, for the network paper.", low=1, group="Networks")
    repeats: int = option(4, "Repeats of the stack of dilated blocks, for the network paper.", low=1, group="Networks")
    blocks: int = option(6, "Blocks, with dilations 1, 2, 4 and so on.", low=1, high=10, group="Networks")
    bottleneck: int = option(256, "Channels between the blocks.", low=1, group="Networks")
    hidden: int = option(128, "Channels inside each block.", low=1, group="Networks")
    skip: int = option(64, "Channels of the sum over the blocks, for the network paper.", low=1, group="Networks")
    lstm_layers: int = option(
        3,
        "Layers of the BLSTM of the network paper, each half of --filters wide in either direction.",
        low=1,
        group="Networks",
    )
    dropout: float = option(
        0.1,
        "Share of channels that are dropped in training, against learning songs by heart.",
        low=0,
        high=0.9,
        group="Networks",
    )
    squeeze_ratio: int = option(
        16, "Widening inside the squeeze-and-excitation of the network paper.", low=1, group="Networks"
    )
    bands: int = option(
        40,
        "Bands of the network bands, from 30 Hz to 18 kHz, evenly spaced on the ERB scale.",
        low=4,
        high=80,
        group="Networks",
    )
    gain_limit_db: float = option(
        18.0,
        "Largest change that the music can make to a gain, for the network bands.",
        unit="dB",
        low=0,
        group="Networks",
    )
    shrink_weight: float = option(
        0.0,
        "Weight of the mean square, in 10 dB, of what the music changes, for the network bands. More mixes "
        "more evenly.",
        low=0,
        group="Losses",
    )

    loss: str = option(
        "default",
        "Loss of the mix. The authors' are la and lb; default is la at three resolutions, finite for mono.",
        choices=("default", "la", "lb"),
        group="Losses",
    )
    crop: int = option(440_960, "Length of a training crop.", unit="samples", low=8192, group="Data")
    mixture_lufs: float = option(
        -18.0,
        "Loudness to which one gain brings each song's target, since the level of a master cannot be inferred.",
        unit="LUFS",
        low=-40,
        high=-6,
        group="Data",
    )
    swap: bool = option(True, "Exchange left and right in half of the crops, in input and target.", group="Data")
    gain_db: float = option(
        0.0,
        "Most by which a stem is made louder or softer at random, in input and target.",
        unit="dB",
        low=0,
        group="Data",
    )
    eq_db: float = option(
        0.0,
        "Most by which a random smooth equaliser changes a stem, in input and target.",
        unit="dB",
        low=0,
        group="Data",
    )
    remix_share: float = option(
        0.0, "Share of the crops with each stem from another place of another song.", low=0, high=1, group="Data"
    )

    optimizer: str = option(
        "adamw", "Optimiser: AdamW, or Adam with AMSGrad, the paper's.", choices=("adamw", "amsgrad"), group="Optimiser"
    )
    schedule: str = option(
        "cosine",
        "Learning rate over the run: half a cosine after --warmup-steps, or stairs from 1 to 0.001, the paper's.",
        choices=("cosine", "stairs"),
        group="Optimiser",
    )
    pretrain_share: float = option(
        0.0,
        "First share of the run, in which the filters of the network paper learn to give the stems back.",
        low=0,
        high=0.9,
        group="Optimiser",
    )
    lr: float = option(1e-3, "Largest learning rate.", low=0, group="Optimiser")
    weight_decay: float = option(1e-7, "Weight decay, against learning songs by heart.", low=0, group="Optimiser")
    warmup_steps: int = option(1600, "Steps in which the learning rate rises from 0.", low=0, group="Optimiser")
    clip_norm: float = option(0.2, "Largest norm of the gradient.", low=0, group="Optimiser")
    validation_share: float = option(
        0.2, "Last part of each song that is kept for validation.", low=0.02, high=0.5, group="Validating and saving"
    )
    validation_crops: int = option(12, "Crops that a validation hears.", low=1, group="Validating and saving")

    def __post_init__(self) -> None:
        if self.filters % 2:
            raise ConfigError(f"filters: {self.filters} is odd; the BLSTM needs an even number")
        if self.pretrain_share and self.network != "paper":
            raise ConfigError("pretrain_share: only the network paper has filters that learn first; give 0")

    @property
    def role_names(self) -> list[str]:
        """Return the stem types in the network's order."""
        names: list[str] = parsed(self, "roles")
        return names


@dataclass(frozen=True)
class MixConfig(AudioFileConfig):
    """Options of ``generate automix``."""

    mixer: str = option(
        "network",
        "What mixes: the trained network, or a baseline, which is the sum of the normalised stems or the "
        "mean gain of each role (gains).",
        choices=("network", "sum", "gains"),
    )
    normalised: bool = option(False, "The stems are normalised already, by gantools fxnorm apply.")
    dry: bool = option(False, "The stems are dry: they get reverberation first, as in the authors' program.")
    lufs: float = option(-14.0, "Integrated loudness of the result.", unit="LUFS", low=-60, high=0)
    true_peak_db: float = option(
        -1.0, "Ceiling of the true peak. A result that would pass it is lowered.", unit="dBTP", low=-40, high=0
    )
    ema: bool = option(True, "Use the averaged weights (EMA), where there are any.")
    segment_seconds: float = option(
        20.0, "Audio that goes through the network at a time. Less needs less memory.", unit="s", low=2
    )
    bits: str = option(
        "source",
        "Bits per sample of WAV and FLAC. With source they are those of the deepest stem, at least 24.",
        choices=BITS,
    )


#: The published sizes and times: 2,752,817 weights; 106 epochs of the filters alone, then 310, of which the best came
#: after 7. An epoch is 1600 batches, of the filters too, of which nothing is said.
_PAPER = AutomixConfig(
    steps=(106 + 310) * 1600,
    documented_steps=(106 + 310) * 1600,
    batch_size=4,
    loss="lb",
    ema=False,
    optimizer="amsgrad",
    schedule="stairs",
    pretrain_share=106 / (106 + 310),
)

#: For a CPU and a few minutes; docs/automix.md has the measurements behind it. With a handful of songs more steps
#: learn these by heart.
_SMALL = AutomixConfig(
    steps=60,
    documented_steps=60,
    batch_size=2,
    network="bands",
    bottleneck=128,
    hidden=160,
    dropout=0.2,
    shrink_weight=3.0,
    crop=262_144,
    gain_db=3.0,
    remix_share=0.5,
    lr=2e-3,
    weight_decay=1e-2,
    warmup_steps=10,
    clip_norm=1.0,
    precision="float32",
)

#: The same, wider and longer, for a GPU and a real collection.
_DEFAULT = replace(
    _SMALL,
    steps=30_000,
    documented_steps=30_000,
    batch_size=16,
    bottleneck=256,
    hidden=512,
    blocks=7,
    shrink_weight=0.1,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
