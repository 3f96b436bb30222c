"""Inputs: files, folders, or a list on standard input (lines, NUL-separated names, or another verb's records)."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

from gantools.audio.config import MIDI_INSTEAD
from gantools.chunks.finding import NO_FILE, UNREAD, Passed, find_files, same_folder
from gantools.chunks.item import Item
from gantools.chunks.roles import AUDIO_SUFFIXES as AUDIO_SUFFIXES
from gantools.chunks.roles import Named, RoleMap, parse_map, read_folder, read_name
from gantools.cli.distinct import distinct, once
from gantools.cli.flags import Run
from gantools.cli.lists import PLAYLISTS, Listed, read_playlist, read_stdin
from gantools.cli.records import collecting, emit, say
from gantools.errors import ConfigError
from gantools.files.manifest import Manifest
from gantools.files.members import SUFFIX, has_parts, holder, with_parts
from gantools.runtime.seeds import item_seed
from gantools.symbolic.endings import MIDI_SUFFIXES

MEL_SUFFIXES = (".mel.safetensors",)
LATENT_SUFFIXES = (".latents.safetensors",)
ANSWER_SUFFIXES = (".json", ".csv")
JOURNAL_SUFFIXES = ("metrics.jsonl",)
#: Kinds of files, by the word that a message has for them -> their endings.
KINDS = {
    "audio": AUDIO_SUFFIXES,
    "mel": MEL_SUFFIXES,
    "latents": LATENT_SUFFIXES,
    "MIDI": MIDI_SUFFIXES,
    "answers": ANSWER_SUFFIXES,
    "journal": JOURNAL_SUFFIXES,
}


def kind_of(path: PurePath) -> str:
    """Return the kind of a file by its ending, one of `KINDS`; empty for an ending that tells none."""
    return next((kind for kind, endings in KINDS.items() if path.name.lower().endswith(endings)), "")


def gather(arguments: Sequence[str] | None, suffixes: Sequence[str], run: Run) -> list[Item]:
    """Return the items named on the command line or on standard input; see `gather_sets`."""
    return gather_sets([arguments], suffixes, run)[0]


def gather_sets(
    sets: Sequence[Sequence[str] | None],
    suffixes: Sequence[str],
    run: Run,
    *,
    passed: Passed | None = None,
    results_only: bool = False,
) -> list[list[Item]]:
    """Return the items of each set of arguments; no two of a set are one file, or have one key.

    What was passed over is said once for all of them, as are names that tell no part of a song among others that do.
    A folder that cannot be read is said, and makes the exit code 1; the rest is taken.

    Parameters
    ----------
    sets : sequence of (sequence of str or None)
        Files, folders (searched for `suffixes`, recursively, in sorted order), playlists, or ``-``.
        None and a pipe on standard input mean ``-``.
    suffixes : sequence of str
    run : Run
    passed : Passed, optional
        Collects what is passed over.
    results_only : bool
        See `gantools.chunks.finding.find_files`.

    Raises
    ------
    ConfigError
        No input at all, one that does not exist, or the output folder as input: nothing starts.
    """
    passed = Passed() if passed is None else passed
    search = _Search(tuple(suffixes), run, passed, results_only)
    found = [search.items(arguments) for arguments in sets]
    # A folder that cannot be read must not look like one without files: it counts as a failure.
    for folder, rel, reason in passed.unreadable:
        say(run, f"{folder}: cannot be read ({reason}); left out", error=True)
        run.missed.append(str(folder))
        emit(
            run,
            {
                "action": run.verb,
                "status": "error",
                "path": None,
                "source": str(folder),
                "rel": rel,
                "error": f"cannot be read ({reason})",
            },
        )
    if text := passed.text():
        say(run, text)
    # A set without files is an error here and not in the work; only a pipe into an old output folder may be empty.
    for arguments, items in zip(sets, found, strict=True):
        if not items and not search.may_be_empty(arguments):
            where = ", ".join("standard input" if a == "-" else a for a in arguments or ["-"])
            wanted = {kind_of(Path(suffix)) for suffix in suffixes}
            other = sorted({kind_of(Path(path)) for path in passed.counts.get(UNREAD, ())} - {"", *wanted})
            if other == ["MIDI"]:
                raise ConfigError(f"no input in {where}; what is there is {MIDI_INSTEAD}")
            there = f"; what is there is {' and '.join(other)}" if other else ""
            raise ConfigError(f"no input in {where}{there}; looked for {', '.join(suffixes)}")
    if run.map is not None:
        _say_unknown([item for items in found for item in items], run)
    # Parts are cut from names that are distinct already: else a file's name would depend on its part.
    found = [part(items, run) for items in found]
    return [items[: run.limit] if run.limit else items for items in found]


def part(items: Sequence[Item], run: Run) -> list[Item]:
    """Return the items of part I of N (``--shard I/N``). A hash decides, so that adding a file moves no other."""
    index, count = run.shard
    return [item for item in items if item_seed(0, item.key) % count == index - 1]


class _Search:
    """The search for the inputs of one run."""

    def __init__(self, suffixes: tuple[str, ...], run: Run, passed: Passed, results_only: bool) -> None:
        self.suffixes, self.run, self.passed, self.results_only = suffixes, run, passed, results_only
        self.more: RoleMap = parse_map(run.map or "")

    def items(self, arguments: Sequence[str] | None) -> list[Item]:
        """Return the items of some arguments."""
        arguments = list(arguments or [])
        # The standard input of a caller in Python is its own.
        if not arguments and not collecting() and not sys.stdin.isatty():
            arguments = ["-"]
        if not arguments:
            raise ConfigError("no input; name files or folders, or - for a list on stdin")
        items: list[Item] = []
        for argument in arguments:
            if argument == "-":
                items += self._listed(read_stdin(null=self.run.null))
            elif os.path.isdir(argument):
                items += self._folder(argument)
            # A link that leads nowhere is an input, which fails by itself; what is not there at all is a mistake.
            elif not os.path.lexists(holder(argument)):
                raise ConfigError("no such file or folder", argument)
            elif os.path.exists(argument) and not os.path.isfile(argument):
                raise ConfigError("is a pipe or device; name a file", argument)
            elif argument.lower().endswith(PLAYLISTS):
                items += self._listed(read_playlist(Path(argument)))
            else:
                items += self._items(Listed(argument), "")
        return distinct(self._numbered(once(items, self.passed)), self._holders())

    def may_be_empty(self, arguments: Sequence[str] | None) -> bool:
        """Tell whether no input is no mistake: a pipe that had nothing new to say."""
        out = self.run.out
        return (not arguments or "-" in arguments) and out is not None and (out / "manifest.jsonl").exists()

    def _folder(self, folder: str) -> Iterator[Item]:
        if self.run.out is not None and same_folder(folder, self.run.out):
            raise ConfigError("is the output folder; an output folder is never an input, name another with -o", folder)
        for path, rel in find_files(
            folder, self.suffixes, self.passed, output=self.run.out, results_only=self.results_only
        ):
            yield from self._items(Listed(str(path)), rel)

    def _listed(self, entries: Sequence[Listed]) -> Iterator[Item]:
        # A relative name keeps its folders, as `cp --parents` does; absolute ones count from their common folder.
        names = [PurePosixPath(entry.name) for entry in entries]
        outside = [str(p.parent) for p in names if p.is_absolute() or ".." in p.parts]
        common = os.path.commonpath([os.path.abspath(p) for p in outside]) if outside else ""
        for entry, name in zip(entries, names, strict=True):
            if entry.rel is not None:
                yield from self._items(entry, entry.rel)
            elif os.path.isdir(entry.name):
                yield from self._folder(entry.name)
            elif os.path.exists(entry.name) and not os.path.isfile(entry.name):
                self.passed.add(NO_FILE, entry.name)
            elif name.is_absolute() or ".." in name.parts:
                rel = os.path.relpath(os.path.abspath(name.parent), common)
                yield from self._items(entry, "" if rel == "." else rel)
            else:
                yield from self._items(entry, "" if str(name.parent) == "." else str(name.parent))

    def _items(self, entry: Listed, rel: str) -> Iterator[Item]:
        # Where roles are read, the parts of a song in one file count; elsewhere the file is the song.
        if self.run.map is None or not has_parts(entry.name):
            yield self._item(entry, rel)
            return
        for path, folder in with_parts(Path(entry.name), rel):
            yield self._item(replace(entry, name=str(path), role="", song=""), folder)

    def _item(self, entry: Listed, rel: str) -> Item:
        # The longest ending first: that of x.mel.safetensors is .mel.safetensors as a whole.
        path, suffixes = Path(entry.name), sorted((*self.suffixes, SUFFIX), key=len, reverse=True)
        ending = next((s for s in suffixes if path.name.lower().endswith(s)), path.suffix)
        stem = path.name[: len(path.name) - len(ending)] or path.name  # ".wav" is all name
        named = read_name(f"{rel}/{stem}" if rel else stem, self.more)
        if entry.role or entry.song:
            named = Named(entry.role or named.role, entry.song or named.song, known=True, folder=rel)
        return Item(path, rel, stem, entry.role or named.role, entry.song or named.song, named=named)

    def _numbered(self, items: Sequence[Item]) -> list[Item]:
        """Read the names of each folder together: its numbers, its own mix, the song that it is."""
        numbered = {id(item): item for item in items}
        for neighbours in _by_folder(items):
            folder = neighbours[0].path.absolute().parent.name
            together = read_folder([item.named for item in neighbours], folder)
            for item, named in zip(neighbours, together, strict=True):
                if named is not item.named:
                    numbered[id(item)] = replace(item, named=named, song=named.song)
        return [numbered[id(item)] for item in items]

    def _holders(self) -> dict[str, str]:
        if self.run.out is None or not self.run.out.is_dir():
            return {}
        records = Manifest(self.run.out).records.values()
        return {str(r["item"]): os.path.abspath(str(r["source"])) for r in records if "item" in r and "source" in r}


def _by_folder(items: Iterable[Item]) -> Iterator[list[Item]]:
    folders: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        folders[str(item.path.parent), item.rel].append(item)
    yield from folders.values()


def _say_unknown(items: Sequence[Item], run: Run) -> None:
    """Name the files that say no part in a folder whose other files are parts of one song."""
    unknown = []
    for neighbours in _by_folder(items):
        songs = [item.song for item in neighbours if item.named.known and item.named.folder == item.song]
        if len(songs) > 1 and len(set(songs)) == 1:
            unknown += [item for item in neighbours if not item.named.known]
    if unknown:
        names = ", ".join(str(item.path) for item in unknown[:_NAMED])
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        say(
            run,
            f"no part that is known by name, taken as mixes: {names}{more}; say what they are, such as "
            f"--map '{unknown[0].stem}=drums'",
        )


_NAMED = 3
