"""WaveGAN and its variants: training steps per second beside plain Conv1d steps, clips per second of generation.

    python benchmarks/bench_wavegan.py [--preset small] [--steps 8]

The plain step is written here as ports of WaveGAN to PyTorch do it: nearest upsampling and Conv1d in float32, the
gradient penalty in each step of the discriminator, a generator whose graph the discriminator's step builds too. It
begins with the same weights and sees the same clips. The style and transformer networks have no such port; they are
timed alone. CPU seconds of the process, the kinds in turn.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

try:
    from gantools.systems.wavegan.config import PRESETS, VARIANTS, WaveGANConfig, resolve, strides
    from gantools.systems.wavegan.data import SongClips
    from gantools.systems.wavegan.networks import Discriminator, Generator
    from gantools.systems.wavegan.objective import WaveGAN
    from gantools.systems.wavegan.sampling import draw_items, make_clips
except ImportError as error:
    raise SystemExit(f"no WaveGAN here ({error}): nothing to measure") from None

from gantools.runtime.ranks import Ranks, set_threads
from gantools.training.engine import Engine


def songs(folder: Path, rate_hz: int) -> list[tuple[str, Path]]:
    """Write three songs of 20 s of notes and hits."""
    found = []
    for number in range(3):
        random, t = np.random.default_rng(number), np.arange(20 * rate_hz) / rate_hz
        beat = np.exp(-8 * (t % 0.5))
        wave = 0.3 * beat * np.sin(2 * np.pi * (55 << number) * t) + 0.1 * beat**3 * random.standard_normal(len(t))
        found.append((f"song{number}", folder / f"song{number}.wav"))
        soundfile.write(found[-1][1], wave.astype(np.float32), rate_hz)
    return found


class PlainGenerator(nn.Module):
    """A dense layer, then nearest upsampling and Conv1d."""

    def __init__(self, net: Generator, config: WaveGANConfig) -> None:
        super().__init__()
        self.start, self.factors = nn.Linear(net.latent, net.start.out_features), strides(config.samples)
        self.start.load_state_dict(net.start.state_dict())
        self.convs = nn.ModuleList()
        for layer in net.layers:
            weight: Any = layer.weight
            conv = nn.Conv1d(weight.shape[1], weight.shape[0], weight.shape[2], padding=weight.shape[2] // 2)
            conv.load_state_dict({"weight": weight, "bias": layer.bias})
            self.convs.append(conv)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.start(z).view(len(z), 16, -1).transpose(1, 2))
        for index, (conv, factor) in enumerate(zip(self.convs, self.factors, strict=True)):
            x = conv(functional.interpolate(x, scale_factor=factor))
            x = torch.tanh(x) if index == len(self.convs) - 1 else functional.relu(x)
        return x


class PlainDiscriminator(nn.Module):
    """Strided Conv1d and phase shuffle by reflection."""

    def __init__(self, net: Discriminator, config: WaveGANConfig) -> None:
        super().__init__()
        self.convs, self.shuffled = nn.ModuleList(), net.shuffled
        layer: Any
        for layer in net.layers:
            weight: Any = layer.weight.detach()
            stride, padding = layer.stride[1], layer.padding[1]
            conv = nn.Conv1d(weight.shape[1], weight.shape[0], weight.shape[3], stride, padding=padding)
            conv.load_state_dict({"weight": weight.squeeze(2), "bias": layer.bias})
            self.convs.append(spectral_norm(conv) if config.spectral_norm else conv)
        self.judge: nn.Module = nn.Linear(net.judge.in_features, 1)
        self.judge.load_state_dict({"weight": net.judge.weight.detach(), "bias": net.judge.bias})
        if config.spectral_norm:
            self.judge = spectral_norm(self.judge)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for index, conv in enumerate(self.convs):
            x = functional.leaky_relu(conv(x), 0.2)
            if index < self.shuffled:
                shift, length = int(torch.randint(-2, 3, ())), x.shape[-1]
                padded = functional.pad(x, (max(shift, 0), max(-shift, 0)), mode="reflect")
                x = padded[..., max(-shift, 0) :][..., :length]
        return self.judge(x.flatten(1))[:, 0]


class PlainStep:
    """A step of the discriminator with a penalty, and one of the generator as often as in ours."""

    def __init__(self, system: WaveGAN) -> None:
        self.system, c = system, system.config
        own: Any = system.networks
        self.generator, self.discriminator = PlainGenerator(own["G"], c), PlainDiscriminator(own["D"], c)
        betas = (c.beta1 or 0.0, c.beta2 or 0.0)
        self.adam_d = torch.optim.Adam(self.discriminator.parameters(), c.discriminator_lr or 0.0, betas)
        self.adam_g = torch.optim.Adam(self.generator.parameters(), c.lr or 0.0, betas)

    def run(self, step: int) -> dict[str, float]:
        """Do one step and return the discriminator's scores."""
        c, batch = self.system.config, self.system.batch(step, range(self.system.config.batch_size))
        real, fake = batch["real"], self.generator(batch["discriminator_z"])
        self.adam_d.zero_grad()
        on_real, on_fake = self.discriminator(real), self.discriminator(fake.detach())
        if c.loss == "bce":
            loss = functional.softplus(-on_real).mean() + functional.softplus(on_fake).mean()
        else:
            between = torch.lerp(fake.detach(), real, batch["mix"][:, None, None]).requires_grad_()
            (slope,) = torch.autograd.grad(self.discriminator(between).sum(), between, create_graph=True)
            penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
            loss = on_fake.mean() - on_real.mean() + c.penalty_weight * penalty
        loss.backward()
        self.adam_d.step()
        if step % (c.discriminator_updates or 1) == 0:
            self.adam_g.zero_grad()
            judged = self.discriminator(self.generator(batch["generator_z"]))
            (functional.softplus(-judged).mean() if c.loss == "bce" else -judged.mean()).backward()
            self.adam_g.step()
        return {"real": float(on_real.detach().mean()), "fake": float(on_fake.detach().mean())}


