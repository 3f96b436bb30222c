"""Configuration and presets of automix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from gantools.audio.config import BITS, MOST_RATE_HZ, AudioFileConfig
from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import TrainConfig

ROLES = "vocals,drums,bass,other"


@dataclass(frozen=True)
class AutomixConfig(TrainConfig):
    """What `train automix` can be told.

    The defaults are the paper's network and the numbers of the authors' program, but for the loss.
    """

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_crops"}

    roles: str = option(ROLES, "Stem types that the network mixes, in this order; songs may lack some.")
    sample_rate_hz: int = option(
        44100,
        "Sampling rate of the network; stems are resampled to it.",
        unit="Hz",
        flag="sample-rate",
        low=8000,
        high=MOST_RATE_HZ,
    )

    network: str = option(
        "paper",
        "paper: learned filters and masks; bands: gains per stem, band and mid or side, which a CPU can train",
        choices=("paper", "bands"),
    )
    filters: int = option(128, "paper: filters of the front end", low=1)
    repeats: int = option(4, "paper: repeats of the stack of dilated blocks", low=1)
    blocks: int = option(6, "Blocks with dilations 1, 2, 4 ...", low=1, high=10)
    bottleneck: int = option(256, "Channels between the blocks", low=1)
    hidden: int = option(128, "Channels inside a block", low=1)
    skip: int = option(64, "paper: channels of the sum over the blocks", low=1)
    lstm_layers: int = option(3, "paper: layers of the BLSTM, half of `filters` wide in each direction", low=1)
    dropout: float = option(0.1, "Dropout", low=0, high=0.9)
    squeeze_ratio: int = option(16, "paper: widening inside squeeze-excitation", low=1)
    bands: int = option(40, "bands: bands from 30 Hz to 18 kHz, evenly spaced on the ERB scale", low=4, high=80)
    gain_limit_db: float = option(18.0, "bands: largest change that the content can make to a gain", unit="dB", low=0)
    shrink_weight: float = option(0.0, "bands: weight of the mean square (in 10 dB) of what the content changes", low=0)

    loss: str = option(
        "default",
        "la, lb: the paper's; default: la at three resolutions, finite for mono",
        choices=("default", "la", "lb"),
    )
    crop: int = option(440_960, "Length of a training crop.", unit="samples", low=4096)
    mixture_lufs: float = option(
        -18.0, "Loudness to which each song's target is brought by one gain: a master's level cannot be inferred.",
        unit="LUFS", low=-40, high=-6,
    )  # fmt: skip
    swap: bool = option(True, "Exchange left and right in half of the crops, in input and target.")
    gain_db: float = option(0.0, "Each stem louder or softer by up to this in input and target.", unit="dB", low=0)
    eq_db: float = option(0.0, "Each stem through a random smooth EQ in input and target.", unit="dB", low=0)
    remix_share: float = option(
        0.0, "Share of the crops with each stem from another place of another song.", low=0, high=1
    )

    lr: float = option(1e-3, "Adam's learning rate.", low=0)
    weight_decay: float = option(1e-7, "AdamW's weight decay.", low=0)
    warmup_steps: int = option(1600, "Steps in which the learning rate rises from 0.", low=0)
    clip_norm: float = option(0.2, "Largest norm of the gradient.", low=0)
    validation_share: float = option(0.2, "Share of each song, at its end, kept for validation.", low=0.02, high=0.5)
    validation_crops: int = option(12, "Crops that a validation hears.", low=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        names = self.role_names
        if len(set(names)) < len(names) or not all(names):
            raise ConfigError(f"roles: {self.roles!r} is no list of different names; write for example {ROLES}")
        if self.filters % 2:
            raise ConfigError(f"filters: {self.filters} is odd; the BLSTM needs an even number")

    @property
    def role_names(self) -> list[str]:
        """Return the stem types in the network's order."""
        return [name.strip() for name in self.roles.split(",")]


@dataclass(frozen=True)
class MixConfig(AudioFileConfig):
    """Options of ``generate automix``."""

    mixer: str = option(
        "network",
        "network; or a baseline: sum of the normalised stems, or the mean gain of each stem type (gains).",
        choices=("network", "sum", "gains"),
    )
    normalised: bool = option(False, "The stems are normalised already (gantools fxnorm apply).")
    dry: bool = option(False, "The stems are dry: reverberation is added before they are normalised, as in the paper.")
    lufs: float = option(-14.0, "Integrated loudness of the mix.", unit="LUFS", low=-60, high=0)
    true_peak_db: float = option(
        -1.0, "Ceiling of the true peak; a louder mix is lowered.", unit="dBTP", low=-40, high=0
    )
    ema: bool = option(True, "Use the averaged weights.")
    segment_seconds: float = option(20.0, "Length that goes through the network at a time.", unit="s", low=2)
    bits: str = option(
        "source", "Bits per sample of WAV and FLAC; source: as the deepest stem has, at least 24.", choices=BITS
    )


#: The published sizes and times: 2,752,817 weights; 310 epochs of 1600 steps, of which the best came after 7.
_PAPER = AutomixConfig(steps=310 * 1600, documented_steps=310 * 1600, batch_size=4, loss="lb", ema=False)

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
