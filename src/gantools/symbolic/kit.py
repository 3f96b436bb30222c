"""A drum kit of recorded hits: velocities, and hi-hats that close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from gantools.audio.resample import resample
from gantools.symbolic.drumkits import CHOKED_BY, KITS, NOTES, OTHER, PLACES, SOFT
from gantools.symbolic.oneshots import RATE_HZ, one_shot
from gantools.symbolic.score import Score, Track
from gantools.symbolic.tape import Tape, faded

#: Longer than any hit rings, at the lowest pitch that it is played at.
LONGEST_HIT_S = 4.0
_CHOKE_S = 0.02
_END_S = 0.005


def loudness_of(velocities: np.ndarray) -> np.ndarray:
    """Return the gain of velocities, 0 to 127: 40 dB for each factor of ten, as General MIDI recommends."""
    return (np.asarray(velocities, np.float64) / 127) ** 2


def pitched(wave: np.ndarray, semitones: float, rate_hz: int) -> np.ndarray:
    """Return a one-shot at another pitch and rate: played faster or slower, without aliasing."""
    return resample(wave, round(RATE_HZ * 2 ** (semitones / 12)), rate_hz)


@lru_cache(maxsize=512)
def hit(kit: str, note: int, soft: bool, rate_hz: int) -> np.ndarray:
    """Return the sound of a note of channel 10 in a kit, float32 (n,), its first layer of peak 1 before its gain."""
    part, higher = NOTES.get(note, OTHER)
    drums = KITS[kit]
    layers = drums.get(f"soft {part}", drums[part]) if soft else drums[part]
    waves = []
    for layer in layers:
        recorded = one_shot(layer.sample)
        wave = pitched(recorded / np.abs(recorded).max(), layer.semitones + higher, rate_hz)
        if layer.decay_s:
            wave = wave * 10 ** (-3 * np.arange(len(wave), dtype=np.float32) / (layer.decay_s * rate_hz))
        waves.append(wave * np.float32(10 ** (layer.gain_db / 20)))
    whole = np.zeros(max(map(len, waves)), np.float32)
    for wave in waves:
        whole[: len(wave)] += wave
    fade = min(len(whole), round(_END_S * rate_hz))
    whole = faded(whole, len(whole) - fade, fade)
    whole.setflags(write=False)
    return whole


class Kit(Protocol):
    """What plays the drums."""

    def sound(self, note: int, velocity: int, turn: int, rate_hz: int) -> np.ndarray:
        """Return the sound of a hit before its velocity's gain.

        Parameters
        ----------
        note : int
            Of channel 10, 0 to 127.
        velocity : int
            1 to 127; a kit may have other recordings for soft hits.
        turn : int
            How many hits of this note came before; a kit that has several recordings takes turns.
        rate_hz : int

        Returns
        -------
        float32 array (n,), to be placed, or (2, n), which has a place; not to be written to
        """


@dataclass(frozen=True)
class NamedKit:
    """A kit of the bundled recordings, one of `KITS`."""

    name: str

    def sound(self, note: int, velocity: int, turn: int, rate_hz: int) -> np.ndarray:
        """Return the sound of a hit, float32 (n,); see `Kit.sound`."""
        return hit(self.name, note, velocity < SOFT, rate_hz)


def play_drums(tape: Tape, score: Score, tracks: Sequence[Track], kit: Kit, gain: float, loop_s: float | None) -> None:
    """Play all parts on channel 10 as one kit.

    Parameters
    ----------
    tape : Tape
    score : Score
        Whose tempi hold.
    tracks : sequence of Track
    kit : Kit
    gain : float
    loop_s : float, optional
        Where the music repeats: a hi-hat at the start closes one that was open at the end.
    """
    if not tracks:
        return
    notes, times_s = notes_of(score, tracks)
    velocities = np.concatenate([track.velocities for track in tracks])
    gains = loudness_of(velocities) * gain
    stops_s = when_silenced(notes, times_s, loop_s)
    fade, turns = round(_CHOKE_S * tape.rate_hz), Counter[int]()
    for note, velocity, start_s, level, stop_s in zip(
        notes.tolist(), velocities.tolist(), times_s.tolist(), gains.tolist(), stops_s.tolist(), strict=True
    ):
        if loop_s is not None and start_s >= loop_s:
            continue
        wave = kit.sound(note, velocity, turns[note], tape.rate_hz)
        turns[note] += 1
        if stop_s - start_s < LONGEST_HIT_S and (samples := round((stop_s - start_s) * tape.rate_hz)) < wave.shape[-1]:
            wave = faded(wave, samples, fade)
        tape.add(wave, start_s, level, PLACES.get(NOTES.get(note, OTHER)[0], 0.0))


def notes_of(score: Score, tracks: Sequence[Track]) -> tuple[np.ndarray, np.ndarray]:
    """Return the pitches of the notes of some parts, and when they begin in seconds, part after part."""
    notes = np.concatenate([track.pitches for track in tracks])
    return notes, score.seconds(np.concatenate([track.onsets for track in tracks]))


def when_silenced(notes: np.ndarray, times_s: np.ndarray, loop_s: float | None) -> np.ndarray:
    """Return when each hit of a kit is silenced by a later one, in seconds; infinite where none does.

    Parameters
    ----------
    notes : int array (n,)
        Of channel 10.
    times_s : float array (n,)
    loop_s : float, optional
        Where the music repeats, and what stands at the start comes after the end.
    """
    stops_s = np.full(len(notes), np.inf)
    for note, chokers in CHOKED_BY.items():
        chosen = np.flatnonzero(notes == note)
        if not len(chosen):
            continue
        at = np.sort(times_s[np.isin(notes, chokers)])
        if loop_s is not None:
            at = at[at < loop_s]
            at = np.append(at, at[:1] + loop_s)
        after = np.searchsorted(at, times_s[chosen], side="right")
        stops_s[chosen] = np.append(at, np.inf)[after]
    return stops_s
