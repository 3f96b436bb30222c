"""Configuration and presets of the codec."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import MOST_RATE_HZ, AudioFileConfig
from gantools.errors import ConfigError
from gantools.options import option
from gantools.parsing import names, shares
from gantools.training.config import TrainConfig

#: Kinds of networks: the two of the paper, that of the authors' later program, and ours.
VARIANTS = ("maestro22", "techno22", "base44", "small")
#: Frames of a latent where a variant's layers fix them.
_BLOCKS = {"maestro22": 16, "techno22": 8, "base44": 16}
#: Stages of a run: magnitudes and sound of the first level, then of the second.
STAGES = 4


def stage_shares(text: str) -> list[float]:
    """Return the relative lengths of the four stages of a text such as ``36/36/14/14``; raises ConfigError."""
    try:
        found = [float(part) for part in text.split("/")]
    except ValueError as error:
        raise ConfigError(f"{text!r}: write four numbers such as 36/36/14/14") from error
    if len(found) != STAGES or min(found) < 0 or not 0 < sum(found) < float("inf"):
        raise ConfigError(f"{text!r}: four numbers that are not negative and not all zero")
    return found


@dataclass(frozen=True)
class CodecConfig(TrainConfig):
    """Options of ``train codec``."""

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_crops"}

    variant: str = option("small", "Kind of networks.", choices=VARIANTS)
    sample_rate_hz: int = option(
        44100, "Rate that the sound is brought to.", unit="Hz", flag="sample-rate", low=1000, high=MOST_RATE_HZ
    )
    n_fft: int = option(1024, "Length of the analysis window.", unit="samples", low=64, group="Networks")
    hop_samples: int = option(256, "Distance between frames of the analysis.", unit="samples", low=16, group="Networks")
    floor_db: float = option(
        -40.0,
        "Level in a bin below which nothing is told apart, full scale being about 50.",
        unit="dB",
        low=-200,
        high=0,
        group="Networks",
    )
    top_db: float = option(48.0, "Level of the loudest bins.", unit="dB", low=10, high=100, group="Networks")
    frames_per_latent: int = option(
        16, "Frames that one latent stands for. More make fewer latents and a duller sound.", low=1, group="Networks"
    )
    latent_channels: int = option(
        64,
        "Numbers in a latent, for each channel of the sound. More are truer, and harder to generate.",
        low=1,
        group="Networks",
    )
    frame_channels: int = option(128, "Numbers that the first level keeps of a frame.", low=1, group="Networks")
    width: int = option(192, "Channels of the hidden layers, in the variant small.", low=4, group="Networks")
    lapped: bool = option(
        False,
        "Let the linear decoder of the variant small see the latents on both sides, so that blocks join without steps.",
        group="Networks",
    )
    phase: str = option(
        "inversion",
        "Where phases come from when latents become sound: a head of the decoder, or our inversion of magnitudes.",
        choices=("head", "inversion"),
        group="Networks",
    )

    split: str = option(
        "90/10/0", "Shares of train, val and test. Whole songs are drawn with the seed.", parse=shares, group="Data"
    )
    val_songs: str = option("", "Songs to put in val, separated by commas.", parse=names, group="Data")
    test_songs: str = option("", "Songs to put in test, separated by commas.", parse=names, group="Data")
    speech_share: float = option(
        0.2,
        "Share of speech in what is heard, where --speech names some, so that voices come through.",
        low=0.0,
        high=1.0,
        group="Data",
    )
    segment_frames: int = option(64, "Frames of each of the two windows of a training item.", low=8, group="Data")
    gain_db: float = option(
        6.0,
        "Most by which an item is made softer at random; it is made up to a third of it louder.",
        unit="dB",
        low=0,
        group="Data",
    )

    lr: float = option(1e-3, "Learning rate of Adam.", low=0, group="Optimiser")
    discriminator_lr: float = option(1e-4, "Learning rate of the discriminators.", low=0, group="Optimiser")
    beta1: float = option(0.5, "Adam's decay of the mean gradient.", low=0, high=1, group="Optimiser")
    warmup_steps: int = option(50, "Steps in which the learning rate rises, in each stage.", low=0, group="Optimiser")
    final_lr_share: float = option(
        1.0,
        "Learning rate at the end of each stage as a share of that at its start.",
        low=0,
        high=1,
        group="Optimiser",
    )
    clip_norm: float = option(0.0, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser")
    stages: str = option(
        "36/36/14/14",
        "Shares of the run: the first level's magnitudes and its sound, then the second level's.",
        parse=stage_shares,
        group="Optimiser",
    )
    joint: bool = option(
        False, "Train both levels at once in the stages of the first, and leave out the others.", group="Optimiser"
    )
    linear_start: bool = option(
        True, "Begin with the principal components of the sound, in the variant small.", group="Optimiser"
    )

    reconstruction_weight: float = option(1.0, "Weight of the error of the levels.", low=0, group="Losses")
    magnitude_weight: float = option(
        0.0, "Weight of the error of square roots of magnitudes, in which loud bins count more.", low=0, group="Losses"
    )
    band_weight: float = option(
        0.0,
        "Weight of the error of the levels of bands of hearing, which keeps noise from being too soft.",
        low=0,
        group="Losses",
    )
    spectral_weight: float = option(
        4.0, "Weight of the multi-scale spectral distance of the sound.", low=0, group="Losses"
    )
    adversarial_weight: float = option(1.0, "Weight of what the discriminator says.", low=0, group="Losses")
    ear_weight: float = option(
        0.0,
        "How far bins count by their share of a band of hearing, so that the treble's many bins do not decide all. "
        "With 0 all bins count alike.",
        low=0,
        high=2,
        group="Losses",
    )
    discriminator_width: int = option(32, "Channels of the discriminator's first layer.", low=1, group="Networks")
    validation_crops: int = option(
        64, "Stretches of unseen songs that a validation decodes.", low=1, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        block = _BLOCKS.get(self.variant, self.frames_per_latent)
        if block != self.frames_per_latent:
            raise ConfigError(f"frames_per_latent: {self.variant} has {block}, not {self.frames_per_latent}")
        if self.variant != "small" and self.joint:
            raise ConfigError("joint: only the variant small trains both levels at once")
        if self.hop_samples > self.n_fft // 2:
            raise ConfigError(
                f"hop_samples: {self.hop_samples} is more than half of n_fft ({self.n_fft}); frames must overlap"
            )
        if (self.n_fft - self.hop_samples) % 2:
            raise ConfigError("n_fft and hop_samples must both be even, or both odd")
        if self.segment_frames % self.frames_per_latent:
            raise ConfigError(
                f"segment_frames: {self.segment_frames} is no multiple of frames_per_latent ({self.frames_per_latent})"
            )
        if self.lapped and (self.variant != "small" or self.segment_frames < 2 * self.frames_per_latent):
            raise ConfigError("lapped: only small has it, with windows of two latents or more; add --no-lapped")
        if self.frame_channels > self.n_fft // 2 + 1:
            raise ConfigError(f"frame_channels: {self.frame_channels}, but a frame has {self.n_fft // 2 + 1} bins")
        if self.latent_channels > self.frames_per_latent * self.frame_channels:
            raise ConfigError(f"latent_channels: {self.latent_channels} are more than the frames of a latent have")

    # What songs are stored and drawn by (`gantools.training.songs`).

    @property
    def samples(self) -> int:
        """Length of a training item: two windows that follow one another, with what their frames see beside them."""
        return self.n_fft + (2 * self.segment_frames - 1) * self.hop_samples

    @property
    def channels(self) -> int:
        """Channels that are kept of a song; each item takes one of them, or their mean."""
        return 2

    @property
    def clips_per_song(self) -> int:
        """Items come from any place of a song."""
        return 0

    @property
    def normalise(self) -> str:
        """Songs keep their levels."""
        return "none"

    @property
    def least_level_db(self) -> float:
        """Level below which items are not drawn."""
        return -60.0


#: Section 4.1: a million iterations in each phase of the first level and 400,000 in those of the second, in batches of
#: 32 windows, which are 16 items of two.
_PAPER = CodecConfig(
    steps=2_800_000,
    documented_steps=2_800_000,
    batch_size=16,
    variant="techno22",
    sample_rate_hz=22050,
    n_fft=1024,
    hop_samples=256,
    floor_db=-100.0,
    top_db=50.0,
    phase="head",
    frames_per_latent=8,
    precision="float32",
    stages="1000/1000/400/400",
    lr=1e-4,
    gain_db=0.0,
    warmup_steps=0,
)
_MAESTRO = dataclasses.replace(_PAPER, variant="maestro22", frames_per_latent=16, latent_channels=32)
_BASE44 = dataclasses.replace(_PAPER, variant="base44", sample_rate_hz=44100, frames_per_latent=16, frame_channels=64)
_SMALL = CodecConfig(
    steps=6000,
    documented_steps=6000,
    batch_size=8,
    lr=5e-4,
    warmup_steps=200,
    lapped=True,
    joint=True,
    stages="100/0/0/0",
    final_lr_share=0.05,
    clip_norm=1.0,
    ear_weight=1.0,
    magnitude_weight=0.5,
    band_weight=1.0,
    spectral_weight=0.0,
    adversarial_weight=0.0,
)

PRESETS = {"small": _SMALL, "techno22": _PAPER, "maestro22": _MAESTRO, "base44": _BASE44}


@dataclass(frozen=True)
class CodecGenerateConfig(AudioFileConfig):
    """Options of ``generate codec``."""

    encode: bool = option(False, "Write latents of songs.")
    decode: bool = option(False, "Take files of latents alone, and write their sound.")
    phase: str = option(
        "",
        "Where phases come from: the model's head, or our inversion of magnitudes. By default as it was trained.",
        choices=("", "head", "inversion"),
    )
    iterations: int = option(
        2,
        "Iterations that bring the phases of an inversion nearer to the magnitudes. With 0 the sound is softer.",
        low=0,
    )
    ema: bool = option(True, "Use the averaged weights (EMA), where there are any.")

    def __post_init__(self) -> None:
        if self.encode and self.decode:
            raise ConfigError("--encode and --decode ask for opposite things; choose one, or neither to do both")
