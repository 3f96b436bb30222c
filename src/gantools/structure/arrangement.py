"""New orders of a clip on its own beats: sections in a form such as AABA, and beats or bars shuffled.

What comes out is the real clip, cut at beats and cross-faded. It is meant as the low end of a variation: brought down
to a coarse rate and generated upward from there, it becomes a new section in the metre of the clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gantools.errors import ConfigError, InputError
from gantools.parsing import form_letters
from gantools.runtime.seeds import item_seed
from gantools.structure.beats import BeatGrid, find_beats
from gantools.structure.form import POOL_SECONDS, pooled_levels, similarities
from gantools.structure.splice import chain

#: Cuts are made so long before a beat that its attack is whole when the fade is over.
_FADE_SECONDS, _AHEAD_SECONDS = 0.02, 0.015
#: Placements of the sections that are tried for the largest contrast.
_PLACEMENTS = 12
#: Orders that are tried for one without neighbours of the clip in a row.
_ORDERS = 50
_MISSING_SHARE = 0.15


@dataclass(frozen=True)
class PlacedForm:
    """Where the sections of a form lie in the clip, in the order in which they are played.

    Attributes
    ----------
    letters : str
    starts, lengths : tuple of int
        Where the section of each letter begins in the clip and how long it is, in samples.
    """

    letters: str
    starts: tuple[int, ...]
    lengths: tuple[int, ...]


def arrange(
    clip: np.ndarray,
    rate_hz: int,
    form: str,
    seconds: float | None = None,
    seed: int = 0,
    *,
    grid: BeatGrid | None = None,
    bpm: float | None = None,
    beats_per_bar: int = 4,
) -> np.ndarray:
    """Put parts of a clip in the order of a form.

    Each letter is a part of the clip: 1, 2, 4, 8... whole bars, as many as there is room for (beats where there are too
    few bars), no two of them overlapping. The seed chooses where they lie; of twelve placements the one whose
    parts differ most is taken.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    form : str
        Letters, such as AABA or ABACA; case and spaces do not matter.
    seconds : float, optional
        Exact length of the result. The sections are as long as the form then needs, in whole bars where that comes near
        enough; what is missing at the end is played on from the last section. A form that would need longer sections
        than the clip has is repeated. By default the form is played once with the longest sections.
    seed : int
    grid : BeatGrid, optional
        Beats as `find_beats` returns them; they are found here when not given. The note says whether beats were found.
    bpm, beats_per_bar :
        Passed to `find_beats`.

    Returns
    -------
    float32 array (channels, m)
        m is len(form) equal sections, or round(seconds * rate_hz). `place_form` tells where the sections lie.

    Raises
    ------
    ConfigError
        The form is not made of letters.
    InputError
        The clip is too short for so many different sections.
    """
    placed = place_form(clip, rate_hz, form, seconds, seed, grid=grid or find_beats(clip, rate_hz, bpm, beats_per_bar))
    total = sum(placed.lengths) if seconds is None else max(1, round(seconds * rate_hz))
    # What is missing is the music that follows the last section.
    lengths = [*placed.lengths[:-1], max(placed.lengths[-1], total - sum(placed.lengths[:-1]))]
    return _played(clip, rate_hz, list(placed.starts), lengths, total)


def place_form(
    clip: np.ndarray, rate_hz: int, form: str, seconds: float | None, seed: int, *, grid: BeatGrid
) -> PlacedForm:
    """Return where the sections lie that `arrange` plays, and how long they are."""
    letters = form_letters(form)
    different = sorted(set(letters))
    wanted = None if seconds is None else seconds * rate_hz / len(letters)
    edges, length, rounds = _sections(grid, len(different), len(letters), wanted)
    random = np.random.default_rng(item_seed(seed, "arrange", "".join(letters)))
    starts = _placed(clip, rate_hz, edges, length, len(different), random)
    # Beats of players differ: one length for all sections keeps the form regular.
    samples = round(float(np.median(edges[length:] - edges[:-length])))
    order = [int(starts[different.index(letter)]) for letter in letters] * rounds
    return PlacedForm("".join(letters) * rounds, tuple(order), (samples,) * len(order))


def shuffle(
    clip: np.ndarray,
    rate_hz: int,
    unit: str = "beats",
    seed: int = 0,
    seconds: float | None = None,
    *,
    grid: BeatGrid | None = None,
    bpm: float | None = None,
    beats_per_bar: int = 4,
) -> np.ndarray:
    """Put the beats or bars of a clip in another order.

    All are used before any comes again, and none is followed by the one that follows it in the clip if that can be
    helped. Beats keep their place in the bar where there are at least three bars, so that the metre stays.

    Parameters
    ----------
    clip : float32 array (channels, n)
    rate_hz : int
    unit : str
        ``beats`` or ``bars``.
    seed : int
    seconds : float, optional
        Length of the result; that of the clip by default.
    grid, bpm, beats_per_bar :
        See `arrange`.

    Returns
    -------
    float32 array (channels, round(seconds * rate_hz))

    Raises
    ------
    ConfigError
        The unit is neither.
    InputError
        The clip has fewer than three of them.
    """
    if unit not in ("beats", "bars"):
        raise ConfigError(f"unit: {unit!r} is neither beats nor bars")
    grid = grid or find_beats(clip, rate_hz, bpm, beats_per_bar)
    edges = grid.bar_edges() if unit == "bars" else grid.edges
    slices = len(edges) - 1
    if slices < 3:
        raise InputError(f"{max(slices, 0)} {unit} cannot be shuffled ({grid.note}); use a longer clip or --bpm")
    random = np.random.default_rng(item_seed(seed, "shuffle", unit))
    total = clip.shape[1] if seconds is None else max(1, round(seconds * rate_hz))
    per_bar = grid.beats_per_bar if unit == "beats" and grid.clear and grid.bars >= 3 else 1
    places = (np.arange(slices) - (grid.downbeat if per_bar > 1 else 0)) % per_bar
    order: list[int] = []
    samples = 0
    while samples < total:
        # -2 has no neighbour among the slices: at the very beginning each of them may come.
        order += _reordered(places, per_bar, len(order) % per_bar, order[-1] if order else -2, random)
        samples = int(sum(edges[i + 1] - edges[i] for i in order))
    lengths = [int(edges[i + 1] - edges[i]) for i in order]
    return _played(clip, rate_hz, [int(edges[i]) for i in order], lengths, total)


def _sections(
    grid: BeatGrid, different: int, letters: int, wanted_samples: float | None
) -> tuple[np.ndarray, int, int]:
    """Return the edges to cut at, how many of them a section lasts, and how often the form is played.

    Bars are preferred to beats: without a wanted length the largest power of two that there is room for; with one,
    whole bars unless the form would end more than 15 % too early. It may end too late by half its last section.
    """
    kinds = [edges for edges in (grid.bar_edges(), grid.edges) if len(edges) - 1 >= different]
    if not kinds:
        raise InputError(
            f"{grid.slices} beats have no room for {different} different sections ({grid.note}); use a longer clip, "
            "a higher --bpm or fewer letters"
        )
    for edges in kinds:
        most, unit = (len(edges) - 1) // different, float(np.mean(np.diff(edges)))
        if wanted_samples is None:
            return edges, 2 ** (most.bit_length() - 1), 1
        rounds = max(1, int(np.ceil(wanted_samples / unit / (most + 0.5))))
        fitting = wanted_samples / unit / rounds
        # Half of the last section may be cut off.
        longest = fitting / (1 - 0.5 / (letters * rounds))
        length = int(np.clip(longest, 1, most))
        if edges is kinds[-1] or fitting * (1 - _MISSING_SHARE) <= length <= longest:
            break
    return edges, length, rounds


def _placed(
    clip: np.ndarray, rate_hz: int, edges: np.ndarray, length: int, different: int, random: np.random.Generator
) -> np.ndarray:
    """Return where the sections begin, in samples, in the order of their letters."""
    spare = len(edges) - 1 - different * length
    levels = pooled_levels(clip, rate_hz)
    frames = max(1, round(length * float(np.mean(np.diff(edges))) / rate_hz / POOL_SECONDS))
    best, best_contrast = edges[:1], -np.inf
    for _ in range(_PLACEMENTS):
        # Rising gaps before sections of one length: they never overlap, and the last one ends inside the clip.
        gaps = np.sort(random.integers(0, spare + 1, different))
        starts = edges[random.permutation(gaps + length * np.arange(different))]
        sections = [levels[round(start / rate_hz / POOL_SECONDS) :][:frames] for start in starts]
        contrast = -float(np.mean(similarities(sections)[np.triu_indices(different, 1)])) if different > 1 else 0.0
        if contrast > best_contrast:
            best, best_contrast = starts, contrast
    return best


def _reordered(places: np.ndarray, per_bar: int, phase: int, last: int, random: np.random.Generator) -> list[int]:
    """Return all slices once, each place of the bar in turn, the one of several orders with fewest old neighbours."""
    best, fewest = [], len(places) + 1
    for _ in range(_ORDERS):
        order = _any_order(places, per_bar, phase, last, random)
        neighbours = int(np.count_nonzero(np.isin(np.diff([last, *order]), (0, 1))))
        if neighbours < fewest:
            best, fewest = order, neighbours
        if not fewest:
            break
    return best


def _any_order(places: np.ndarray, per_bar: int, phase: int, last: int, random: np.random.Generator) -> list[int]:
    """Return all slices once, each at a place of the bar that it has in the clip, the rest of its choice at random."""
    waiting = [list(random.permutation(np.flatnonzero(places == place))) for place in range(per_bar)]
    order: list[int] = []
    while any(waiting):
        # Incomplete bars leave some places of the bar with fewer slices: then the fullest one helps out.
        choice = waiting[(phase + len(order)) % per_bar] or max(waiting, key=len)
        # The last ones may have no choice; that is why there are several orders.
        last = int(next((number for number in choice if number not in (last, last + 1)), choice[0]))
        choice.remove(last)
        order.append(last)
    return order


def _played(clip: np.ndarray, rate_hz: int, starts: list[int], lengths: list[int], total: int) -> np.ndarray:
    """Return `total` samples of the pieces in a row, cut a little before the beats, so that attacks are whole."""
    ahead = round(_AHEAD_SECONDS * rate_hz)
    begins, spans = np.array(starts) - ahead, np.array(lengths)
    # Nothing is faded into the first piece, which begins on its beat; the last makes up for the length.
    begins[0] += ahead
    spans[0] -= ahead
    spans[-1] += ahead
    return chain(clip, begins, spans, round(_FADE_SECONDS * rate_hz))[:, :total]
