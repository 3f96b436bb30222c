"""Which clips a test has, in which blocks, what is repeated, and the ids under which listeners meet them.

What is drawn depends on the seed and on names alone. The order in which a listener hears a block is drawn by the page,
from its own seed and the listener's name.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gantools.errors import ConfigError
from gantools.report.clip import Clip
from gantools.report.listening.config import ListenConfig
from gantools.report.listening.forms import Form
from gantools.runtime.seeds import item_seed

T = TypeVar("T")
#: Sets that a test adds to those that it was given, and where their sound ends.
REFERENCE = "hidden reference"
ANCHORS_HZ = {"anchor 3.5 kHz": 3500.0, "anchor 7 kHz": 7000.0}
DRY = "dry"


@dataclass(frozen=True)
class Stimulus:
    """One clip as it is heard.

    Attributes
    ----------
    id : str
        What the page and the results call it.
    set : str
    song : str
    clips : tuple of Clip
        What sounds: one file, or dry stems together.
    low_pass_hz : float
        Where its sound ends; 0 leaves it.
    label : str
        What listeners see: of references alone.
    level_of : str
        Id of the stimulus whose gain it takes, where its own loudness does not count.
    repeats : str
        Id of what is heard here once more.
    """

    id: str
    set: str
    song: str
    clips: tuple[Clip, ...]
    low_pass_hz: float = 0.0
    label: str = ""
    level_of: str = ""
    repeats: str = ""


@dataclass(frozen=True)
class Trial:
    """What is heard and rated at a time.

    Attributes
    ----------
    id : str
    block : int
        0 for practice, then 1, 2 ...
    stimuli, references : tuple of Stimulus
        What is rated, and what it is compared with.
    repeats : str
        Id of the trial that comes once more here.
    """

    id: str
    block: int
    stimuli: tuple[Stimulus, ...]
    references: tuple[Stimulus, ...] = ()
    repeats: str = ""


@dataclass(frozen=True)
class Plan:
    """A test before it sounds: its sets, of which `real` may be one, and its trials, practice first."""

    sets: tuple[str, ...]
    real: str
    trials: tuple[Trial, ...] = field(default=())

    @property
    def stimuli(self) -> list[Stimulus]:
        """All that sounds, once each, in the order of ids, which tells nothing."""
        found = {one.id: one for trial in self.trials for one in (*trial.stimuli, *trial.references)}
        return [found[id] for id in sorted(found)]


def plan_test(
    sets: Mapping[str, Sequence[Clip]], real: str, dry: Sequence[Clip], form: Form, config: ListenConfig, seed: int
) -> Plan:
    """Draw a test.

    Parameters
    ----------
    sets : mapping of str to sequence of Clip
    real : str
        Which of the sets is real; empty for none.
    dry : sequence of Clip
        Dry stems, for forms with several clips of a song.
    form : Form
    config : ListenConfig
    seed : int

    Raises
    ------
    ConfigError
        There are too few clips for the form.
    """
    draw = _Draw(seed)
    spare: list[Trial] = []
    if form.heard == "one":
        main, spare = _single(sets, real, form, config, draw)
    elif form.heard == "pair":
        main = _pairs(sets, draw)
    else:
        main = _together(sets, real, dry, form, draw)
    if form.heard != "one" and config.clips:
        main = main[: config.clips]
    practice = form.practice if config.practice is None else config.practice
    # Practice takes what is left over; where nothing is, clips of the test under other ids.
    again = [_again(trial, "practice", draw) for trial in draw.shuffled(main, "practice")[:practice]]
    warm_up = [replace(trial, block=0, repeats="") for trial in [*spare, *again][:practice]]
    repeats = form.repeats if config.heard_twice is None else config.heard_twice
    last = max(trial.block for trial in main)
    # In the last block, as far from the first hearing as can be.
    twice = [replace(_again(t, "repeat", draw), block=last) for t in draw.shuffled(main, "repeats")[:repeats]]
    return Plan(tuple(sets), real, (*warm_up, *main, *twice))


class _Draw:
    """Everything that is drawn: orders and ids, by the seed and by names."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def id(self, *parts: str) -> str:
        text = "\0".join([str(self.seed), *parts]).encode("utf-8", "surrogateescape")
        return hashlib.blake2b(text, digest_size=5).hexdigest()

    def shuffled(self, items: Sequence[Trial], what: str) -> list[Trial]:
        return sorted(items, key=lambda trial: item_seed(self.seed, what, trial.id))

    def clips(self, clips: Sequence[Clip], place: str) -> list[Clip]:
        return sorted(clips, key=lambda clip: item_seed(self.seed, place, clip.name))


