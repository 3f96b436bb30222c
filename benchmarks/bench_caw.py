"""Catch-A-Waveform: a training step beside a plain one, generation in times real time, growth with the clip's length.

    python benchmarks/bench_caw.py [--steps 30] [--long-steps 6] [--seconds 10]

The plain step is written here as the authors' program does it: Conv1d in float32, a new draw of the whole clip from the
scales below, the gradient penalty in each step, the discriminator's weights not frozen while the generator learns. The
first table also has it with draws of the crop only, which that program cannot make. All begin with the same weights and
learn the same thing: preset `small`, without our own term for frame statistics, which is timed by itself. CPU seconds;
the two take turns, so that a slow moment hits both.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

try:
    from gantools.systems.caw.config import PRESETS, CawConfig
    from gantools.systems.caw.networks import PRE_EMPHASIS, Discriminator, Generator
    from gantools.systems.caw.rates import clip_length, list_rates, upsample
    from gantools.systems.caw.sampler import Sampler
    from gantools.systems.caw.scale import CawScale
    from gantools.systems.caw.scale_data import CoarserDraws, prepare
    from gantools.systems.caw.stack import Scale, Stack
except ImportError as error:
    raise SystemExit(f"no Catch-A-Waveform here ({error}): nothing to measure") from None

from gantools.runtime.ranks import Ranks, set_threads
from gantools.training.engine import Engine

WANTED = 2.0
RATE_HZ = 8000
TOTAL = 1000


def riff(seconds: float, rate_hz: int) -> np.ndarray:
    """Return plucked notes, (1, n) of peak 1."""
    random, time_s = np.random.default_rng(0), np.arange(int(seconds * rate_hz)) / rate_hz
    wave = np.zeros(len(time_s))
    for start in np.arange(0, seconds, 0.25):
        after = np.maximum(time_s - start, 0)
        hz = 110 * 2 ** (random.integers(0, 24) / 12)
        tone = sum(np.sin(2 * np.pi * hz * n * after) / n for n in (1, 2, 3, 4))
        wave += np.where(time_s >= start, np.exp(-6 * after) * tone, 0)
    return (wave / np.abs(wave).max())[None].astype(np.float32)


def untrained(rates_hz: list[int], config: CawConfig, seconds: float) -> Stack:
    """Return a stack of random networks of a configuration's size."""
    torch.manual_seed(0)
    scales = []
    for index, rate_hz in enumerate(rates_hz):
        width = config.coarse_width if index == 0 else config.width
        net = Generator(1, width, config.layers, config.kernel).eval().requires_grad_(False)
        amplitude = torch.full((1, 1), 0.01 if index else 1.0)
        noise = torch.randn(1, clip_length(seconds, rate_hz)) * (1.0 if index == 0 else 0.0)
        scales.append(Scale(rate_hz, net, amplitude, noise, None))
    return Stack(scales, 1)


class PlainNet(nn.Module):
    """The networks as published: Conv1d, weight norm, BatchNorm1d; one class for both, with a head or without."""

    def __init__(self, net: Generator | Discriminator) -> None:
        super().__init__()
        self.convs = nn.ModuleList(plain(conv) for conv in net.body.convs)
        norms: list[Any] = list(net.body.norms)
        self.norms = nn.ModuleList(nn.BatchNorm1d(norm.num_features) for norm in norms)
        for norm, copied in zip(norms, self.norms, strict=True):
            copied.load_state_dict(norm.state_dict())
        self.head = nn.ModuleList()
        if isinstance(net, Generator):
            self.head.extend([plain(net.signal), plain(net.gate), plain(net.out)])

    def forward(self, x: torch.Tensor, previous: torch.Tensor | None = None) -> torch.Tensor:
        for index, conv in enumerate(self.convs):
            x = conv(x)
            if index < len(self.norms):
                x = functional.leaky_relu(self.norms[index](x), 0.2)
        if len(self.head):
            signal, gate, out = self.head
            x = out(torch.tanh(signal(x)) * torch.sigmoid(gate(x)))
        x = torch.cat([x[..., :1], x[..., 1:] - PRE_EMPHASIS * x[..., :-1]], -1)
        return x if previous is None else x + previous


def plain(conv: Any) -> nn.Module:
    """Return a Conv1d with the weights of our 1 x k Conv2d."""
    made = nn.Conv1d(
        conv.in_channels, conv.out_channels, conv.kernel_size[1], dilation=conv.dilation[1], padding=conv.padding[1]
    )
    made = weight_norm(made)
    made.load_state_dict({n: t.squeeze(2) if t.ndim == 4 else t for n, t in conv.state_dict().items()})
    return made


