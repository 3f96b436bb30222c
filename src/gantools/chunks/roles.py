"""Which part of which song a file holds, read from its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from gantools.chunks.role_words import (
    AFTER,
    ALONE,
    ANYWHERE,
    APART,
    BEFORE,
    CAPITALS,
    NO_CHANNEL,
    ONLY,
    ROLE_WORDS,
    SMALL,
    RoleWord,
)
from gantools.errors import ConfigError

#: File name endings of audio, looked for in folders. Files named one by one may end as they like.
AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus", ".w64", ".caf", ".au"),
    *(".m4a", ".aac", ".wma", ".wv", ".mp2", ".ac3", ".eac3", ".tta", ".mpc"),
    *(".wave", ".bwf", ".rf64", ".aifc", ".snd", ".oga", ".mka", ".m4b", ".mpga"),
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ogv", ".3gp", ".mpg"),
)

#: What the names of `parse_map` say, beside the words that are known anyway.
RoleMap = Mapping[tuple[str, ...], RoleWord]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_TRIM = " \t._-\u2013()[]{}"
_KNOWN = AFTER.union(*ROLE_WORDS)
_SPACE, _LINE, _WALL = 0, 1, 2
_MOST_WORDS = 4
#: A longer number is that of a song or a tempo, not that of a track.
_TRACK_DIGITS = 2


@dataclass(frozen=True)
class Named:
    """What a name says.

    Attributes
    ----------
    role : str
        ``mix`` where the name says none.
    song : str
        What remains of the path without the role.
    part : str
        The words that name the channel: ``kick in``; two files of one role and different parts sound together.
    known : bool
        Whether the name says a role.
    channel : bool
        Whether it names one channel of a part rather than the part.
    number : str
        The number that alone remains of the name: that of a song (``130_drums``) or of a track (``02_Bass``).
    folder : str
        The path of its folders, less one that only repeats the role.
    bare : str
        The name without its ending.
    """

    role: str
    song: str
    part: str = ""
    known: bool = False
    channel: bool = False
    number: str = ""
    folder: str = ""
    bare: str = ""

    @property
    def here(self) -> str:
        """The song where nothing of the name but the part is left: the folder, or else the part itself."""
        return self.folder or self.bare


@dataclass(frozen=True)
class _Run:
    """Words that belong together: a role's name with what tells its channels apart, a number, or a word of a title."""

    start: int
    stop: int
    word: RoleWord | None
    kind: str  # role, about, number, copy, title
    text: str
    before: int  # what separates it from the word before


def parse_map(text: str) -> RoleMap:
    """Return what ``--map kick=drums,lead synth=vocals`` says.

    Raises
    ------
    ConfigError
        The text is no list of name=role.
    """
    table = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, sign, role = (part.strip() for part in entry.partition("="))
        words = tuple(word.lower() for word in _WORD.findall(name))
        if not (sign and words and re.fullmatch(r"[^\W_][\w-]*", role)) or len(words) > _MOST_WORDS:
            raise ConfigError(f"--map {entry!r}: write NAME=ROLE, such as kick=drums, with commas between")
        table[words] = RoleWord(role.lower())
    return table


def role_and_song(rel: str, more: RoleMap | None = None) -> tuple[str, str]:
    """Return (role, song) of a file from its path; see `read_name`."""
    named = read_name(rel, more)
    return named.role, named.song


