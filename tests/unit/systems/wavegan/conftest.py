"""A small crate of songs."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from sounds import stem


@pytest.fixture(scope="session")
def crate(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Four songs of 3 s: name and file."""
    folder = tmp_path_factory.mktemp("crate")
    files = []
    for number, kind in enumerate(("drums", "bass", "other", "drums")):
        path = folder / f"song{number}.wav"
        soundfile.write(path, stem(kind, 3.0, 8000, number), 8000)
        files.append((path.stem, path))
    return files
