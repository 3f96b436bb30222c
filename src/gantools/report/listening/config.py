"""Options of a listening test."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option
from gantools.report.listening.forms import FORMS

_BLOCKS, _SOUND = "Blocks", "Sound"


@dataclass(frozen=True)
class ListenConfig:
    """Options of a listening test."""

    form: str = option(
        "grades",
        "What listeners are asked: four aspects of 1-10, a score of 0-5, whether it loops, the songwriter's questions, "
        "mixes of a song, likeness to a reference, or which of two.",
        choices=tuple(FORMS),
    )
    real: str = option("", "Folder of real music. By default the set whose folder is called real.")
    clips: int = option(0, "Clips of each set, drawn at random; 0 takes all.", low=0)
    clip_seconds: float = option(
        0.0,
        "Length of a clip, cut where it sounds most. With 0 it is that of the form; loops stay whole.",
        unit="s",
        low=0,
        high=600,
    )
    one_per_song: bool = option(False, "Take one clip of each song in each set.")
    practice: int | None = option(None, "Clips before the test, which do not count. By default as in the form.", low=0)
    heard_twice: int | None = option(
        None, "Clips that come twice, to tell who answers at random. By default as in the form.", low=0
    )
    dry_stems: str = option("", "Folder of the dry stems of the songs, the reference of mixes.")
    per_block: int | None = option(
        None,
        "Clips of one block, after which there is a pause; 0 makes one of all. By default as in the form.",
        low=0,
        group=_BLOCKS,
    )
    originals: int | None = option(
        None, "Real clips among those of one block. By default as in the form.", low=0, group=_BLOCKS
    )
    lufs: float = option(
        -23.0, "Integrated loudness of the clips; lower for all where one would clip.", unit="LUFS", low=-50, high=-10,
        group=_SOUND,
    )  # fmt: skip
    match_bandwidth: bool = option(
        True,
        "Let real clips end where the generated ones do, in forms that mix them, so that they are not told by treble.",
        group=_SOUND,
    )
    band_limit_hz: float = option(
        0.0, "Where real clips end; 0 measures where the generated ones do.", unit="Hz", low=0, group=_SOUND
    )
    encoding: str = option(
        "auto", "How clips are written into the page; auto is what the form needs.", choices=("auto", "mp3", "flac"),
        group=_SOUND,
    )  # fmt: skip
    largest_mb: float = option(
        200.0, "Largest page that is written; a browser holds all of it in memory.", unit="MB", low=1, group=_SOUND
    )
