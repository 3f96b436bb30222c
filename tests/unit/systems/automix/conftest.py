"""Two songs of synthesised stems, wet and "normalised": gains are lost."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import stem

from gantools.audio.io import write_audio
from gantools.chunks.multitrack import Multitrack, find_multitracks

RATE_HZ = 16000
SECONDS = 6.0
LOST_DB = {"bass": 6.0, "drums": -3.0, "vocals": 9.0}

Songs = tuple[list[Multitrack], list[Multitrack]]


@pytest.fixture(scope="session")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Songs:
    """Normalised and wet songs; the second song has no vocals."""
    folder = tmp_path_factory.mktemp("automix")
    for number, song in enumerate(("one", "two")):
        for role in ("bass", "drums", "vocals")[: 3 - number]:
            wet = np.float32(0.2) * stem(role, SECONDS, RATE_HZ, number).T
            write_audio(folder / "wet" / song / f"{role}.wav", wet, RATE_HZ, "32f")
            normalised = wet * np.float32(10 ** (-LOST_DB[role] / 20))
            write_audio(folder / "normalised" / song / f"{role}.wav", normalised, RATE_HZ, "32f")
    return find_multitracks([folder / "normalised"]), find_multitracks([folder / "wet"])
