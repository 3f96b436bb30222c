"""How much of a score is copied: the most bars in a row that a part has in common with a part that was learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gantools.symbolic.mmr.score import DRUMS, LENGTH, ONSET, PITCH, TRACK, GridScore

#: Notes that a bar of a part has at least to be told from others: less is a held note, or a chord that anybody writes.
LEAST_NOTES = 4
#: And so many pitches: one that is struck again and again, or two in turn, anybody writes too.
LEAST_PITCHES = 3
_Line = tuple[tuple[int, int, int], ...]
_Place = tuple[int, int, int]


def lines_of(score: GridScore) -> dict[tuple[int, int], tuple[_Line, int]]:
    """Return what each part but drums plays in each bar: (track, bar) -> (notes against the first one, its pitch)."""
    notes = score.notes[score.programs[score.notes[:, TRACK]] != DRUMS]
    bar = np.searchsorted(score.edges, notes[:, ONSET], side="right") - 1
    found: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for number, note in zip(bar.tolist(), notes.tolist(), strict=True):
        place = note[ONSET] - int(score.edges[number])
        found.setdefault((note[TRACK], number), []).append((place, note[PITCH], note[LENGTH]))
    return {
        key: (tuple((place, pitch - told[0][1], length) for place, pitch, length in told), told[0][1])
        for key, told in found.items()
        if len(told) >= LEAST_NOTES and len({pitch for _, pitch, _ in told}) >= LEAST_PITCHES
    }


class Learned:
    """The lines of all parts of some pieces, by what they are, in any key.

    Parameters
    ----------
    scores : iterable of GridScore
    """

    def __init__(self, scores: Iterable[GridScore]) -> None:
        self._places: dict[_Line, list[tuple[_Place, int]]] = {}
        for piece, score in enumerate(scores):
            for (track, bar), (line, pitch) in lines_of(score).items():
                self._places.setdefault(line, []).append(((piece, track, bar), pitch))

    def longest_copy(self, score: GridScore) -> int:
        """Return the most bars in a row that one part has from one part that was learned from, moved as a whole."""
        longest = 0
        # (track, bar) -> place where the run is now, and how far it is moved -> its length.
        before: dict[tuple[int, int], dict[tuple[_Place, int], int]] = {}
        for (track, bar), (line, pitch) in sorted(lines_of(score).items(), key=lambda item: item[0]):
            runs = {}
            earlier = before.get((track, bar - 1), {})
            for (piece, other, place), own in self._places.get(line, ()):
                shift = pitch - own
                runs[(piece, other, place), shift] = 1 + earlier.get(((piece, other, place - 1), shift), 0)
            before[track, bar] = runs
            longest = max(longest, max(runs.values(), default=0))
        return longest

    def share(self, scores: Sequence[GridScore]) -> float:
        """Return the share of bars of parts that are found somewhere in what was learned from."""
        lines = [line for score in scores for line, _ in lines_of(score).values()]
        return float(np.mean([line in self._places for line in lines])) if lines else 0.0