class PlainStep:
    """One step as the authors' program does it."""

    def __init__(self, system: CawScale, below: Stack, whole_draws: bool = True) -> None:
        self.system, self.config, self.whole_draws = system, system.config, whole_draws
        self.generator, self.discriminator = PlainNet(system.generator), PlainNet(system.discriminator)
        self.below = [(s.rate_hz, PlainNet(s.generator).eval(), s.generator.reach) for s in below.scales]
        rates = (self.config.beta1, self.config.beta2)
        self.adam = {
            name: torch.optim.Adam(net.parameters(), self.config.lr, rates)
            for name, net in (("D", self.discriminator), ("G", self.generator))
        }

    @torch.no_grad()
    def draw(self, length: int, rate_hz: int) -> torch.Tensor:
        """Return a new draw of the scales below, at this rate."""
        signal, from_hz = torch.zeros(1, 1, 1), self.below[0][0]
        for index, (hz, net, reach) in enumerate(self.below):
            n = clip_length(length / rate_hz, hz)
            previous = torch.zeros(1, 1, n) if index == 0 else upsample(signal, from_hz, hz, n)
            noise = torch.randn(1, 1, n) * (1.0 if index == 0 else 0.01)
            signal, from_hz = net(functional.pad(previous + noise, (reach, reach)), previous), hz
        return upsample(signal, from_hz, rate_hz, length)

    def run(self, step: int) -> dict[str, float]:
        """Do one step and return what both programs log."""
        c, system = self.config, self.system
        batch = system.batch(step, [0])
        real, reach = batch["real"], c.reach
        length = system.scale_data.lengths[0] if self.whole_draws else real.shape[-1]
        previous = self.draw(length, RATE_HZ)[..., : real.shape[-1]]
        x = previous + system.scale_data.amplitude * torch.randn_like(previous)
        fake = self.generator(functional.pad(x, (reach, reach)), previous)

        self.adam["D"].zero_grad()
        on_real, on_fake = self.discriminator(real).mean(), self.discriminator(fake.detach()).mean()
        mixture = torch.lerp(fake.detach(), real, batch["mix"]).requires_grad_()
        (slope,) = torch.autograd.grad(self.discriminator(mixture).sum(), mixture, create_graph=True)
        penalty = (slope.norm(dim=1) - 1).square().mean()
        (on_fake - on_real + c.penalty_weight * penalty).backward()
        self.adam["D"].step()

        self.adam["G"].zero_grad()
        rec = self.generator(batch["rec_x"], batch["rec_previous"])
        mse = functional.mse_loss(rec, real)
        share = real.shape[-1] / system.scale_data.lengths[0]
        spectral = sum(distance(rec, real, *sizes) for sizes in ((2048, 240, 1200), (1024, 120, 600), (512, 50, 240)))
        spectral = spectral / 3 * share**-0.5
        (-self.discriminator(fake).mean() + c.alpha1 * mse + c.alpha2 * spectral).backward()
        self.adam["G"].step()
        terms = {"fake": on_fake, "real": on_real, "mse": mse, "spectral": spectral}
        return {name: float(value.detach()) for name, value in terms.items()}


def distance(x: torch.Tensor, y: torch.Tensor, n_fft: int, hop: int, window: int) -> torch.Tensor:
    """Return the Frobenius norm of the difference of magnitudes."""
    hann = torch.hann_window(window)
    a, b = (torch.stft(t[:, 0], n_fft, hop, window, hann, return_complex=True).abs() for t in (x, y))
    return (a - b).norm()


class OwnStep:
    """What the training loop does in a step."""

    def __init__(self, system: CawScale) -> None:
        self.engine = Engine(system, Ranks())
        self.engine.start()
        self.engine.prepare("float32")

    def run(self, step: int) -> dict[str, float]:
        """Do one step and return its terms."""
        return self.engine.run(step, TOTAL)[1]


def scale_of(config: CawConfig, seconds: float, rate_hz: int = RATE_HZ) -> tuple[CawScale, Stack]:
    """Return the scale at a rate over an untrained stack, and that stack."""
    below = untrained([hz for hz in list_rates(config.rates, rate_hz) if 500 <= hz < rate_hz], config, seconds)
    cpu = torch.device("cpu")
    scale_data = prepare([riff(seconds, 16000)], 16000, rate_hz, below, config, cpu)
    return CawScale(config, scale_data, CoarserDraws(below, rate_hz, 1, [seconds], config, cpu), config.width), below


def cpu_s(work: Any, *arguments: Any) -> tuple[float, Any]:
    """Return CPU seconds of a call, and its result."""
    begun = time.process_time()
    result = work(*arguments)
    return time.process_time() - begun, result


