"""What a model folder says of the phrases that it was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from gantools.systems.loops.data import Phrases


def describe_phrases(phrases: Phrases) -> dict[str, Any]:
    """Return the description of training data for ``config.json``, in JSON values.

    ``bpm`` is the middle one of the pieces' tempi; ``sounds`` has the hash of each piece's notes, by which a run that
    goes on is known to have the same pieces.
    """
    tempi = list(phrases.bpm.values())
    return {
        "bars": phrases.config.bars,
        "bpm": round(float(np.median(tempi)), 1) if tempi else 120.0,
        "phrases": {side: len(starts) for side, starts in phrases.starts.items()},
        "sounds": phrases.sounds,
        "songs": {side: list(songs) for side, songs in phrases.split.items()},
    }
