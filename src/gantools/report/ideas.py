"""The page of a set of ideas: the clip first, then each idea to hear and to see, best first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.writing import write_audio
from gantools.files.atomic import write_text
from gantools.report.page import Article, Page, Sound, file_address
from gantools.report.thumbnails import look

PAGE_NAME = "index.html"
#: The clip is put beside the page under this name.
CLIP_NAME = "clip.wav"
#: All that `write_page` and the ranking may write, the ranking first.
PAGE_FILES = ("ranked.csv", PAGE_NAME, CLIP_NAME, f"original-{CLIP_NAME}")


@dataclass(frozen=True)
class Idea:
    """One file of the page.

    Attributes
    ----------
    path : Path
    place : str
        Its place in the order.
    seconds : float
        NaN where it cannot be read.
    figures, details : sequence of (label, value)
        Shown at once, and on demand.
    remarks : sequence of str
        What somebody should know before choosing it.
    """

    path: Path
    place: str
    seconds: float
    figures: Sequence[tuple[str, str]] = ()
    details: Sequence[tuple[str, str]] = ()
    remarks: Sequence[str] = ()


def write_page(
    folder: str | Path,
    ideas: Sequence[Idea],
    clip: np.ndarray,
    rate_hz: int,
    *,
    clip_name: str,
    title: str = "Ideas",
    facts: Sequence[str] = (),
    place: Path | None = None,
) -> list[Path]:
    """Write the page and, beside it, the clip to compare with.

    The page needs nothing but the audio files that it names, relative to itself: pictures are inside, and nothing comes
    from a network.

    Parameters
    ----------
    folder : str or Path
        Folder that gets ``index.html`` and ``clip.wav``.
    ideas : sequence of Idea
        Ideas in the order of the page.
    clip : float32 array (channels, n)
    rate_hz : int
        Rate of the clip.
    clip_name : str
        What the user calls the clip.
    title : str
    facts : sequence of str
        Lines for the foot: model, seed, mode, what the figures mean.
    place : Path, optional
        Folder in which page and clip will stand, where that is another one than `folder`.

    Returns
    -------
    list of Path
        The page, then the clip.
    """
    folder = Path(folder)
    page, sound = folder / PAGE_NAME, folder / CLIP_NAME
    place = place or folder
    # An idea that is itself called clip.wav must not be overwritten.
    if any(idea.path.absolute() == (place / CLIP_NAME).absolute() for idea in ideas):
        sound = folder / f"original-{CLIP_NAME}"
    write_audio(sound, clip, rate_hz)
    length = f"{clip.shape[1] / rate_hz:.1f} s"
    parts = [Article(f"The clip: {clip_name}", length, _sound(sound, folder, length))]
    for idea in ideas:
        length = f"{idea.seconds:.1f} s" if math.isfinite(idea.seconds) else "- s"
        heard = _sound(idea.path, place, length)
        parts.append(Article(idea.path.name, length, heard, idea.place, idea.figures, idea.details, idea.remarks))
    fine = sum(not idea.remarks for idea in ideas)
    summary = f"{len(ideas)} {'idea' if len(ideas) == 1 else 'ideas'}, best first; {fine} without remarks"
    made = Page(title, summary, parts, facts, window=f"{title}: {clip_name}", narrow=True)
    write_text(page, made.html())
    return [page, sound]


def _sound(path: Path, folder: Path, length: str) -> Sound:
    seen = look(path)
    return Sound(seen.picture() if seen else "", file_address(path, folder), f"Mel spectrogram, {length}")
