"""What the tests of several commands start from, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from running import made_here
from sounds import tone


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three synthesised songs with bass and drums, in folders stems, mels and chunks; read only."""
    folder = tmp_path_factory.mktemp("songs")
    for song in range(3):
        for role, hz in (("bass", 55.0 + 5 * song), ("drums", 900.0)):
            path = folder / f"stems/song{song}/{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(13.0, hz=hz, seed=song), 22050)
    made_here(folder, "melify", "stems", "-o", "mels", "-q")
    made_here(folder, "chunk", "mels", "-o", "chunks", "--split", "100/0/0", "--val-songs", "song2", "-q")
    return folder
