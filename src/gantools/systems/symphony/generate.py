"""Pieces of a trained SymphonyNet as files: continued, filled in or orchestrated, as MIDI, sound and a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import ConfigError
from gantools.files.atomic import write_text
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.report.pianorolls import bars_of, score_picture
from gantools.runtime.seeds import item_seed
from gantools.symbolic.chords import chords_of_bars
from gantools.symbolic.instruments import instrument_name
from gantools.symbolic.midi import read_midi, write_midi
from gantools.symbolic.mmr.grammar import Rules, first_fault
from gantools.symbolic.mmr.rows import decode, encode, playable
from gantools.symbolic.mmr.score import DRUMS, LENGTH, MOST_TRACKS, ONSET, PITCH, GridScore, on_grid, to_midi
from gantools.symbolic.mmr.vocabulary import BOS, EVENT, FIELDS, INSTRUMENT, TRACK
from gantools.symbolic.rendering import render
from gantools.symbolic.soundfont import open_soundfont
from gantools.systems.symphony.choosing import Draw
from gantools.systems.symphony.config import SymphonyConfig
from gantools.systems.symphony.data import spread_numbers, with_tracks
from gantools.systems.symphony.filling import evidence, pick_filling, with_filling
from gantools.systems.symphony.generate_config import OF_PRIME, SymphonyGenerateConfig
from gantools.systems.symphony.musicxml import require_music21, write_musicxml
from gantools.systems.symphony.networks import SymphonyNet, build_network
from gantools.systems.symphony.orchestration import Votes, hear_tracks
from gantools.systems.symphony.sampling import MOST_BAR_ROWS, Composer, Draft, Draws, Request

PAGE = "symphony.html"
_RATE_HZ = 44100
#: Pieces on the page, and bars of each piano roll.
_MOST_SHOWN, _SHOWN_BARS = 12, 16
#: Sound of each on the page, at most.
_SHOWN_SECONDS = 90
#: Pieces that are kept for records and the page.
_KEPT = 64


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


class SymphonyMaker(LoadedModel):
    """Makes pieces with the decoder of a model folder; a piece is a function of its number and the options alone.

    Parameters
    ----------
    folder : Path
    config : SymphonyGenerateConfig
    device : str

    Raises
    ------
    ModelError
        No model folder of SymphonyNet, or weights that are missing or do not fit.
    InputError
        The file to go on from or to orchestrate cannot be read.
    ConfigError
        It does not have the bars that options name.
    DependencyError
        The SoundFont is missing or damaged, or music21 is wanted and not installed.
    """

    def __init__(self, folder: Path, config: SymphonyGenerateConfig, device: str) -> None:
        model = read_model(folder, "symphony")
        trained = trained_with(SymphonyConfig, model, folder)
        network = open_network(folder, "decoder", lambda: build_network(trained)).to(device).eval()
        assert isinstance(network, SymphonyNet)
        self.config, self.network, self.description = config, network, model
        self.composer = Composer(network, _draws(config))
        self.vocabulary = network.vocabulary
        self.allowed: list[int] | None = parsed(config, "instruments") if config.instruments else None
        self.files = model_files(folder, model)
        given = config.orchestrate or config.prime
        self.given = self._read(Path(given)) if given else None
        self._check_bars()
        if config.sf2 and (config.wav or config.page):
            open_soundfont(config.sf2, _RATE_HZ)
            self.files = [*self.files, Path(config.sf2)]
        if config.musicxml:
            require_music21()
        self.extension = "mid"
        self.beside = (PAGE,) if config.page else ()
        self._numbers: list[int] = []
        self._made: dict[int, Made] = {}

    def _read(self, path: Path) -> GridScore:
        self.files = [*self.files, path]
        score = on_grid(read_midi(path), self.vocabulary.grid)
        return replace(score, remarks=tuple(f"{path}: {remark}" for remark in score.remarks))

    def _check_bars(self) -> None:
        """Raise ConfigError where options name bars that there are not."""
        c = self.config
        if self.given is None or c.orchestrate:
            return
        if c.prime_bars > self.given.bars:
            raise ConfigError(f"prime_bars: {c.prime} has {self.given.bars} bars, not {c.prime_bars}")
        if c.infill:
            bars = parsed(c, "infill")
            if bars != list(range(bars[0], bars[-1] + 1)):
                raise ConfigError(f"infill: {c.infill!r} has gaps; fill one stretch after the other")
            if bars[-1] > self.given.bars:
                raise ConfigError(f"infill: bar {bars[-1]} is not in {c.prime}, which has {self.given.bars}")

    @property
    def remarks(self) -> Sequence[str]:
        """What was changed to read the given file."""
        return () if self.given is None else self.given.remarks

    @property
    def stem(self) -> str:
        """What names of pieces begin with."""
        given = self.config.orchestrate or self.config.prime
        return Path(given).stem if given else "symphony"

    def numbers(self, first: int) -> list[int]:
        """Return the numbers of the pieces that the options ask for; `first` is that from which ``count`` counts."""
        if self.config.seeds:
            self._numbers = list(parsed(self.config, "seeds"))
        else:
            self._numbers = list(range(first, first + (self.config.count or 1)))
        return self._numbers

    def piece(self, number: int, tick: Tick = lambda share: None) -> Made:
        """Return a piece by its number."""
        if number not in self._made:
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made.update(self._make(number, tick))
        return self._made[number]

    def _make(self, number: int, tick: Tick) -> dict[int, Made]:
        """Return the piece of a number, and those that go through the network beside it."""
        if self.config.orchestrate:
            return {number: self._orchestrated(number)}
        if self.config.infill:
            return {number: self._filled(number, tick)}
        # Each number has its place in a block, so that what else is made changes nothing.
        size = self.composer.size
        block = [n for n in self._numbers if n // size == number // size and n not in self._made] or [number]
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

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the piece of a number as MIDI, and where they are wanted as sound and as MusicXML."""
        assert item.seed is not None
        made = self.piece(item.seed, tick)
        midi = self._midi(made)
        for path in outputs:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".wav":
                self._write_sound(path, made)
            elif path.suffix == ".musicxml":
                write_musicxml(path, playable(made.score), self.config.bpm)
            else:
                write_midi(path, midi)
        score = made.score
        fields: dict[str, Any] = {"seed": item.seed, "bars": score.bars, "notes": len(score.notes), "rows": made.rows}
        fields |= {"given_bars": made.given_bars, "valid": made.valid}
        told = [
            {"track": track, "instrument": name, "probability": round(chance, 4)}
            for track, (name, chance) in sorted(made.instruments.items())
        ]
        return fields | {"instruments": told}

    def _midi(self, made: Made) -> Any:
        """Return a piece in ticks; an orchestrated one as its file has it, but for the instruments."""
        if not self.config.orchestrate:
            return to_midi(made.score, self.config.bpm)
        score = read_midi(Path(self.config.orchestrate))
        parts = [track for track in score.tracks if not track.is_drum]
        programs = [program for program in made.score.programs.tolist() if program != DRUMS]
        if len(parts) != len(programs):  # more than forty tracks were joined
            return to_midi(playable(made.score), self.config.bpm)
        chosen = iter(programs)
        tracks = [track if track.is_drum else replace(track, program=next(chosen)) for track in score.tracks]
        made_score = replace(score, tracks=tuple(tracks))
        if self.config.bpm:
            made_score = replace(made_score, tempo_ticks=np.zeros(1, np.int64), tempo_bpm=np.array([self.config.bpm]))
        return made_score

    def _sound(self, score: GridScore) -> np.ndarray:
        return render(to_midi(playable(score), self.config.bpm), self.config, rate_hz=_RATE_HZ)

    def _excerpt(self, made: Made) -> np.ndarray:
        """Return what the page plays of a piece."""
        return self._sound(bars_of(made.score, _SHOWN_BARS)[0])[:, : _SHOWN_SECONDS * _RATE_HZ]

    def _write_sound(self, path: Path, made: Made) -> None:
        wave = self._sound(made.score)
        with AudioWriter(path, _RATE_HZ, len(wave), "16", frames=wave.shape[1]) as writer:
            writer.append(wave.T)

    def write_beside(self, items: Sequence[Item], folder: Path) -> None:
        """Write the page: a piano roll, a player and the parts of each piece."""
        from gantools.report.excerpts import data_uri, png_bytes
        from gantools.report.loops import sound_address
        from gantools.report.page import Article, Page, Sound

        articles = []
        for item in items[:_MOST_SHOWN]:
            assert item.seed is not None
            made = self.piece(item.seed)
            shown, _ = bars_of(made.score, _SHOWN_BARS)
            source = f"{item.given}" if self.config.wav else sound_address(self._excerpt(made), _RATE_HZ)
            picture = data_uri(png_bytes(score_picture(shown)), "image/png")
            parts = [(f"track {track}", f"{name} ({chance:.0%})") for track, (name, chance) in made.instruments.items()]
            figures = [("notes", f"{len(made.score.notes)}"), ("tracks", f"{len(parts)}")]
            sound = Sound(picture, source, f"Piano roll of {item.stem}")
            articles.append(Article(item.stem, f"{made.score.bars} bars", sound, figures=figures, details=parts))
        more = [f"The first {_MOST_SHOWN} of {len(items)} pieces are shown."] if len(items) > _MOST_SHOWN else []
        shown_bars = (
            f"Piano rolls and sounds are of the {_SHOWN_BARS} bars in which most is played, where there are more."
        )
        page = Page("Symphony", f"{len(items)} pieces", articles, [shown_bars, *more], narrow=True)
        write_text(folder / PAGE, page.html())


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


def load(folder: Path, config: SymphonyGenerateConfig, device: str) -> SymphonyMaker:
    """Open a model folder for generating; see `SymphonyMaker`."""
    torch.set_flush_denormal(True)
    return SymphonyMaker(folder, config, device)