def compare(crop: int, seconds: float, count: int, show: bool) -> float:
    """Time both steps in turn, print them and their losses, and return how many times faster ours is."""
    config = dataclasses.replace(PRESETS["small"], crop=crop, budget="", statistics_weight=0.0, ema=False)
    torch.manual_seed(0)
    system, below = scale_of(config, seconds)
    steps: dict[str, Any] = {"plain": PlainStep(system, below), "ours": OwnStep(system)}
    if crop:
        steps["plain, draws of the crop"] = PlainStep(system, below, whole_draws=False)
    if config.statistics_weight != PRESETS["small"].statistics_weight:
        full = dataclasses.replace(config, statistics_weight=PRESETS["small"].statistics_weight)
        steps["ours, with frame statistics"] = OwnStep(scale_of(full, seconds)[0])
    # Whole steps of the lazy penalty, so that each kind of step counts as often as in training.
    count = -(-count // config.penalty_every) * config.penalty_every
    times: dict[str, list[float]] = {name: [] for name in steps}
    terms: dict[str, list[dict[str, float]]] = {name: [] for name in steps}
    for step in range(count + config.penalty_every):  # the first ones warm up
        for name, one in steps.items():
            spent, values = cpu_s(one.run, step)
            times[name].append(spent)
            terms[name].append(values)
    window = system.batch(0, [0])["real"].shape[-1]
    print(f"\nstep at {RATE_HZ} Hz, {window} samples of {seconds:g} s, width {config.width}, {config.layers} layers")
    mean = {name: statistics.fmean(spent[config.penalty_every :]) for name, spent in times.items()}
    for name, spent in mean.items():
        print(f"  {name:28} {1000 * spent:9.1f} ms {mean['plain'] / spent:6.2f} x")
    if show:
        print(f"  {'step':>6} {'discriminator (fake - real)':>24} {'mse':>20} {'spectral':>20}      plain / ours")
        for step in range(0, len(times["ours"]), 5):
            rows = [terms[name][step] for name in ("plain", "ours")]
            discriminator = " / ".join(f"{row['fake'] - row['real']:9.4f}" for row in rows)
            others = ["".join(f"{rows[0][n]:9.4f} /{rows[1][n]:9.4f} ") for n in ("mse", "spectral")]
            print(f"  {step:6d} {discriminator:>24} {others[0]} {others[1]}")
    return mean["plain"] / mean["ours"]


def generation(name: str, seconds: float) -> float:
    """Print how fast a stack of a preset's size generates at 16 kHz and how far that is from the plain chain."""
    config = PRESETS[name]
    rates = [hz for hz in list_rates(config.rates, 16000) if hz >= (500 if name == "small" else 320)]
    stack = untrained(rates, config, seconds)
    sampler = Sampler(stack)
    sampler.draw([0], min(seconds, 2.0))
    fast_s, fast = cpu_s(sampler.draw, [1], seconds)
    fast_s = min(fast_s, cpu_s(sampler.draw, [1], seconds)[0])
    plain_s, slow = cpu_s(stack.draw, [1], seconds)
    error = float((fast - slow).abs().max() / slow.abs().max())
    print(
        f"  {name:6} {len(rates):3d} scales {seconds:5.0f} s: {seconds / fast_s:8.1f} x real time; plain "
        f"{seconds / plain_s:7.1f} x; difference {error:.1e} of the peak"
    )
    return seconds / fast_s


def growth() -> None:
    """Print CPU time per second of sound, which is the same for any length."""
    config = dataclasses.replace(PRESETS["small"], crop=0, budget="", ema=False)
    sampler = Sampler(untrained([500, 1000, 2000, 4000, 8000, 16000], config, 5.0))
    sampler.draw([0], 2.0)
    print("\ngrowth with the length: CPU ms per second of sound")
    print(f"  {'seconds':>8} {'generation':>12} {'whole-clip step at 2 kHz':>26}")
    for seconds in (5.0, 10.0, 20.0, 40.0):
        made = min(cpu_s(sampler.draw, [seed], seconds)[0] for seed in range(2))
        step = OwnStep(scale_of(config, seconds, 2000)[0])
        spent = [cpu_s(step.run, number)[0] for number in range(8)]
        print(f"  {seconds:8.0f} {1000 * made / seconds:12.2f} {1000 * statistics.fmean(spent[4:]) / seconds:26.2f}")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=30, help="timed steps on crops")
    parser.add_argument("--long-steps", type=int, default=4, help="timed steps on whole clips")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the clip")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    threads = set_threads(arguments.threads)
    print(f"Catch-A-Waveform on {threads} thread(s), CPU seconds")
    ratios = {
        "crop": compare(PRESETS["small"].crop, arguments.seconds, arguments.steps, show=True),
        "whole clip": compare(0, arguments.seconds, arguments.long_steps, show=True),
    }
    print("\ngeneration of one draw at 16 kHz")
    speed = generation("small", 30.0)
    generation("paper", 2.0)
    growth()
    for name, ratio in ratios.items():
        print(f"step on a {name}: {ratio:.2f} times as fast as a plain one (wanted: {WANTED})")
    print(f"generation, small: {speed:.0f} times real time (wanted: 100)")
    return 0 if min(ratios.values()) >= WANTED and speed >= 100 else 1


if __name__ == "__main__":
    sys.exit(main())
