"""What a user has to know of the songs that a system learns from, in a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gantools.audio.fingerprint import Fingerprint, fingerprint, twins
from gantools.chunks.multitrack import Recording
from gantools.errors import InputError

_NAMED = 3


def listed(names: Sequence[str]) -> str:
    """Return names as text, the first few of them."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def on_held_out(train: Sequence[str], held_out: Sequence[str]) -> list[str]:
    """Return a sentence where validation hears songs that training hears too."""
    if not held_out:
        return ["no song is held out: validation hears the training, and says nothing of other songs"]
    if not set(held_out) <= set(train):
        return []
    only = "there is one song only" if len(train) == 1 else "no song is held out"
    return [f"{only}: validation hears the training, and says nothing of other songs"]


def on_stems(
    lengths_s: Mapping[str, Mapping[str, float]], wanted: Sequence[str], tolerance_s: float = 0.1
) -> list[str]:
    """Return sentences on songs that lack stems, and on stems of unequal lengths.

    Parameters
    ----------
    lengths_s : mapping
        Song -> role -> length in seconds.
    wanted : sequence of str
        Roles that a complete song has.
    tolerance_s : float
        Lengths that differ by no more are equal.
    """
    lacking, unequal = [], []
    for song, stems in lengths_s.items():
        if missing := [role for role in wanted if role not in stems]:
            lacking.append(f"{song} ({', '.join(missing)})")
        if stems and max(stems.values()) - min(stems.values()) > tolerance_s:
            short, long = (pick(stems, key=lambda role: stems[role]) for pick in (min, max))
            unequal.append(f"{song} ({short} {stems[short]:.1f} s, {long} {stems[long]:.1f} s)")
    notes = [f"{len(lacking)} of {len(lengths_s)} songs lack stems: {listed(lacking)}"] if lacking else []
    if unequal:
        notes.append(f"stems of unequal length, silent behind their ends, in {len(unequal)} songs: {listed(unequal)}")
    return notes


@dataclass
class LeftOut:
    """Files that cannot be used, which cost no more than themselves.

    Attributes
    ----------
    lines : list of str
        One for each file: its path, why, and that it was left out.
    """

    lines: list[str] = field(default_factory=list)

    def note(self, error: InputError, path: object) -> None:
        """Take note of a file that cannot be read."""
        self.lines.append(f"{error.path or path}: {error.message}; left out")

    def first(self) -> str:
        """Return the first line as a parenthesis, or nothing: for an error when nothing was left."""
        return f" ({self.lines[0]})" if self.lines else ""


def read_stems(stems: Mapping[str, Any], rate_hz: int, left_out: LeftOut) -> dict[str, Recording]:
    """Return the recordings of a song's stems, role -> recording, without those that cannot be read."""
    recordings = {}
    for role, files in stems.items():
        try:
            recordings[role] = Recording(files, rate_hz)
        except InputError as error:
            left_out.note(error, files)
    return recordings


def prints_of(song: str, recordings: Mapping[str, Recording]) -> dict[str, Fingerprint]:
    """Return the fingerprints of a song's stems that sound, ``song/role`` -> fingerprint."""
    return {
        f"{song}/{role}": fingerprint(recording.crop(0, recording.frames), recording.rate_hz)
        for role, recording in recordings.items()
        if recording.peak > 0
    }


def songs_of_twins(prints: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Return the groups of songs that share a stem, from fingerprints by ``song/role``."""
    groups: list[set[str]] = []
    for names in twins(prints):
        songs = {name.rpartition("/")[0] for name in names}
        for other in [group for group in groups if group & songs]:
            groups.remove(other)
            songs |= other
        groups.append(songs)
    return [sorted(group) for group in groups if len(group) > 1]
