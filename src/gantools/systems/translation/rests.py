"""Where a generated part rests: not at every breath of its input, but where the input is silent for two bars."""

from __future__ import annotations

import numpy as np

from gantools.audio.melfile import MelFile
from gantools.audio.onset_strength import levelled
from gantools.structure.beats import CLEAR, tempo

#: Roles that are whole music by themselves: they play on whatever the input does.
NEVER_REST = ("mix", "accompaniment")
_BEATS_PER_BAR, _BARS = 4, 2
#: Without a clear beat: two bars at 120 bpm.
_PLAIN_BPM = 120.0
_LOW_HZ = 300.0
_RANGE_DB = 60.0
_READ_FRAMES = 4096


def rest_frames(mel: MelFile, floor_db: float) -> np.ndarray:
    """Return the frames in which the part for an input shall be silent, bool (frames,).

    Bars are those of four beats at the tempo of the input; where no clear beat is found, two bars are four seconds.

    Parameters
    ----------
    mel : MelFile
        The input.
    floor_db : float
        An input frame is silent when none of its bands is above this level.
    """
    blocks = [(start, min(start + _READ_FRAMES, mel.n_frames)) for start in range(0, mel.n_frames, _READ_FRAMES)]
    peaks = np.concatenate([mel.frames(start, stop).max(axis=1) for start, stop in blocks])
    silent = peaks <= floor_db
    if not silent.any():
        return silent
    frame_hz = mel.params.frames_per_second
    beat = frame_hz * 60 / _bpm(mel, blocks, float(peaks.max()) - _RANGE_DB)
    return close(silent, round(_BARS * _BEATS_PER_BAR * beat), round(beat))


def close(silent: np.ndarray, after: int, lead: int) -> np.ndarray:
    """Return where a gate is closed, bool (frames,).

    It closes after so many silent frames in a row and opens `lead` frames before the next sound. Before the first sound
    nothing has been played that could ring on: there it is closed from the start, if the silence is that long. Where
    nothing sounds at all it is closed.
    """
    closed = np.zeros(len(silent), bool)
    # Even entries are where silence begins, odd ones where it ends.
    edges = np.flatnonzero(np.diff(silent.astype(np.int8), prepend=0, append=0))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        last = stop == len(silent)
        if stop - start >= after or (start == 0 and last):
            closed[start + after * (start > 0) : stop if last else stop - lead] = True
    return closed


def _bpm(mel: MelFile, blocks: list[tuple[int, int]], lowest_db: float) -> float:
    """Return the tempo of a mel file, from the onset strength of all bands and of the low ones."""
    params = mel.params
    # Bands are even in mels, log(1 + f / 700), up to half the rate: these are the ones below 300 Hz.
    low = max(1, round(params.n_mels * np.log1p(_LOW_HZ / 700) / np.log1p(params.sample_rate_hz / 2 / 700)))
    rises = np.zeros((2, mel.n_frames))
    last = np.zeros((0, params.n_mels), np.float32)
    for start, stop in blocks:
        levels = np.maximum(mel.frames(start, stop), lowest_db)
        change = np.maximum(np.diff(np.concatenate([last if start else levels[:1], levels]), axis=0), 0.0)
        rises[:, start:stop] = change.mean(axis=1), change[:, :low].mean(axis=1)
        # The last frame of a block is carried over, so that a rise at the border counts.
        last = levels[-1:]
    frame_hz = params.frames_per_second
    found, clarity = tempo(levelled(rises[0], frame_hz), levelled(rises[1], frame_hz), frame_hz)
    return found if clarity >= CLEAR else _PLAIN_BPM
