"""Time of a CycleGAN training step: the loop's batched four-call step against a plain six-call one in float32.

Both do the same update of the same networks on the same windows. The plain step is written here as the reference
program does it: each translation is a call of its own, the discriminators judge reals and fakes one after the other,
Adam with torch's defaults. Run it as a script; it takes a minute or two.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import nn
from torch.nn import functional

from gantools.chunks.shards import ChunkSet
from gantools.runtime.device import resolve_device
from gantools.runtime.ranks import Ranks, set_threads
from gantools.systems.cyclegan.config import PRESETS, CycleGANConfig
from gantools.systems.cyclegan.objective import CycleGAN
from gantools.training.batches import Batches
from gantools.training.ema import EMA
from gantools.training.precision import allow_fast_kernels, choose_precision
from gantools.training.update import LossScale, PhaseUpdate

WANTED = 1.3
#: name -> (changes to preset paper, frames, mel bands, timed steps)
SIZES: dict[str, tuple[dict[str, Any], int, int, int]] = {
    "paper: 256 x 256, width 64, 9 blocks": ({}, 256, 256, 2),
    "quarter: 128 x 64, width 16, 4 blocks": ({"width": 16, "discriminator_width": 16, "blocks": 4}, 128, 64, 20),
}


def chunk_folder(folder: Path, frames: int, n_mels: int) -> ChunkSet:
    """Make chunks of noise bursts for two roles."""
    random = np.random.default_rng(0)
    for role in ("bass", "drums"):
        wave = random.normal(size=22050 * 8) * (np.arange(22050 * 8) % 11025 < 4000) * 0.1
        (folder / "in/song").mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"in/song/{role}.wav", wave, 22050)
    for arguments in (
        ["melify", "in", "-o", "mels", "--n-mels", n_mels, "--n-fft", 2048 if n_mels > 128 else 1024],
        ["chunk", "mels", "-o", "chunks", "--frames", frames, "--split", "100/0/0"],
    ):
        command = [sys.executable, "-m", "gantools", *map(str, arguments), "-q"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return ChunkSet(folder / "chunks")


class PlainStep:
    """Six generator calls, discriminators one image at a time, float32 throughout."""

    def __init__(self, system: CycleGAN) -> None:
        self.system, config = system, system.config
        self.G, self.F, self.D_X, self.D_Y = (copy.deepcopy(system.networks[n]) for n in ("G", "F", "D_X", "D_Y"))
        betas = (config.beta1, config.beta2)
        generators = itertools.chain(self.G.parameters(), self.F.parameters())
        self.discriminators = [*self.D_X.parameters(), *self.D_Y.parameters()]
        self.generator_adam = torch.optim.Adam(generators, config.lr, betas)
        self.discriminator_adam = torch.optim.Adam(self.discriminators, config.discriminator_lr, betas)

    def run(self, step: int) -> float:
        """Do a step and return the generators' loss."""
        config = self.system.config
        batch = {
            name: t.to(self.system.device) for name, t in self.system.batch(step, range(config.batch_size)).items()
        }
        x, y = batch["x"], batch["y"]
        fake_y = self.G(x)
        back_x = self.F(fake_y)
        fake_x = self.F(y)
        back_y = self.G(fake_x)
        for parameter in self.discriminators:
            parameter.requires_grad_(False)
        self.generator_adam.zero_grad()
        loss = to_target(self.D_Y(fake_y), 1.0) + to_target(self.D_X(fake_x), 1.0)
        loss = loss + config.cycle_weight * (functional.l1_loss(back_x, x) + functional.l1_loss(back_y, y))
        if config.identity_weight:
            same = functional.l1_loss(self.G(y), y) + functional.l1_loss(self.F(x), x)
            loss = loss + config.cycle_weight * config.identity_weight * same
        loss.backward()
        self.generator_adam.step()
        for parameter in self.discriminators:
            parameter.requires_grad_(True)
        self.discriminator_adam.zero_grad()
        for discriminator, real, fake in ((self.D_Y, y, fake_y), (self.D_X, x, fake_x)):
            # The pool hands back what it is given until it is full, which it is not within this benchmark.
            (0.5 * (to_target(discriminator(real), 1.0) + to_target(discriminator(fake.detach()), 0.0))).backward()
        self.discriminator_adam.step()
        return loss.item()


def to_target(logits: torch.Tensor, target: float) -> torch.Tensor:
    """Return the least-squares loss."""
    return functional.mse_loss(logits, torch.full_like(logits, target))


class LoopStep:
    """What the training loop does in a step."""

    def __init__(self, system: CycleGAN, precision: str) -> None:
        networks: dict[str, nn.Module] = {name: copy.deepcopy(net) for name, net in system.networks.items()}
        self.system = copy.copy(system)
        self.system.networks = networks
        self.system.pools = copy.deepcopy(system.pools)
        scale = LossScale(precision)
        self.updates = [PhaseUpdate(phase, self.system, Ranks(), precision, scale) for phase in system.phases]
        self.batches = Batches(self.system, range(system.config.batch_size))
        self.ema = EMA({name: networks[name] for name in ("G", "F")})

    def run(self, step: int) -> float:
        """Do a step and return the generators' loss."""
        batches = self.batches.load(step, 1000)
        losses = [update.run(batches)[1] for update in self.updates]
        self.ema.update(step)
        return losses[0]["generator"]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    device = resolve_device(arguments.device)
    threads = set_threads(arguments.threads)
    allow_fast_kernels(device)
    precision = choose_precision("auto", device)
    print(f"CycleGAN training step on {device}, {threads} threads; precision auto is {precision} here")
    print(f"{'':40}{'s/step':>10}{'ratio':>8}{'loss':>10}{'difference':>12}")
    worst = float("inf")
    for name, (changes, frames, n_mels, count) in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            chunks = chunk_folder(Path(folder), frames, n_mels)
            config: CycleGANConfig = replace(PRESETS["paper"], **changes)
            system = CycleGAN(config, chunks, device)
            steps: dict[str, PlainStep | LoopStep] = {
                "plain six-call step, float32": PlainStep(system),
                "four-call step, float32": LoopStep(system, "float32"),
                f"four-call step, {precision}": LoopStep(system, precision),
            }
            times: dict[str, list[float]] = {kind: [] for kind in steps}
            first: dict[str, float] = {}
            for number in range(count + 1):  # in turn, so that a slow moment hits all; the first warms up
                for kind, step in steps.items():
                    begun = time.perf_counter()
                    loss = step.run(number)
                    times[kind].append(time.perf_counter() - begun)
                    first.setdefault(kind, loss)
            print(name)
            plain, reference = (
                values["plain six-call step, float32"] for values in ({k: min(v[1:]) for k, v in times.items()}, first)
            )
            for kind in steps:
                best = min(times[kind][1:])
                difference = abs(first[kind] - reference) / reference
                print(f"  {kind:38}{best:10.4f}{plain / best:8.2f}{first[kind]:10.5f}{difference:12.1e}")
            worst = min(worst, plain / best)
    print(f"batched, {precision}: at least {worst:.2f} times a plain step (wanted: {WANTED})")
    return 0 if worst >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
