"""A chunk folder of synthesised mels: bass-like and drum-like, four songs."""

from __future__ import annotations

import pytest

from gantools.chunks.shards import ChunkSet


@pytest.fixture(scope="session")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> ChunkSet:
    """Four songs with bass and drums, 64 bands, windows of 64 frames."""
    from registry import write_mel_chunks

    folder = tmp_path_factory.mktemp("chunks")
    write_mel_chunks(folder)
    return ChunkSet(folder)
