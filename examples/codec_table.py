#!/usr/bin/env python3
"""Measure a codec on songs that it never saw, beside what it began as and other things, and print Markdown.

    python examples/codec_table.py SONGS [--model FOLDER] [--seconds 30] [-o OUT]

The decoded songs stay in OUT, a folder for each method. Each song is taken from a quarter of its length on.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import torch
from torch import nn

from gantools.audio.io import read_audio
from gantools.audio.resample import resample
from gantools.audio.writing import write_audio
from gantools.chunks.roles import AUDIO_SUFFIXES
from gantools.models.shipped import shipped_folder
from gantools.systems.codec import losses
from gantools.systems.codec.codec import Codec, open_codec
from gantools.systems.codec.frontend import hearing_bands
from gantools.systems.codec.networks import build_coders
from gantools.systems.codec.phases import PhaseStream

Method = Callable[[torch.Tensor], torch.Tensor]  # (channels, n) -> (channels, n)
OURS, LINEAR, UNTRAINED, TRUE, OPUS = "codec", "principal components", "untrained", "true magnitudes", "opus"
LATENT_BITS = 16
LEAST_OPUS_KBPS = 12


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", type=Path, default=shipped_folder("codec"))
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--methods", default="", help="first words of those to measure; by default all")
    parser.add_argument("-o", "--out", type=Path, default=Path("codec-table"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    codec = open_codec(arguments.model)
    wanted = tuple(arguments.methods.split(",")) if arguments.methods else ("",)
    methods = {name: method for name, method in methods_of(codec).items() if name.startswith(wanted)}
    songs: dict[str, torch.Tensor] = {}
    for path in sorted(p for p in arguments.songs.iterdir() if p.suffix in AUDIO_SUFFIXES):
        wave, rate_hz = read_audio(path)
        sound = resample(wave[:2], rate_hz, codec.rate_hz)
        start = sound.shape[1] // 4
        songs[path.stem] = torch.from_numpy(sound[:, start : start + round(arguments.seconds * codec.rate_hz)].copy())
    rows: dict[str, dict[str, list[float]]] = {name: {} for name in methods}
    for song, real in songs.items():
        write_audio(arguments.out / "real" / f"{song}.wav", real.numpy(), codec.rate_hz, "16")
        for name, method in methods.items():
            made = method(real)[:, : real.shape[1]]
            write_audio(arguments.out / name / f"{song}.wav", made.numpy(), codec.rate_hz, "16")
            rows[name][song] = figures(codec, made, real)
            print(name, song, rows[name][song], file=sys.stderr, flush=True)
    print(table(rows, {name: distance(arguments.out / name, arguments.out / "real") for name in methods}))
    if {OURS, LINEAR} <= rows.keys():
        print(per_song(rows[OURS], rows[LINEAR]))
    print(speed(codec))


def methods_of(codec: Codec) -> dict[str, Method]:
    """Return what is compared."""

    def through(one: Codec) -> Method:
        return lambda wave: one.decode(one.encode(wave), linked=True)

    linear = {name: copy.deepcopy(network) for name, network in codec.networks.items()}
    for network in linear.values():
        # The networks beside the linear paths begin at zero in their last layers, and here go back to it.
        for name in ("net", "fast", "levels"):
            part = getattr(network, name, None)
            for layer in [m for m in part.modules() if isinstance(m, nn.Conv1d)][-1:] if part is not None else []:
                nn.init.zeros_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    fresh = build_coders(codec.config)
    for network in fresh.values():
        network.eval().requires_grad_(False)

    def true(wave: torch.Tensor) -> torch.Tensor:
        front = codec.front
        magnitudes = front.analyse(wave, codec.latents(wave.shape[1]) * codec.block).abs()
        stream = PhaseStream(front, True, codec.iterations, 0)
        return front.synthesise(torch.cat([stream.push(magnitudes), stream.finish()], -1))

    kbps = max(
        LEAST_OPUS_KBPS, round(2 * codec.channels * LATENT_BITS * codec.rate_hz / codec.samples_per_latent / 1e3)
    )
    return {
        OURS: through(codec),
        LINEAR: through(Codec(codec.config, linear)),
        UNTRAINED: through(Codec(codec.config, fresh)),
        TRUE: true,
        f"{OPUS} at {kbps} kbps": lambda wave: opus(wave, codec.rate_hz, kbps),
    }


def opus(wave: torch.Tensor, rate_hz: int, kbps: int) -> torch.Tensor:
    """Return a sound as Opus gives it back."""
    sound = resample(wave.numpy(), rate_hz, 48000)
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=48000, layout="stereo" if len(sound) == 2 else "mono")
        stream.bit_rate = 1000 * kbps
        for start in range(0, sound.shape[1], 960):
            block = np.ascontiguousarray(sound[:, start : start + 960].T.reshape(1, -1), np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=stream.layout.name)
            frame.sample_rate = 48000
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as source:
        resampler = av.AudioResampler(format="fltp", rate=48000)
        blocks = [f.to_ndarray() for frame in source.decode(audio=0) for f in resampler.resample(frame)]
    made = resample(np.concatenate(blocks, axis=1), 48000, rate_hz)[:, : wave.shape[1]]
    return torch.from_numpy(np.pad(made, ((0, 0), (0, wave.shape[1] - made.shape[1]))))


def figures(codec: Codec, made: torch.Tensor, wave: torch.Tensor) -> list[float]:
    """Return errors of levels and bands in dB, the log-spectral distance in dB, and the multi-scale convergence."""
    front, bands = codec.front, torch.from_numpy(hearing_bands(codec.front.bins)[0])
    a, b = (front.levels(front.transform(sound)) for sound in (made, wave))
    plain = torch.ones(front.bins)
    return [
        float(losses.level_error(a, b, plain)) * front.range_db,
        float(losses.band_error(a, b, bands, front)) * front.range_db,
        losses.spectral_distance_db(made, wave, front),
        losses.convergence(made, wave),
    ]


def distance(made: Path, real: Path) -> float:
    """Return the Fréchet distance on MusiCNN of two folders."""
    command = [sys.executable, "-m", "gantools", "evaluate", "frechet", str(made), str(real), "--no-infinity"]
    done = subprocess.run([*command, "-d", "cpu", "--json"], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["distance"])


def table(rows: dict[str, dict[str, list[float]]], distances: dict[str, float]) -> str:
    """Return the mean over the songs of each method."""
    lines = [
        "| | level error dB | band error dB | log-spectral distance dB | convergence | Fréchet distance |",
        "|---|---|---|---|---|---|",
    ]
    for name, songs in rows.items():
        level, band, spectral, convergence = np.mean(list(songs.values()), axis=0)
        values = f"{level:.2f} | {band:.2f} | {spectral:.2f} | {convergence:.3f} | {distances[name]:.2f}"
        lines.append(f"| {name} | {values} |")
    return "\n".join(lines) + "\n"


def per_song(ours: dict[str, list[float]], linear: dict[str, list[float]]) -> str:
    """Return each song's figures, those of the principal components behind them."""
    lines = [
        "| song | level error dB | band error dB | log-spectral distance dB | convergence |",
        "|---|---|---|---|---|",
    ]
    for song, found in ours.items():
        cells = [f"{a:.2f} ({b:.2f})" for a, b in zip(found, linear[song], strict=True)]
        lines.append(f"| {song} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def speed(codec: Codec) -> str:
    """Return how fast stereo is coded on one core, in CPU time."""
    seconds = 30
    wave = 0.1 * torch.randn(2, seconds * codec.rate_hz)
    latents = codec.encode(wave)
    codec.decode(latents[..., :40], linked=True)
    begun = time.process_time()
    codec.encode(wave)
    encoded = time.process_time()
    codec.decode(latents, linked=True)
    decoded = time.process_time()
    times = f"encoded {seconds / (encoded - begun):.0f}, decoded {seconds / (decoded - encoded):.0f} x real time"
    return f"stereo on one core: {times}"


if __name__ == "__main__":
    main()