def _again(trial: Trial, why: str, draw: _Draw) -> Trial:
    """Return a trial under other ids, which say what it repeats."""
    names = {one.id: draw.id(why, one.id) for one in (*trial.stimuli, *trial.references)}
    stimuli, references = (
        tuple(replace(o, id=names[o.id], repeats=o.id, level_of=names.get(o.level_of, "")) for o in group)
        for group in (trial.stimuli, trial.references)
    )
    return Trial(draw.id(why, trial.id), trial.block, _by_id(stimuli), references, trial.id)


def _by_id(stimuli: Iterable[Stimulus]) -> tuple[Stimulus, ...]:
    return tuple(sorted(stimuli, key=lambda one: one.id))


def _single(
    sets: Mapping[str, Sequence[Clip]], real: str, form: Form, config: ListenConfig, draw: _Draw
) -> tuple[list[Trial], list[Trial]]:
    """Return the trials of one clip each, and those that are left over."""
    chosen, left = dict[str, list[Trial]](), dict[str, list[Trial]]()
    for name, clips in sets.items():
        order = draw.clips(clips, name)
        if config.one_per_song:
            order = list({clip.song: clip for clip in reversed(order)}.values())[::-1]
        trials = [_one(clip, name, draw) for clip in order]
        count = min(config.clips or len(trials), len(trials))
        chosen[name], left[name] = trials[:count], trials[count:]
    main = _blocks(chosen, real, form, config, draw)
    used = {trial.id for trial in main}
    # Real clips first: they say what is meant by good.
    names = sorted(chosen, key=lambda name: name != real)
    spare = [[trial for trial in (*chosen[name], *left[name]) if trial.id not in used] for name in names]
    return main, [trial for round in itertools.zip_longest(*spare) for trial in round if trial]


def _one(clip: Clip, name: str, draw: _Draw) -> Trial:
    id = draw.id("clip", name, clip.name, clip.path.suffix)
    return Trial(draw.id("trial", id), 1, (Stimulus(id, name, clip.song, (clip,)),))


