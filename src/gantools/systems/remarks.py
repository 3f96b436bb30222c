"""What a user has to know of the songs that a system learns from, in a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
