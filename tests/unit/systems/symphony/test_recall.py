"""What rows are told of the rows before them, against the notes of the piece."""

from __future__ import annotations

import numpy as np
from small_symphony import small_score

from gantools.symbolic.chords import CHORDS
from gantools.symbolic.mmr.grammar import Words
from gantools.symbolic.mmr.merges import Merges
from gantools.symbolic.mmr.rows import encode
from gantools.symbolic.mmr.vocabulary import DURATION, EVENT, NEW_TRACK, TRACK, Vocabulary
from gantools.systems.symphony.recall import CLASSES, COLUMNS, TOLD, Recall, sizes

MERGES = Merges([(60, 64), (67, 128), (48, 55)])
VOCABULARY = Vocabulary(merges=3)
WORDS = Words(VOCABULARY, MERGES)


def plain(rows: np.ndarray) -> list[dict[str, object]]:
    """What each row is told, from lists of all notes before it and nothing that is kept up to date."""
    found: list[dict[str, object]] = []
    notes: list[tuple[int, int, int, int, list[int]]] = []  # bar, place, track, length, pitches
    chords: list[int] = []
    above_of: dict[tuple[int, int, int], int] = {}  # the part above of each onset
    bar, start, starts, place, block, above, chord = -1, 0, [0], -1, 0, 0, 0
    for row in rows.tolist():
        event, kind = row[EVENT], ""
        if units := int(VOCABULARY.bar_units[event]):
            bar, start, place, block, above, chord = bar + 1, starts[-1], -1, 0, 0, 0
            starts.append(start + units)
        elif VOCABULARY.chord <= event < VOCABULARY.bar:
            chord = event - VOCABULARY.chord + 1
            chords.append(chord)
        elif event == NEW_TRACK:
            kind, place, block, above = "block", -1, 0, block or above
        elif VOCABULARY.position <= event < VOCABULARY.tempo_word:
            kind, place = "place", event - VOCABULARY.position
        elif row[DURATION]:
            kind, block = "note", row[TRACK]
            notes.append((bar, place, block, row[DURATION], list(WORDS.pitches[event])))
            above_of[bar, place, block] = above
        here = {n[2] for n in notes if n[0] == bar}
        waiting = [t for t in range(1, 41) if t in {n[2] for n in notes if n[0] == bar - 1} - here]
        part = block or min([t for t in waiting if t > max(here, default=0)], default=0)
        after = min([t for t in waiting if t > max([part, *here])], default=0)
        own = [n for n in notes if n[2] == part]
        onsets = sorted({n[:2] for n in own if kind != "note" or n[:2] != (bar, place)})
        tops = [max(max(n[4]) for n in own if n[:2] == onset) + 1 for onset in onsets]
        last_bar, older_bar = ([-1, -1, *sorted({n[0] for n in own if n[0] < bar})])[:-3:-1]
        before = {n[1]: n for n in own if n[0] == last_bar}
        top = {at: max(max(n[4]) for n in own if n[:2] == (last_bar, at)) + 1 for at in before}
        told: dict[str, object] = {"chord": chord, "part": part, "awaited": after, "place": place + 1}
        told |= {"chord_before": chords[bar - 1] if bar > 0 else 0, "chord_earlier": chords[bar - 2] if bar > 1 else 0}
        told["bar"] = starts[-1] - start if bar >= 0 else 0
        told |= {"last": ([0, *tops])[-1], "older": ([0, 0, *tops])[-2], "length": own[-1][3] if own else 0}
        on = kind in ("place", "note")
        told |= {
            "again": top.get(place, 0) if on else 0,
            "again_length": before[place][3] if on and place in top else 0,
        }
        earlier = {n[1] for n in own if n[0] == older_bar}
        old_top = max([max(n[4]) for n in own if n[:2] == (older_bar, place)], default=-1) + 1
        told |= {"next": 0, "earlier": old_top if on else 0, "earlier_next": 0}
        if kind in ("block", "note") and part:
            told["next"] = min([at for at in before if at > place], default=VOCABULARY.longest_bar) + 1
            told["earlier_next"] = min([at for at in earlier if at > place], default=VOCABULARY.longest_bar) + 1
        beside = {n[1]: n for n in notes if n[0] == bar and n[2] == above}
        peak = max([max(n[4]) for n in notes if n[:3] == (bar, place, above)], default=-1) + 1
        told |= {"beside": peak if on else 0, "beside_length": beside[place][3] if on and place in beside else 0}
        told["beside_next"] = 0
        if kind in ("block", "note") and above:
            told["beside_next"] = min([at for at in beside if at > place], default=VOCABULARY.longest_bar) + 1
        neighbour = above_of.get((*onsets[-1], part)) if onsets else None
        with_last = [n for n in notes if onsets and n[:2] == onsets[-1] and n[2] == neighbour]
        told["parallel"] = 0
        if told["beside"] and with_last:
            told["parallel"] = tops[-1] + peak - max(max(n[4]) for n in with_last) - 1
        rings = [
            p for b, at, _, length, pitches in notes for p in pitches
            if on and starts[b] + at <= start + place < starts[b] + at + min(length, VOCABULARY.longest_note)
        ]  # fmt: skip
        told |= {"top": max(rings, default=-1) + 1, "bass": min(rings, default=-1) + 1}
        heard = np.zeros(CLASSES)
        for b, _, _, length, pitches in notes:
            for pitch in pitches:
                heard[pitch % 12] += 0.75 ** (bar - b) * min(length, VOCABULARY.longest_note)
        told["sounding"] = sorted({p % 12 + 1 for p in rings})
        told["key"] = (1 + np.flatnonzero(heard > 0.04 * heard.sum())).tolist()
        found.append(told)
    return found


def named(told: np.ndarray) -> list[dict[str, object]]:
    """The same of what `Recall` tells."""
    count, found = len(TOLD), list[dict[str, object]]()
    for row in told.tolist():
        sets = {"sounding": row[count : count + CLASSES], "key": row[count + CLASSES :]}
        chosen = {name: [number for number in own if number] for name, own in sets.items()}
        found.append({**dict(zip(TOLD, row[:count], strict=True)), **chosen})
    return found


def test_rows_are_told_what_the_notes_before_them_were() -> None:
    for seed in range(3):
        rows = encode(small_score(seed), VOCABULARY, MERGES)
        told = Recall(WORDS).push(rows)
        for index, (wanted, found) in enumerate(zip(plain(rows), named(told), strict=True)):
            assert found == wanted, (index, rows[index])
        assert (told[:, : len(TOLD)].max(0) > 0).all()  # each of them is told somewhere
        assert (told[:, : len(TOLD)] < sizes(VOCABULARY)).all()


def test_row_by_row_is_all_at_once_and_a_reset_forgets() -> None:
    rows, recall = encode(small_score(1), VOCABULARY, MERGES), Recall(WORDS)
    whole = recall.push(rows)
    recall.reset()
    assert np.array_equal(np.concatenate([recall.push(row[None]) for row in rows]), whole)
    assert whole.shape == (len(rows), COLUMNS)
    other = rows.copy()
    other[:, 3] = 7  # instruments
    recall.reset()
    assert np.array_equal(recall.push(other), whole)
    assert sizes(VOCABULARY)[0] == CHORDS + 1
