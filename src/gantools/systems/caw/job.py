"""What is to be trained: clips, and the scales that they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from gantools.audio.fingerprint import describe_twins, fingerprint, twins
from gantools.systems.caw.clips import Clip, choose_scales, name_clips, warn_of_field
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.model import NAME
from gantools.systems.caw.networks import Discriminator, Generator


class CawTraining:
    """What is to be trained: a configuration and clips, as scales.

    Parameters
    ----------
    config : CawConfig
    clips : sequence of Clip
        One, or several of one style, from which each step draws its own.
    device : torch.device

    Raises
    ------
    InputError
        A clip is too short for any scale.

    Attributes
    ----------
    songs, notes, left_out
        As those of a `gantools.training.system.System`.
    """

    name = NAME

    def __init__(self, config: CawConfig, clips: Sequence[Clip], device: torch.device | str = "cpu") -> None:
        self.config, self.clips, self.device = config, list(clips), torch.device(device)
        choice = choose_scales(clips, config)
        self.rates_hz = choice.rates_hz
        prints = {
            name: fingerprint(clip.wave, clip.rate_hz) for name, clip in zip(name_clips(clips), clips, strict=True)
        }
        self.songs: dict[str, list[str]] = {}
        self.notes = describe_twins(twins(prints), "they count twice")
        self.left_out: list[str] = []
        self.data: dict[str, Any] = {
            "sounds": {name: own.digest for name, own in prints.items()},
            "clips": [clip.describe() for clip in clips],
            "seconds": round(clips[0].seconds, 6),
            "channels": config.channels,
            "rates_hz": list(choice.rates_hz),
            "skipped": {str(rate): reason for rate, reason in choice.skipped.items()},
        }

    @property
    def documented_steps(self) -> int:
        """About how many steps of all scales the documentation's figures took; 0 if not known."""
        return self.config.documented_steps * len(self.rates_hz)

    def width(self, index: int) -> int:
        """Return the channels of a scale's networks."""
        return self.config.coarse_width if index == 0 else self.config.width

    def describe(self) -> dict[str, Any]:
        """Return what ``--dry-run`` prints: parameter counts by network over all scales, and the data."""
        c, counts = self.config, {"G": 0, "D": 0}
        for index in range(len(self.rates_hz)):
            shape = (c.channels, self.width(index), c.layers, c.kernel)
            for name, kind in (("G", Generator), ("D", Discriminator)):
                counts[name] += sum(p.numel() for p in kind(*shape).parameters())
        return {"system": NAME, "parameters": counts, "data": self.data}

    def facts(self) -> dict[str, Any]:
        """Return what a user wants to know before training: rates, what is skipped and why, the receptive field."""
        seconds, share, warning = warn_of_field(self.clips[0], self.rates_hz[0], self.config)
        facts: dict[str, Any] = {
            "clip": f"{self.clips[0].seconds:.2f} s at {self.clips[0].rate_hz} Hz",
            "scales": " ".join(map(str, self.rates_hz)) + " Hz",
            "skipped": {f"{rate} Hz": reason for rate, reason in self.data["skipped"].items()} or "none",
            "receptive field": f"{self.config.receptive_field} samples, {seconds:.2f} s at {self.rates_hz[0]} Hz, "
            f"{100 * share:.0f} % of the clip",
        }
        return {**facts, "warning": warning} if warning else facts
