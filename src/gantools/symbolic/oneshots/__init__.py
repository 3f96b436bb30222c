"""43 recorded hits and bass notes, mono at 44.1 kHz.

CC0 1.0, by people of freesound.org, collected by Sonic Pi (Debian's ``sonic-pi-samples``); `ATTRIBUTION.md` names them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
RATE_HZ = 44100


@lru_cache(maxsize=64)
def one_shot(name: str) -> np.ndarray:
    """Return a recording by its name, float32 (n,), at 44.1 kHz; not to be written to."""
    import soundfile

    wave, _ = soundfile.read(FOLDER / f"{name}.flac", dtype="float32")
    wave.setflags(write=False)
    return np.asarray(wave)
