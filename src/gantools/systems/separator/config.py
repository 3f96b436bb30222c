"""Configuration and presets of the separator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.options import option
from gantools.parsing import names
from gantools.training.config import TrainConfig

#: Stems in the order of the network's outputs.
SOURCES = ("vocals", "drums", "bass", "other")
RATE_HZ = 44100


@dataclass(frozen=True)
class SeparatorConfig(TrainConfig):
    """Options of ``train separator``."""

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_seconds"}

    n_fft: int = option(4096, "Length of the analysis window.", unit="samples", low=256, group="Networks")
    hop_samples: int = option(
        1024, "Distance between frames of the analysis.", unit="samples", low=64, group="Networks"
    )
    band_quality: float = option(
        24.0,
        "Centre frequency of a band divided by its width. A higher one gives more, narrower bands.",
        low=2,
        group="Networks",
    )
    top_hz: float = option(
        16000.0,
        "Frequency above which all bins share the mask of the last band.",
        unit="Hz",
        low=1000,
        group="Networks",
    )

    width: int = option(32, "Channels at the full number of bands. More can learn more and take longer.", low=4)
    blocks: int = option(
        5, "Residual blocks in the middle, dilated in time by 1, 2, 4, 8, 16, 1 and so on.", low=0, group="Networks"
    )
    body_width: int = option(256, "Channels of the middle, where bands are channels.", low=8, group="Networks")
    dropout: float = option(
        0.2,
        "Share of the middle's channels that are dropped in training, against learning songs by heart.",
        low=0,
        high=0.9,
        group="Networks",
    )

    segment_frames: int = option(128, "Frames of each training item.", low=16)
    lr: float = option(3e-3, "Peak learning rate of AdamW.", low=0, group="Optimiser")
    weight_decay: float = option(
        3e-2, "Weight decay of AdamW, against learning songs by heart.", low=0, group="Optimiser"
    )
    clip_norm: float = option(1.0, "Largest norm of the gradient. With 0 it is not limited.", low=0, group="Optimiser")
    threshold_db: float = option(
        -20.0, "Level against the mix below which an error counts no more.", unit="dB", high=0, group="Losses"
    )
    treble_weight: float = option(
        0.5, "Weight of the error that counts 3 dB more for each octave.", low=0, group="Losses"
    )

    aligned_share: float = option(
        0.25,
        "Share of items that are stretches of a real song, where the stems fit each other.",
        low=0,
        high=1,
        group="Data",
    )
    loose_share: float = option(
        0.35, "Share of remixed stems from songs that lack a stem, such as loops.", low=0, high=1, group="Data"
    )
    silent_share: float = option(0.1, "Share of remixed stems that are silent.", low=0, high=1, group="Data")
    gain_spread_db: float = option(
        5.0, "Standard deviation of the gain of remixed stems.", unit="dB", low=0, group="Data"
    )
    shift_semitones: float = option(
        4.0, "Largest change of pitch and tempo of remixed stems.", unit="semitones", low=0, high=12, group="Data"
    )
    eq_spread_db: float = option(
        4.0, "Standard deviation of the gains of random equalisers on remixed stems.", unit="dB", low=0, group="Data"
    )

    val_songs: str = option(
        "",
        "Songs that training does not see, separated by commas. The score then tells how new songs will sound.",
        parse=names,
    )
    validation_share: float = option(
        0.1,
        "Last part of each song that training does not see, where --val-songs names none.",
        low=0,
        high=0.9,
        group="Validating and saving",
    )
    validation_seconds: float = option(
        30.0, "Audio of each song that a validation hears.", unit="s", low=1, group="Validating and saving"
    )


#: What `tiny` is made with; an hour of one CPU core is about 6000 steps.
_DEFAULT = SeparatorConfig(steps=10_000, documented_steps=7800, batch_size=6)
_SMALL = SeparatorConfig(steps=2000, documented_steps=2000, batch_size=4, width=16, body_width=96)

PRESETS = {"default": _DEFAULT, "small": _SMALL}
