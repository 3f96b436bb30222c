"""A chunk folder of synthesised mels: bass-like and drum-like, four songs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gantools.chunks.shards import ChunkSet

sys.path.insert(0, str(Path(__file__).parent))  # for tiny_systems.py, also in child processes


@pytest.fixture(scope="session")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> ChunkSet:
    """Four songs with bass and drums, 64 bands, windows of 64 frames."""
    from tiny_systems import write_mel_chunks

    folder = tmp_path_factory.mktemp("chunks")
    write_mel_chunks(folder)
    return ChunkSet(folder)
