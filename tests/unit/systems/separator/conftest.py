from __future__ import annotations

import numpy as np
import pytest
import soundfile

from gantools.chunks.multitrack import Multitrack, find_multitracks
from gantools.systems.separator.config import RATE_HZ


@pytest.fixture(scope="session")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> list[Multitrack]:
    """Two songs, and a drum loop of half a second."""
    from small_songs import write_song

    folder = tmp_path_factory.mktemp("songs")
    write_song(folder / "one", 0)
    write_song(folder / "two", 1)
    random = np.random.default_rng(9)
    soundfile.write(folder / "loop.drums.wav", 0.2 * random.standard_normal((RATE_HZ // 2, 1)), RATE_HZ)
    return find_multitracks([folder])
