"""What a model that starts from drafts can do: correct a draft, or a recording in its place."""

from __future__ import annotations

from pathlib import Path

import torch

from gantools.errors import ConfigError
from gantools.models.clips import read_clips
from gantools.systems.caw.applications.source import SourceAudio
from gantools.systems.caw.drafts import Drafts
from gantools.systems.caw.generate_config import CawGenerateConfig
from gantools.systems.caw.model import CawModel
from gantools.systems.caw.rates import bands, clip_length
from gantools.systems.caw.sampler import DraftSource, draft_bands
from gantools.systems.caw.stack import Stack


def drafts_of(model: CawModel) -> Drafts:
    """Return the clips of a model, ready for drafts."""
    clips, rate_hz = read_clips(model.folder)
    return Drafts(clips, rate_hz, model.stack.rates_hz, model.config.draft_variety)


def new_draft(drafts: Drafts, stack: Stack, seconds: float, seed: int) -> DraftSource:
    """Return the draft of a seed, where the networks are."""
    return draft_bands([band.to(stack.device) for band in drafts.draw(seconds, seed)])


def source_as_draft(source: SourceAudio, stack: Stack, gain: float) -> DraftSource:
    """Return a recording in place of a draft, brought by `gain` to the loudness of the training clip."""
    rate_hz = stack.rates_hz[-1]
    signals = source.signals(rate_hz, clip_length(source.seconds, rate_hz), stack.channels, gain)
    whole = torch.cat(list(signals), -1)[0].numpy()
    found = bands(whole, rate_hz, stack.rates_hz, source.seconds)
    return draft_bands([band.to(stack.device) for band in found])


def check_drafted(config: CawGenerateConfig, folder: Path) -> None:
    """Refuse what only noise can make.

    Raises
    ------
    ConfigError
        A band that is not there yet, stronger noise, or variations of the clip that are the clip.
    """
    again = "train it with --start noise"
    if config.mode == "extend":
        raise ConfigError(f"starts from patches and makes no band that is not there; {again} for --mode extend", folder)
    if config.strength != 1:
        raise ConfigError(f"starts from patches and has no noise for --strength; {again}", folder)
    if config.mode == "vary" and not (config.source or config.reorders):
        ways = "leave out --mode for new ideas, or give --source, --arrange or --shuffle"
        raise ConfigError(f"starts from patches and would give its clip back; {ways}", folder)
