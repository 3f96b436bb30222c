"""Configuration of WaveGAN and its variants: what is left unset is filled in from the variant's own recipe."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from gantools.audio.config import MOST_RATE_HZ, AudioFileConfig
from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import TrainConfig

#: Rows of the table in "Generating Electronic Music with Adversarial Networks".
VARIANTS = ("baseline", "improved", "style", "transformer")
#: Time steps that every network begins with (or a discriminator ends with).
FIRST_STEPS = 16


@dataclass(frozen=True)
class WaveGANConfig(TrainConfig):
    """What `train wavegan` can be told.

    Fields that are None are filled in by `resolve`, from `variant` and `recipe`. A step is one update of the
    discriminator; the generator is updated in each `discriminator_updates`-th.
    """

    variant: str = option("style", "Row of the paper's table", choices=VARIANTS)
    recipe: str = option("tuned", "Where unset numbers are from: the paper's, or ours", choices=("paper", "tuned"))

    sample_rate_hz: int = option(16000, "Rate of the clips", unit="Hz", flag="sample-rate", low=1000, high=MOST_RATE_HZ)
    samples: int = option(65536, "Length of a clip: 16 times a product of 4, 4, ... and at most one more", low=256)
    channels: int = option(1, "1 for mono, 2 for stereo", low=1, high=2)
    split: str = option("80/10/10", "Shares of train, val and test; whole songs, drawn with the seed")
    val_songs: str = option("", "Songs to put in val, separated by commas")
    test_songs: str = option("", "Songs to put in test, separated by commas")
    clips_per_song: int = option(0, "Fixed places per song, as in the paper (4); 0 draws a fresh one each time", low=0)
    normalise: str = option("peak", "Level of each song", choices=("peak", "rms", "none"))
    least_level_db: float = option(-60.0, "Clips below this level are not drawn", unit="dB", high=0)
    augment: bool = option(True, "Gain of up to 3 dB and polarity at random, for small data")

    latent: int = option(100, "Numbers that a clip is made from", low=1)
    latent_kind: str = option("normal", "Their distribution; WaveGAN's own is uniform", choices=("normal", "uniform"))
    width: int = option(64, "Channels of the last hidden layer (d); the first has 16 or 32 times as many", low=1)
    kernel: int = option(25, "Length of each filter, odd", low=3)
    upsample: str | None = option(None, "Between samples: transposed or nearest", choices=("transposed", "nearest"))
    phase_shuffle: int = option(2, "Largest shift between the discriminator's layers; 0: none", unit="samples", low=0)
    shuffle_each: bool = option(False, "A shift for each clip instead of one for all")
    post_filter: int = option(0, "Taps of a learned filter after the generator (WaveGAN: 512); 0: none", low=0)
    spectral_norm: bool | None = option(None, "Spectral norm on each layer of the discriminator")
    emphasis: float | None = option(
        None, "Share of the last sample that is taken off before the discriminator", low=0, high=1
    )
    pack: int = option(1, "Clips that the discriminator judges together (PacGAN)", low=1)

    style_source: str = option("each", "Layer of the mapping that feeds a block", choices=("each", "last"))
    style_width: int = option(512, "Units of the mapping's six layers", low=1)
    token_width: int = option(512, "Channels of the transformer's first tokens; halved down to 32", low=32)
    tokens: int = option(16384, "Most tokens of the transformer; each of the last gives several samples", low=64)
    attention_window: int = option(256, "Tokens that attend to each other where there are many, even", low=2)
    full_attention: int = option(1024, "Most tokens that all attend to each other", low=16)

    loss: str | None = option(None, "bce, or Wasserstein with gradient penalty", choices=("bce", "wgan-gp"))
    discriminator_floor: float = option(0.01, "bce: the discriminator rests while its loss is below", low=0)
    penalty_weight: float = option(10.0, "Weight of the gradient penalty", low=0)
    penalty_every: int | None = option(None, "Penalise each N-th step, with N times the weight", low=1)
    discriminator_updates: int | None = option(None, "Updates of the discriminator per update of the generator", low=1)
    lr: float | None = option(None, "Adam's, for the generator", low=0)
    discriminator_lr: float | None = option(None, "Adam's, for the discriminator", low=0)
    beta1: float | None = option(None, "Adam's first decay", low=0, high=0.9999)
    beta2: float | None = option(None, "Adam's second decay", low=0, high=0.999999)
    warmup_steps: int | None = option(None, "Steps until the rates are reached, in a straight line", low=0)
    final_lr_share: float | None = option(None, "Share of the rates at the end of the run; 1: constant", low=0, high=1)
    clip_norm: float | None = option(None, "Largest norm of a gradient; 0: any", low=0)

    validation_clips: int = option(64, "Clips that a validation compares", low=4)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel % 2 == 0:
            raise ConfigError(f"kernel: {self.kernel} is even; write an odd number, such as {self.kernel + 1}")
        if self.attention_window % 2:
            raise ConfigError(f"attention_window: {self.attention_window} is odd; write an even number")
        for name, size in (("batch_size", self.batch_size), ("micro_batch", self.micro_batch)):
            if size % self.pack:
                raise ConfigError(f"{name}: {size} clips are no whole number of packs of {self.pack}")
        strides(self.samples)


def strides(samples: int) -> tuple[int, ...]:
    """Return the factors that lead from 16 time steps to a length: fours, then what is left (2, 3, 5, 6 or 7).

    8192 is (4, 4, 4, 4, 2), 16384 has five fours, 32768 a 2 more, 65536 six fours.

    Raises
    ------
    ConfigError
        The length is no such product; the message names the nearest that is.
    """
    rest, found = samples // FIRST_STEPS, []
    while rest % 4 == 0:
        found.append(4)
        rest //= 4
    if samples % FIRST_STEPS or rest not in (1, 2, 3, 5, 6, 7) or not found:
        there = sorted(FIRST_STEPS * 4**n * last for n in range(1, 9) for last in (1, 2, 3))
        nearest = min(there, key=lambda length: abs(length - samples))
        raise ConfigError(f"samples: {samples} is not 16 * 4 * 4 * ... samples; the nearest is {nearest}")
    return tuple(found) + ((rest,) if rest > 1 else ())


_WGAN: dict[str, Any] = {
    "loss": "wgan-gp",
    "spectral_norm": False,
    "warmup_steps": 0,
    "final_lr_share": 1.0,
    "emphasis": 0.0,
    "lr": 1e-4,
    "discriminator_lr": 1e-4,
    "beta1": 0.5,
    "beta2": 0.9,
    "discriminator_updates": 5,
    "clip_norm": 0.0,
    "penalty_every": 1,
    "upsample": "nearest",
}
_TUNED = {**_WGAN, "discriminator_updates": 3, "final_lr_share": 0.1, "emphasis": 0.9}
#: (recipe, variant) -> what its unset fields become.
RECIPES: dict[tuple[str, str], dict[str, Any]] = {
    # Sections 3 and 4 of the paper, with numbers that only its program gives (spec of each: docs/wavegan.md).
    ("paper", "baseline"): {**_WGAN, "loss": "bce", "discriminator_updates": 1, "lr": 1e-5, "discriminator_lr": 3e-5},
    ("paper", "improved"): {
        **_WGAN,
        "spectral_norm": True,
        "warmup_steps": 1000,
        "lr": 1e-5,
        "discriminator_lr": 1e-5,
    },
    ("paper", "style"): _WGAN,
    ("paper", "transformer"): {
        **_WGAN,
        "spectral_norm": True,
        "warmup_steps": 1000,
        "discriminator_updates": 4,
        "beta1": 0.0,
        "beta2": 0.99,
        "clip_norm": 5.0,
    },
    # Ours: WaveGAN's rates for its 64 channels, which `resolve` raises for narrower networks.
    ("tuned", "baseline"): {
        **_TUNED,
        "loss": "bce",
        "discriminator_updates": 1,
        "lr": 2.5e-5,
        "discriminator_lr": 2.5e-5,
    },
    ("tuned", "improved"): {
        **_TUNED,
        "spectral_norm": True,
        "warmup_steps": 100,
        "discriminator_updates": 2,
        "lr": 2.5e-5,
        "discriminator_lr": 2.5e-5,
        "emphasis": 0.0,
    },
    ("tuned", "style"): _TUNED,
    ("tuned", "transformer"): {
        **_TUNED,
        "spectral_norm": True,
        "warmup_steps": 100,
        "discriminator_updates": 2,
        "beta1": 0.0,
        "beta2": 0.99,
        "clip_norm": 5.0,
    },
}


def resolve(config: WaveGANConfig) -> WaveGANConfig:
    """Return the configuration with every unset field filled in from its variant's recipe; what is set stays.

    Adam's steps have the size of the rate whatever the gradient, so a layer of n inputs changes what it gives by about
    n times the rate: the tuned rates are those for 64 channels (512 of the transformer) times 64 over the width.
    """
    recipe = dict(RECIPES[config.recipe, config.variant])
    if config.recipe == "tuned":
        recipe["discriminator_lr"] *= 64 / config.width
        wide = 512 / config.token_width if config.variant == "transformer" else 64 / config.width
        recipe["lr"] *= wide
    unset = {name: value for name, value in recipe.items() if getattr(config, name) is None}
    return dataclasses.replace(config, **unset)


#: 100 epochs of 4,755 clips in batches of 4 are 119,000 updates of the generator, each with five of the discriminator.
_PAPER = WaveGANConfig(
    recipe="paper",
    steps=595_000,
    documented_steps=595_000,
    batch_size=4,
    precision="float32",
    ema=False,
    clips_per_song=4,
    normalise="none",
    augment=False,
)
_DEFAULT = WaveGANConfig(steps=200_000, documented_steps=200_000, batch_size=32, width=32)
_SMALL = WaveGANConfig(
    steps=9000,
    documented_steps=2500,
    batch_size=8,
    sample_rate_hz=8000,
    samples=8192,
    width=8,
    style_width=128,
    token_width=128,
    tokens=1024,
    attention_window=64,
    full_attention=256,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}


@dataclass(frozen=True)
class WaveGANGenerateConfig(AudioFileConfig):
    """What `generate wavegan` can be told."""

    #: Which clips are made, not what they are.
    FREE: ClassVar[frozenset[str]] = frozenset({"count", "seeds", "interpolate", "latents", "points"})

    count: int | None = option(None, "Clips to make, of the seeds from --seed on; 10 by default.", low=1)
    seeds: str = option("", "Seeds of the clips, such as 3,7,20-25.")
    interpolate: str = option("", "Two seeds, such as 3-7: go from one clip to the other in --points clips.")
    latents: str = option("", "Latents to use in place of seeds, such as the z.safetensors of an earlier run.")
    points: int = option(9, "Clips of an interpolation, both ends included", low=2)
    truncation: float = option(1.0, "How far from the average clip: below 1 safer, above 1 wilder", low=0)
    fixed_noise: bool = option(False, "The same noise inputs for all clips (style), for smooth interpolations")
    seconds: float = option(0.0, "Length; clips of neighbouring latents are cross-faded to it; 0: one clip", low=0)
    ema: bool = option(True, "Use the averaged weights, where there are any")
    bits: str = option("16", "Sample format", choices=("16", "24", "32f"))
