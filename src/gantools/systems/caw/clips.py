"""The training clips: read, cut, normalised, and checked before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import AudioReader
from gantools.audio.midside import to_mid_side
from gantools.audio.polarity import CANCELS, Polarity
from gantools.errors import ConfigError, InputError
from gantools.files.hashing import hash_file
from gantools.options import parsed
from gantools.systems.caw.config import CawConfig
from gantools.systems.caw.rates import RateChoice, choose_rates, clip_length, resample_clip

_SILENCE = 1e-4
#: A receptive field of more of the clip than this memorises it; of less it makes mush.
MEMORISES_SHARE, MUSH_SHARE = 0.25, 0.08
#: A scale needs a clip of so many receptive fields.
_LEAST_FIELDS = 2.0
_LATE_SECONDS = 0.05


@dataclass(frozen=True)
class TrainingClip:
    """One recording to learn from, as it goes into training.

    Parameters
    ----------
    path : Path
    wave : ndarray
        float32 (channels, n), peak 1.
    rate_hz : int
    peak : float
        What the file's samples were divided by.
    digest : str
        Hash of the file.
    segment : tuple of float
        Start and end in the file in seconds, of one of several stretches; else empty.
    """

    path: Path
    wave: np.ndarray
    rate_hz: int
    peak: float
    digest: str
    segment: tuple[float, ...] = ()

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return float(self.wave.shape[-1] / self.rate_hz)

    @property
    def signal(self) -> np.ndarray:
        """(channels, n): the wave itself, or mid and side."""
        return to_mid_side(self.wave)

    def describe(self) -> dict[str, Any]:
        """Return what `config.json` keeps."""
        found = {"name": self.path.name, "hash": self.digest, "seconds": round(self.seconds, 6), "peak": self.peak}
        return found | ({"segment": list(self.segment)} if self.segment else {})


def read_segments(path: str | Path, config: CawConfig) -> list[TrainingClip]:
    """Return the stretches of a file that `segments` names, each a clip of its own; without any the one clip.

    Raises
    ------
    InputError
        As `read_clip`; or a stretch ends behind the file.
    """
    found: list[TrainingClip] = []
    for start, end in parsed(config, "segments") if config.segments else ():
        stretch = dataclasses.replace(config, segments="", start_seconds=start, max_seconds=end - start)
        clip = read_clip(path, stretch)
        # A file that ends a sample early is no mistake of the user's.
        if clip.seconds < end - start - _LATE_SECONDS:
            there = start + clip.seconds
            raise InputError(f"has only {there:.2f} s: the segment {start:g}-{end:g} ends behind it", path)
        found.append(dataclasses.replace(clip, segment=(start, end)))
    return found or [read_clip(path, config)]


def read_clip(path: str | Path, config: CawConfig) -> TrainingClip:
    """Return a clip: cut to `max_seconds`, mono or stereo, at `rate_hz` or its own lower rate, holes empty, peak 1.

    Raises
    ------
    InputError
        The file is no audio, silent, shorter than `start_seconds`, or holds samples that are not finite.
    ConfigError
        A hole lies outside the clip.
    """
    path = Path(path)
    wave, rate_hz = _read(path, config)
    top_hz = min(config.sample_rate_hz, rate_hz)
    wave = resample_clip(wave, rate_hz, top_hz)
    for start, end in config.hole_seconds():
        if end * top_hz > wave.shape[-1]:
            raise ConfigError(f"holes: {start:g}-{end:g} lies outside the clip of {wave.shape[-1] / top_hz:.2f} s")
        wave[:, int(start * top_hz) : int(end * top_hz) + 1] = 0.0
    peak = float(np.abs(wave).max(initial=0.0))
    if peak < _SILENCE:
        raise InputError("is silent; there is nothing to learn", path)
    return TrainingClip(path, wave / np.float32(peak), top_hz, peak, hash_file(path))


def _read(path: Path, config: CawConfig) -> tuple[np.ndarray, int]:
    """Return the wanted stretch at its own rate, (channels, n)."""
    with AudioReader(path) as reader:
        first = round(config.start_seconds * reader.rate_hz)
        last = first + round(config.max_seconds * reader.rate_hz)
        pieces, done = [], 0
        for block in reader.blocks():
            pieces.append(block[max(0, first - done) : max(0, last - done)])
            done += len(block)
            if done >= last:
                break
        wave = np.concatenate(pieces).T
        if not wave.shape[1]:
            raise InputError(f"has only {done / reader.rate_hz:.1f} s; start earlier (--start-seconds)", path)
        if config.channels == 1:
            mono, polarity = wave.mean(0, keepdims=True), Polarity()
            polarity.push(wave.T, mono[0])
            if polarity.cancels:
                raise InputError(f"{CANCELS}; flip one, or train with --channels 2", path)
            wave = mono
        elif len(wave) == 1:
            wave = np.repeat(wave, 2, 0)
        return np.ascontiguousarray(wave[:2], np.float32), reader.rate_hz


def name_clips(clips: Sequence[TrainingClip]) -> list[str]:
    """Return a name for each clip: that of its file, with the folder where two are alike, or the whole path.

    A stretch of a file has its place behind it.
    """
    for parts in (1, 2):
        found = ["/".join(clip.path.parts[-parts:]) + _place(clip) for clip in clips]
        if len(set(found)) == len(found):
            return found
    return [f"{clip.path}{_place(clip)}" for clip in clips]


def _place(clip: TrainingClip) -> str:
    """Return where in its file a stretch is, ``" 0-12 s"``; nothing of a file's only clip."""
    return f" {clip.segment[0]:g}-{clip.segment[1]:g} s" if clip.segment else ""


