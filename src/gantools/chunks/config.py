"""Options of `chunk`."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.audio.config import MOST_RATE_HZ
from gantools.errors import ConfigError
from gantools.options import option


@dataclass(frozen=True)
class ChunkConfig:
    """How mel files become windows, and audio becomes clips.

    The defaults are the paper's (sections 3.2 and 3.4): 256 x 256 windows that overlap by 50 frames, 8-bit codes.
    """

    frames: int = option(256, "Frames per window.", low=4)
    stride: int = option(206, "Frames from one window to the next.", low=1)
    codes: str = option("uint8", "How levels are stored.", choices=("uint8", "float16"))
    db_range: str = option("auto", "Levels that map to 0 and 255, as LO:HI in dB; auto measures all inputs.")
    windows_per_song: int = option(0, "Most windows of a song and role, spread evenly; 0 takes all.", low=0)
    active_share: float = option(0.1, "Least share of frames that are not silent.", low=0, high=1)
    silence_db: float = option(20.0, "A frame is silent below this level above the range's lower end.", unit="dB")
    role: str = option("", "Role of every input; else the mel file or the name tells.")
    split: str = option("80/10/10", "Shares of train, val and test; songs are assigned by a hash of their name.")
    val_songs: str = option("", "Songs to put in val, separated by commas; --split 1/0/0 keeps all others in train.")
    test_songs: str = option("", "Songs to put in test, separated by commas.")
    samples: int = option(65536, "Audio input: samples per clip.", low=16)
    clips_per_song: int = option(0, "Audio input: clips per song, spread evenly; 0 takes all.", low=0)
    sample_rate_hz: int = option(
        16000, "Audio input: rate of the clips.", unit="Hz", flag="sample-rate", low=1000, high=MOST_RATE_HZ
    )

    def __post_init__(self) -> None:
        if self.db_range != "auto":
            self.fixed_range()

    def fixed_range(self) -> tuple[float, float]:
        """Return (lo_db, hi_db) of a range given as text; raises ConfigError."""
        try:
            low, high = (float(part) for part in self.db_range.split(":"))
        except ValueError as error:
            raise ConfigError(f"db_range: {self.db_range!r}; write LO:HI in dB, such as --db-range=-50:40") from error
        if not low + 1 <= high < float("inf") or low == -float("inf"):
            raise ConfigError(f"db_range: {self.db_range!r}; HI must be at least 1 dB above LO")
        return low, high
