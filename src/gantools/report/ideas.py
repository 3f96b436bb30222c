"""The page of a set of ideas: the clip first, then each idea to hear and to see, best first."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db
from gantools.audio.picture import mel_image
from gantools.audio.writing import write_audio
from gantools.errors import InputError
from gantools.files.atomic import write_text
from gantools.report.excerpts import data_uri, png_bytes
from gantools.report.style import HOUSE_STYLE

PAGE_NAME = "index.html"
#: The clip is put beside the page under this name.
CLIP_NAME = "clip.wav"
#: All that `write_page` and the ranking may write, the ranking first.
PAGE_FILES = ("ranked.csv", PAGE_NAME, CLIP_NAME, f"original-{CLIP_NAME}")
_PICTURE_RATE_HZ, _PICTURE_COLUMNS, _PICTURE_BANDS = 16000, 480, 80

_STYLE = """
:root { --accent: #e8590c; }
body { max-width: 46rem; padding: 1.5rem 1rem 4rem; line-height: 1.45; }
article { border-top: 1px solid var(--line); padding: 1rem 0 1.25rem; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 b { color: var(--accent); font-variant-numeric: tabular-nums; margin-right: .4em; }
small { font-weight: 400; color: var(--soft); white-space: nowrap; }
img { display: block; width: 100%; height: 6.5rem; border-radius: 4px; background: #000; }
audio { display: block; width: 100%; height: 2.5rem; margin-top: .4rem; }
dl { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: .6rem 0 0; }
dl div { display: flex; gap: .45em; align-items: baseline; }
dt { color: var(--soft); font-size: .88rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 600; }
ul { margin: .5rem 0 0; padding-left: 1.1rem; font-size: .92rem; }
details { margin-top: .5rem; color: var(--soft); font-size: .88rem; }
summary { cursor: pointer; }
footer { border-top: 1px solid var(--line); padding-top: 1rem; color: var(--soft); font-size: .82rem;
  overflow-wrap: anywhere; }
"""

_FIGURES = (
    ("ltas_db", "average spectrum off by", "dB"),
    ("recall_db", "of the clip, found again within", "dB"),
    ("precision_db", "belongs to the clip within", "dB"),
    ("modulation_ratio", "level moves, times the clip", ""),
    ("ncc_1s", "correlation with the clip", ""),
    ("copied_1s", "copied in pieces of 1 s", "%"),
    ("copied_quarter", "copied in pieces of 0.25 s", "%"),
    ("verbatim_s", "longest piece of the clip", "s"),
)


def write_page(
    folder: str | Path,
    rows: Sequence[Mapping[str, Any]],
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
        Gets ``index.html`` and ``clip.wav``.
    rows : sequence of mappings
        As `ranking.rank` returns them, in the order of the page.
    clip : float32 array (channels, n)
    rate_hz : int
        Of the clip.
    clip_name : str
        What the user calls the clip.
    title : str
    facts : sequence of str
        Lines for the foot: model, seed, mode.
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
    if any(Path(row["path"]).absolute() == (place / CLIP_NAME).absolute() for row in rows):
        sound = folder / f"original-{CLIP_NAME}"
    write_audio(sound, clip, rate_hz)
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}: {_text(clip_name)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{HOUSE_STYLE}{_STYLE}</style></head><body>",
        f'<h1>{_text(title)}</h1><p class="sub">{_summary(rows)}</p>',
        _article(f"The clip: {_text(clip_name)}", sound, folder, f"{clip.shape[1] / rate_hz:.1f} s"),
        *(_idea(row, place) for row in rows),
        "<footer>" + "<br>".join(_text(fact) for fact in facts),
        "<p>Likeness: spectrum, frames and movement against the clip; 1 is as like as its two halves are to each "
        "other. Novelty: how little is copied; 0 is a copy. All figures: ranked.csv.</p></footer></body></html>",
    ]
    write_text(page, "\n".join(parts) + "\n")
    return [page, sound]


def _text(value: object) -> str:
    # A name that is not valid UTF-8 still has to be shown.
    return escape(str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _summary(rows: Sequence[Mapping[str, Any]]) -> str:
    fine = sum(not row["flags"] for row in rows)
    return f"{len(rows)} {'idea' if len(rows) == 1 else 'ideas'}, best first; {fine} without remarks"


def _idea(row: Mapping[str, Any], folder: Path) -> str:
    shown = (("likeness", row["likeness"]), ("novelty", row["novelty"]))
    figures = "".join(f"<div><dt>{name}</dt><dd>{_number(value)}</dd></div>" for name, value in shown)
    remarks = "".join(f"<li>{_text(flag)}</li>" for flag in row["flags"])
    details = "".join(
        f"<div><dt>{label}</dt><dd>{_number(row[name] * (100 if unit == '%' else 1), 0 if unit == '%' else 2)} {unit}"
        "</dd></div>"
        for name, label, unit in _FIGURES
    )
    more = f"<dl>{figures}</dl>{f'<ul>{remarks}</ul>' if remarks else ''}"
    more += f"<details><summary>Figures</summary><dl>{details}</dl></details>"
    path = Path(row["path"])
    return _article(f"<b>{row['rank']}</b>{_text(path.name)}", path, folder, f"{_number(row['seconds'], 1)} s", more)


def _article(heading: str, path: Path, folder: Path, length: str, more: str = "") -> str:
    address = quote(os.fsencode(os.path.relpath(path, folder)))
    picture = _picture(path)
    shown = f'<img alt="Mel spectrogram, {length}" src="{picture}">' if picture else ""
    player = f'<audio controls preload="metadata" src="{escape(address)}"></audio>'
    return f"<article><h2>{heading} <small>{length}</small></h2>{shown}{player}{more}</article>"


def _number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _picture(path: Path) -> str:
    """Return the mel-spectrogram of a file as a picture for a page; empty where there is nothing to see."""
    try:
        wave = load_mono(path, _PICTURE_RATE_HZ)
        hop = max(64, len(wave) // (4 * _PICTURE_COLUMNS))
        n_fft = max(1024, 2 * hop)
        params = MelParams(sample_rate_hz=_PICTURE_RATE_HZ, n_fft=n_fft, hop_samples=hop, n_mels=_PICTURE_BANDS)
        levels = mel_db(wave, params)
    except InputError:
        return ""
    columns = np.linspace(0, len(levels), min(_PICTURE_COLUMNS, len(levels)) + 1).astype(int)[:-1]
    return data_uri(png_bytes(mel_image(np.maximum.reduceat(levels, columns))), "image/png")