class OwnStep:
    """What the training loop does in a step."""

    def __init__(self, system: WaveGAN) -> None:
        self.engine = Engine(system, Ranks())
        self.engine.start()
        self.engine.prepare("float32")
        self.steps = 0

    def run(self, step: int) -> dict[str, float]:
        """Do one step and return its terms."""
        terms = self.engine.run(step, 1000)[1]
        self.engine.average(step)
        return terms


def clips_per_second(system: WaveGAN, count: int) -> float:
    """Return how many clips the generator makes in a CPU second."""
    c, net = system.config, system.networks["G"].eval()
    drawn = draw_items(list(range(count)), net, c.latent, c.latent_kind)
    spent = []
    for _ in range(3):
        begun = time.process_time()
        make_clips(net, drawn)
        spent.append(time.process_time() - begun)
    net.train()
    return count / min(spent[1:])


def measure(variant: str, config: WaveGANConfig, files: list[tuple[str, Path]], count: int) -> None:
    """Print a variant's rows."""
    config = resolve(dataclasses.replace(config, variant=variant, domain="wave", precision="float32"))
    system = WaveGAN(config, SongClips(files, config))
    steps: dict[str, Any] = {}
    if variant in ("baseline", "improved"):
        steps["plain"] = PlainStep(system)
    steps["ours"] = OwnStep(system)
    whole = (config.discriminator_updates or 1) * (
        config.penalty_every or 1
    )  # every kind of step as often as in training
    count = -(-count // whole) * whole
    times: dict[str, list[float]] = {name: [] for name in steps}
    last: dict[str, dict[str, float]] = {}
    for step in range(whole + count):  # the first ones warm up
        for name, one in steps.items():
            begun = time.process_time()
            last[name] = one.run(step)
            times[name].append(time.process_time() - begun)
    mean = {name: statistics.fmean(spent[whole:]) for name, spent in times.items()}
    made = clips_per_second(system, 16)
    for name, seconds in mean.items():
        ratio = f"{mean['plain'] / seconds:6.2f} x" if "plain" in mean else " " * 8
        gap = last[name]["real"] - last[name]["fake"]
        clips = f"{made:8.1f} clips/s, {made * config.samples / config.sample_rate_hz:6.0f} x real time"
        print(
            f"  {variant:12} {name:6} {1 / seconds:8.2f} steps/s {ratio}   real - fake {gap:9.4f}   "
            f"{clips if name == 'ours' else ''}"
        )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="small", choices=list(PRESETS))
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    threads = set_threads(arguments.threads)
    config = PRESETS[arguments.preset]
    print(
        f"WaveGAN, preset {arguments.preset}: batches of {config.batch_size} clips of {config.samples} samples at "
        f"{config.sample_rate_hz} Hz; {threads} thread(s), CPU seconds"
    )
    with tempfile.TemporaryDirectory() as folder:
        files = songs(Path(folder), config.sample_rate_hz)
        for variant in VARIANTS:
            measure(variant, config, files, arguments.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
