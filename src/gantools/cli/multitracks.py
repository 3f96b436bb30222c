"""Songs with their stems, found as every verb finds its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gantools.cli.flags import Run
from gantools.cli.inputs import AUDIO_SUFFIXES, gather_sets
from gantools.cli.records import say

if TYPE_CHECKING:
    from gantools.chunks.multitrack import Multitrack


def gather_multitracks(sets: Sequence[Sequence[str] | None], run: Run) -> list[list[Multitrack]]:
    """Return the songs of each set of files and folders, sorted by name; what is summed or left out is said.

    A file that names no part, in a folder of parts, is named by `gantools.cli.inputs.gather_sets` and is no song.

    Raises
    ------
    ConfigError
        No input, or none that exists.
    """
    from gantools.chunks.multitrack import StemFile, group_stems

    found = []
    for items in gather_sets(sets, AUDIO_SUFFIXES, run):
        files = [StemFile(item.path, item.role, item.song, item.named.part) for item in items]
        tracks = group_stems(files, lambda text: say(run, text))
        parts = {path.parent for track in tracks for paths in track.stems.values() for path in paths}
        found.append([track for track in tracks if track.stems or Path(track.mixture or "").parent not in parts])
    return found
