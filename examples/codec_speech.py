"""The table of examples/codec_speech.sh: errors of codecs on speech and songs that they never heard.

python examples/codec_speech.py VOICES SONGS MODEL...
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from codec_table import figures

from gantools.audio.io import load_mono
from gantools.chunks.roles import AUDIO_SUFFIXES
from gantools.systems.codec.codec import open_codec

SECONDS = 20


def main() -> None:
    """Print a row for each model."""
    torch.set_num_threads(1)
    voices, songs, *models = map(Path, sys.argv[1:])
    heads = ("model", "speech: level error dB", "band error dB", "songs: level error dB", "band error dB")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for model in models:
        codec = open_codec(model)
        # Words one after the other, songs from their middle on.
        spoken = np.concatenate([load_mono(path, codec.rate_hz) for path in files(voices)])
        sung = [load_mono(path, codec.rate_hz) for path in files(songs)]
        sounds = [spoken, *(wave[len(wave) // 2 :] for wave in sung)]
        errors = []
        for wave in sounds:
            sound = torch.from_numpy(np.ascontiguousarray(wave[: SECONDS * codec.rate_hz]))[None]
            made = codec.decode(codec.encode(sound))[:, : sound.shape[1]]
            errors.append(figures(codec, made, sound)[:2])
        cells = [*errors[0], *np.mean(errors[1:], axis=0)]
        print(f"| {model.name} | " + " | ".join(f"{value:.2f}" for value in cells) + " |", flush=True)


def files(folder: Path) -> list[Path]:
    """Return the sounds of a folder."""
    return sorted(path for path in folder.iterdir() if path.suffix in AUDIO_SUFFIXES)


if __name__ == "__main__":
    main()
