"""Configuration and presets of the separator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gantools.options import option
from gantools.training.config import TrainConfig

#: Stems in the order of the network's outputs.
SOURCES = ("vocals", "drums", "bass", "other")
RATE_HZ = 44100


@dataclass(frozen=True)
class SeparatorConfig(TrainConfig):
    """What `train separator` can be told."""

    FREE: ClassVar[frozenset[str]] = TrainConfig.FREE | {"validation_seconds"}

    n_fft: int = option(4096, "Length of the analysis window.", unit="samples", low=256)
    hop_samples: int = option(1024, "Step of the analysis.", unit="samples", low=64)
    band_quality: float = option(24.0, "Centre frequency of a band over its width; higher: more bands.", low=2)
    top_hz: float = option(16000.0, "Bins above this share the mask of the last band.", unit="Hz", low=1000)

    width: int = option(32, "Channels at the full number of bands.", low=4)
    blocks: int = option(5, "Residual blocks in the middle, dilated in time by 1, 2, 4, 8, 16, 1, ...", low=0)
    body_width: int = option(256, "Channels of the middle, where bands are channels.", low=8)
    dropout: float = option(0.2, "Share of the middle's channels that are dropped in training.", low=0, high=0.9)

    segment_frames: int = option(128, "Frames of a training item.", low=16)
    lr: float = option(3e-3, "Peak learning rate of AdamW.", low=0)
    weight_decay: float = option(3e-2, "Weight decay of AdamW.", low=0)
    clip_norm: float = option(1.0, "Largest norm of the gradient; 0: any.", low=0)
    threshold_db: float = option(-20.0, "Errors this far below the mix count no more.", unit="dB", high=0)
    treble_weight: float = option(0.5, "Weight of the error with 3 dB more per octave.", low=0)

    aligned_share: float = option(0.25, "Share of items that are stretches of a real song.", low=0, high=1)
    loose_share: float = option(
        0.35, "Share of remixed stems from songs that lack a stem, such as loops.", low=0, high=1
    )
    silent_share: float = option(0.1, "Share of remixed stems that are silent.", low=0, high=1)
    gain_spread_db: float = option(5.0, "Standard deviation of a remixed stem's gain.", unit="dB", low=0)
    shift_semitones: float = option(4.0, "Largest change of pitch and tempo.", unit="semitones", low=0, high=12)
    eq_spread_db: float = option(4.0, "Standard deviation of the random equalisers' gains.", unit="dB", low=0)

    val_songs: str = option("", "Songs, separated by commas, that training does not see.")
    validation_share: float = option(
        0.1, "Last part of each song that training does not see, where no songs are named.", low=0, high=0.9
    )
    validation_seconds: float = option(30.0, "Audio of each song that a validation takes.", unit="s", low=1)


#: What `tiny` is made with; an hour of one CPU core is about 6000 steps.
_DEFAULT = SeparatorConfig(steps=10_000, documented_steps=7800, batch_size=6)
_SMALL = SeparatorConfig(steps=2000, documented_steps=2000, batch_size=4, width=16, body_width=96)

PRESETS = {"default": _DEFAULT, "small": _SMALL}
