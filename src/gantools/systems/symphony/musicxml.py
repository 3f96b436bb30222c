"""Scores as MusicXML, through music21 where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gantools.errors import DependencyError, InputError
from gantools.files.atomic import atomic_path
from gantools.symbolic.midi import write_midi
from gantools.symbolic.score import Score


def require_music21() -> Any:
    """Return music21.

    Raises
    ------
    DependencyError
        It is not installed.
    """
    try:
        import music21
    except ImportError as error:
        raise DependencyError("--musicxml needs music21; pip install music21") from error
    return music21


def write_musicxml(path: Path, midi: Score) -> None:
    """Write a score as MusicXML, through MIDI, which music21 reads.

    Raises
    ------
    DependencyError
        music21 is not installed.
    InputError
        music21 cannot write it.
    """
    music21 = require_music21()
    with atomic_path(path) as temporary:
        source = temporary.with_suffix(".mid")
        try:
            write_midi(source, midi)
            parsed_score = music21.converter.parse(source, forceSource=True, storePickle=False)
            made = Path(parsed_score.write("musicxml", fp=temporary.with_suffix(".musicxml")))
            made.replace(temporary)
        except music21.exceptions21.Music21Exception as error:
            raise InputError(f"music21 cannot write it as MusicXML ({error})", path) from error
        finally:
            source.unlink(missing_ok=True)
