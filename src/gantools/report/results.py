"""The page of what a verb has made: each result to hear and to see beside its input, and what was measured of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gantools.audio.melfile import SUFFIX, read_mel
from gantools.errors import InputError
from gantools.report.page import Article, Page, Shelf, Sound, file_address
from gantools.report.thumbnails import Seen, look

#: What browsers play; of the rest a page has the picture alone.
PLAYED = (".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".webm")


@dataclass(frozen=True)
class Track:
    """A file of a result.

    Attributes
    ----------
    path : Path
        Audio, or a mel file, which is seen and not heard.
    label : str
    gain_db : float
        0 or less: by how much its player is turned down at first, so that it is as loud as those beside it.
    """

    path: Path
    label: str
    gain_db: float = 0.0


@dataclass(frozen=True)
class Result:
    """What was made of one input: several tracks stand side by side, on one scale; one has the whole width.

    Attributes
    ----------
    title : str
    tracks : sequence of Track
    figures, details : sequence of (label, value)
        Shown at once, and on demand.
    remarks : sequence of str
        What somebody should know before listening.
    """

    title: str
    tracks: Sequence[Track]
    figures: Sequence[tuple[str, str]] = ()
    details: Sequence[tuple[str, str]] = ()
    remarks: Sequence[str] = ()


def results_page(
    title: str,
    subtitle: str,
    results: Sequence[Result],
    facts: Sequence[str],
    folder: Path,
    tick: Callable[[], None] = lambda: None,
) -> str:
    """Return the page as text; it needs nothing but the audio files that it names, relative to itself.

    Parameters
    ----------
    title, subtitle : str
    results : sequence of Result
        In the order of the page.
    facts : sequence of str
        Lines for the foot.
    folder : Path
        Where the page will stand.
    tick : callable
        Called once for each track drawn.
    """
    parts = [result_part(result, folder, tick) for result in results]
    narrow = not any(isinstance(part, Shelf) for part in parts)
    return Page(title, subtitle, parts, facts, narrow=narrow).html()


def result_part(result: Result, folder: Path, tick: Callable[[], None] = lambda: None) -> Article | Shelf:
    """Return a result as a part of a page that will stand in `folder`; `tick` is called for each track drawn."""
    mel = next((track.path for track in result.tracks if track.path.name.endswith(SUFFIX)), None)
    try:
        params = read_mel(mel).params if mel is not None else None
    except InputError:
        params = None
    seen = []
    for track in result.tracks:
        seen.append(look(track.path, params))
        tick()
    tops = [one.top_db + track.gain_db for one, track in zip(seen, result.tracks, strict=True) if one is not None]
    top_db = max(tops, default=0.0)
    sounds = [_sound(one, track, top_db, folder) for one, track in zip(seen, result.tracks, strict=True)]
    said = (result.figures, result.details, result.remarks)
    if len(sounds) > 1:
        return Shelf(result.title, sounds, *said)
    length = f"{seen[0].seconds:.1f} s" if seen[0] else "- s"
    return Article(result.title, length, sounds[0], "", *said)


def _sound(seen: Seen | None, track: Track, top_db: float, folder: Path) -> Sound:
    # The picture too is of the sound as it is played.
    picture = seen.picture(top_db - track.gain_db) if seen and math.isfinite(top_db) else ""
    address = file_address(track.path, folder) if track.path.name.lower().endswith(PLAYED) else ""
    volume = round(10 ** (track.gain_db / 20), 4)
    return Sound(picture, address, f"Mel spectrogram: {track.label}", track.label, volume=volume)
