"""Configuration of WaveGAN and its variants: what is left unset is filled in from the variant's own recipe."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from gantools.audio.config import MOST_RATE_HZ
from gantools.errors import ConfigError
from gantools.options import option
from gantools.parsing import names, shares
from gantools.systems.wavegan.recipes import LATENT_RECIPE, RECIPES
from gantools.training.config import TrainConfig

#: Rows of the table in "Generating Electronic Music with Adversarial Networks".
VARIANTS = ("baseline", "improved", "style", "transformer")
#: The paper's experiment without a row: improved, with transformers for its last two layers.
HYBRID = "hybrid"
#: Time steps that every network begins with (or a discriminator ends with).
FIRST_STEPS = 16
DOMAINS = ("auto", "wave", "latent")
BEGINNINGS = ("any", "onset", "bar")
#: A generator of latents begins with so many times fewer steps.
LATENT_FACTOR = 8


@dataclass(frozen=True)
class WaveGANConfig(TrainConfig):
    """Options of ``train wavegan``.

    Fields that are None are filled in by `resolve`, from `variant` and `recipe`. A step is one update of the
    discriminator; the generator is updated in each `discriminator_updates`-th.
    """

    variant: str = option(
        "style",
        "Kind of networks: a row of the paper's table, or hybrid, whose last two layers are transformers and which "
        "collapsed in the paper.",
        choices=(*VARIANTS, HYBRID),
    )
    recipe: str = option(
        "tuned",
        "Where numbers that are not set come from: the paper, or our own tuning.",
        choices=("paper", "tuned"),
        group="Networks",
    )

    domain: str = option(
        "wave",
        "What is learnt: the waveform itself, or the latents of a codec that makes sound of them. With auto the "
        "variant style learns latents.",
        choices=DOMAINS,
    )
    sample_rate_hz: int = option(
        16000,
        "Rate of the clips. A lower one is faster and duller; latents have that of their codec.",
        unit="Hz",
        flag="sample-rate",
        low=1000,
        high=MOST_RATE_HZ,
        group="Data",
    )
    samples: int = option(
        65536,
        "Length of a clip: 16 times 4 times 4 and so on, with at most one other factor at the end.",
        low=256,
        group="Data",
    )
    clip_latents: int = option(
        48, "Length of a clip in latents of the codec, a multiple of 8; in place of --samples.", low=16, group="Data"
    )
    channels: int = option(
        0,
        "Channels of the sound: 1 for mono, 2 for stereo; with 0 mono, and stereo of latents.",
        low=0,
        high=2,
        group="Data",
    )
    split: str = option(
        "80/10/10", "Shares of train, val and test. Whole songs are drawn with the seed.", parse=shares, group="Data"
    )
    val_songs: str = option("", "Songs to put in val, separated by commas.", parse=names, group="Data")
    test_songs: str = option("", "Songs to put in test, separated by commas.", parse=names, group="Data")
    clips_per_song: int = option(
        0,
        "Fixed places in each song, as in the paper (4). With 0 each clip is cut at a fresh place.",
        low=0,
        group="Data",
    )
    begin: str | None = option(
        None,
        "Where in a song clips begin: anywhere, just before an onset, or at the beginning of a bar. By default waves "
        "begin anywhere and latents at bars.",
        choices=BEGINNINGS,
        group="Data",
    )
    offsets: int = option(
        4,
        "Times that each song is encoded for latents, each a part of a latent later than the one before.",
        low=1,
        high=16,
        group="Data",
    )
    normalise: str = option(
        "peak",
        "What brings songs to one level: their peak, their RMS, or nothing. With hit each clip of a wave is cut before "
        "the next onset and has a peak of 1.",
        choices=("peak", "rms", "none", "hit"),
        group="Data",
    )
    least_level_db: float = option(-60.0, "Level below which clips are not drawn.", unit="dB", high=0, group="Data")
    augment: bool = option(
        True, "Change gain (by up to 3 dB) and polarity of waves at random, for small data.", group="Data"
    )

    latent: int = option(100, "Numbers that a clip is made from.", low=1, group="Networks")
    latent_kind: str = option(
        "normal",
        "Distribution of these numbers. WaveGAN's own is uniform.",
        choices=("normal", "uniform"),
        group="Networks",
    )
    width: int = option(
        64,
        "Channels of the last hidden layer (d); the first has 16 or 32 times as many. More can learn more "
        "and take longer.",
        low=1,
        group="Networks",
    )
    kernel: int = option(25, "Length of each filter, which is odd.", low=3, group="Networks")
    upsample: str | None = option(
        None,
        "How layers double their rate: with zeros between samples (transposed), or by repeating the nearest one.",
        choices=("transposed", "nearest"),
        group="Networks",
    )
    phase_shuffle: int = option(
        2,
        "Largest shift between the discriminator's layers. With 0 there is none.",
        unit="samples",
        low=0,
        group="Networks",
    )
    shuffle_each: bool = option(False, "Shift each clip by itself instead of all alike.", group="Networks")
    post_filter: int = option(
        0, "Taps of a learned filter after the generator. WaveGAN has 512; 0 leaves it out.", low=0, group="Networks"
    )
    spectral_norm: bool | None = option(
        None, "Put spectral normalisation on each layer of the discriminator.", group="Networks"
    )
    emphasis: float | None = option(
        None,
        "Share of the last sample that is taken off before the discriminator, which makes the treble louder.",
        low=0,
        high=1,
        group="Networks",
    )
    spectra: bool = option(
        False, "Let discriminators of spectrograms of several resolutions judge waves too.", group="Networks"
    )
    pack: int = option(
        1, "Clips that the discriminator judges together (PacGAN), against collapse.", low=1, group="Networks"
    )

    style_source: str = option(
        "each",
        "Layer of the mapping that feeds a block of the variant style.",
        choices=("each", "last"),
        group="Networks",
    )
    style_width: int = option(512, "Units of the mapping's six layers, for the variant style.", low=1, group="Networks")
    token_width: int = option(
        512, "Channels of the transformer's first tokens, halved down to 32.", low=32, group="Networks"
    )
    tokens: int = option(
        16384, "Most tokens of the transformer. Each of the last gives several samples.", low=64, group="Networks"
    )
    attention_window: int = option(
        256,
        "Tokens of the transformer that attend to each other where there are many; an even number.",
        low=2,
        group="Networks",
    )
    full_attention: int = option(
        1024, "Most tokens of the transformer that all attend to each other.", low=16, group="Networks"
    )

    loss: str | None = option(
        None,
        "Loss of the GAN: bce, Wasserstein with a gradient penalty (wgan-gp) or with small weights (wgan), or, of "
        "latents, real and made clips in pairs.",
        choices=("bce", "wgan-gp", "wgan", "relativistic"),
        group="Losses",
    )
    discriminator_floor: float = option(
        0.01, "Loss below which the discriminator rests, for bce.", low=0, group="Losses"
    )
    weight_clip: float = option(
        0.01,
        "Largest size of the discriminator's weights, to which each update brings them back, for wgan.",
        low=1e-6,
        group="Losses",
    )
    penalty_weight: float | None = option(None, "Weight of the gradient penalty.", low=0, group="Losses")
    penalty_every: int | None = option(
        None,
        "Steps from one gradient penalty to the next, which then weighs so much more. More are faster.",
        low=1,
        group="Losses",
    )
    movement_weight: float | None = option(
        None,
        "Weight of the distance between how far latents, and the levels that they are decoded to, move in made and in "
        "real clips, for the domain latent.",
        low=0,
        group="Losses",
    )
    discriminator_updates: int | None = option(
        None, "Updates of the discriminator for each one of the generator.", low=1, group="Optimiser"
    )
    lr: float | None = option(None, "Adam's learning rate of the generator.", low=0, group="Optimiser")
    discriminator_lr: float | None = option(
        None, "Adam's learning rate of the discriminator.", low=0, group="Optimiser"
    )
    beta1: float | None = option(None, "Adam's decay of the mean gradient.", low=0, high=0.9999, group="Optimiser")
    beta2: float | None = option(
        None, "Adam's decay of the mean squared gradient.", low=0, high=0.999999, group="Optimiser"
    )
    warmup_steps: int | None = option(None, "Steps in which the learning rates rise from 0.", low=0, group="Optimiser")
    final_lr_share: float | None = option(
        None,
        "Share of the learning rates that is left at the end of the run. With 1 they are constant.",
        low=0,
        high=1,
        group="Optimiser",
    )
    clip_norm: float | None = option(
        None, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser"
    )

    validation_clips: int = option(
        64, "Clips that a validation makes and compares.", low=4, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        if self.normalise == "hit" and (self.begin != "onset" or self.domain != "wave"):
            raise ConfigError("normalise: hit belongs to waves that begin at onsets; add --begin onset")
        if self.kernel % 2 == 0:
            raise ConfigError(f"kernel: {self.kernel} is even; write an odd number, such as {self.kernel + 1}")
        if self.attention_window % 2:
            raise ConfigError(f"attention_window: {self.attention_window} is odd; write an even number")
        for name, size in (("batch_size", self.batch_size), ("micro_batch", self.micro_batch)):
            if size % self.pack:
                raise ConfigError(f"{name}: {size} clips are no whole number of packs of {self.pack}")
        if self.domain == "latent":
            if self.variant != "style" or self.recipe != "tuned":
                raise ConfigError("domain: latents are learnt by the variant style, recipe tuned; write --domain wave")
            if self.clip_latents % LATENT_FACTOR:
                raise ConfigError(f"clip_latents: {self.clip_latents} is no multiple of {LATENT_FACTOR}")
        else:
            strides(self.samples)
            if self.domain == "wave" and self.movement_weight:
                raise ConfigError("movement_weight: waves have no latents that move; add --domain latent")
        if self.loss and self.domain != "auto" and (self.loss == "relativistic") != (self.domain == "latent"):
            raise ConfigError("loss: relativistic belongs to the domain latent; waves have bce, wgan-gp and wgan")


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


def resolve(config: WaveGANConfig) -> WaveGANConfig:
    """Return the configuration with every unset field filled in from its variant's recipe; what is set stays.

    Adam's steps have the size of the rate whatever the gradient, so a layer of n inputs changes what it gives by about
    n times the rate: the tuned rates are those for 64 channels (512 of the transformer) times 64 over the width.
    """
    if config.domain == "auto":
        latent = config.variant == "style" and config.recipe == "tuned"
        config = dataclasses.replace(config, domain="latent" if latent else "wave")
    recipe = dict(RECIPES[config.recipe, config.variant])
    if config.domain == "latent":
        recipe = dict(LATENT_RECIPE)
    elif config.recipe == "tuned":
        recipe["discriminator_lr"] *= 64 / config.width
        wide = 512 / config.token_width if config.variant == "transformer" else 64 / config.width
        recipe["lr"] *= wide
    unset = {name: value for name, value in recipe.items() if getattr(config, name) is None}
    unset |= {} if config.channels else {"channels": 2 if config.domain == "latent" else 1}
    return dataclasses.replace(config, **unset)


#: 100 epochs. Of the paper's 4,755 clips in batches of 4 they are 119,000 updates of the generator, each with as many
#: of the discriminator as the variant has: 595,000 steps where there are five.
_PAPER = WaveGANConfig(
    recipe="paper",
    steps=595_000,
    epochs=100,
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
    domain="auto",
    offsets=2,
    sample_rate_hz=8000,
    samples=8192,
    width=8,
    style_width=128,
    token_width=128,
    tokens=1024,
    attention_window=64,
    full_attention=256,
)

#: Single hits at 44.1 kHz, .37 s each.
_HITS = dataclasses.replace(
    _SMALL,
    domain="wave",
    sample_rate_hz=44100,
    samples=16384,
    begin="onset",
    normalise="hit",
    spectra=True,
    documented_steps=0,
)

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL, "hits": _HITS}
