"""Which part of which song a file holds, read from its name."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

#: File name endings of audio, looked for in folders. Files named one by one may end as they like.
AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus", ".w64", ".caf", ".au")

#: Word in a file or folder name -> role.
ROLES = {
    "bass": "bass",
    "drums": "drums",
    "drum": "drums",
    "vocals": "vocals",
    "vocal": "vocals",
    "voice": "vocals",
    "vox": "vocals",
    "other": "other",
    "others": "other",
    "accompaniment": "accompaniment",
    "instrumental": "accompaniment",
    "no_vocals": "accompaniment",
    "guitar": "guitar",
    "piano": "piano",
    "keys": "keys",
    "band": "band",
    "mix": "mix",
    "mixture": "mix",
    "mixdown": "mix",
}

_SEPARATORS = re.compile(r"[\s._()\[\]-]+")


def role_and_song(rel: str) -> tuple[str, str]:
    """Return (role, song) of a file from its path.

    The last word of the file name that is a role wins (``new_bass``, ``song1.bass``); else the nearest folder whose
    whole name is a role (``bass/song1``). What remains of the path without the role is the song. A file that names
    no role is a mix, and its song is its path without ending.

    Parameters
    ----------
    rel : str
        Path below the input folder, with or without endings.
    """
    path = PurePosixPath(rel)
    stem = path.name.removesuffix(".safetensors")
    stem = stem.removesuffix(".mel")
    stem = re.sub(r"\.[A-Za-z0-9]{2,4}$", "", stem) if _SEPARATORS.split(stem)[-1].lower() not in ROLES else stem
    folders = list(path.parts[:-1])
    words = _SEPARATORS.split(stem)
    for position in range(len(words) - 1, -1, -1):
        role = ROLES.get(words[position].lower())
        if role:
            # No role word stays in the song's name: song.bass.drums (made for song.bass) belongs to song.
            rest = "-".join(word for word in words if word and word.lower() not in ROLES)
            song = "/".join([*folders, rest] if rest else folders)
            return role, song or stem
    for position in range(len(folders) - 1, -1, -1):
        role = ROLES.get(folders[position].lower())
        if role:
            rest_folders = folders[:position] + folders[position + 1 :]
            return role, "/".join([*rest_folders, stem])
    return "mix", "/".join([*folders, stem])
