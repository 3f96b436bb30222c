"""Configuration and presets of pix2pix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.errors import ConfigError
from gantools.options import option
from gantools.training.config import TrainConfig


@dataclass(frozen=True)
class Pix2PixConfig(TrainConfig):
    """What `train pix2pix` can be told.

    The defaults are those of the paper and of the authors' program (Isola et al. 2017, section 3 and appendix 6).
    """

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_windows"}

    source: str = option("bass", "role to translate from (x in the paper)")
    target: str = option("drums", "role to translate to (y in the paper), of the same songs")

    width: int = option(64, "channels of the generator's first layer", low=1)
    depth: int = option(8, "halvings of the U-Net; 8 brings 256 x 256 down to 1 x 1", low=2, high=10)
    dropout: bool = option(True, "dropout in the generator: the paper's only source of noise, on at generation too")
    critic_width: int = option(64, "channels of the critic's first layer", low=1)
    critic_layers: int = option(3, "strided layers of the critic; 3 judges 70 x 70 bins", low=1, high=6)

    l1_weight: float = option(100.0, "weight of the L1 loss", low=0)
    learning_rate: float = option(2e-4, "Adam's learning rate", low=0)
    beta1: float = option(0.5, "Adam's first decay", low=0, high=1)
    beta2: float = option(0.999, "Adam's second decay", low=0, high=1)
    schedule: str = option(
        "epochs",
        "epochs: constant for constant_epochs, then to 0; run: constant for half the run, then to 0",
        choices=("epochs", "run"),
    )
    constant_epochs: int = option(100, "epochs with the full learning rate", low=0)
    decay_epochs: int = option(100, "epochs in which the learning rate falls to 0 afterwards; 0: it never falls", low=0)

    fixed_chunks: bool = option(False, "train on the chunks as they were cut instead of on random crops of the songs")
    validation_windows: int = option(24, "windows that a validation translates and listens to", low=2)

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise ConfigError(f"source and target are both {self.source!r}; give two roles")


_PAPER = Pix2PixConfig(steps=100_000, batch_size=1, precision="float32", ema=False, fixed_chunks=True)
_DEFAULT = Pix2PixConfig(steps=50_000, batch_size=4, schedule="run")
_SMALL = Pix2PixConfig(steps=1500, batch_size=2, width=16, critic_width=16, schedule="run")

PRESETS = {"paper": _PAPER, "default": _DEFAULT, "small": _SMALL}
