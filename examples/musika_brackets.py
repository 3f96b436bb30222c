"""Brackets for Musika's table: the same songs, and random latents, through the codec of a model.

    python examples/musika_brackets.py MODEL SONGS OUT [--seconds 60] [--count 3]

``OUT/decoded`` has the songs as the codec gives them back, ``OUT/shuffled`` their latents in random order, and
``OUT/gaussian`` latents drawn from a normal distribution with the mean and deviation of each channel: how near to
real music one comes without a generator.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from gantools.audio.writing import write_audio
from gantools.chunks.item import Item
from gantools.cli.flags import Run
from gantools.cli.inputs import AUDIO_SUFFIXES, gather
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.runtime.seeds import item_seed
from gantools.systems.latents.carried import open_carried
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.musika.conditions import read_conditions
from gantools.systems.musika.config import MusikaConfig
from gantools.systems.musika.latents import LatentSongs
from gantools.systems.musika.networks import build_generator
from gantools.systems.musika.stream import LatentMaker, SoundMaker


def main() -> None:
    """Write the three folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("songs")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--count", type=int, default=3)
    arguments = parser.parse_args()
    model = read_model(arguments.model, "musika")
    config = trained_with(MusikaConfig, model, arguments.model)
    codec, conditions = open_carried(arguments.model, model), read_conditions(model["data"]["conditions"])
    channels = config.channels * codec.channels
    scale = open_network(arguments.model, "scale", lambda: LatentScale(channels, config.scaling))
    generator = build_generator(config, codec.channels, conditions.channels)
    sound = SoundMaker(LatentMaker(generator, scale, config), codec)
    items: list[Item] = gather([arguments.songs], AUDIO_SUFFIXES, Run())
    songs = LatentSongs([(item.key, item.path) for item in items], config, codec).training_latents()
    count = round(arguments.seconds * sound.rate_hz / codec.samples_per_latent)
    every = torch.cat(songs, 1)
    scaled = scale.scaled(every)
    for number in range(arguments.count):
        random = torch.Generator().manual_seed(item_seed(number, "bracket"))
        song = songs[number % len(songs)]
        start = int(torch.randint(max(1, song.shape[1] - count), (), generator=random))
        order = torch.randint(every.shape[1], (count,), generator=random)
        noise = torch.randn(len(every), count, generator=random) * scaled.std(1, keepdim=True)
        kinds = {
            "decoded": song[:, start : start + count],
            "shuffled": every[:, order],
            "gaussian": scale.latents(noise + scaled.mean(1, keepdim=True)),
        }
        for kind, latents in kinds.items():
            wave = sound.sound_of(latents.unflatten(0, (config.channels, -1)))
            path = arguments.out / kind / f"{number:02d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_audio(path, np.ascontiguousarray(wave.T), sound.rate_hz)
            print(path, flush=True)


if __name__ == "__main__":
    main()
