"""Separated songs beside their true stems: pairs by song and role, the figures of each stem, their means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import AudioReader, read_audio
from gantools.audio.resample import resample
from gantools.chunks.multitrack import WHOLE, Multitrack, StemFile, group_stems
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.separation.baselines import baselines as baselines_of
from gantools.metrics.separation.ratios import mean_over_stems, score_stems
from gantools.report.clip import Clip

#: What is averaged of `StemScore`.
FIGURES = ("sdr_db", "si_sdr_db", "chunk_sdr_db")
#: Method ("" is the one that is measured) -> role -> fields of `StemScore`.
SongScores = dict[str, dict[str, dict[str, Any]]]
_Files = dict[str, tuple[Path, ...]]


@dataclass(frozen=True)
class SeparatedSong:
    """A song in stems, as separated and as they are: role -> files that sound together."""

    name: str
    separated: _Files
    true: _Files


def pair_stems(separated: Sequence[Clip], true: Sequence[Clip]) -> list[SeparatedSong]:
    """Pair separated stems with the true ones of the same song and role.

    True instruments that the separator does not know are part of its ``other``, where it has one.

    Raises
    ------
    InputError
        No stem has its counterpart.
    """
    truths = {track.song: track for track in _songs(true)}
    songs = []
    for track in _songs(separated):
        known = truths.get(track.song, Multitrack(track.song)).within(list(track.stems)).stems
        roles = [role for role in track.stems if role in known and role not in WHOLE]
        if roles:
            songs.append(
                SeparatedSong(
                    track.song, {role: track.stems[role] for role in roles}, {role: known[role] for role in roles}
                )
            )
    if not songs:
        names = ", ".join(sorted(truths)[:3])
        raise InputError(f"no separated stem has a true one of its song and role; the songs are {names} ...")
    return songs


def _songs(clips: Iterable[Clip]) -> list[Multitrack]:
    return group_stems([StemFile(clip.path, clip.role, clip.song, clip.part) for clip in clips])


def score_song(song: SeparatedSong, baselines: bool = False) -> SongScores:
    """Return the figures of a song's stems, and those of the baselines.

    Separated stems are brought to the rate and length of the true ones: what is missing counts as error.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    with AudioReader(next(iter(song.true.values()))[0]) as reader:
        rate_hz = reader.rate_hz
    true = _waves(song.true, rate_hz)
    length = next(iter(true.values())).shape[1]
    separated = _waves(song.separated, rate_hz, length)
    scores = {"": score_stems(true, separated, rate_hz)}
    if baselines:
        for name, make in baselines_of(true, rate_hz).items():
            made = make()
            scores[name] = score_stems({role: true[role] for role in true if role in made}, made, rate_hz)
    return {name: {role: asdict(score) for role, score in roles.items()} for name, roles in scores.items()}


def _waves(stems: _Files, rate_hz: int, length: int = 0) -> dict[str, np.ndarray]:
    """Return the stems at a rate as float32 (2, n), all as long as the longest or as asked."""
    waves = {role: [_stereo(path, rate_hz) for path in paths] for role, paths in stems.items()}
    length = length or max(part.shape[1] for parts in waves.values() for part in parts)
    made = {role: np.zeros((2, length), np.float32) for role in waves}
    for role, parts in waves.items():
        for part in parts:
            made[role][:, : part.shape[1]] += part[:, :length]
    return made


def _stereo(path: Path, rate_hz: int) -> np.ndarray:
    wave, own_hz = read_audio(path)
    if len(wave) > 2:
        raise InputError(f"has {len(wave)} channels; give mono or stereo stems", path)
    wave = resample(wave, own_hz, rate_hz)
    return np.repeat(wave, 2, axis=0) if len(wave) == 1 else wave


def compare_separation(songs: Sequence[SeparatedSong], baselines: bool, conditions: Conditions) -> Result:
    """Measure separated songs against their true stems.

    Parameters
    ----------
    songs : sequence of SeparatedSong
    baselines : bool
        Measure also what `gantools.metrics.separation.baselines` makes of the mixes of the true stems.
    conditions : Conditions
        A song that fails is told as one of its files.

    Returns
    -------
    dict
        ``sdr_db``, ``si_sdr_db`` and ``chunk_sdr_db``, means over all stems of all songs; the same for each role under
        ``stems``; for each baseline under ``baselines``; ``rows``, one for each stem of each song; ``n`` songs,
        ``silent`` stems, whose truth is silent and which have no ratio.

    Raises
    ------
    InputError
        No song could be measured.
    """
    found: dict[str, SongScores] = {}
    for song in songs:
        files = [path for stems in (song.separated, song.true) for paths in stems.values() for path in paths]
        try:
            # What is kept says whether it has the baselines, as the next run may ask for them.
            make, part = partial(score_song, song, baselines), f"{song.name} {baselines}"
            found[song.name] = conditions.keep(make, *files, part=part)
        except InputError as error:
            conditions.failed(Path(error.path) if error.path else files[0], error)
        conditions.tick()
    if not found:
        raise InputError("no song could be measured")
    own = [(name, role, score) for name, scores in found.items() for role, score in scores[""].items()]
    methods = list(dict.fromkeys(method for scores in found.values() for method in scores if method))
    return {
        **_means(score for _, _, score in own),
        "stems": {
            role: _means(score for _, other, score in own if other == role)
            for role in dict.fromkeys(role for _, role, _ in own)
        },
        "baselines": {
            method: _means(score for scores in found.values() for score in scores[method].values())
            for method in methods
        },
        "n": len(found),
        "silent": sum(score["sdr_db"] is None for _, _, score in own),
        "rows": [{"file": f"{name}/{role}", **score} for name, role, score in own],
    }


def _means(scores: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the mean of each figure over the stems that have it."""
    listed = list(scores)
    return {name: mean_over_stems({str(i): score[name] for i, score in enumerate(listed)}) for name in FIGURES}
