"""Short excerpts of evaluated files, to look at and to listen to in a report."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from matplotlib.image import imsave

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.melfile import SUFFIX
from gantools.audio.melwindows import active_share, common_params, load_mel
from gantools.audio.picture import mel_image
from gantools.audio.writing import lowering
from gantools.errors import GantoolsError
from gantools.report.clip import Clip
from gantools.report.page import Shelf, Sound
from gantools.report.rolls import notes_excerpt
from gantools.symbolic.endings import MIDI_SUFFIXES

EXCERPT_S = 10.0
SOUND_RATE_HZ = 44100
MOST_ROWS = 6
#: What the pictures of rows of MIDI files are.
ROLLS = "Piano roll"


@dataclass(frozen=True)
class Cell:
    """One excerpt: its label, RGB picture (height, width, 3), and sound as MP3 bytes (none for mel files)."""

    label: str
    picture: np.ndarray
    sound: bytes | None


@dataclass(frozen=True)
class Row:
    """Excerpts side by side: input, generated, real; `pictured` says what their pictures are."""

    title: str
    cells: tuple[Cell, ...]
    pictured: str = "Mel spectrogram"

    def shelf(self) -> Shelf:
        """Return the row as a part of a page, which carries pictures and sounds in itself."""
        sounds = []
        for cell in self.cells:
            sound = "" if cell.sound is None else data_uri(cell.sound, "audio/mpeg")
            alt = f"{self.pictured}, {cell.label}: {self.title}"
            picture = data_uri(png_bytes(cell.picture), "image/png")
            sounds.append(Sound(picture, sound, alt, cell.label, loop=self.pictured == ROLLS))
        return Shelf(self.title, sounds)


def make_rows(groups: Sequence[Sequence[tuple[str, Clip]]]) -> list[Row]:
    """Make the rows of a report; files that cannot be read are left out.

    Parameters
    ----------
    groups : sequence of sequences of (label, Clip)
        What stands side by side. All of a group are cut at the same time, where most of them sound, and share one
        colour scale.
    """
    rows = []
    for group in groups[:MOST_ROWS]:
        try:
            rows.append(_row_of_notes(group) if _is_midi(group[0][1]) else _row(group))
        except GantoolsError:
            continue  # the metric has reported it
    return rows


def _row(group: Sequence[tuple[str, Clip]]) -> Row:
    params = common_params(tuple(clip.path for _, clip in group))
    mels = [load_mel(clip.path, params) for _, clip in group]
    start_s = liveliest_s(mels, params)
    first, count = (round(seconds * params.frames_per_second) for seconds in (start_s, EXCERPT_S))
    pieces = [mel[first : first + count] for mel in mels]
    top_db = max((float(piece.max()) for piece in pieces if len(piece)), default=0.0)
    cells = [
        Cell(label, mel_image(piece, top_db=top_db), _sound(clip, start_s))
        for (label, clip), piece in zip(group, pieces, strict=True)
        if len(piece)
    ]
    return Row(f"{group[-1][1].song or group[-1][1].name}, from {start_s:.0f} s", tuple(cells))


def _is_midi(clip: Clip) -> bool:
    return clip.path.name.lower().endswith(MIDI_SUFFIXES)


def _row_of_notes(group: Sequence[tuple[str, Clip]]) -> Row:
    found = [(label, notes_excerpt(clip.path, SOUND_RATE_HZ)) for label, clip in group]
    cells = tuple(Cell(label, excerpt.picture, _mp3(excerpt.wave.T)) for label, excerpt in found)
    name = group[-1][1].song or group[-1][1].name
    return Row(f"{name}, from bar {found[-1][1].first_bar}", cells, ROLLS)


def liveliest_s(mels: Sequence[np.ndarray], params: MelParams) -> float:
    """Return the second from which an excerpt of these files sounds most of the time."""
    frames = round(EXCERPT_S * params.frames_per_second)
    last_s = max(0.0, min(len(mel) for mel in mels) / params.frames_per_second - EXCERPT_S)
    best_s, most = 0.0, 0.0
    for start_s in np.arange(0.0, last_s + 1e-6, 1.0):
        first = round(float(start_s) * params.frames_per_second)
        sounding = sum(active_share(mel[first : first + frames]) for mel in mels)
        # Of places that are about as good, the earliest is taken.
        if sounding > most + 0.01:
            best_s, most = float(start_s), sounding
    return best_s


def _sound(clip: Clip, start_s: float) -> bytes | None:
    if clip.path.name.endswith(SUFFIX):
        return None
    wave = load_mono(clip.path, SOUND_RATE_HZ)
    first = round(start_s * SOUND_RATE_HZ)
    piece = wave[first : first + round(EXCERPT_S * SOUND_RATE_HZ)]
    return _mp3(piece)


def _mp3(piece: np.ndarray) -> bytes:
    """Return samples (n,) or (n, channels) as MP3."""
    piece = piece * np.float32(lowering(float(np.abs(piece).max(initial=0.0)), "MPEG_LAYER_III"))
    buffer = io.BytesIO()
    soundfile.write(buffer, piece, SOUND_RATE_HZ, format="MP3")
    return buffer.getvalue()


def png_bytes(picture: np.ndarray) -> bytes:
    """Return an RGB picture as PNG."""
    buffer = io.BytesIO()
    imsave(buffer, picture, format="png")
    return buffer.getvalue()


def data_uri(data: bytes, kind: str) -> str:
    """Return bytes as a ``data:`` address of a MIME type."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
