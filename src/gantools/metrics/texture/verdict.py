"""What is said of a batch of sound by what is heard in each of its files."""

from __future__ import annotations

from collections.abc import Iterable

#: What is heard in a file, or in all of a batch beside each other -> what is said of such files.
SAID = {"noise": "are noise", "silence": "are silent", "clipping": "are clipped", "repetition": "are the same sound"}


def verdict(heard: Iterable[str | None]) -> str:
    """Return what is wrong with at least half of some files: ``7 of 8 are noise``; empty where nothing is.

    Parameters
    ----------
    heard : iterable of str
        What is heard in each, a name of `SAID`; empty or None where all is well.
    """
    found = list(heard)
    counts = {name: found.count(name) for name in SAID}
    ill = {name: count for name, count in counts.items() if count and 2 * count >= len(found)}
    return ", ".join(f"{count} of {len(found)} {SAID[name]}" for name, count in ill.items())
