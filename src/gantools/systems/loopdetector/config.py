"""Configuration and presets of the loop detector."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gantools.options import option
from gantools.parsing import names, shares
from gantools.training.config import TrainConfig

#: Bars of the phrases that there are networks for.
LENGTHS = (4, 8, 16)
_NETWORKS = ("each", "audio", "midi")


@dataclass(frozen=True)
class LoopDetectorConfig(TrainConfig):
    """Options of ``train loopdetector``."""

    feature: str = option(
        "grid",
        "How bars are compared: grid looks at each sixteenth, in sound and notes alike; paper is the authors' way.",
        choices=("grid", "paper"),
    )
    networks: str = option(
        "each",
        "What networks learn from: each has some for audio and some for MIDI; with audio, the paper's way, those of "
        "audio judge MIDI too.",
        choices=_NETWORKS,
    )
    threshold: str = option(
        "calibrated",
        "Which loops' scores tell where loops end: calibrated takes those held out, of the domain that is judged; "
        "training, the paper's way, those that the network has learnt from.",
        choices=("calibrated", "training"),
    )

    split: str = option(
        "60/40/0", "Shares of train, val and test. Families of files are drawn.", parse=shares, group="Data"
    )
    val_songs: str = option("", "Families to put in val, separated by commas.", parse=names, group="Data")
    test_songs: str = option("", "Families to put in test, separated by commas.", parse=names, group="Data")
    family: str = option(
        "name",
        "What files have in common that must not be on both sides: the first word of their name, their folder, or "
        "nothing (file).",
        choices=("name", "folder", "file"),
        group="Data",
    )
    patterns: int = option(
        2000, "Loops of drums and bass to generate for each length, from the seed.", low=0, group="Data"
    )
    rendered: int = option(
        300, "How many of them are heard too, played by the bundled one-shots, for audio.", low=0, group="Data"
    )
    pattern_share: float = option(
        0.75, "Share of generated loops among those that a network learns from.", low=0, high=1, group="Data"
    )
    hear_midi: bool = option(
        True, "Learn from MIDI as sound too, played by the bundled one-shots, where there is audio.", group="Data"
    )
    calibration_loops: int = option(
        128, "Known loops of each domain that are kept in the model for threshold and percentiles.", low=8, group="Data"
    )

    autoencoder_share: float = option(
        0.5,
        "First part of the run, in which the network learns to be inverted.",
        low=0.05,
        high=0.95,
        group="Optimiser",
    )
    lr: float = option(1e-3, "Learning rate of AdamW at the start of both stages.", low=0, group="Optimiser")
    final_lr_share: float = option(
        0.005,
        "Share of the learning rates that is left at the end of the run. With 1 they are constant.",
        low=0,
        high=1,
        group="Optimiser",
    )
    weight_decay: float = option(
        0.01, "Weight decay of AdamW: the regulariser of equation 1.", low=0, group="Optimiser"
    )


_DEFAULT = LoopDetectorConfig(steps=6000, documented_steps=6000, batch_size=64, ema=False)
_PAPER = replace(
    _DEFAULT,
    steps=20_000,
    documented_steps=20_000,
    feature="paper",
    networks="audio",
    threshold="training",
    pattern_share=0.0,
    hear_midi=False,
)
_SMALL = replace(_DEFAULT, steps=1500, patterns=500, rendered=60)

PRESETS = {"default": _DEFAULT, "paper": _PAPER, "small": _SMALL}
