"""Plain tones for the parts that no recording plays: a few partials each, after General MIDI's sixteen families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gantools.symbolic.kit import loudness_of
from gantools.symbolic.score import Score, Track
from gantools.symbolic.tape import Tape, faded


@dataclass(frozen=True)
class Tone:
    """The sound of a family of instruments.

    Attributes
    ----------
    tilt : float
        Partial k has the amplitude k ** -tilt.
    partials : int
    attack_s, release_s : float
    decay_s : float
        Seconds in which a struck or plucked note fades by 60 dB at C4, longer below; 0 for one that is held.
    odd : bool
        Only odd partials, as in a clarinet.
    dulling : float
        How much faster than the first partial each following one fades.
    """

    tilt: float
    partials: int
    attack_s: float
    release_s: float
    decay_s: float = 0.0
    odd: bool = False
    dulling: float = 0.25


#: By program // 8: piano, chromatic percussion, organ, guitar, bass, strings, ensemble, brass, reed, pipe, lead, pad,
#: effects, ethnic, percussive, sound effects.
FAMILIES = (
    Tone(1.4, 12, 0.002, 0.12, 6.0),
    Tone(2.0, 5, 0.001, 0.2, 2.5, odd=True, dulling=1.0),
    Tone(1.0, 6, 0.01, 0.05),
    Tone(1.1, 12, 0.002, 0.08, 4.0),
    Tone(1.2, 10, 0.004, 0.05, 5.0),
    Tone(1.1, 14, 0.06, 0.15),
    Tone(1.2, 12, 0.08, 0.2),
    Tone(0.9, 12, 0.03, 0.08),
    Tone(1.0, 10, 0.02, 0.06, odd=True),
    Tone(2.2, 5, 0.03, 0.08),
    Tone(1.0, 14, 0.005, 0.05),
    Tone(1.6, 8, 0.2, 0.4),
    Tone(1.6, 8, 0.15, 0.4),
    Tone(1.1, 12, 0.002, 0.08, 2.5),
    Tone(1.6, 6, 0.001, 0.1, 1.2, dulling=0.6),
    Tone(2.0, 4, 0.1, 0.3),
)
LONGEST_RELEASE_S = 0.5


def tone_of(program: int) -> Tone:
    """Return the sound of a program of General MIDI, 0 to 127."""
    return FAMILIES[program // 8]


@lru_cache(maxsize=128)
def _steady(tone: Tone, pitch: int, size: int, rate_hz: int) -> np.ndarray:
    """Return the first samples of a tone without end, float32 (size,), at an RMS of 1 at its start."""
    frequency_hz = 440 * 2 ** ((pitch - 69) / 12)
    time_s = np.arange(size) / rate_hz
    phase = 2 * np.pi * frequency_hz * time_s
    # All partials from one sine and one cosine: sin((k + 1) x) = 2 cos(x) sin(k x) - sin((k - 1) x).
    twice, before, now = 2 * np.cos(phase), np.zeros(size), np.sin(phase)
    fading = np.exp(-np.log(1000) / (tone.decay_s * 2 ** ((60 - pitch) / 24)) * time_s) if tone.decay_s else None
    dulling = None if fading is None else fading**tone.dulling
    wave, power = np.zeros(size), 0.0
    for partial in range(1, tone.partials + 1):
        if partial * frequency_hz > 0.45 * rate_hz and partial > 1:
            break
        if not tone.odd or partial % 2:
            amplitude = partial**-tone.tilt
            power += amplitude**2 / 2
            wave += now * amplitude if fading is None else now * fading * amplitude
        if dulling is not None and fading is not None:
            fading = fading * dulling
        before, now = now, twice * now - before
    steady = (wave / np.sqrt(power)).astype(np.float32)
    steady.setflags(write=False)
    return steady


def tone_note(tone: Tone, pitch: int, length_s: float, rate_hz: int) -> np.ndarray:
    """Return a note with its attack and release, float32 (n,)."""
    samples, release = max(1, round(length_s * rate_hz)), round(tone.release_s * rate_hz)
    attack = max(1, round(min(tone.attack_s, max(length_s, 0.002)) * rate_hz))
    # Lengths that are rounded up are made once for many notes.
    size = int(rate_hz * 2.0 ** np.ceil(np.log2(max((samples + release) / rate_hz, 0.25)))) + 1
    make = _steady if size <= 4 * rate_hz + 1 else _steady.__wrapped__
    wave = faded(make(tone, pitch, size, rate_hz), samples, release)
    wave[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)[: len(wave)]
    return wave


def play_tones(tape: Tape, score: Score, tracks: Sequence[Track], gain: float, loop_s: float | None) -> None:
    """Play parts with the tones of their families, spread from left to right.

    Parameters
    ----------
    tape : Tape
    score : Score
        Whose tempi hold.
    tracks : sequence of Track
    gain : float
    loop_s : float, optional
        Where the music repeats: what begins later is left out.
    """
    for index, track in enumerate(tracks):
        place = _PLACES[index % len(_PLACES)]
        starts_s, ends_s = score.seconds(track.onsets), score.seconds(track.onsets + track.lengths)
        gains, tone = loudness_of(track.velocities) * gain, tone_of(track.program)
        for pitch, start_s, end_s, level in zip(
            track.pitches.tolist(), starts_s.tolist(), ends_s.tolist(), gains.tolist(), strict=True
        ):
            if loop_s is None or start_s < loop_s:
                tape.add(tone_note(tone, pitch, end_s - start_s, tape.rate_hz), start_s, level, place)


_PLACES = (-0.2, 0.2, -0.4, 0.4, 0.0, -0.6, 0.6)
