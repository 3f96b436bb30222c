"""Options of the systems that translate one mel into another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.audio.effort import EFFORTS
from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import TrainConfig


@dataclass(frozen=True)
class TranslateConfig(AudioFileConfig):
    """Options of ``generate cyclegan`` and ``generate pix2pix``."""

    direction: str = option(
        "forward",
        "Which way to translate. The direction forward makes the target role from the source role.",
        choices=("forward", "backward"),
    )
    mix: bool = option(False, "Also write the input with the new part added at a matching level.")
    mel: bool = option(False, "Write mel files instead of audio, which takes no inversion.")
    stride: int = option(
        128,
        "Frames from one window to the next. Fewer hide the seams better and take longer; the paper has 206.",
        low=1,
        group="Quality and speed",
    )
    effort: str = option(
        "default",
        "Effort of the inversion to sound. The effort best is the most exact, draft the fastest, paper the "
        "paper's own, torchaudio that of its tool today.",
        choices=tuple(EFFORTS),
        group="Quality and speed",
    )
    style: str = option(
        "song",
        "Which of the model's styles (drum kits) to play: song picks one for each song, window for each "
        "window, or a number.",
    )
    ema: bool = option(True, "Use the averaged weights (EMA), where there are any.", group="Quality and speed")
    gate: bool = option(
        True,
        "Rest where the input is silent for two bars or more. A part that is a mix or an accompaniment never rests.",
    )
    batch: int = option(
        4, "Windows in the network at a time. More are faster and need more memory.", low=1, group="Quality and speed"
    )

    def __post_init__(self) -> None:
        if self.mel and self.mix:
            raise ConfigError("--mel and --mix exclude each other: a mel file has nothing to be mixed with; give one")


@dataclass(frozen=True)
class TranslatorConfig(TrainConfig):
    """Options of every system that learns to translate one role into another."""

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_windows"}

    source_role: str = option("bass", "Role to translate from, such as bass (X in the papers).")
    target_role: str = option("drums", "Role to translate to, such as drums (Y in the papers).")

    lr: float = option(2e-4, "Adam's learning rate of the generators.", low=0, group="Optimiser")
    beta1: float = option(0.5, "Adam's decay of the mean gradient.", low=0, high=1, group="Optimiser")
    beta2: float = option(0.999, "Adam's decay of the mean squared gradient.", low=0, high=1, group="Optimiser")
    schedule: str = option(
        "epochs",
        "Learning rate over the run. With epochs it is constant for --constant-epochs and then falls to 0; "
        "with run it is constant for the first half.",
        choices=("epochs", "run"),
        group="Optimiser",
    )
    constant_epochs: int = option(
        100, "Epochs with the full learning rate, for the schedule epochs.", low=0, group="Optimiser"
    )
    decay_epochs: int = option(
        100, "Epochs in which the learning rate then falls to 0. With 0 it never falls.", low=0, group="Optimiser"
    )

    fixed_chunks: bool = option(
        False,
        "Train on the chunks as they were cut, as the papers did, instead of on random crops of the songs.",
        group="Data",
    )
    validation_windows: int = option(
        24, "Windows that each validation translates and listens to.", low=2, group="Validating and saving"
    )

    def __post_init__(self) -> None:
        if self.source_role == self.target_role:
            raise ConfigError(f"source_role and target_role are both {self.source_role!r}; give two roles")