def read_name(rel: str, more: RoleMap | None = None) -> Named:
    """Return which part of which song a file holds, from its path.

    The last name of a part in the file name wins (``new_bass``, ``song1.bass``, ``01_Kick``, ``BassDI``); else the
    nearest folder whose whole name is one (``bass/song1``). What remains of the path without it is the song. A part's
    name counts where it stands by itself or ends the name, not inside a title: ``Drum Ripper`` and ``Piano Man`` are
    songs. A file that names no part is a mix, and its song is its path without ending.

    Parameters
    ----------
    rel : str
        Path below the input folder, with ``/``, with or without the ending of audio or mel files.
    more : mapping, optional
        Further names, see `parse_map`; they go before the known ones.
    """
    path = PurePosixPath(rel)
    stem, folders = _without_ending(path.name), list(path.parts[:-1])
    runs = _runs(stem, more or {})
    chosen = _parts(runs)
    if len({run.word for run in chosen}) > 1 and re.search(r"[&+]", stem):
        chosen = []  # Drums+Bass are neither
    if chosen:
        last = next((run for run in reversed(chosen) if not _says_less(run, chosen)), chosen[-1])
        rest = _cut(stem, chosen)
        word = last.word or RoleWord("mix")
        while folders and _role_of_folder(folders[-1], more) == word.role:
            folders = folders[:-1]  # song/Drums/Kick
        folder = "/".join(folders)
        channel = word.channel or any(about in AFTER for about in last.text.split())
        named = Named(word.role, "", last.text, True, channel, folder=folder, bare=stem)
        # Only a number is left: that of a track (02_Kick) or of a song (130_drums). `read_folder` decides where it can
        # be both.
        if rest.isdecimal():
            track = channel and len(rest) <= _TRACK_DIGITS
            song = named.here if track else "/".join([*folders, rest])
            return replace(named, song=song, number=rest)
        return replace(named, song="/".join([*folders, rest] if rest else folders) or stem)
    for position in range(len(folders) - 1, -1, -1):
        role = _role_of_folder(folders[position], more)
        if role:
            rest_folders = folders[:position] + folders[position + 1 :]
            about = bool(runs) and all(run.kind == "about" for run in runs)  # song/vocals/lead
            song = "/".join(rest_folders if about and rest_folders else [*rest_folders, stem])
            return Named(role, song, stem.lower(), True)
    return Named("mix", "/".join([*folders, stem]), stem.lower(), folder="/".join(folders), bare=stem)


def read_folder(names: Sequence[Named], folder: str) -> list[Named]:
    """Return what the names of one folder say, seen together.

    Numbers: ``01_Kick`` beside ``02_Bass`` are two tracks of one song; ``01_bass`` beside ``01_drums`` and ``02_bass``
    are two songs. A number is a track's where a neighbour is a channel or a part without a number, or where no number
    and no part comes twice. A file without a part that is named like its folder is the mix of the parts beside it.
    Parts without any song in their path, of which there are several, are those of the song that the folder is.

    Parameters
    ----------
    names : sequence of Named
    folder : str
        Name of the folder.
    """
    names = list(names)
    numbered = [name for name in names if name.number and len(name.number) <= _TRACK_DIGITS]
    beside = any(name.known and (name.channel or not name.number) and name.song == name.here for name in names)
    numbers, parts = {name.number for name in numbered}, {name.part for name in numbered}
    once = len(numbered) > 1 and len(numbers) == len(parts) == len(numbered)
    if beside or once:
        names = [replace(name, song=name.here) if name in numbered else name for name in names]
    here = [name for name in names if name.known and name.song == name.here]
    together = bool(folder) and len({name.part for name in here}) > 1
    read = []
    for name in names:
        if together and name.known and not name.folder and name.song == name.here:
            name = replace(name, song=folder, folder=folder)
        elif together and not name.known and name.song.rpartition("/")[2] == folder:
            name = replace(name, song=name.folder or folder, known=True)
        read.append(name)
    return read


def _without_ending(name: str) -> str:
    stem = name.removesuffix(".safetensors").removesuffix(".mel")
    while (ending := PurePosixPath(stem).suffix).lower() in AUDIO_SUFFIXES:
        stem = stem.removesuffix(ending)
    return stem


def _role_of_folder(name: str, more: RoleMap | None) -> str:
    runs = _runs(name, more or {})
    roles = [run.word.role for run in runs if run.word]
    return roles[-1] if roles and all(run.kind in ("role", "about", "number") for run in runs) else ""


def _words(stem: str) -> Iterable[tuple[int, int, str, int]]:
    """Yield start, stop, text and what separates each word from the one before; KickIn and Gtr2 are two words."""
    end = 0
    for match in _WORD.finditer(stem):
        between = stem[end : match.start()]
        before = _SPACE
        if re.search(r"[.()\[\]{}]|\s[-\u2013]\s", between) or not end:
            before = _WALL
        elif re.search(r"[_\-\u2013]", between):
            before = _LINE
        end, word = match.end(), match.group()
        # Taken apart only where every piece is a known word: KickIn is two words, McCartney is one.
        pieces = [word] if _is_known(word) else _PIECE.findall(word)
        if len(pieces) < 2 or "".join(pieces) != word or not all(map(_is_known, pieces)):
            yield match.start(), match.end(), word, before
            continue
        start = match.start()
        for piece in pieces:
            yield start, start + len(piece), piece, before
            start, before = start + len(piece), _SPACE


