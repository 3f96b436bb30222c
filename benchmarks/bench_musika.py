"""Musika: seconds of stereo sound for each second of work, decoding included (the paper's Table 1), and its memory.

    python benchmarks/bench_musika.py [--trials 100] [--seconds 30] [--threads N]
    python benchmarks/bench_musika.py --train SONGS [--steps 200]

Random weights: what they say costs nothing. Beside each row stands a plain peer in the same run: modules in the same
precision on chunks with all their neighbours, `torch.polar` and `torch.istft`; and the error of both in the levels
that the decoder makes, relative to float32 modules (RMS). With ``--train`` a step of `small` on songs is timed beside a
plain one in float32, with the losses of both. Rows are the published shapes with the phases of their heads, with and
without a condition, the program's 44.1 kHz version, and `small` with inverted phases. The paper's figures are those of
16 cores (Ryzen 3950X): 40 for piano, 39 for techno, 11 for UNAGAN, which is not built here.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import functools
import resource
import statistics
import time
from itertools import islice
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

try:
    from gantools.systems.codec.codec import Codec, open_codec
    from gantools.systems.codec.config import PRESETS as CODECS
    from gantools.systems.codec.networks import build_coders
    from gantools.systems.latents.loss import paired
    from gantools.systems.latents.scaling import LatentScale
    from gantools.systems.musika.conditions import Conditions
    from gantools.systems.musika.config import PRESETS
    from gantools.systems.musika.latents import LatentSongs
    from gantools.systems.musika.networks import build_networks
    from gantools.systems.musika.objective import Musika
    from gantools.systems.musika.stream import LatentMaker, Piece, SoundMaker
    from gantools.systems.musika.wishes import Wishes
except ImportError as error:
    raise SystemExit(f"no Musika here ({error}): nothing to measure") from None

from gantools.models.shipped import shipped_folder
from gantools.nn.time_convolution import TimeConv1d
from gantools.runtime.device import available_cores
from gantools.runtime.ranks import Ranks
from gantools.runtime.seeds import item_seed, seed_word
from gantools.training.engine import Engine
from gantools.training.precision import autocast, choose_precision

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


class PlainDecoder:
    """What the modules themselves make of latents, chunk by chunk, with a head for phases.

    Parameters
    ----------
    codec : Codec
    precision : str
    """

    def __init__(self, codec: Codec, precision: str) -> None:
        self.codec, self.precision = codec, precision

    @torch.inference_mode()
    def levels(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the levels (batch, bin, frame)."""
        return self._decoded(latents)[0]

    def _decoded(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        with autocast(self.precision, self.codec.device):
            networks = self.codec.networks
            found: tuple[torch.Tensor, torch.Tensor | None] = networks["decoder1"](networks["decoder2"](latents))
        return found

    @torch.inference_mode()
    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the waves (batch, n)."""
        codec, made = self.codec, []
        front, halo, size = codec.front, codec.halo, 64
        for start in range(0, latents.shape[-1], size):
            before = min(halo, start)
            levels, phase = self._decoded(latents[..., start - before : start + size + halo])
            kept = slice(before * codec.block, (before + size) * codec.block)
            assert phase is not None
            made.append(torch.polar(front.magnitudes(levels[..., kept]), phase[..., kept]))
        return torch.istft(torch.cat(made, -1), front.n_fft, front.hop, window=front.window)


def beside_plain(sound: SoundMaker, codec: Codec, seconds: float) -> str:
    """Return the time of the decoder over that of the plain one, and the errors of both."""
    random = torch.Generator().manual_seed(1)
    count = codec.latents(round(seconds * codec.rate_hz))
    latents = torch.rand(sound.maker.config.channels, codec.channels, count, generator=random) - 0.5
    plain, exact = PlainDecoder(codec, codec.precision), PlainDecoder(codec, "float32")
    short = latents[..., :48]
    true = exact.levels(short)
    size = float(true.square().mean().sqrt())
    errors = [
        float((made - true).square().mean().sqrt()) / size for made in (codec.levels(short)[0], plain.levels(short))
    ]
    ratios = []
    for _ in range(3):
        times = []
        for decode in (codec.decode, plain.decode):
            begun = time.process_time()
            decode(latents)
            times.append(time.process_time() - begun)
        ratios.append(times[1] / times[0])
    return f"{statistics.median(ratios):>8.2f}x{errors[0]:>12.1e}{errors[1]:>10.1e}"


class PlainStep:
    """A step as the paper's program does it: one network and one batch after the other, in float32, Adam by default.

    Parameters
    ----------
    system : Musika
        Whose configuration, data and networks it takes; the networks are copied.
    """

    def __init__(self, system: Musika) -> None:
        self.system, config = system, system.config
        self.generator, self.judge = (_plain(copy.deepcopy(system.networks[name])) for name in ("G", "D"))
        betas = (config.beta1, config.beta2)
        self.optimisers = [
            torch.optim.Adam(self.generator.parameters(), config.lr, betas),
            torch.optim.Adam(self.judge.parameters(), config.discriminator_lr, betas),
        ]
        self.schedule = system.phases[0].schedule

    def run(self, step: int, total: int) -> tuple[float, float]:
        """Do a step; return the losses of the generator and of the discriminator."""
        config, system = self.system.config, self.system
        for optimiser, rate in zip(self.optimisers, (config.lr, config.discriminator_lr), strict=True):
            optimiser.param_groups[0]["lr"] = rate * self.schedule(step, total)
        batch = system.batch(step, range(config.batch_size))
        real, asked = system.scale.scaled(batch["real"]), system.items.conditions(batch)
        torch.manual_seed(item_seed(config.seed, "global", seed_word("generator"), step, 0))
        fake = system.items.make(self.generator, batch)
        first = paired(self.judge(fake, asked), self.judge(real, asked))
        self._move(0, first)
        fake = fake.detach()
        second = paired(self.judge(real, asked), self.judge(fake, asked))
        if "wrong" in batch:
            mismatch = paired(self.judge(real, asked), self.judge(real, batch["wrong"]))
            second = second + config.mismatch_weight * mismatch
        told = float(second.detach())
        if step % config.penalty_every == 0:
            penalty = self._penalty(real, asked) + self._penalty(fake, asked)
            second = second + config.penalty_every * config.penalty_weight * penalty
        self._move(1, second)
        return float(first.detach()), told

    def _move(self, number: int, loss: torch.Tensor) -> None:
        self.optimisers[number].zero_grad()
        loss.backward()
        self.optimisers[number].step()

    def _penalty(self, latents: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        x = latents.detach().requires_grad_(True)
        total = torch.stack([scores.mean(1).sum() for scores in self.judge(x, asked)]).sum()
        (slope,) = torch.autograd.grad(total, x, create_graph=True)
        return slope.square().sum((1, 2)).mean()


def _plain(network: nn.Module) -> nn.Module:
    """Let the convolutions of a network be those of torch."""
    for module in network.modules():
        if isinstance(module, TimeConv1d):
            module.padded = functools.partial(_convolved, module)  # type: ignore[method-assign]
    return network


def _convolved(layer: nn.Conv1d, x: torch.Tensor, before: int, behind: int) -> torch.Tensor:
    return functional.conv1d(functional.pad(x, (before, behind)), layer.weight, layer.bias, layer.stride[0])


def train(songs: str, steps: int) -> None:
    """Print the time of a step of `small` over that of a plain one, and the mean losses of both, ten times."""
    codec, config = open_codec(shipped_folder("codec")), dataclasses.replace(PRESETS["small"], steps=steps)
    files = [(path.stem, path) for path in sorted(Path(songs).iterdir()) if path.is_file()]
    system = Musika(config, LatentSongs(files, config, codec), codec)
    plain, engine = PlainStep(system), Engine(system, Ranks())
    engine.start()
    precision = choose_precision("auto", system.device)
    engine.prepare(precision)
    print(f"{torch.get_num_threads()} threads; ours in {precision}, the plain step in float32; CPU time")
    print(f"{'steps':>8}{'ours':>10}{'plain':>10}{'ratio':>8}{'losses G, D':>18}{'plain':>16}")
    block = max(1, steps // 10)
    for start in range(0, steps - block + 1, block):
        times, losses = [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]]
        for step in range(start, start + block):
            begun = time.process_time()
            terms = engine.run(step, steps)[1]
            engine.average(step)
            middle = time.process_time()
            found = plain.run(step, steps)
            times = [times[0] + middle - begun, times[1] + time.process_time() - middle]
            weighed = config.penalty_every * config.penalty_weight * terms["penalty"]
            ours = (terms["generator"], terms["discriminator"] - weighed)
            losses = [
                [a + b / block for a, b in zip(*pair, strict=True)] for pair in zip(losses, (ours, found), strict=True)
            ]
        shown = [f"{1000 * seconds / block:>8.1f}ms" for seconds in times]
        pairs = [f"{one[0]:>9.2f}{one[1]:>8.2f}" for one in losses]
        print(f"{start + block:>8}{shown[0]}{shown[1]}{times[1] / times[0]:>7.2f}x {pairs[0]}{pairs[1]}", flush=True)


def memory(minutes: float) -> None:
    """Print the peak memory and the speed of a short and a long piece of `small`, before anything else runs."""
    sound, piece = sound_of("small", "small", False)
    peaks, speeds = [], []
    for length in (1 / 6, minutes):
        # An endless piece of which so much is taken.
        blocks, begun, samples = round(length * 60 * sound.rate_hz / sound.patch_samples) + 1, time.perf_counter(), 0
        for block in islice(sound.blocks(piece), blocks):
            samples += len(block)
        speeds.append(samples / sound.rate_hz / (time.perf_counter() - begun))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"small, 10 s and then {minutes:g} min: peak memory {peaks[0]:.0f} MB and {peaks[1] - peaks[0]:.1f} MB more,")
    print(f"{speeds[0]:.1f} and {speeds[1]:.1f} times real time", flush=True)


def main() -> None:
    """Print how memory grows with the length, then a row for each shape; or the time of a step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", default="", help="folder of songs: time a step in place of all else")
    parser.add_argument("--steps", type=int, default=200, help="steps of a training")
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the piece whose memory is measured")
    parser.add_argument("--rows", default="", help="names, separated by commas; all by default")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.train:
        train(arguments.train, arguments.steps)
        return
    torch.set_flush_denormal(True)
    if not arguments.rows:
        memory(arguments.minutes)
    print(f"{arguments.threads} threads, mean of {arguments.trials} trials of {arguments.seconds:g} s")
    print(f"{'':24}{'x real time':>12}{'first sound':>12}{'paper':>7}{'over plain':>11}{'error':>10}{'plain':>10}")
    for name, (codec, gan, conditional, paper) in ROWS.items():
        if arguments.rows and name not in arguments.rows.split(","):
            continue
        sound, piece = sound_of(codec, gan, conditional)
        speed(sound, piece, 5.0)
        measured = [speed(sound, piece, arguments.seconds) for _ in range(arguments.trials)]
        times, firsts = zip(*measured, strict=True)
        told = beside_plain(sound, sound.codec, arguments.seconds) if sound.codec.phase == "head" else ""  # type: ignore[attr-defined, arg-type]
        row = f"{name:24}{statistics.mean(times):>11.1f}x{statistics.mean(firsts):>10.2f} s{paper:>7}"
        print(row + f"  {told}", flush=True)


if __name__ == "__main__":
    main()
