"""Musika: seconds of stereo sound for each second of work, decoding included (the paper's Table 1), and its memory.

    python benchmarks/bench_musika.py [--trials 100] [--seconds 30] [--threads N]

Random weights: what they say costs nothing. Rows are the published shapes with the phases of their own heads, with and
without a condition, the program's 44.1 kHz version, and `small` with inverted phases. The paper's figures are those of
16 cores (Ryzen 3950X): 40 for piano, 39 for techno, 11 for UNAGAN, which is not built here.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import statistics
import time
from itertools import islice

import torch

try:
    from gantools.systems.codec.codec import Codec
    from gantools.systems.codec.config import PRESETS as CODECS
    from gantools.systems.codec.networks import build_coders
    from gantools.systems.musika.conditions import Conditions
    from gantools.systems.musika.config import PRESETS
    from gantools.systems.musika.networks import build_networks
    from gantools.systems.musika.scaling import LatentScale
    from gantools.systems.musika.stream import LatentMaker, Piece, SoundMaker
    from gantools.systems.musika.wishes import Wishes
except ImportError as error:
    raise SystemExit(f"no Musika here ({error}): nothing to measure") from None

from gantools.runtime.device import available_cores

#: Name -> preset of the codec and of the GAN, whether it is told the note density, the paper's figure on its CPU.
ROWS = {
    "piano, unconditional": ("maestro22", "paper", False, "40"),
    "piano, conditional": ("maestro22", "paper", True, "40"),
    "techno, unconditional": ("techno22", "paper", False, "39"),
    "techno, conditional": ("techno22", "paper", True, "39"),
    "base44": ("base44", "base44", False, ""),
    "small": ("small", "small", False, ""),
}


def sound_of(codec_name: str, gan_name: str, conditional: bool) -> tuple[SoundMaker, Piece]:
    """Return a maker with random weights, and a piece."""
    coded = CODECS[codec_name]
    if codec_name != "small":
        coded = dataclasses.replace(coded, phase="head")
    coders = build_coders(coded)
    for network in coders.values():
        network.eval().requires_grad_(False)
    codec, gan = Codec(coded, coders), dataclasses.replace(PRESETS[gan_name], seed=1)
    known = Conditions(("density",), 8.0, (), {"density": (0.0, 1.0)}) if conditional else Conditions()
    networks = build_networks(gan, codec.channels, known.channels)
    maker = LatentMaker(networks["G"], LatentScale(gan.channels * codec.channels, gan.scaling), gan)
    wishes = Wishes(known, {}, 1, codec.samples_per_latent / codec.rate_hz) if conditional else None
    return SoundMaker(maker, codec), Piece(1, wishes=wishes)


def speed(sound: SoundMaker, piece: Piece, seconds: float) -> tuple[float, float]:
    """Return seconds of sound for each second of work, and when the first of it came."""
    begun = time.perf_counter()
    blocks = sound.blocks(piece, samples=round(seconds * sound.rate_hz))
    next(blocks)
    first = time.perf_counter() - begun
    for _ in blocks:
        pass
    return seconds / (time.perf_counter() - begun), first


def main() -> None:
    """Print a row for each shape, then how memory grows with the length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--rows", default="", help="names, separated by commas; all by default")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    print(f"{arguments.threads} threads, mean of {arguments.trials} trials of {arguments.seconds:g} s")
    print(f"{'':24}{'x real time':>12}{'first sound':>12}{'paper':>7}")
    for name, (codec, gan, conditional, paper) in ROWS.items():
        if arguments.rows and name not in arguments.rows.split(","):
            continue
        sound, piece = sound_of(codec, gan, conditional)
        speed(sound, piece, 5.0)
        measured = [speed(sound, piece, arguments.seconds) for _ in range(arguments.trials)]
        times, firsts = zip(*measured, strict=True)
        print(f"{name:24}{statistics.mean(times):>11.1f}x{statistics.mean(firsts):>10.2f} s{paper:>7}", flush=True)
    sound, piece = sound_of("small", "small", False)
    peaks = []
    for minutes in (1 / 6, 10):
        # An endless piece of which so much is taken.
        blocks = round(minutes * 60 * sound.rate_hz / sound.patch_samples) + 1
        for _ in islice(sound.blocks(piece), blocks):
            pass
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"peak memory: {peaks[0]:.0f} MB after 10 s, {peaks[1] - peaks[0]:.0f} MB more after 10 min or longer")


if __name__ == "__main__":
    main()
