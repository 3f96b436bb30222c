"""Song-level splits: every chunk of a song goes to the same side."""

from __future__ import annotations

from collections.abc import Sequence

from gantools.files.hashing import hash_bytes

SPLITS = ("train", "val", "test")


def split_of(song: str, shares: tuple[float, float, float] = (80, 10, 10)) -> str:
    """Return ``train``, ``val`` or ``test`` for a song, by a hash of its name.

    Adding a song moves no other. Few songs may leave a side empty: name those to hold out by hand then.

    Parameters
    ----------
    song : str
    shares : three floats
        Relative sizes of train, val and test.
    """
    # 48 bits of the hash, which a float holds exactly: the same side on every machine.
    position = int(hash_bytes(song.encode("utf-8", "surrogateescape"))[:12], 16) / 16**12 * sum(shares)
    return "train" if position < shares[0] else "val" if position < shares[0] + shares[1] else "test"


def assign(song: str, shares: tuple[float, float, float], val_songs: Sequence[str], test_songs: Sequence[str]) -> str:
    """Return the split of a song: as named by hand, else by its hash."""
    if song in test_songs:
        return "test"
    return "val" if song in val_songs else split_of(song, shares)
