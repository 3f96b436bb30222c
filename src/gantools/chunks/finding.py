"""Files in folders: the one way in which every verb looks for its inputs."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gantools.files.manifest import NAME as MANIFEST
from gantools.files.manifest import Manifest

#: Endings of sound, pictures with sound among them, of which a verb reads some; the others are passed over, and said.
SOUND_ENDINGS = frozenset(
    ".wav .wave .flac .ogg .oga .mp3 .aif .aiff .aifc .opus .w64 .rf64 .bwf .caf .au .snd .m4a .m4b .m4r .aac .alac "
    ".mp4 .mpa .mp2 .wma .asf .wv .ape .tta .tak .shn .mpc .ofr .dsf .dff .ac3 .eac3 .dts .amr .3gp .webm .mka .mkv "
    ".mov .m4v .avi .ra .rm .spx .voc .sd2 .rx2 .rex .8svx .iff .mid .midi .kar .rmi".split()
)
_HIDDEN = re.compile(r"^\.(?!\.)")
#: A file or folder that is being written, see `gantools.files.atomic`; of a name with leading dots it has those dots.
_TEMPORARY = re.compile(r"^\..*\.\d+-[0-9a-f]{8}\.tmp$", re.DOTALL)
#: A folder is one by device and inode, whatever leads to it.
Identity = tuple[int, int]


_NAMED = 3
#: Why something is passed over: of one, and of several.
Reason = tuple[str, str]
HIDDEN: Reason = ("hidden file", "hidden files")
UNREAD: Reason = ("file of a kind that is not read here", "files of kinds that are not read here")
NOWHERE: Reason = ("link that leads nowhere", "links that lead nowhere")
BACK: Reason = ("link to what is there already", "links to what is there already")
NO_FILE: Reason = ("pipe or device", "pipes or devices")
BESIDE: Reason = ("file that gantools put beside its results", "files that gantools put beside its results")
TWICE: Reason = ("file given twice, done once", "files given twice, done once")


@dataclass
class Passed:
    """What was passed over while looking for files, by reason, to be said once.

    Attributes
    ----------
    counts : dict of Reason to list of str
        Reason -> the paths.
    unreadable : list of (Path, str, str)
        Folders that cannot be listed: the folder, its place below the input folder, and why.
    """

    counts: dict[Reason, list[str]] = field(default_factory=dict)
    unreadable: list[tuple[Path, str, str]] = field(default_factory=list)

    def add(self, reason: Reason, path: str | Path) -> None:
        """Count one that is passed over."""
        self.counts.setdefault(reason, []).append(str(path))

    def text(self) -> str:
        """Return one line that says what was passed over, or nothing."""
        parts = []
        for reason, paths in sorted(self.counts.items()):
            names = ", ".join(os.path.basename(path) for path in paths[:_NAMED])
            more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
            parts.append(f"{len(paths)} {reason[len(paths) > 1]} ({names}{more})")
        return "passed over: " + "; ".join(parts) if parts else ""


def find_files(
    folder: str | Path,
    suffixes: Sequence[str],
    passed: Passed | None = None,
    *,
    output: str | Path | None = None,
    results_only: bool = False,
) -> Iterator[tuple[Path, str]]:
    """Yield the files of a folder and of all below it, as (path, folder below `folder` with ``/``), in sorted order.

    Links to files and to folders are followed. What is reached twice is taken once: in its own place, or by the first
    link to it, so that a link which leads back ends. Hidden files and folders are passed over (one dot before the name;
    names that begin with an ellipsis are none), as are pipes, devices and links that lead nowhere.

    Parameters
    ----------
    folder : str or Path
    suffixes : sequence of str
        Endings to look for, in lower case.
    passed : Passed, optional
        Takes note of what is passed over.
    output : str or Path, optional
        The folder that is written to: no file of it is found, wherever it lies.
    results_only : bool
        Leave out what a manifest says was put beside the results of gantools: mixes, the clip of a page.
    """
    passed = Passed() if passed is None else passed
    yield from _Walk(Path(folder), tuple(suffixes), passed, Path(output) if output else None, results_only).files()


def is_hidden(name: str) -> bool:
    """Tell whether a name is hidden: a dot before it, as in ``.DS_Store``; ``...Baby`` is a name."""
    return bool(_HIDDEN.match(name) or _TEMPORARY.match(name))


def same_folder(first: str | Path, second: str | Path) -> bool:
    """Tell whether two paths lead to one folder."""
    one = _identity(first)
    return one is not None and one == _identity(second)


def _identity(path: str | Path) -> Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _inside(path: str | Path, folder: Identity) -> bool:
    real = Path(os.path.realpath(path))
    return any(_identity(place) == folder for place in (real, *real.parents))


def _beside(folder: str | Path) -> set[str]:
    """Return the files that the manifest of a folder names, but not as results."""
    real, found = os.path.realpath(folder), set[str]()
    for record in Manifest(folder).records.values():
        # What no input became, such as a page over all results and the clip that it plays, is no result.
        beside = record.get("beside") if record.get("inputs") else record.get("outputs")
        found |= {os.path.join(real, str(name)) for name in beside or ()}
    return found


class _Walk:
    """One search: the folders that were seen, and the files that links led to."""

    def __init__(
        self, top: Path, suffixes: tuple[str, ...], passed: Passed, output: Path | None, results_only: bool
    ) -> None:
        self.top, self.suffixes, self.passed, self.results_only = top, suffixes, passed, results_only
        self.output = _identity(output) if output else None
        # Where all of the input lies in the output folder (-o .), a link into it leads to no output.
        self.guarded = None if self.output is None or _inside(top, self.output) else self.output
        # What has a place of its own in the tree counts there, and not where a link leads to it.
        self.placed: set[Identity] = set()
        self.seen: set[Identity] = set()
        self.linked: set[Identity] = set()
        self.beside: set[str] = set()

    def files(self) -> Iterator[tuple[Path, str]]:
        self._place(str(self.top))
        if self.results_only:
            # The input may lie below an output folder, whose manifest names files by their path from there.
            for parent in Path(os.path.realpath(self.top)).parents:
                if (parent / MANIFEST).is_file():
                    self.beside |= _beside(parent)
        found, folders = list[tuple[Path, str]](), [(str(self.top), "")]
        while folders:
            folder, rel = folders.pop()
            below = [f"{rel}/{name}" if rel else name for name in self._look(folder, rel, found)]
            # A stack, filled backwards: folders come in sorted order, so that the first link to a place is taken.
            folders += [(os.path.join(folder, os.path.basename(place)), place) for place in reversed(below)]
        yield from sorted(found, key=lambda pair: (pair[1], pair[0].name))

    def _place(self, top: str) -> None:
        """Take note of all that lies in the tree without any link."""
        folders = [top]
        while folders:
            folder = folders.pop()
            identity = _identity(folder)
            if identity is None or identity == self.guarded:
                continue
            self.placed.add(identity)
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_symlink() or is_hidden(entry.name):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        elif entry.name.lower().endswith(self.suffixes):
                            own = entry.stat(follow_symlinks=False)
                            self.placed.add((own.st_dev, own.st_ino))
            except OSError:
                continue  # said when its turn comes

    def _look(self, folder: str, rel: str, found: list[tuple[Path, str]]) -> list[str]:
        """Add the files of one folder to `found` and return the names of the folders in it."""
        try:
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            self.passed.unreadable.append((Path(folder), rel, error.strerror or str(error)))
            return []
        if self.results_only and any(entry.name == MANIFEST for entry in entries):
            self.beside |= _beside(folder)
        folders = []
        for entry in entries:
            wanted = entry.name.lower().endswith(self.suffixes)
            if is_hidden(entry.name):
                # What is being written is hidden too, but is nobody's input and needs no notice.
                if wanted and not _TEMPORARY.match(entry.name):
                    self.passed.add(HIDDEN, entry.path)
                continue
            try:
                status = os.stat(entry.path)
            except OSError:
                if wanted or entry.is_symlink():
                    self.passed.add(NOWHERE, entry.path)
                continue
            identity, folder_there = (status.st_dev, status.st_ino), stat.S_ISDIR(status.st_mode)
            # The output folder is never an input, however it is reached.
            if self._is_output(entry, identity) or not (folder_there or self._is_wanted(entry, status.st_mode, wanted)):
                continue
            if self._again(entry, identity, folder=folder_there):
                continue
            if folder_there:
                folders.append(entry.name)
            else:
                found.append((Path(entry.path), rel))
        return folders

    def _is_wanted(self, entry: os.DirEntry[str], mode: int, wanted: bool) -> bool:
        if not wanted:
            ending = os.path.splitext(entry.name)[1].lower()
            # Who looks for mel files knows that there is sound beside them.
            if ending in SOUND_ENDINGS and any(suffix in SOUND_ENDINGS for suffix in self.suffixes):
                self.passed.add(UNREAD, entry.path)
        elif not stat.S_ISREG(mode):
            self.passed.add(NO_FILE, entry.path)
        elif self.beside and os.path.realpath(entry.path) in self.beside:
            self.passed.add(BESIDE, entry.path)
        else:
            return True
        return False

    def _is_output(self, entry: os.DirEntry[str], identity: Identity) -> bool:
        """Tell whether this is the output folder, or a link to something in it."""
        if identity == self.output:
            return True
        return self.guarded is not None and entry.is_symlink() and _inside(entry.path, self.guarded)

    def _again(self, entry: os.DirEntry[str], identity: Identity, *, folder: bool) -> bool:
        link = entry.is_symlink()
        # Two names of one file (hard links) are two files, but not where a link has led to it already.
        if (link and identity in self.placed) or identity in (self.seen if link or folder else self.linked):
            self.passed.add(BACK, entry.path)
            return True
        self.seen.add(identity)
        if link:
            self.linked.add(identity)
        return False