def _blocks(chosen: Mapping[str, list[Trial]], real: str, form: Form, config: ListenConfig, draw: _Draw) -> list[Trial]:
    """Return the trials with their blocks: each has its share of every set, and its originals."""
    size = form.per_block if config.per_block is None else config.per_block
    originals = form.originals if config.originals is None else config.originals
    if not size:
        return [trial for trials in chosen.values() for trial in trials]
    if originals and not real:
        raise ConfigError(f"blocks of {size} hold {originals} real clips: name them with --real, or --originals 0")
    if originals >= size:
        raise ConfigError(f"--originals {originals} of {size} leaves no room for generated clips")
    if originals:
        pools = [
            (chosen[real], originals),
            (_dealt([trials for name, trials in chosen.items() if name != real]), size - originals),
        ]
    else:
        pools = [(_dealt(list(chosen.values())), size)]
    count = min(len(pool) // share for pool, share in pools)
    if not count:
        there = ", ".join(f"{len(trials)} {name}" for name, trials in chosen.items())
        raise ConfigError(f"a block takes {size} clips, {originals} of them real; there are {there}")
    return [
        replace(trial, block=block + 1)
        for block in range(count)
        for pool, share in pools
        for trial in pool[block * share : (block + 1) * share]
    ]


def _dealt(sets: Sequence[Sequence[T]]) -> list[T]:
    """Return the items of several lists so that any stretch holds about its share of each."""
    placed = [((n + 0.5) / len(items), which, item) for which, items in enumerate(sets) for n, item in enumerate(items)]
    return [item for *_, item in sorted(placed, key=lambda one: one[:2])]


def _pairs(sets: Mapping[str, Sequence[Clip]], draw: _Draw) -> list[Trial]:
    """Return each two sets' clips of a song side by side; of any song, where two sets share none."""
    if len(sets) < 2:
        raise ConfigError("a paired comparison needs two sets")
    trials = []
    for one, two in itertools.combinations(sets, 2):
        first, second = (_by_song(sets[name], name, draw) for name in (one, two))
        songs = [(song, song) for song in first if song in second] or list(zip(first, second, strict=False))
        trials += [
            _side_by_side([(one, song, first[song]), (two, other, second[other])], "pair", draw)
            for song, other in songs
        ]
    return draw.shuffled(trials, "pairs")


def _side_by_side(clips: Sequence[tuple[str, str, Clip]], what: str, draw: _Draw) -> Trial:
    id = draw.id(what, *(f"{name}/{clip.name}" for name, _, clip in clips))
    return Trial(id, 1, _by_id(Stimulus(draw.id(id, name), name, song, (clip,)) for name, song, clip in clips))


def _by_song(clips: Sequence[Clip], name: str, draw: _Draw) -> dict[str, Clip]:
    """Return one clip of each song, drawn at random."""
    return {clip.song: clip for clip in reversed(draw.clips(clips, name))}


def _together(
    sets: Mapping[str, Sequence[Clip]], real: str, dry: Sequence[Clip], form: Form, draw: _Draw
) -> list[Trial]:
    """Return the songs that every set has, each with all its versions and its reference."""
    mushra = form.name == "mushra"
    if mushra and not real:
        raise ConfigError("the reference is missing: name its folder with --real")
    found = {name: _by_song(clips, name, draw) for name, clips in sets.items()}
    stems = defaultdict[str, list[Clip]](list)
    for clip in dry:
        stems[clip.song].append(clip)
    # Without dry stems mixes are compared with each other alone.
    songs = set.intersection(*(set(songs) for songs in found.values()), *([set(stems)] if dry else []))
    if not songs:
        there = "; ".join(f"{name}: {', '.join(sorted(songs)[:3])}" for name, songs in found.items())
        raise ConfigError(f"no song is in every set ({there}); versions of a song need equal names")
    trials = []
    for song in sorted(songs):
        versions = [(name, song, clips[song]) for name, clips in found.items() if not (mushra and name == real)]
        trial = _side_by_side(versions, f"song {song}", draw)
        if mushra:
            trial = _with_anchors(trial, real, found[real][song], draw)
        elif dry:
            trial = replace(trial, references=_dry(trial.id, song, stems[song], draw))
        trials.append(trial)
    return draw.shuffled(trials, "songs")


def _with_anchors(trial: Trial, real: str, clip: Clip, draw: _Draw) -> Trial:
    """Return a trial with the open and the hidden reference, and the low-passed anchors (BS.1534-3, 5.1)."""
    shown = Stimulus(draw.id(trial.id, "reference"), real, clip.song, (clip,), label="Reference")
    hidden = replace(shown, id=draw.id(trial.id, "hidden"), set=REFERENCE, label="", level_of=shown.id)
    anchors = [replace(hidden, id=draw.id(trial.id, name), set=name, low_pass_hz=hz) for name, hz in ANCHORS_HZ.items()]
    return replace(trial, stimuli=_by_id([*trial.stimuli, hidden, *anchors]), references=(shown,))


def _dry(trial: str, song: str, stems: Sequence[Clip], draw: _Draw) -> tuple[Stimulus, ...]:
    """Return the dry stems together and each by itself, at one gain."""
    whole = Stimulus(draw.id(trial, DRY), DRY, song, tuple(stems), label="Dry")
    if len(stems) == 1:
        return (whole,)
    single = [
        replace(whole, id=draw.id(trial, DRY, stem.name), clips=(stem,), label=f"Dry: {stem.role}", level_of=whole.id)
        for stem in stems
    ]
    return (whole, *single)
