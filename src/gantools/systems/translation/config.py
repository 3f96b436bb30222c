"""Options of the systems that translate one mel into another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.audio.config import AudioFileConfig
from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import TrainConfig


@dataclass(frozen=True)
class TranslateConfig(AudioFileConfig):
    """Options of ``generate cyclegan`` and ``generate pix2pix``."""

    direction: str = option("forward", "forward: source to target; backward.", choices=("forward", "backward"))
    mix: bool = option(False, "Also write the input with the new part added at matched level.")
    mel: bool = option(False, "Write mel files instead of audio.")
    stride: int = option(128, "Frames from one window to the next; 206 is the paper's.", low=1)
    effort: str = option("default", "Effort of the inversion.", choices=("draft", "default", "best", "paper"))
    style: str = option(
        "song",
        "Which of the model's styles (drum kits): song picks one per song, window one per window, or a number.",
    )
    ema: bool = option(True, "Use the averaged weights.")
    gate: bool = option(
        True,
        "Rest where the input is silent for two bars or more; parts that are a mix or an accompaniment never rest.",
    )
    batch: int = option(4, "Windows in the network at a time.", low=1)

    @property
    def mixes(self) -> bool:
        """Whether each part comes with a mix; a mel file has nothing to be mixed with."""
        return self.mix and not self.mel


@dataclass(frozen=True)
class TranslatorConfig(TrainConfig):
    """What every system that learns to translate one role into another can be told."""

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_windows"}

    source_role: str = option("bass", "Role to translate from (X in the papers).")
    target_role: str = option("drums", "Role to translate to (Y in the papers).")

    lr: float = option(2e-4, "Adam's learning rate of the generators.", low=0)
    beta1: float = option(0.5, "Adam's first decay.", low=0, high=1)
    beta2: float = option(0.999, "Adam's second decay.", low=0, high=1)
    schedule: str = option(
        "epochs",
        "epochs: constant for constant_epochs, then to 0; run: constant for half the run, then to 0.",
        choices=("epochs", "run"),
    )
    constant_epochs: int = option(100, "Epochs with the full learning rate.", low=0)
    decay_epochs: int = option(100, "Epochs in which the learning rate then falls to 0; 0: it never falls.", low=0)

    fixed_chunks: bool = option(False, "Train on the chunks as they were cut instead of on random crops of the songs.")
    validation_windows: int = option(24, "Windows that a validation translates and listens to.", low=2)

    def __post_init__(self) -> None:
        if self.source_role == self.target_role:
            raise ConfigError(f"source_role and target_role are both {self.source_role!r}; give two roles")
