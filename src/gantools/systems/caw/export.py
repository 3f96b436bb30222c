"""The scales of a model of a recording for other programs: the whole of them, or each by itself."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from gantools.models.export import Export, Parts, Port
from gantools.systems.caw.generate_config import CawGenerateConfig
from gantools.systems.caw.model import CawModel, load_model
from gantools.systems.caw.rates import cubic
from gantools.systems.caw.stack import Scale

_SEEDS = (
    "gantools draws the noise of a scale in blocks of 4096 samples, from hashes of the seed, the rate and the block."
)


class OneScale(nn.Module):
    """A scale: the signal of the scale below, upsampled, and noise to the signal of this one."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self.scale, self.generator = scale, scale.generator
        self.amplitude: torch.Tensor
        self.register_buffer("amplitude", scale.amplitude)

    def forward(self, previous: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return the signal (batch, channel, n)."""
        return self.scale.run(previous, noise * self.amplitude)


class AllScales(nn.Module):
    """The scales one after the other, each as long as its noise: noise to the signal at the highest rate."""

    def __init__(self, scales: tuple[Scale, ...]) -> None:
        super().__init__()
        self.rates_hz = [scale.rate_hz for scale in scales]
        self.scales = nn.ModuleList(OneScale(scale) for scale in scales)

    def forward(self, *noises: torch.Tensor) -> torch.Tensor:
        """Return the signal (batch, channel, n) of noises of all scales, coarsest first."""
        signal = self.scales[0](torch.zeros_like(noises[0]), noises[0])
        for place in range(1, len(self.scales)):
            raised = raised_to(signal, self.rates_hz[place - 1], self.rates_hz[place], noises[place])
            signal = self.scales[place](raised, noises[place])
        return signal


def raised_to(x: torch.Tensor, from_hz: int, to_hz: int, like: torch.Tensor) -> torch.Tensor:
    """Return x (batch, channel, n) at a higher rate and as long as `like`: `rates.upsample` for any length."""
    output = torch.ones_like(like[0, 0], dtype=torch.int64).cumsum(0) - 1
    numerator = (2 * output + 1) * from_hz - to_hz
    floor = torch.div(numerator, 2 * to_hz, rounding_mode="floor")
    share = (numerator - floor * 2 * to_hz).to(torch.float32) / (2 * to_hz)
    total = x.shape[-1]
    made = torch.zeros_like(like)
    for offset in (-1, 0, 1, 2):
        place = floor + offset
        # Mirrored, with the border sample twice.
        place = torch.where(place < 0, -1 - place, place)
        place = torch.where(place < total, place, 2 * total - 1 - place)
        made = made + x[..., place] * cubic((share - offset).abs())
    return made


def exports(folder: Path, config: CawGenerateConfig) -> Parts:
    """Return the whole model, and each of its scales."""
    model = load_model(folder)
    scales = {f"{rate}hz": lambda place=place: _one(model, place) for place, rate in enumerate(model.stack.rates_hz)}
    return {"whole": lambda: _whole(model), **scales}  # type: ignore[dict-item]


def _signal(model: CawModel) -> str:
    return f"Sound; times {model.peaks[0]:.6g} it is as loud as the recording" + (
        ". The channels are mid and side." if model.stack.channels == 2 else "."
    )


def _whole(model: CawModel) -> Export:
    stack = model.stack
    lengths = [f"n_{rate}" for rate in stack.rates_hz]
    seconds = (512 / stack.rates_hz[0], 704 / stack.rates_hz[0])
    ports = tuple(
        Port(f"noise_{rate}hz", ("batch", stack.channels, length), f"Normal noise at {rate} Hz; zeros add nothing new.")
        for rate, length in zip(stack.rates_hz, lengths, strict=True)
    )
    sizes = {
        length: (round(seconds[0] * rate), round(seconds[1] * rate))
        for rate, length in zip(stack.rates_hz, lengths, strict=True)
    }
    return Export(
        "New music like one recording, from noise at each of its rates.",
        AllScales(stack.scales).eval(),
        ports,
        (Port("sound", ("batch", stack.channels, lengths[-1]), _signal(model)),),
        {"batch": (2, 3), **sizes},
        model.rate_hz,
        _SEEDS,
        ("All noises last equally long: the seconds that are wanted times each rate, rounded.",),
        facts={"rates_hz": list(stack.rates_hz)},
    )


def _one(model: CawModel, place: int) -> Export:
    stack = model.stack
    rate, shape = stack.rates_hz[place], ("batch", stack.channels, "samples")
    below = f"The signal of {stack.rates_hz[place - 1]} Hz at {rate} Hz." if place else "Zeros: nothing is below."
    return Export(
        f"What the recording has at {rate} Hz and not below.",
        OneScale(stack.scales[place]).eval(),
        (Port("previous", shape, below), Port("noise", shape, f"Normal noise at {rate} Hz.")),
        (Port("sound", shape, _signal(model)),),
        {"batch": (2, 3), "samples": (2048, 3000)},
        rate,
        _SEEDS,
        ("Sample i of a higher rate lies at (i + 1/2) from / to - 1/2, by Keys' cubic interpolation with a = -1/2.",),
        facts={"rates_hz": list(stack.rates_hz)},
    )
