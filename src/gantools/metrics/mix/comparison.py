"""Mixes beside the songs' own: pairs by name, the differences of each song, their means and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gantools.audio.io import read_audio
from gantools.audio.resample import resample
from gantools.chunks.multitrack import WHOLE, Multitrack, StemFile, group_stems
from gantools.errors import InputError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.mix.balance import balance_differences_db
from gantools.metrics.mix.figures import differences, read_mix
from gantools.report.clip import Clip

DRAWS = 2000

#: Name of each figure -> what it is, for tables.
FIGURES = {
    "lufs": "integrated loudness, LU",
    "true_peak": "true peak, dB",
    "range": "loudness range, LU",
    "spectrum": "1/3-octave spectrum of the song, dB RMS, loudness matched",
    "spectrum_3s": "the same in segments of 3 s, mean",
    "centroid": "spectral centroid, octaves",
    "roll_off": "85 % roll-off, octaves",
    "stereo": "stereo panning spectrum, RMS in four bands, mean",
    "crest": "crest factor of frames, dB",
    "spread": "dynamic spread, dB",
    "balance": "loudness of the stems in the mix, dB, by segments",
    "balance_song": "the same, averaged over the song first",
}


def compare_song(mix: Path, reference: Path | None, stems: Mapping[str, Path]) -> dict[str, float]:
    """Return all differences between a mix and its reference.

    Parameters
    ----------
    mix : Path
    reference : Path or None
        None takes the sum of the stems.
    stems : mapping
        Role -> wet stem; without any, the figures of balance are left out.

    Raises
    ------
    InputError
        A file cannot be read, is silent, or there is no reference.
    """
    if reference is None and not stems:
        raise InputError("has no reference mix and no stems", mix)
    made, rate_hz = _stereo_wave(mix)
    parts = [_stereo_wave(path, rate_hz)[0] for path in stems.values()]
    length = max((part.shape[1] for part in parts), default=0)
    wet = [np.pad(part, ((0, 0), (0, length - part.shape[1]))) for part in parts]
    wanted = np.sum(wet, axis=0) if reference is None else _stereo_wave(reference, rate_hz)[0]
    length = min(wave.shape[1] for wave in (made, wanted, *wet))
    made, wanted = made[:, :length], wanted[:, :length]
    result = differences(read_mix(made, rate_hz), read_mix(wanted, rate_hz))
    if wet:
        gains = balance_differences_db(made, wanted, [part[:, :length] for part in wet], rate_hz)
        result["balance"] = float(np.nanmean(np.abs(gains)))
        # A stem that counts in no segment has no mean.
        heard = gains[:, np.isfinite(gains).any(0)]
        means = np.nanmean(heard, axis=0)
        # Each stem weighs the same here, however much it plays, so the mean level is taken off once more.
        result["balance_song"] = float(np.mean(np.abs(means - means.mean())))
    return result


def _stereo_wave(path: Path, rate_hz: int = 0) -> tuple[np.ndarray, int]:
    wave, own = read_audio(path)
    if len(wave) > 2:
        raise InputError(f"has {len(wave)} channels; give mono or stereo", path)
    if rate_hz:
        wave = resample(wave, own, rate_hz)
    return np.ascontiguousarray(np.repeat(wave, 2, axis=0) if len(wave) == 1 else wave), rate_hz or own


def summarise(songs: Mapping[str, Mapping[str, float]], seed: int = 0) -> dict[str, dict[str, float]]:
    """Return mean, median and a 95 % bootstrap interval of the mean over songs, for each figure that all songs have."""
    random = np.random.default_rng(seed)
    draws = random.integers(len(songs), size=(DRAWS, len(songs)))
    result = {}
    for name in FIGURES:
        if songs and all(name in figures for figures in songs.values()):
            values = np.array([figures[name] for figures in songs.values()])
            low, high = np.percentile(values[draws].mean(1), (2.5, 97.5))
            result[name] = {
                "mean": float(values.mean()),
                "median": float(np.median(values)),
                "low": float(low),
                "high": float(high),
            }
    return result


def pair_with_songs(
    mixes: Sequence[Clip], songs: Sequence[Clip]
) -> list[tuple[str, Path, Path | None, dict[str, Path]]]:
    """Return (song, mix, reference or None, stems) for each mix whose song is known by name.

    Raises
    ------
    InputError
        No mix has its song.
    """
    tracks = group_stems([StemFile(clip.path, clip.role, clip.song, clip.part) for clip in songs])
    references = {track.song: track.mixture for track in tracks if track.mixture}
    stems = {track.song: _each(track) for track in tracks if track.stems}
    known = references.keys() | stems.keys()
    pairs = [(c.song, c.path, references.get(c.song), stems.get(c.song, {})) for c in mixes if c.song in known]
    if not pairs:
        names = ", ".join(sorted(known)[:3])
        raise InputError(f"no mix has the name of a song; the songs are {names} ...")
    return pairs


def _each(track: Multitrack) -> dict[str, Path]:
    """Return a name for each stem file of a song, channels one by one, less what holds the whole song."""
    parts = {role: paths for role, paths in track.stems.items() if role not in WHOLE} or track.stems
    return {f"{role} {number}": path for role, paths in parts.items() for number, path in enumerate(paths, 1)}


def compare_mix(pairs: Sequence[tuple[str, Path, Path | None, Mapping[str, Path]]], conditions: Conditions) -> Result:
    """Compare mixes with their references.

    Parameters
    ----------
    pairs : sequence of (song, mix, reference or None, stems)
        See `compare_song`.
    conditions : Conditions
        A song that fails is told as its mix.

    Returns
    -------
    dict
        ``figures`` (see `summarise`), ``songs`` (each figure of each song) and ``n``.
    """
    songs: dict[str, dict[str, float]] = {}
    for song, mix, reference, stems in pairs:
        try:
            others = [path for path in (reference, *stems.values()) if path is not None]
            make = partial(compare_song, mix, reference, stems)
            songs[song] = conditions.keep(make, mix, *others, part=" ".join(stems))
        except InputError as error:
            conditions.failed(mix, error)
        conditions.tick()
    if not songs:
        raise InputError("no mix could be compared with a reference")
    return {"figures": summarise(songs, conditions.seed), "songs": songs, "n": len(songs)}
