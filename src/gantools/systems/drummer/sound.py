"""The sound of drums, as long as the recording that they are for and at a level that suits it."""

from __future__ import annotations

import math

import numpy as np

from gantools.audio.loudness import measure_loudness
from gantools.audio.resample import resample
from gantools.effects.equalisation import design, filter_into
from gantools.effects.grid import to_grid
from gantools.effects.spectrum import SpectrumMeter
from gantools.symbolic.config import SoundConfig
from gantools.symbolic.rendering import LARGEST_PEAK, render
from gantools.systems.drummer.hearing import HEARD_HZ
from gantools.systems.drummer.playing import drum_score

#: Drums over their bass, in LU: the mean over five songs with stems, whose own are -8.7 to +1.0.
DRUMS_OVER_BASS_LU = -1.9
#: Ticks of a quarter in scores that are only played: hits lie at the nearest sample.
_FINE_TICKS = 24_000
_END_S = 0.005
#: What a mix adds at most to drums that already reach full scale.
_MOST_DB = 6.0
#: Levels of drums in octaves from 31.25 Hz to 16 kHz: the mean over two songs with stems (CC0), lithium and
#: sodium. The mean over three others is within 3.4 dB of it in every octave, within 2 dB but around 4 kHz.
_OCTAVES_DB = (14.0, 21.0, 13.0, 7.0, 2.0, -2.0, -8.0, -13.0, -15.0, -21.0)
_LOWEST_HZ = 31.25
#: What the equaliser does at most; beyond it, it would bring out what the hits do not have.
_EQ_MOST_DB = 6.0


def play_kit(
    drums: np.ndarray, times_s: np.ndarray, bpm: float, seed: int, kit: SoundConfig, rate_hz: int, frames: int
) -> np.ndarray:
    """Return the sound of drums, float32 (2, frames).

    Parameters
    ----------
    drums : uint8 array (steps, 9)
    times_s : float64 array (steps,)
    bpm : float
    seed : int
    kit : SoundConfig
    rate_hz, frames : int
        Of the recording. What rings beyond its end is faded out there.
    """
    inside = times_s < frames / rate_hz
    score = drum_score(drums[inside], times_s[inside], bpm, seed, ticks_per_quarter=_FINE_TICKS)
    wave = np.zeros((2, frames), np.float32)
    if score.tracks:
        made = render(score, kit, rate_hz=rate_hz)[:, :frames]
        wave[:, : made.shape[1]] = made
    fade = min(frames, round(_END_S * rate_hz))
    wave[:, frames - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return wave


def equalise(wave: np.ndarray, rate_hz: int) -> None:
    """Bring drums to the spectrum of drums on records, in place: one filter, by octaves, 6 dB at most.

    Peaks above -1 dBFS are turned down as a whole.

    Parameters
    ----------
    wave : float32 array (2, n)
    rate_hz : int
    """
    meter = SpectrumMeter(rate_hz, len(wave))
    meter.push(wave)
    target_db = to_grid(np.array(_OCTAVES_DB), _LOWEST_HZ * 2.0 ** np.arange(len(_OCTAVES_DB)))
    # Minimum phase: the echo before each hit, which a symmetric filter has, would be heard.
    eq = design(meter.result().gamma, target_db, rate_hz, max_db=_EQ_MOST_DB, smooth_octaves=1.0, phase="minimum")
    filter_into(wave, eq, wave)
    peak = float(np.abs(wave).max(initial=0.0))
    if peak > LARGEST_PEAK:
        wave *= np.float32(LARGEST_PEAK / peak)


def gains_db(drums: np.ndarray, rate_hz: int, bass: np.ndarray) -> tuple[float, float]:
    """Return the gain that brings drums to the level of their bass without clipping, and what a mix lacks beyond it.

    Parameters
    ----------
    drums : float32 array (2, n)
    rate_hz : int
    bass : float32 array (m,)
        At `HEARD_HZ`.

    Returns
    -------
    (float, float)
        In dB. Both are 0 where either of them is silent.
    """
    mono = drums.mean(0)
    heard = mono if rate_hz == HEARD_HZ else resample(mono, rate_hz, HEARD_HZ)
    own, other = (measure_loudness(wave[None], HEARD_HZ).integrated_lufs() for wave in (heard, bass))
    if not (math.isfinite(own) and math.isfinite(other)):
        return 0.0, 0.0
    wanted = other + DRUMS_OVER_BASS_LU - own
    room = 20 * math.log10(LARGEST_PEAK / float(np.abs(drums).max()))
    return min(wanted, room), min(max(0.0, wanted - room), _MOST_DB)