def choose_scales(clips: Sequence[TrainingClip], config: CawConfig) -> RateChoice:
    """Return the rates of a model over the given clips: `rates.choose_rates`, without those too low for the clip.

    Raises
    ------
    InputError
        The clips are so short that no scale is left, or their rates differ.
    """
    first = min(clips, key=lambda clip: clip.seconds)
    lowest = min(clips, key=lambda clip: clip.rate_hz)
    top_hz = lowest.rate_hz
    for clip in clips:
        if clip.rate_hz != top_hz:
            # A clip can be brought to a lower rate, not to a higher one.
            raise InputError(
                f"has {clip.rate_hz} Hz, {lowest.path.name} {top_hz}; give --sample-rate {top_hz}", clip.path
            )
    mid = np.concatenate([clip.signal[0] for clip in clips])
    choice = choose_rates(
        mid,
        top_hz,
        config.rates,
        speech=config.task == "speech",
        least_energy=config.least_energy,
        latest_start_hz=config.latest_start_hz,
    )
    holes = sum(end - start for start, end in config.hole_seconds())
    least = _LEAST_FIELDS * config.receptive_field
    kept, skipped = [], dict(choice.skipped)
    for rate in choice.rates_hz:
        if clip_length(first.seconds - holes, rate) >= least + config.receptive_field * bool(holes):
            kept.append(rate)
        else:
            share = config.receptive_field / max(1, clip_length(first.seconds - holes, rate))
            skipped[rate] = f"its receptive field is {100 * share:.0f} % of the clip"
    if not kept:
        seconds = least / top_hz + holes
        raise InputError(f"is too short: {first.seconds:.2f} s; give {seconds:.2f} s or more", first.path)
    return RateChoice(tuple(kept), skipped)


def warn_of_field(clip: TrainingClip, coarsest_hz: int, config: CawConfig) -> tuple[float, float, str]:
    """Return the coarsest receptive field in seconds, its share of the clip, and a warning or an empty string."""
    seconds = config.receptive_field / coarsest_hz
    share = seconds / clip.seconds
    if share > MEMORISES_SHARE:
        return seconds, share, "the model may memorise the clip; take a longer one, or fewer --layers"
    if share < MUSH_SHARE:
        return seconds, share, "long structures will be lost; take more --layers, or lower --rates"
    return seconds, share, ""
