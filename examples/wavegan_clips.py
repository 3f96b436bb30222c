#!/usr/bin/env python3
"""Cut clips out of the songs that a WaveGAN did not see, or that it learned from, as long and at the rate of its own.

python examples/wavegan_clips.py MODEL TRACKS --count 200 --side test -o real/

With --decoded the codec of a model of latents makes them, with --shuffled of latents in random order. With --cut TRACKS
holds clips of another model, which are brought to the length and the rate of this one's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from gantools.audio.io import load_mono
from gantools.audio.midside import from_mid_side, to_mid_side
from gantools.audio.writing import write_audio
from gantools.chunks.roles import AUDIO_SUFFIXES
from gantools.models.folder import read_model
from gantools.options import from_mapping
from gantools.systems.codec.codec import Codec
from gantools.systems.latents.carried import open_carried
from gantools.systems.latents.sound import soften
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.systems.wavegan.data import PlacedClips, fixed_clips


def main() -> None:
    """Write the clips; those of one seed are the same each time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--side", choices=("train", "val", "test"), default="test")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--decoded", action="store_true")
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--cut", action="store_true")
    arguments = parser.parse_args()
    model = read_model(arguments.model)
    config = from_mapping(WaveGANConfig, model["config"])
    files = [p for p in sorted(arguments.tracks.rglob("*")) if p.suffix.lower() in AUDIO_SUFFIXES]
    names = [p.relative_to(arguments.tracks).with_suffix("").as_posix() for p in files]
    clips: Iterable[np.ndarray]
    if arguments.cut:
        clips = (load_mono(path, config.sample_rate_hz)[None, : config.samples] for path in files)
    else:
        songs = PlacedClips(list(zip(names, files, strict=True)), config)
        clips = fixed_clips(songs, arguments.side, arguments.count)
    if arguments.decoded or arguments.shuffled:
        codec = open_carried(arguments.model, model)
        clips = (through(codec, clip, number if arguments.shuffled else None) for number, clip in enumerate(clips))
    for number, clip in enumerate(clips):
        path = arguments.out / f"{arguments.side}-{number:05d}.wav"
        write_audio(path, clip, config.sample_rate_hz)
        print(path)


def through(codec: Codec, clip: np.ndarray, seed: int | None) -> np.ndarray:
    """Return what a codec makes of a clip (channels, time); with a seed of its latents in random order."""
    latents = codec.encode(torch.from_numpy(to_mid_side(clip)))
    if seed is not None:
        latents = latents[..., torch.from_numpy(np.random.default_rng(seed).permutation(latents.shape[-1]))]
    return soften(from_mid_side(codec.decode(latents).numpy()))[:, : clip.shape[1]]


if __name__ == "__main__":
    main()
