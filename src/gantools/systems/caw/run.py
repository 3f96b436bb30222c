"""A run: what is to be trained, which scales the clips give, and how long it will take."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from gantools.audio.fingerprint import describe_twins, fingerprint, twins
from gantools.errors import ConfigError, InputError
from gantools.systems.caw.clips import TrainingClip, choose_scales, name_clips, read_segments, warn_of_field
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.drafts import Drafts
from gantools.systems.caw.model import NAME
from gantools.systems.caw.networks import Discriminator, Generator
from gantools.systems.caw.scale import CawScale
from gantools.systems.caw.scale_data import CoarserDraws, ScaleData
from gantools.systems.patches.engine import LEAST_SECONDS
from gantools.training.epochs import count_epochs
from gantools.training.prediction import readable, wait_for
from gantools.training.remarks import LeftOut
from gantools.training.system import Step


class CawRun:
    """What is to be trained: a configuration and clips, as scales.

    Parameters
    ----------
    config : CawConfig
    clips : sequence of TrainingClip
        One, or several of one style, from which each step draws its own.
    device : torch.device

    Raises
    ------
    InputError
        A clip is too short for any scale.

    Attributes
    ----------
    songs, notes, left_out, preset, command, sources
        As those of a `gantools.training.system.System`.
    drafts : Drafts or None
        Where the model starts from patches.
    """

    name = NAME
    preset = command = ""
    sources: Sequence[str] = ()

    def __init__(self, config: CawConfig, clips: Sequence[TrainingClip], device: torch.device | str = "cpu") -> None:
        if config.start == "auto":
            # The folder tells what it came to, so that generating needs no clip to know.
            drafted = config.task == "music" and min(clip.seconds for clip in clips) >= LEAST_SECONDS
            config = dataclasses.replace(config, start="patches" if drafted else "noise")
        if config.start == "patches":
            # From drafts no model makes noise, however few its steps.
            config = dataclasses.replace(config, documented_steps=0)
        self.config, self.clips, self.device = config, list(clips), torch.device(device)
        # The paper's epoch: a pass over the clip at one scale, or over a piece of it where there is a crop.
        self.epoch_items = len(self.clips)
        count_epochs(self)
        config = self.config
        choice = choose_scales(clips, config)
        self.rates_hz = choice.rates_hz
        self.drafts = self._analyse() if config.start == "patches" else None
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
            "receptive_field_s": config.receptive_field / choice.rates_hz[0],
            "skipped": {str(rate): reason for rate, reason in choice.skipped.items()},
        }

    @property
    def epoch_steps(self) -> int:
        """Steps of an epoch of one scale, each of which learns from one clip."""
        return self.epoch_items

    @property
    def documented_steps(self) -> int:
        """About how many steps of all scales the documentation's figures took; 0 if not known."""
        return self.config.documented_steps * len(self.rates_hz)

    @classmethod
    def of_files(cls, paths: Sequence[Path], config: CawConfig, device: torch.device | str = "cpu") -> CawRun:
        """Return a run on audio files, or on their segments; files that cannot be used are named in `left_out`.

        A single file that cannot be used raises.

        Raises
        ------
        InputError
            The only file cannot be used, or the clips do not go together.
        ConfigError
            None of several files can be used, or a hole lies outside the clip.
        """
        clips, left_out = list[TrainingClip](), LeftOut()
        for path in paths:
            try:
                clips += read_segments(path, config)
            except InputError as error:
                if len(paths) == 1:
                    raise
                left_out.note(error, path)
        if not clips:
            raise ConfigError(f"none of these clips can be used{left_out.first()}")
        run = cls(config, clips, device)
        run.left_out = left_out.lines
        return run

    def _analyse(self) -> Drafts:
        """Return the clips, ready for drafts."""
        waves, rate_hz = [clip.wave for clip in self.clips], self.clips[0].rate_hz
        try:
            return Drafts(waves, rate_hz, self.rates_hz, self.config.draft_variety)
        except InputError as error:
            shortest = min(self.clips, key=lambda clip: clip.seconds)
            raise InputError(f"{error.message}, or --start noise", shortest.path) from error

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
        """Return what a user wants to know before training: rates, receptive field, and about how long it will take.

        A few steps are measured for that, where there is no budget.
        """
        seconds, share, warning = warn_of_field(self.clips[0], self.rates_hz[0], self.config)
        facts: dict[str, Any] = {
            "clip": f"{self.clips[0].seconds:.2f} s at {self.clips[0].rate_hz} Hz",
            "scales": " ".join(map(str, self.rates_hz)) + " Hz",
            "skipped": {f"{rate} Hz": reason for rate, reason in self.data["skipped"].items()} or "none",
            "receptive field": f"{self.config.receptive_field} samples, {seconds:.2f} s at {self.rates_hz[0]} Hz, "
            f"{100 * share:.0f} % of the clip",
        }
        facts |= {"warning": warning} if warning else {}
        return facts | predict(self)


_SAMPLES = 8192
_STEPS = 3
#: Drawing from the scales below in each step costs so much more (measured over all scales).
_REDRAW = 1.2


def predict(run: CawRun) -> dict[str, Any]:
    """Return ``time``: the budget, or a prediction of the seconds that all scales take.

    Without early stopping, and within a factor of two: large windows fit caches less, small ones waste more.
    """
    config = run.config
    if config.budget:
        return {"time": f"{config.budget} (budget)"}
    per_sample = {width: _step_seconds(run, width) / _SAMPLES for width in {run.width(i) for i in range(2)}}
    seconds = 0.0
    for index, rate_hz in enumerate(run.rates_hz):
        length = run.clips[0].seconds * rate_hz
        window = min(length, config.crop) if config.crop else length
        redraw = 1.0 if config.pool or not index else _REDRAW
        seconds += config.steps * config.batch_size * window * per_sample[run.width(index)] * redraw
    return {"time": f"about {readable(seconds)} on {run.device}"}


def _step_seconds(run: CawRun, width: int) -> float:
    """Return the time of one step on a window of `_SAMPLES`."""
    config = dataclasses.replace(run.config, crop=0, pool=0, holes="", task="music", batch_size=1, penalty_every=1)
    shape = (config.channels, _SAMPLES)
    real = 0.1 * torch.randn(shape, device=run.device)
    zeros = torch.zeros(shape, device=run.device)
    scale_data = ScaleData(8000, [real], [zeros], [zeros], None, torch.ones(config.channels, 1, device=run.device))
    coarser = CoarserDraws(None, 8000, config.channels, [_SAMPLES / 8000], config, run.device)
    system = CawScale(config, scale_data, coarser, width, run.device)
    begun = time.perf_counter()
    for step in range(_STEPS + 1):
        # The first step also allocates and compiles: the clock starts behind it.
        if step == 1:
            wait_for(run.device)
            begun = time.perf_counter()
        batch = system.batch(step, [0])
        for phase in ("discriminator", "generator"):
            loss, _ = system.losses(phase, batch, Step(step, _STEPS + 1, [0]))
            loss.backward()
    wait_for(run.device)
    return (time.perf_counter() - begun) / _STEPS
