#!/usr/bin/env python3
"""Write the clip that a model of Catch-A-Waveform was trained on, at its own level: caw_clip.py MODEL OUT.wav."""

from __future__ import annotations

import sys
from pathlib import Path

from gantools.audio.writing import write_audio
from gantools.models.clips import read_clips
from gantools.systems.caw.model import read_description


def main() -> None:
    """Write the first clip of a model."""
    model, out = Path(sys.argv[1]), Path(sys.argv[2])
    clips, rate_hz = read_clips(model)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_audio(out, clips[0] * read_description(model)["data"]["clips"][0]["peak"], rate_hz)


if __name__ == "__main__":
    main()
