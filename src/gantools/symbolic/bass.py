"""A bass of recorded notes: any pitch, any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gantools.symbolic.kit import loudness_of, pitched
from gantools.symbolic.oneshots import RATE_HZ, one_shot
from gantools.symbolic.score import Score, Track
from gantools.symbolic.tape import Tape, faded

#: After the end of a note.
RELEASE_S = 0.03
#: Shorter notes would be clicks.
_SHORTEST_S = 0.03
#: The part in which the end of a held note is joined to what came before it.
_JOIN_S = 0.06
_SHORTEST_LOOP_S = 0.3


@dataclass(frozen=True)
class Recording:
    """A recorded bass note.

    Attributes
    ----------
    sample : str
        Name of the one-shot.
    pitch : float
        Its pitch as a MIDI number, to a few hundredths.
    held_s : (float, float)
        Where it is steady: what a longer note repeats lies between.
    gain_db : float
        What makes a dull sound as loud as the others.
    """

    sample: str
    pitch: float
    held_s: tuple[float, float]
    gain_db: float = 0.0


#: Sounds, each of one recording or of several, of which a note takes the nearest in pitch.
BASSES: dict[str, tuple[Recording, ...]] = {
    "woodsy": (Recording("bass_woodsy_c", 35.96, (0.9, 1.95), 1.5),),
    "thick": (Recording("bass_thick_c", 35.94, (1.0, 1.95)),),
    "trance": (Recording("bass_trance_c", 35.96, (0.4, 1.0), 1.5),),
    "hard": (Recording("bass_hard_c", 24.06, (0.7, 1.45)),),
    "dnb": (Recording("bass_dnb_f", 28.98, (0.2, 0.84)),),
    "drop": (Recording("bass_drop_c", 35.98, (1.4, 1.95)),),
    "glitch": (Recording("glitch_bass_g", 30.76, (0.95, 1.45)),),
}


@lru_cache(maxsize=32)
def _loop(recording: Recording) -> tuple[int, int]:
    """Return the samples between which a recording repeats best: where what lies before them is most alike."""
    wave = one_shot(recording.sample).astype(np.float64)
    first, end = (round(s * RATE_HZ) for s in recording.held_s)
    join, shortest = round(_JOIN_S * RATE_HZ), round(_SHORTEST_LOOP_S * RATE_HZ)
    last, steady = wave[end - join : end], wave[first - join : end - shortest]
    products = np.fft.irfft(np.fft.rfft(steady) * np.fft.rfft(last, len(steady)).conj(), len(steady))
    squares = np.concatenate([[0.0], np.cumsum(steady**2)])
    places = len(steady) - join + 1
    alike = products[:places] / np.sqrt(np.maximum(squares[join:] - squares[:places], 1e-9))
    # Only whole periods: others would sound at another pitch when they are repeated.
    period = RATE_HZ / (440 * 2 ** ((recording.pitch - 69) / 12))
    periods = (end - first - np.arange(places)) / period
    return first + int(np.where(np.abs(periods - np.round(periods)) < 0.02, alike, -1).argmax()), end


@lru_cache(maxsize=256)
def _note(recording: Recording, pitch: int, rate_hz: int) -> tuple[np.ndarray, int]:
    """Return a recording at another pitch up to the end of its loop, float32 (n,), and where the loop begins."""
    ratio = rate_hz / round(RATE_HZ * 2 ** ((pitch - recording.pitch) / 12))
    wave = pitched(one_shot(recording.sample), pitch - recording.pitch, rate_hz)
    start, end = (round(sample * ratio) for sample in _loop(recording))
    join = min(start, round(_JOIN_S * RATE_HZ * ratio))
    wave = wave[:end].copy()
    before = wave[start - join : start]
    # As loud at its end as at its start, so that the loop neither swells nor fades.
    louder = _rms(before) / max(_rms(wave[end - join :]), 1e-9)
    wave[start:] *= (louder ** np.linspace(0, 1, end - start)).astype(np.float32)
    # Its end turns into what lies before its start, and goes on there. The less alike they are, the more a fade
    # between them would dip.
    slope = np.linspace(0, 1, join, dtype=np.float32)
    alike = float(np.mean(wave[end - join :] * before)) / max(_rms(wave[end - join :]) * _rms(before), 1e-12)
    power = (1 - slope) ** 2 + slope**2 + 2 * max(alike, 0.0) * slope * (1 - slope)
    wave[end - join :] = (wave[end - join :] * (1 - slope) + before * slope) / np.sqrt(power)
    wave *= np.float32(10 ** (recording.gain_db / 20) / _rms(one_shot(recording.sample)[: RATE_HZ // 2]))
    wave.setflags(write=False)
    return wave, start


def _rms(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


def bass_note(bass: str, pitch: int, length_s: float, rate_hz: int) -> np.ndarray:
    """Return a note, float32 (n,), with its release, at an RMS of about 1.

    Parameters
    ----------
    bass : str
        One of `BASSES`.
    pitch : int
    length_s : float
        A longer one than the recording goes on with its steady part.
    rate_hz : int
    """
    recording = min(BASSES[bass], key=lambda recording: abs(recording.pitch - pitch))
    wave, start = _note(recording, pitch, rate_hz)
    samples, release = round(max(length_s, _SHORTEST_S) * rate_hz), round(RELEASE_S * rate_hz)
    if samples + release > len(wave):
        loop = wave[start:]
        more = -(-(samples + release - len(wave)) // len(loop))
        wave = np.concatenate([wave, np.tile(loop, more)])
    return faded(wave, samples, release)


def play_bass(tape: Tape, score: Score, tracks: Sequence[Track], bass: str, gain: float, loop_s: float | None) -> None:
    """Play parts with a bass sound, in the middle.

    Parameters
    ----------
    tape : Tape
    score : Score
        Whose tempi hold.
    tracks : sequence of Track
    bass : str
        One of `BASSES`.
    gain : float
    loop_s : float, optional
        Where the music repeats: what begins later is left out.
    """
    for track in tracks:
        starts_s, ends_s = score.seconds(track.onsets), score.seconds(track.onsets + track.lengths)
        gains = loudness_of(track.velocities) * gain
        for pitch, start_s, end_s, level in zip(
            track.pitches.tolist(), starts_s.tolist(), ends_s.tolist(), gains.tolist(), strict=True
        ):
            if loop_s is None or start_s < loop_s:
                tape.add(bass_note(bass, pitch, end_s - start_s, tape.rate_hz), start_s, level)
