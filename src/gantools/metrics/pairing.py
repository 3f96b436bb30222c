"""Which generated file belongs to which source and to which real recording, read from their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gantools.errors import ConfigError
from gantools.report.clip import Clip

Pair = tuple[Clip, Clip]
Groups = list[list[tuple[str, Clip]]]


class ClipSets(dict[str, list[Clip]]):
    """The files of an evaluation by what they are: ``generated``, ``real``, ``source``.

    Attributes
    ----------
    places : dict of str to str
        Where the files of each set were looked for, as the user said it.
    files : dict of str to Path
        Other files that the result depends on.
    pairs : dict of str to list of (Clip, Clip)
        Files of a set, each with the one that it is compared with, where a metric compares pairs.
    left_out : dict of str to int
        Why files that were given are not measured -> how many.
    """

    def __init__(
        self,
        sets: Mapping[str, list[Clip]],
        files: Mapping[str, Path] | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sets)
        self.places = dict(places or {})
        self.files = dict(files or {})
        self.pairs: dict[str, list[Pair]] = {}
        self.left_out: dict[str, int] = {}

    def narrow(self, name: str, clips: list[Clip], why: str) -> None:
        """Keep some files of a set, and count the others."""
        if len(clips) < len(self[name]):
            self.left_out[f"{name} {why}"] = len(self[name]) - len(clips)
        self[name] = clips

    def keep_role(self, name: str, role: str) -> None:
        """Keep the files of a role, where one is asked for."""
        if role:
            self.narrow(name, of_role(self[name], role), f"files that are not {role}, as their names say")

    def keep_roles(self, role: str, real_role: str = "") -> None:
        """Keep the generated files of a role and the real ones of another, or of the same where their names say one."""
        self.keep_role("generated", role)
        if real_role or any(clip.role == role for clip in self.get("real", ())):
            self.keep_role("real", real_role or role)


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
        # A guess would measure the wrong pair, and nobody would notice.
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
