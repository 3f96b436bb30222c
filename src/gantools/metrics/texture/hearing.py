"""What a file is heard as by itself, with no real music to compare with: silence, noise, clipping, or nothing of these.

A sound is compared with noise that is made of it: once with its bands and envelopes, and once with its spectrum to the
finest line, going on evenly. One that has hardly longer partials, hardly sharper attacks and hardly more of a pulse
than either is noise. The limits were set on real excerpts, so that hardly any is called noise (``docs/texture.md`` has
the shares): a false alarm is worse than a miss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gantools.audio.io import read_beginning, to_mono
from gantools.audio.resample import resample
from gantools.errors import InputError
from gantools.metrics.brackets import even_noise, shaped_noise
from gantools.metrics.collapse.clip_statistics import FULL_SCALE, QUIET, ClipStatistics
from gantools.metrics.collapse.symptoms import MOST_CLIPPED
from gantools.metrics.texture.attacks import onset_seconds, rises_db
from gantools.metrics.texture.bars import pulse_clarity
from gantools.metrics.texture.measures import LEAST_SECONDS, heard_alone
from gantools.metrics.texture.partials import find_partials
from gantools.metrics.texture.spectrum import RATE_HZ, band_rises, power_spectra

SILENCE, NOISE, CLIPPING = "silence", "noise", "clipping"
#: What is heard of a file is its beginning, in clips of this length.
MOST_SECONDS, _CLIP_SECONDS = 30.0, 10.0
#: What has longer partials is not taken for noise: a pad, a drone, a choir, a distorted guitar.
_LONGEST_MS = 80.0
#: Draws of the noise that figures are compared with, of which the mean counts.
_DRAWS = 3
#: Shorter clips have a pulse by chance, and too few notes to tell a spectrum that stays from one that they share.
_PULSE_SECONDS, _EVEN_SECONDS = 2.0, 5.0


@dataclass(frozen=True)
class Excess:
    """What a sound has beyond noise that is made of it; or from what on that is no noise.

    Attributes
    ----------
    partials, pulse : float
        How many times as long partials last, and as clear the pulse is; the pulse is NaN below 2 s.
    attack_db, attack_p90_db : float
        By how many dB more levels rise at onsets: median, and 90th percentile; NaN where nothing begins.
    """

    partials: float
    attack_db: float
    attack_p90_db: float
    pulse: float

    def within(self, limits: Excess) -> bool:
        """Whether all of it lies below limits; noise always has onsets of some kind, and need not have a pulse."""
        few = self.partials < limits.partials and self.attack_db < limits.attack_db
        return few and self.attack_p90_db < limits.attack_p90_db and not self.pulse >= limits.pulse


#: Limits beside noise with the bands and the envelopes of the sound. Where attacks are no sharper at all than those of
#: noise, its envelopes may have a pulse.
SHAPED = (Excess(1.3, 2.0, 2.0, 1.8), Excess(1.2, 0.5, 0.5, 2.5))
#: Limits beside noise that goes on evenly.
EVEN = (Excess(1.3, 1.5, 2.0, 1.6),)


def hear(path: str | Path) -> str:
    """Return what the beginning of a file is heard as: ``silence``, ``noise``, ``clipping``, or nothing of these.

    At most 30 s are read. Noise needs a second at least, and is told only where all its clips of 10 s are noise; one
    that begins with a rest of 30 s is not called silent, as nobody knows what follows. A file that cannot be read is
    heard as nothing.
    """
    try:
        channels, rate_hz, whole = read_beginning(path, MOST_SECONDS)
    except (InputError, OSError):
        return ""
    levels, sound = np.abs(channels), channels.T
    if not float(levels.max()) >= QUIET:
        return SILENCE if whole else ""
    mono = np.ascontiguousarray(to_mono(sound))
    if float(np.abs(mono).max()) < QUIET:
        mono = np.ascontiguousarray(sound[:, 0])  # the channels cancel each other
    if is_noise(resample(mono, rate_hz, RATE_HZ)):
        return NOISE
    return CLIPPING if float((levels >= FULL_SCALE).mean()) > MOST_CLIPPED else ""


def all_alike(paths: Sequence[str | Path]) -> bool:
    """Tell whether files are one sound again and again: each is like each other, shifted in time, in its first 10 s.

    Files that cannot be read, or that are silent, are like nothing.
    """
    try:
        sounds = [read_beginning(path, _CLIP_SECONDS) for path in paths]
    except (InputError, OSError):
        return False
    waves = [resample(np.ascontiguousarray(to_mono(sound.T)), rate_hz, RATE_HZ) for sound, rate_hz, _ in sounds]
    length = min(map(len, waves))
    clips = np.stack([wave[:length] for wave in waves])
    # Silent clips do not count among the pairs.
    return bool(clips.any(axis=1).all()) and ClipStatistics(clips, RATE_HZ).twin_share == 1.0


def is_noise(wave: np.ndarray) -> bool:
    """Tell whether a sound is noise: all its clips of 10 s that sound are.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono at 22,050 Hz.
    """
    length, peak = round(_CLIP_SECONDS * RATE_HZ), float(np.abs(wave).max(initial=0.0))
    clips = [wave[start : start + length] for start in range(0, len(wave), length)]
    # A short rest, or the silence behind the end, tells nothing of the others.
    clips = [clip for clip in clips if len(clip) >= LEAST_SECONDS * RATE_HZ and np.abs(clip).max() > QUIET * peak]
    return bool(clips) and all(map(_noise, clips))


def _noise(wave: np.ndarray) -> bool:
    try:
        wave = heard_alone(wave)
    except InputError:
        return False
    power = power_spectra(wave)
    partials = find_partials(power).mean_ms
    if not partials < _LONGEST_MS:
        return False
    own = _figures(wave, power, partials)
    if any(map(excess(wave, own, shaped_noise).within, SHAPED)):
        return True
    return len(wave) >= _EVEN_SECONDS * RATE_HZ and any(map(excess(wave, own, even_noise).within, EVEN))


def excess(
    wave: np.ndarray,
    own: tuple[float, float, float, float],
    noise: Callable[[np.ndarray, int], np.ndarray],
) -> Excess:
    """Return what a sound has beyond noise that is made of it.

    Parameters
    ----------
    wave : float32 array (n,)
        Mono at 22,050 Hz.
    own : tuple of float
        Its figures: how long partials last in ms, attacks in dB (median and 90th percentile), and the pulse.
    noise : callable
        (wave, seed) -> noise.
    """
    drawn = []
    for seed in range(_DRAWS):
        made = heard_alone(noise(wave, seed))
        power = power_spectra(made)
        drawn.append(_figures(made, power, find_partials(power).mean_ms))
    mean = np.mean(drawn, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, more = np.array(own) / mean, np.array(own) - mean
    return Excess(float(ratio[0]), float(more[1]), float(more[2]), float(ratio[3]))


def _figures(wave: np.ndarray, power: np.ndarray, partials: float) -> tuple[float, float, float, float]:
    """Return how long partials last in ms, attacks in dB (median and 90th percentile), and the pulse."""
    attacks = rises_db(wave, onset_seconds(wave))
    median, sharp = np.percentile(attacks, (50, 90)) if len(attacks) else (np.nan, np.nan)
    pulse = pulse_clarity(band_rises(power)) if len(wave) >= _PULSE_SECONDS * RATE_HZ else np.nan
    return partials, float(median), float(sharp), pulse
