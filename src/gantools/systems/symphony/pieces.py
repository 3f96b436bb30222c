"""How a piece comes of its number: gone on with, filled in or orchestrated, and given its instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gantools.models.loaded import Tick
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.symbolic.chords import chords_of_bars
from gantools.symbolic.instruments import instrument_name
from gantools.symbolic.mmr.grammar import Rules, first_fault
from gantools.symbolic.mmr.rows import decode, encode, playable
from gantools.symbolic.mmr.score import DRUMS, LENGTH, MOST_TRACKS, ONSET, PITCH, GridScore
from gantools.symbolic.mmr.vocabulary import BOS, EVENT, FIELDS, INSTRUMENT, TRACK
from gantools.systems.symphony.choosing import Draw
from gantools.systems.symphony.filling import evidence, pick_filling, with_filling
from gantools.systems.symphony.generate_config import OF_PRIME, SymphonyGenerateConfig
from gantools.systems.symphony.networks import SymphonyNet
from gantools.systems.symphony.orchestration import Votes, hear_tracks
from gantools.systems.symphony.sampling import MOST_BAR_ROWS, Composer, Draft, Draws, Request
from gantools.systems.symphony.windows import spread_numbers, with_tracks


@dataclass(frozen=True, eq=False)
class Made:
    """A piece that was made.

    Attributes
    ----------
    score : GridScore
    rows : int
        That were drawn for it.
    given_bars : int
        Bars at its beginning that were given.
    instruments : dict
        Track, from 1, to its instrument and how probable the network finds it.
    valid : bool
        Whether all rows keep the grammar.
    """

    score: GridScore
    rows: int
    given_bars: int
    instruments: dict[int, tuple[str, float]] = field(default_factory=dict)
    valid: bool = True


class Pieces:
    """Makes pieces with a network; each is a function of its number and the options alone.

    Parameters
    ----------
    network : SymphonyNet
        In evaluation mode.
    config : SymphonyGenerateConfig
    given : GridScore, optional
        The file to go on from or to orchestrate.
    """

    def __init__(self, network: SymphonyNet, config: SymphonyGenerateConfig, given: GridScore | None) -> None:
        self.network, self.config, self.given = network, config, given
        self.composer, self.vocabulary = Composer(network, _draws(config)), network.vocabulary
        self.allowed: list[int] | None = parsed(config, "instruments") if config.instruments else None

    def make(self, number: int, numbers: Sequence[int], tick: Tick) -> dict[int, Made]:
        """Return the piece of a number, and those of `numbers` that go through the network beside it."""
        if self.config.orchestrate:
            return {number: self._orchestrated(number)}
        if self.config.infill:
            return {number: self._filled(number, tick)}
        # Each number has its place in a block, so that what else is made changes nothing.
        size = self.composer.size
        block = [n for n in numbers if n // size == number // size] or [number]
        given, rules = self._prime()
        requests = [Request(item_seed(n, "symphony"), given, rules) for n in block]
        drafts = self.composer.compose(requests, _watch(tick, rules.most_bars), [n % size for n in block])
        return {n: self._finished(draft, n) for n, draft in zip(block, drafts, strict=True)}

    def _prime(self) -> tuple[np.ndarray, Rules]:
        """Return the rows that pieces begin with, and what they are held to."""
        config = self.config
        bars = 0
        rows = self._nothing()
        if self.given is not None:
            bars = config.prime_bars or self.given.bars
            rows = self._encoded(self.given.cut(0, bars))[:-1]
        end = bars + config.bars
        return rows, Rules(end, end, self._chords(bars), given_bars=bars, bar_rows=MOST_BAR_ROWS)

    def _encoded(self, score: GridScore) -> np.ndarray:
        """Return bars of the given file as rows, their tracks numbered as training had them."""
        rows = encode(score, self.vocabulary, self.network.merges)
        return with_tracks(rows, spread_numbers(len(score.programs)))

    def _chords(self, bars: int) -> list[int]:
        """Return the chords of the bars to make: as written, or those of the prime behind the bars that count."""
        if self.config.chords.strip() != OF_PRIME:
            return list(parsed(self.config, "chords")) if self.config.chords else []
        assert self.given is not None
        onset, length, pitch = (self.given.pitched[:, column] for column in (ONSET, LENGTH, PITCH))
        found: list[int] = chords_of_bars(onset, length, pitch, self.given.edges).tolist()
        return found[bars:] + found[:bars] if bars < len(found) else found

    def _finished(self, draft: Draft, number: int) -> Made:
        """Return a draft as a piece: its tracks numbered as they come in, and each with its instrument."""
        given = np.zeros(0, np.int64) if self.given is None else self.given.programs
        known = spread_numbers(len(given))[: len(given)].tolist()
        rows = np.array(draft.rows, np.int64)
        random = np.random.default_rng(item_seed(number, "instruments"))
        votes, instruments = Votes(draft.votes, draft.counts), dict[int, tuple[str, float]]()
        # Those of the given file come first, in its order; new ones follow.
        new = [track for track in np.unique(rows[:, TRACK]).tolist() if track and track not in known]
        numbers = np.zeros(MOST_TRACKS + 1, np.int64)
        allowed = self.allowed or list(range(DRUMS + 1))
        drums = max(new, key=lambda track: votes.chances(track)[DRUMS], default=0) if DRUMS not in given else 0
        for place, track in enumerate([*known, *new], start=1):
            numbers[track] = place
            if place <= len(given):
                program, chance = int(given[place - 1]), 1.0
            else:
                # One kit plays all drums: the part that is most likely drums.
                own = allowed if track == drums else [one for one in allowed if one != DRUMS] or allowed
                program = votes.pick(track, own, self.config.instrument_top_p, float(random.random()))
                chance = float(votes.chances(track, allowed)[program])
            rows[rows[:, TRACK] == track, INSTRUMENT] = program + 1
            instruments[place] = instrument_name(program), chance
        rows[:, TRACK] = numbers[rows[:, TRACK]]
        score = decode(rows, self.vocabulary, self.network.merges)
        names = [instruments.get(track + 1, ("", 0.0))[0] for track in range(len(score.programs))]
        if self.given is not None:
            names[: len(given)] = [own or name for own, name in zip(self.given.names, names, strict=False)]
        valid = first_fault(rows, self.composer.words) < 0
        bars = draft.grammar.rules.given_bars
        return Made(playable(replace(score, names=tuple(names))), len(rows), bars, instruments, valid)

    def _filled(self, number: int, tick: Tick) -> Made:
        """Return the prime with some of its bars made anew."""
        assert self.given is not None
        bars = parsed(self.config, "infill")
        first, count = bars[0] - 1, len(bars)
        before = self._encoded(self.given.cut(0, first))[:-1] if first else self._nothing()
        rest = self.given.bars - first - count
        after = self._encoded(self.given.cut(first + count, rest))[1:-1] if rest else None
        edges = self.given.edges[first : first + count + 1]
        meters = self.vocabulary.bar_words(np.diff(edges), self.given.meters[first : first + count]).tolist()
        end = first + count
        rules = Rules(end, end, self._chords(first), meters, first, bar_rows=MOST_BAR_ROWS)
        found, size = list[Draft](), self.composer.size
        for start in range(0, self.config.attempts, size):
            seeds = [item_seed(number, "filling", start + place) for place in range(size)]
            found += self.composer.compose([Request(seed, before, rules) for seed in seeds], _watch(tick, end))
        found = found[: self.config.attempts]
        made = [np.array(draft.rows[:-1], np.int64) for draft in found]
        chosen = 0
        if after is not None:
            told = [evidence(self.network, rows, after.astype(np.int64)) for rows in made]
            chosen = pick_filling(told, float(np.random.default_rng(item_seed(number, "choice")).random()))
        whole = self._finished(found[chosen], number)
        score = with_filling(self.given, first, count, whole.score.cut(first, count))
        return replace(whole, score=playable(score), given_bars=0)

    def _nothing(self) -> np.ndarray:
        row = np.zeros((1, len(FIELDS)), np.uint16)
        row[0, EVENT] = BOS
        return row

    @cached_property
    def votes(self) -> Votes:
        """What the network says of the parts of the file to orchestrate."""
        assert self.given is not None
        return hear_tracks(self.network, self.given)

    def _orchestrated(self, number: int) -> Made:
        """Return the given file with other instruments; drums stay drums, and no other part becomes them."""
        assert self.given is not None
        random = np.random.default_rng(item_seed(number, "instruments"))
        allowed = [program for program in self.allowed or range(DRUMS) if program != DRUMS]
        programs, names, told = [], [], dict[int, tuple[str, float]]()
        for track, (old, name) in enumerate(zip(self.given.programs.tolist(), self.given.names, strict=True), start=1):
            program, chance = DRUMS, 1.0
            if old != DRUMS:
                program = self.votes.pick(track, allowed, self.config.instrument_top_p, float(random.random()))
                chance = float(self.votes.chances(track, allowed)[program])
            programs.append(program)
            names.append(name or instrument_name(program))
            told[track] = instrument_name(program), chance
        score = replace(self.given, programs=np.array(programs, np.int64), names=tuple(names))
        return Made(score, 0, 0, told)


def _watch(tick: Tick, bars: int) -> Any:
    """Return what tells how far pieces are."""
    told = [-1]

    def watch(drafts: list[Draft]) -> None:
        done = sum(draft.grammar.bars for draft in drafts)
        if done != told[0]:
            told[0] = done
            tick(min(1.0, done / max(1, bars * len(drafts))))

    return watch


def _draws(config: SymphonyGenerateConfig) -> Draws:
    c = config
    event = Draw(1.0 if c.temperature is None else c.temperature, c.top_p)
    return Draws(
        event,
        Draw(c.duration_temperature, c.duration_top_p),
        Draw(c.track_temperature, c.track_top_p),
        Draw(c.velocity_temperature, c.velocity_top_p),
        c.chord_tones,
    )
