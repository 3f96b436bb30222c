"""Generated files beside real ones and what could fake them: what ``gantools evaluate texture`` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gantools.audio.io import load_mono
from gantools.errors import ConfigError, InputError
from gantools.metrics.brackets import BRACKETS, Bracket
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets, pair
from gantools.metrics.texture.config import TextureConfig
from gantools.metrics.texture.hearing import hear
from gantools.metrics.texture.measures import FIGURES, Heard, averaged, cut_clips, measure
from gantools.metrics.texture.rests import rests_played
from gantools.metrics.texture.spectrum import RATE_HZ
from gantools.metrics.texture.verdict import verdict
from gantools.report.clip import Clip
from gantools.runtime.seeds import item_seed

#: Share of itself that a figure of real music must be above that of noise of its shape to tell one from the other.
_LEAST_APART = 0.1


def compare_textures(sets: ClipSets, config: TextureConfig, conditions: Conditions) -> Result:
    """Measure generated files, and real ones where they are given.

    Parameters
    ----------
    sets : ClipSets
        ``generated``; ``real`` and ``accompanied``, which may be missing.
    config : TextureConfig
    conditions : Conditions

    Returns
    -------
    dict
        The means over files of `FIGURES` by name, each with its standard deviation over files (``_sd``); ``bar_p`` and
        ``order_p``; ``rests_played`` of ``rests`` where there are stems that files play with; ``clear``, the share of
        clips with a pulse; ``heard``, what is wrong with at least half of the files, if anything (see `verdict`);
        ``rows`` of files, with what is heard in each. The same figures of the real files under ``real``, and of what is
        made of them under ``noise`` and ``shuffled``; those of what a model made before it was trained under
        ``untrained``, where that is known. ``place`` by name: 0 is that of the noise, 1 that of real music.
        ``drawn`` by set, for the figure: ``durations``, and ``matrix``, the likeness of the bars of its first file with
        bars.

    Raises
    ------
    InputError
        No generated file, or none of the real ones, could be measured.
    """
    others = sets.get("accompanied", [])
    beside = {clip.path: other.path for clip, other in sets.pairs.get("generated", [])}
    found, drawn = _measured(_Listener(config, conditions, beside, config.bpm), sets["generated"])
    result: Result = found["own"] | {"drawn": {"generated": drawn["own"]}}
    if heard := verdict(row["heard"] for row in result["rows"]):
        result["heard"] = heard
    if real := sets.get("real", []):
        listener = _Listener(config, conditions, _beside(real, others), None, BRACKETS if config.brackets else {})
        found, drawn = _measured(listener, real)
        result["real"] = found.pop("own")
        result |= found
        result["drawn"] |= {"real" if name == "own" else name: one for name, one in drawn.items()}
    if untrained := sets.get("untrained"):
        quiet = replace(conditions, failed=lambda path, error: None, tick=lambda: None)
        with suppress(InputError):  # it may be silent
            result["untrained"] = _measured(_Listener(config, quiet, {}, config.bpm), untrained)[0]["own"]
    if "noise" in result:
        result["place"] = places(result)
    for _ in others:
        conditions.tick()
    return result


def places(result: Mapping[str, Any]) -> dict[str, float]:
    """Return where each figure lies between noise shaped like real music, 0, and real music, 1.

    Figures of which this real music has no more than noise of its shape, but for a tenth, are left out: they tell
    nothing here.
    """
    found = {}
    for name in (name for name, figure in FIGURES.items() if figure.tells):
        own, real, noise = (float(one[name]) for one in (result, result["real"], result["noise"]))
        if real - noise > _LEAST_APART * max(abs(real), abs(noise)):
            found[name] = (own - noise) / (real - noise)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _beside(clips: Sequence[Clip], others: Sequence[Clip]) -> dict[Path, Path]:
    """Return the stem that each real file plays with, for those whose song has one."""
    if not others:
        return {}
    try:
        return {clip.path: other.path for clip, other in pair(clips, others, "source")}
    except ConfigError:
        return {}


@dataclass(frozen=True)
class _Listener:
    """Measures files.

    Attributes
    ----------
    config : TextureConfig
    conditions : Conditions
    beside : mapping of Path to Path
        File -> the stem that it plays with.
    bpm : float, optional
    brackets : mapping of str to callable
    """

    config: TextureConfig
    conditions: Conditions
    beside: Mapping[Path, Path]
    bpm: float | None
    brackets: Mapping[str, Bracket] = field(default_factory=dict)

    def hear(self, clip: Clip) -> dict[str, Any]:
        """Return the figures of a file under ``own``, of its brackets under their names, and of ``rests``."""
        wave = load_mono(clip.path, RATE_HZ, self.conditions.failed)
        clips = cut_clips(wave, self.config.clip_seconds, self.config.clips_per_song)
        seeds = [item_seed(self.conditions.seed, clip.name, number) for number in range(len(clips))]
        own = [measure(part, self.bpm, seed) for part, seed in zip(clips, seeds, strict=True)]
        found: dict[str, Any] = {"own": averaged(own), "clips": len(clips), "rests": [0, 0], "heard": hear(clip.path)}
        for name, bracket in self.brackets.items():
            made = [(bracket(part, seed), seed) for part, seed in zip(clips, seeds, strict=True)]
            if heard := [measure(part, None, seed) for part, seed in made if part is not None]:
                found[name] = averaged(heard)
        if other := self.beside.get(clip.path):
            with_it = load_mono(other, RATE_HZ, self.conditions.failed)
            found["rests"] = list(rests_played(wave, with_it, self.bpm))
        return found


def _measured(listener: _Listener, clips: Sequence[Clip]) -> tuple[dict[str, Result], dict[str, Result]]:
    """Return the means of a set and what is drawn of it, under ``own``, and those of its brackets by name."""
    files, conditions = [], listener.conditions
    for clip in clips:
        paths = [clip.path, *filter(None, [listener.beside.get(clip.path)])]
        part = f"{clip.name} {listener.bpm} {' '.join(listener.brackets)}"
        try:
            files.append((clip, conditions.keep(partial(listener.hear, clip), *paths, part=part)))
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    if not files:
        raise InputError("no file could be measured; give audio of a second or more that is not silent")
    sets = {name: [heard[name] for _, heard in files if name in heard] for name in ("own", *listener.brackets)}
    # Nothing could be made of music without bars.
    sets = {name: one for name, one in sets.items() if one}
    found = {name: _means(one) for name, one in sets.items()}
    found["own"]["rows"] = [_row(clip, heard) for clip, heard in files]
    played, rests = np.sum([heard["rests"] for _, heard in files], axis=0).tolist()
    if listener.beside:
        found["own"] |= {"rests": rests, "rests_played": played / rests if rests else float("nan")}
    return found, {name: _drawn(one) for name, one in sets.items()}


def _means(heard: Sequence[Heard]) -> Result:
    """Return the means over files, with deviations."""
    means = averaged(heard)
    result: Result = {"files": len(heard)}
    for name in FIGURES:
        known = np.array([one[name] for one in heard], np.float64)
        known = known[np.isfinite(known)]
        result |= {name: means[name], f"{name}_sd": float(known.std()) if len(known) else float("nan")}
    return result | {name: means[name] for name in ("bar_p", "order_p", "clear")}


def _drawn(heard: Sequence[Heard]) -> Result:
    """Return what the figure shows of a set."""
    matrices = [one["matrix"] for one in heard]
    shown = next((matrix for matrix in matrices if len(matrix) > 2), matrices[0])
    durations = np.mean([one["durations"] for one in heard], axis=0)
    return {"durations": np.round(durations, 5).tolist(), "matrix": np.round(shown, 3).tolist()}


def _row(clip: Clip, heard: Mapping[str, Any]) -> dict[str, Any]:
    own, (played, rests) = heard["own"], heard["rests"]
    row = {
        "file": clip.name,
        "clips": heard["clips"],
        "heard": heard["heard"] or None,
        **{name: own[name] for name in FIGURES},
    }
    row |= {name: own[name] for name in ("bar_p", "order_p", "clear")}
    return row | ({"rests": rests, "rests_played": played / rests} if rests else {})
