"""Configuration of Musika: the latent GAN of the paper, that of its later program, and ours for small machines."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from gantools.errors import ConfigError
from gantools.options import option, parsed
from gantools.parsing import distinct_names
from gantools.training.config import TrainConfig

#: ``paper``: the networks of the ISMIR version (techno22). ``base44``: those of the program's 44.1 kHz version.
#: ``dense``: ours, of any size: a generator without patches, a discriminator that judges every stretch of latents at
#: several scales.
VARIANTS = ("paper", "base44", "dense")
#: Steps that the generators of the paper begin with.
FIRST_STEPS = 4
#: What the music can be told to be, in the order of the channels that the networks see.
CONDITIONS = ("density", "loudness", "brightness", "tempo", "label")


@dataclass(frozen=True)
class MusikaConfig(TrainConfig):
    """Options of ``train musika``. A step is one update of the generator and one of the discriminator."""

    variant: str = option("dense", "Kind of networks: the paper's, those of its program, or ours.", choices=VARIANTS)
    channels: int = option(2, "Channels of the sound: 1 for mono, 2 for stereo.", low=1, high=2, group="Data")
    patch_latents: int = option(
        64,
        "Latents of a patch: 8, 16, 32, 64 or 128. The discriminator sees two patches at a time, so more of them give "
        "longer phrases and take longer to learn. The paper's generators make music patch by patch; ours knows none.",
        low=8,
        high=256,
        group="Networks",
    )
    conditions: str = option(
        "",
        "What the music can be told to be, separated by commas: density, loudness, brightness, tempo, label (a song's "
        "folder).",
        parse=distinct_names,
    )
    clock: str = option(
        "auto",
        "Tell the networks where in the bar each latent is, so that hits fall on the beat: with auto where at least "
        "half of the songs have beats at equal intervals.",
        choices=("auto", "on", "off"),
        group="Data",
    )
    stereo: str = option(
        "midside",
        "How stereo is coded: as its two sides, as in the paper, or as mid and side, which keeps the middle firm.",
        choices=("sides", "midside"),
        group="Data",
    )
    scaling: str = option(
        "importance",
        "What the GAN sees of the latents: as they are, each of unit deviation, or weighted by what is heard of them.",
        choices=("none", "unit", "importance"),
        group="Data",
    )
    offsets: int = option(
        4,
        "Times that each song is encoded, each a part of a latent later than the one before: more to learn from.",
        low=1,
        high=16,
        group="Data",
    )
    held_out_share: float = option(
        0.1, "Stretch of each song, as a share of it, that is kept for validation.", low=0.0, high=0.5, group="Data"
    )
    least_level_db: float = option(-60.0, "Level below which no music is drawn.", unit="dB", high=0, group="Data")

    anchor_size: int = option(64, "Numbers of an anchor, between which the coordinates lead.", low=1, group="Networks")
    style_size: int = option(
        64, "Numbers of the style that all patches share; without a style (0) it drifts.", low=0, group="Networks"
    )
    anchor_patches: int = option(
        3, "Patches from one anchor to the next: 2 in the paper, 3 in its program.", low=1, high=8, group="Networks"
    )
    detail_size: int = option(
        16,
        "Random numbers that each latent has of its own, for what changes with each note; the paper has none (0).",
        low=0,
        group="Networks",
    )
    width: int = option(
        32, "Channels of the networks: the first layers have several times as many.", low=2, group="Networks"
    )
    mix_channels: str = option(
        "swap",
        "Channels before the discriminator: as they are, left and right exchanged at random, or mixed by a fixed "
        "random matrix (cross channel mixing).",
        choices=("none", "swap", "ccm"),
        group="Networks",
    )

    loss: str = option(
        "relativistic",
        "Loss of the GAN: hinge, or real and generated music judged in pairs.",
        choices=("hinge", "relativistic"),
        group="Losses",
    )
    penalty_weight: float = option(0.2, "Weight of the gradient penalty.", low=0, group="Losses")
    penalty_every: int = option(
        4,
        "Steps from one gradient penalty to the next, which then weighs so much more. More are faster.",
        low=1,
        group="Losses",
    )
    penalise_fakes: bool = option(
        True, "Penalise the gradient at generated music too (R2), and not only at real music.", group="Losses"
    )
    adaptive_penalty: bool = option(
        False, "Lower the penalty while the discriminator is not sure, as the program does.", group="Losses"
    )
    mismatch_weight: float = option(
        1.0,
        "Weight of telling music from the same music with conditions of other music, where there are some: how closely "
        "what is asked for is followed.",
        low=0,
        group="Losses",
    )
    rebuild_weight: float = option(
        0.0, "Weight of the discriminator's reconstruction of real music, for the variant paper.", low=0, group="Losses"
    )

    lr: float = option(1e-3, "Adam's learning rate of the generator.", low=0, group="Optimiser")
    discriminator_lr: float = option(5e-4, "Adam's learning rate of the discriminator.", low=0, group="Optimiser")
    beta1: float = option(0.0, "Adam's decay of the mean gradient.", low=0, high=0.9999, group="Optimiser")
    beta2: float = option(0.99, "Adam's decay of the mean squared gradient.", low=0, high=0.999999, group="Optimiser")
    warmup_steps: int = option(50, "Steps in which the learning rates rise from 0.", low=0, group="Optimiser")
    final_lr_share: float = option(
        0.1,
        "Share of the learning rates that is left at the end of the run. With 1 they are constant.",
        low=0,
        high=1,
        group="Optimiser",
    )

    validation_patches: int = option(
        256, "Patches that a validation makes and compares.", low=8, group="Validating and saving"
    )
    sample_seconds: float = option(
        20.0, "Length of the samples of a validation.", unit="s", low=0, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        doublings = self.patch_latents // FIRST_STEPS
        if doublings & (doublings - 1) or self.patch_latents % FIRST_STEPS:
            raise ConfigError(f"patch_latents: {self.patch_latents} is not 8, 16, 32, 64, 128 or 256")
        wanted = {"paper": (128,), "base44": (64, 128)}.get(self.variant)
        if wanted and self.patch_latents not in wanted:
            raise ConfigError(
                f"patch_latents: the variant {self.variant} makes patches of {' or '.join(map(str, wanted))} latents"
            )
        for name in self.condition_names:
            if name not in CONDITIONS:
                raise ConfigError(f"conditions: {name!r} is not one of {', '.join(CONDITIONS)}")
        if self.rebuild_weight and self.variant != "paper":
            raise ConfigError("rebuild_weight: only the discriminator of the variant paper reconstructs")
        if self.variant == "paper" and self.mix_channels != "ccm":
            raise ConfigError("mix_channels: the variant paper has ccm")
        if self.variant != "paper" and self.mix_channels == "ccm":
            raise ConfigError("mix_channels: ccm belongs to the variant paper; there are swap and none")

    @property
    def condition_names(self) -> tuple[str, ...]:
        """Conditions by name."""
        return tuple(parsed(self, "conditions")) if self.conditions else ()

    @property
    def anchor_latents(self) -> int:
        """Latents from one anchor to the next (A)."""
        return self.anchor_patches * self.patch_latents


#: Section 4.2 of the paper. The adversarial loss, and the weights of R1 and of the reconstruction, are the program's.
_PAPER = MusikaConfig(
    variant="paper",
    steps=1_500_000,
    documented_steps=1_500_000,
    batch_size=32,
    patch_latents=128,
    anchor_patches=2,
    width=128,
    clock="off",
    detail_size=0,
    stereo="sides",
    scaling="none",
    offsets=1,
    mix_channels="ccm",
    loss="hinge",
    penalty_weight=10.0,
    penalty_every=1,
    penalise_fakes=False,
    mismatch_weight=0.0,
    rebuild_weight=10.0,
    lr=1e-4,
    discriminator_lr=1e-4,
    beta1=0.5,
    beta2=0.999,
    warmup_steps=0,
    final_lr_share=1.0,
)
#: The program's version for 44.1 kHz, which came after the paper.
_BASE44 = dataclasses.replace(
    _PAPER,
    variant="base44",
    steps=2_000_000,
    documented_steps=2_000_000,
    anchor_patches=3,
    mix_channels="swap",
    adaptive_penalty=True,
    rebuild_weight=0.0,
)
_DEFAULT = MusikaConfig(
    steps=200_000, documented_steps=200_000, batch_size=32, width=96, lr=3e-4, discriminator_lr=3e-4
)
_SMALL = MusikaConfig(
    steps=10_000,
    documented_steps=10_000,
    batch_size=8,
    patch_latents=32,
    anchor_size=32,
    style_size=32,
)

PRESETS = {"paper": _PAPER, "base44": _BASE44, "default": _DEFAULT, "small": _SMALL}
