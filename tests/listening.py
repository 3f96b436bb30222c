"""Sets of short clips to make listening tests of, and what a listener of the tests answers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from sounds import tone

#: How good the sets are to the listener of the tests, from 0 to 1; the last two are what MUSHRA adds below them.
LIKED = {"day": 0.35, "night": 0.6, "real": 0.85, "hidden reference": 0.99, "anchor 3.5 kHz": 0.1, "anchor 7 kHz": 0.2}


def write_sets(folder: Path, songs: int = 10, seconds: float = 1.5) -> None:
    """Write sets `day` (16 kHz, mono), `night` (44.1 kHz, mono) and `real` (44.1 kHz, stereo), and `dry` stems."""
    for song in range(songs):
        wave = tone(seconds, 44100, hz=110.0 + 20 * song, seed=song)
        hiss = 0.02 * np.random.default_rng(song).standard_normal((len(wave), 2)).astype(np.float32)
        low = tone(seconds, 16000, hz=110.0 + 20 * song, seed=song)
        files = {
            f"day/song-{song}.wav": (0.2 * low, 16000),
            f"night/song-{song}.wav": (0.9 * wave, 44100),
            f"real/song-{song}.wav": (0.5 * wave + hiss, 44100),
            f"dry/song-{song}/bass.wav": (0.5 * wave, 44100),
            f"dry/song-{song}/drums.wav": (hiss[:, :1], 44100),
        }
        for name, (samples, rate_hz) in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / name, samples, rate_hz)


def chance(*parts: str) -> float:
    """Return a number in [0, 1) that depends on some names alone."""
    return int.from_bytes(hashlib.blake2b("/".join(parts).encode(), digest_size=4).digest(), "big") / 2**32


def answer(question: dict[str, Any], clip: str, which: str) -> Any:
    """Return what the listener answers on a clip of a set."""
    liked = LIKED[which]
    if question["kind"] in ("scale", "slider"):
        low, high = question["low"], question["high"]
        share = liked + 0.1 * (chance(clip, question["name"]) - 0.5)
        return int(np.clip(round(low + (high - low) * share), low, high))
    if question["name"] == "real":
        return "real" if which == "real" else "fake"
    if question["kind"] == "choice":
        return question["choices"][0] if liked > 0.5 else "other: not my kind"
    return f"heard in {clip}"
