"""Small models of Catch-A-Waveform with random weights, as a folder or in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sounds import tone

from gantools.audio.midside import to_mid_side
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.model import scale_folder, write_model, write_scale
from gantools.systems.caw.networks import Generator
from gantools.systems.caw.rates import bands, clip_length
from gantools.systems.caw.scale_data import hole_masks
from gantools.systems.caw.stack import Scale, Stack

RATES_HZ = (500, 1000, 2000, 4000)


def small_stack(
    rates_hz: Sequence[int] = RATES_HZ,
    *,
    channels: int = 1,
    width: int = 4,
    layers: int = 4,
    seconds: float = 4.0,
    equaliser: bool = True,
    holes: CawConfig | None = None,
    seed: int = 0,
) -> Stack:
    """Return a stack whose batch norms and equalisers do something."""
    torch.manual_seed(seed)
    scales = []
    for index, rate_hz in enumerate(rates_hz):
        net = Generator(channels, width, layers, 9)
        norm: Any
        for norm in net.body.norms:
            norm.running_mean.normal_(0, 0.3)
            norm.running_var.uniform_(0.1, 0.6)
            torch.nn.init.normal_(norm.bias)
        taps = torch.zeros(channels, 257)
        taps[:, 128] = 1.0
        taps += 0.01 * torch.randn(channels, 257)
        length = clip_length(seconds, rate_hz)
        amplitude = torch.full((channels, 1), 0.05 if index else 1.0)
        noise = torch.randn(channels, length) * amplitude
        if index:
            masks = hole_masks(holes, rate_hz, [length], noise.device) if holes else None
            noise = noise * (1 - masks[0]) if masks else torch.zeros_like(noise)
        net = net.eval().requires_grad_(False)
        scales.append(Scale(rate_hz, net, amplitude, noise, taps if equaliser else None))
    return Stack(scales, channels)


def small_model(folder: Path, *, channels: int = 1, seconds: float = 4.0, peak: float = 0.3, **config: Any) -> Path:
    """Write a model folder; its clip is a tone of peak 1, which was `peak` in the file."""
    made = CawConfig(layers=4, width=4, coarse_width=4, channels=channels, sample_rate_hz=RATES_HZ[-1], **config)
    clip = tone(seconds, RATES_HZ[-1], channels).T
    clip = clip / np.abs(clip).max()
    for start, end in made.hole_seconds():
        clip[:, int(start * RATES_HZ[-1]) : int(end * RATES_HZ[-1]) + 1] = 0
    data = {
        "clips": [{"name": "riff.wav", "hash": "", "seconds": seconds, "peak": peak}],
        "seconds": seconds,
        "channels": channels,
        "rates_hz": list(RATES_HZ),
        "skipped": {},
    }
    folder.mkdir(parents=True)
    write_model(folder, made, data, [clip])
    stack = small_stack(channels=channels, seconds=seconds, holes=made if made.holes else None).scales
    if made.start == "patches":
        own = bands(to_mid_side(clip), RATES_HZ[-1], RATES_HZ, seconds)
        still = torch.zeros(channels, 1)
        stack = tuple(
            dataclasses.replace(s, amplitude=still, reconstruction_noise=torch.zeros_like(b), clip_band=b)
            for s, b in zip(stack, own, strict=True)
        )
    for scale in stack:
        write_scale(scale_folder(folder, scale.rate_hz), scale, {"seconds": 0.0, "step": 0})
    return folder
