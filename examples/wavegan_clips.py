#!/usr/bin/env python3
"""Cut clips out of the songs that a WaveGAN did not see, or that it learned from, as long and at the rate of its own.

python examples/wavegan_clips.py MODEL TRACKS --count 200 --side test -o real/
"""

from __future__ import annotations

import argparse
from pathlib import Path

from gantools.audio.writing import write_audio
from gantools.chunks.roles import AUDIO_SUFFIXES
from gantools.models.folder import read_model
from gantools.options import from_mapping
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.systems.wavegan.data import fixed_clips
from gantools.training.songs import SongClips


def main() -> None:
    """Write the clips; those of one seed are the same each time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--side", choices=("train", "val", "test"), default="test")
    parser.add_argument("-o", "--out", type=Path, required=True)
    arguments = parser.parse_args()
    config = from_mapping(WaveGANConfig, read_model(arguments.model)["config"])
    files = [p for p in sorted(arguments.tracks.rglob("*")) if p.suffix.lower() in AUDIO_SUFFIXES]
    names = [p.relative_to(arguments.tracks).with_suffix("").as_posix() for p in files]
    clips = SongClips(list(zip(names, files, strict=True)), config)
    for number, clip in enumerate(fixed_clips(clips, arguments.side, arguments.count)):
        path = arguments.out / f"{arguments.side}-{number:05d}.wav"
        write_audio(path, clip, config.sample_rate_hz)
        print(path)


if __name__ == "__main__":
    main()
