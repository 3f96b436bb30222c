"""Options of `chunk`."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.audio.config import MOST_RATE_HZ
from gantools.options import option
from gantools.parsing import names, shares, span, word_or


@dataclass(frozen=True)
class ChunkConfig:
    """How mel files become windows, and audio becomes clips.

    The defaults are the paper's (sections 3.2 and 3.4): 256 x 256 windows that overlap by 50 frames, 8-bit codes.
    """

    frames: int = option(256, "Frames of a window of a mel file.", low=4)
    stride: int = option(
        206,
        "Frames from one window to the next. Fewer give more windows, which overlap.",
        low=1,
        group="Windows of mel files",
    )
    codes: str = option(
        "uint8",
        "How levels are stored. With uint8 they take half the space of float16.",
        choices=("uint8", "float16"),
        group="Windows of mel files",
    )
    db_range: str = option(
        "auto",
        "Levels in dB that map to 0 and 255, as LO:HI. With auto all inputs are measured.",
        parse=word_or(("auto",), span(least=1.0, example="--db-range=-50:40")),
        group="Windows of mel files",
    )
    windows_per_song: int = option(
        0, "Most windows of each song and role, spread evenly; 0 takes all.", low=0, group="Windows of mel files"
    )
    active_share: float = option(
        0.1, "Least share of a window's frames that are not silent.", low=0, high=1, group="Windows of mel files"
    )
    silence_db: float = option(
        20.0,
        "Level above the lower end of the range below which a frame is silent.",
        unit="dB",
        group="Windows of mel files",
    )
    role: str = option("", "Role of every input, such as bass. By default the mel file or the name tells.")
    split: str = option(
        "80/10/10", "Shares of train, val and test. Whole songs are assigned, by a hash of their name.", parse=shares
    )
    val_songs: str = option(
        "", "Songs to put in val, separated by commas. With --split 1/0/0 all others stay in train.", parse=names
    )
    test_songs: str = option("", "Songs to put in test, separated by commas.", parse=names)
    samples: int = option(65536, "Length of a clip of audio.", low=16)
    clips_per_song: int = option(0, "Clips of audio of each song, spread evenly; 0 takes all.", low=0)
    sample_rate_hz: int = option(
        16000, "Rate of the clips of audio.", unit="Hz", flag="sample-rate", low=1000, high=MOST_RATE_HZ
    )
