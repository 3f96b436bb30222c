"""Notes to sound: by the bundled recordings, or by a SoundFont."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gantools.errors import InputError
from gantools.symbolic.bass import RELEASE_S, play_bass
from gantools.symbolic.config import KIT_NAMES, SoundConfig, drum_kit
from gantools.symbolic.kit import LONGEST_HIT_S, Kit, NamedKit, play_drums
from gantools.symbolic.recordedkit import open_recorded_kit
from gantools.symbolic.roll import called_bass
from gantools.symbolic.score import Score
from gantools.symbolic.soundfont import open_soundfont, play_soundfont
from gantools.symbolic.tape import Tape, in_rings
from gantools.symbolic.tones import LONGEST_RELEASE_S, play_tones

#: Gains of the parts: a kick of full velocity has a peak of -2 dBFS, and a bass beside it an RMS of -11 dBFS. Loops of
#: equal velocities then have basses about as loud as their drums, as songs have.
DRUM_GAIN, BASS_GAIN, TONE_GAIN = 0.8, 0.27, 0.09
#: Peak of what would be louder, -1 dBFS.
LARGEST_PEAK = 10 ** (-1 / 20)
_LONGEST_S = 3600.0


def render(
    score: Score, config: SoundConfig, *, rate_hz: int = 44100, loop_seconds: float | None = None, repeats: int = 1
) -> np.ndarray:
    """Return the sound of a score.

    Times are those of the notes, to the nearest sample: swing and changes of tempo stay. The channels of MIDI's kit
    play the kit of `config`, the basses its bass, other parts plain tones; a SoundFont plays all parts.

    Parameters
    ----------
    score : Score
    config : SoundConfig
    rate_hz : int
    loop_seconds : float, optional
        Length of a loop: notes that begin later are left out, and what rings beyond its end is heard at its start, so
        that it repeats without a seam.
    repeats : int
        Times that a loop is played. Its passes begin at the samples nearest to their times, so that they never drift.

    Returns
    -------
    float32 array (2, n)
        Peaks above -1 dBFS are turned down as a whole. With `loop_seconds`, n is ``round(repeats * loop_seconds *
        rate_hz)``; else it ends when the last note has died away.

    Raises
    ------
    InputError
        It is longer than an hour.
    DependencyError
        The SoundFont is missing or damaged.
    """
    seconds = float(score.seconds(score.end))
    if max(seconds, (loop_seconds or 0.0) * repeats) > _LONGEST_S:
        raise InputError(f"lasts {seconds / 60:,.0f} minutes; up to {_LONGEST_S / 60:.0f} are rendered")
    if config.sf2:
        wave = play_soundfont(score, config.sf2, rate_hz, loop_seconds)
    else:
        wave = _played(score, config, rate_hz, loop_seconds, seconds)
    if loop_seconds is not None:
        wave = in_rings(wave, loop_seconds * rate_hz, repeats)
    peak = float(np.abs(wave).max())
    return wave if peak <= LARGEST_PEAK else wave * np.float32(LARGEST_PEAK / peak)


def open_kit(config: SoundConfig) -> Kit:
    """Return the kit that plays the drums; raises InputError where a recording cannot be read or has no hits."""
    kit = drum_kit(config.kit)
    return NamedKit(kit) if isinstance(kit, str) else open_recorded_kit(kit)


def open_sound(config: SoundConfig, rate_hz: int = 44100) -> list[Path]:
    """Open what plays the notes, so that errors come before work begins, and return the user's files among it.

    Raises
    ------
    DependencyError
        The SoundFont is missing or damaged.
    InputError
        The recording that is the kit cannot be read, or has no hits.
    """
    if config.sf2:
        open_soundfont(config.sf2, rate_hz)
        return [Path(config.sf2)]
    open_kit(config)
    return [] if config.kit in KIT_NAMES else [Path(config.kit)]


def _played(score: Score, config: SoundConfig, rate_hz: int, loop_s: float | None, seconds: float) -> np.ndarray:
    """Return one pass with all that it leaves ringing."""
    tape = Tape(seconds, max(LONGEST_HIT_S, RELEASE_S, LONGEST_RELEASE_S), rate_hz)
    drums = [track for track in score.tracks if track.is_drum]
    basses = [track for track in score.tracks if track.is_bass or called_bass(track)]
    others = [track for track in score.tracks if track not in drums and track not in basses]
    if drums:
        play_drums(tape, score, drums, open_kit(config), DRUM_GAIN, loop_s)
    play_bass(tape, score, basses, config.bass, BASS_GAIN, loop_s)
    play_tones(tape, score, others, TONE_GAIN, loop_s)
    return tape.strip()