def _is_known(word: str) -> bool:
    return word.isdecimal() or word.lower() in _KNOWN


def _runs(stem: str, more: RoleMap) -> list[_Run]:
    words = list(_words(stem))
    low = [word.lower() for _, _, word, _ in words]
    runs, index = [], 0
    while index < len(words):
        start, stop, text, before = words[index]
        # The longest phrase first: "kick drum" is one channel, and not a kick and the drums.
        for count in range(min(_MOST_WORDS, len(words) - index), 0, -1):
            phrase = tuple(low[index : index + count])
            found = more.get(phrase) or ROLE_WORDS.get(phrase)
            if found:
                if text in CAPITALS:
                    found = replace(found, apart=ANYWHERE)
                runs.append(_Run(start, words[index + count - 1][1], found, "role", " ".join(phrase), before))
                index += count
                break
        else:
            kind = "number" if text.isdecimal() else "about" if low[index] in AFTER else "title"
            if kind == "number" and stem[:start].endswith("("):
                kind = "copy"  # bass (1), as a browser names a second download
            runs.append(_Run(start, stop, None, kind, low[index], before))
            index += 1
    return runs


def _parts(runs: Sequence[_Run]) -> list[_Run]:
    """Return the runs that name a part, each with the words about it, in their order."""
    whole = all(run.kind != "title" for run in runs)
    found = []
    for place, run in enumerate(runs):
        if run.word is None:
            continue
        first, last = place, place
        # What tells channels apart (Lead Vox, Kick In 2) goes with the part and is not left in the title.
        while first and runs[first - 1].text in BEFORE and runs[first - 1].kind == "about":
            first -= 1
        while last + 1 < len(runs) and _tells_apart(runs[last + 1], run):
            last += 1
        left = runs[first].before
        right = _WALL if last + 1 == len(runs) else runs[last + 1].before
        if whole or _stands_alone(run.word, left, right, runs[first - 1].text if first else ""):
            text = " ".join(r.text for r in runs[first : last + 1] if r.text not in NO_CHANNEL and r.kind != "copy")
            found.append(replace(run, start=runs[first].start, stop=runs[last].stop, text=text))
    if not found and whole and runs and runs[0].text in ONLY:
        found = [replace(runs[0], stop=runs[-1].stop, word=RoleWord(ONLY[runs[0].text], ALONE, True))]
    return found


def _says_less(run: _Run, found: Sequence[_Run]) -> bool:
    """Tell whether this is the mix of "Drum Mix", which is no mix of a song."""
    return run.word is not None and run.word.role == "mix" and run.before == _SPACE and run is not found[0]


def _tells_apart(run: _Run, part: _Run) -> bool:
    if run.kind in ("about", "copy"):
        return True
    # A number behind the part's name is a take (Gtr 1, drums2), but drums_01 may be the drums of song 01.
    channel = part.word is not None and part.word.channel
    return run.kind == "number" and (run.before == _SPACE or channel) and len(run.text) <= _TRACK_DIGITS


def _stands_alone(word: RoleWord, left: int, right: int, previous: str) -> bool:
    # The title goes on behind the word: Drum Ripper is a song.
    if right == _SPACE:
        return False
    if left == _SPACE:
        return word.apart == ANYWHERE and previous not in SMALL
    return word.apart <= APART or (left == _WALL and right == _WALL)


def _cut(stem: str, parts: Sequence[_Run]) -> str:
    """Return the name without the parts, and without what separated them from the rest."""
    rest, end = "", 0
    for stop, following in [*((run.start, run.stop) for run in parts), (len(stem), len(stem))]:
        piece = stem[end:stop]
        if rest:
            # Of the separators around a part that is cut out, one stays between what stood before and after it.
            piece = (re.match(r"^[\s._\u2013()\[\]{}-]*", piece) or [""])[0][:1] + piece.lstrip(_TRIM)
        rest, end = (rest + piece).rstrip(_TRIM), following
    rest = rest.lstrip(" _-\u2013)]}") if not rest.startswith(".") else rest
    return rest if _WORD.search(rest) else ""
