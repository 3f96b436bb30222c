"""Which generated file belongs to which source and to which real recording, read from their names."""

from __future__ import annotations

from collections.abc import Sequence

from gantools.errors import ConfigError
from gantools.report.clip import Clip

Pair = tuple[Clip, Clip]
Groups = list[list[tuple[str, Clip]]]


def of_role(clips: Sequence[Clip], role: str) -> list[Clip]:
    """Return the clips of a role.

    Raises
    ------
    ConfigError
        No clip has it.
    """
    chosen = [clip for clip in clips if clip.role == role]
    if not chosen:
        there = ", ".join(sorted({clip.role for clip in clips}))
        raise ConfigError(f"no file has the role {role!r}, as far as names tell; there are {there}")
    return chosen


def pair(generated: Sequence[Clip], others: Sequence[Clip], what: str) -> list[Pair]:
    """Pair generated clips with others of the same song.

    A single file on either side is paired whatever the names. Where a song has several candidates, the one counts that
    the generated file is named after (``bass.drums`` was made from ``bass``); else, of real files, that of its own
    role, and of sources, that of another.

    Parameters
    ----------
    generated, others : sequence of Clip
    what : str
        What the others are: ``source`` or ``real``.

    Returns
    -------
    list of (Clip, Clip)
        In the order of `generated`; those without a counterpart are left out.

    Raises
    ------
    ConfigError
        If nothing can be paired, or a file has several candidates.
    """
    if len(generated) == len(others) == 1:
        return [(generated[0], others[0])]
    pairs = []
    for clip in generated:
        candidates = _candidates(clip, [other for other in others if other.song == clip.song], what)
        if len(candidates) > 1:
            names = ", ".join(sorted(str(c.path) for c in candidates))
            raise ConfigError(f"several {what} files fit ({names}); name the role or keep one", clip.path)
        if candidates:
            pairs.append((clip, candidates[0]))
    if not pairs:
        raise ConfigError(
            f"no generated file has a {what} file of the same name ({generated[0].song!r} is not {others[0].song!r}); "
            "apart from the role the paths must agree"
        )
    return pairs


def _candidates(clip: Clip, others: Sequence[Clip], what: str) -> Sequence[Clip]:
    stem = clip.name.rpartition("/")[2]
    named_after = [other for other in others if stem.startswith(other.name.rpartition("/")[2] + ".")]
    by_role = [other for other in others if (other.role == clip.role) == (what == "real")]
    if len(others) < 2:
        return others
    return named_after or by_role or others if what == "source" else by_role or named_after or others


def triples(pairs: Sequence[Pair], real_pairs: Sequence[Pair]) -> Groups:
    """Return input, generated and, where there is one, real file of each song, labelled, for a report."""
    counterpart = {source.path: clip for clip, source in real_pairs}
    groups: Groups = [[("input", source), ("generated", clip)] for clip, source in pairs]
    for group in groups:
        real = counterpart.get(group[0][1].path)
        if real is not None:
            group.append(("real", real))
    return groups


def neighbours(generated: Sequence[Clip], real: Sequence[Clip]) -> Groups:
    """Return generated and real files of the same song, labelled, for a report; of any song where none agree."""
    songs = {clip.song: clip for clip in real}
    if not songs.keys() & {clip.song for clip in generated}:
        return [[("generated", clip)] for clip in generated[:3]] + [[("real", clip)] for clip in real[:3]]
    return [[("generated", c)] + ([("real", songs[c.song])] if c.song in songs else []) for c in generated]
