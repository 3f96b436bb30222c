"""Metrics one after the other on the same files: what ``gantools evaluate all`` runs."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gantools.errors import ConfigError, GantoolsError, InputError, Notice
from gantools.metrics.everything.config import AllConfig
from gantools.metrics.metric import Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets
from gantools.metrics.registry import load
from gantools.report.clip import Clip
from gantools.report.folder import summary
from gantools.symbolic.endings import MIDI_SUFFIXES

#: What is measured of sounds and of notes: of two sets, and of one. Pitch has a network that takes longer than all.
AUDIO_BESIDE, AUDIO_ALONE = ("frechet", "coverage", "inception", "treble"), ("texture", "music")
MIDI = ("symbolic", "loops")
_SETS = ("generated", "real", "untrained")
#: File that tells the networks of the model whose samples are measured.
MODEL = "model"
_STEP = re.compile(r"(?:.*/)?step-(\d{8,})$")


def run_all(sets: ClipSets, config: AllConfig, conditions: Conditions) -> Result:
    """Run the metrics that fit what is there.

    Parameters
    ----------
    sets : ClipSets
        ``generated``, sounds and MIDI files, and ``real``, which may be empty.
    config : AllConfig
    conditions : Conditions

    Returns
    -------
    dict
        ``measures``, by the name of a metric its figures without long lists; ``details``, its whole result;
        ``refused``, why a metric could not be run, or not on all files; ``heard``, what `texture` hears, if anything.

    Raises
    ------
    InputError
        No metric could be run.
    """
    with tempfile.TemporaryDirectory(prefix="gantools-") as folder:
        return _run_all(sets, config, conditions, Path(folder))


def _run_all(sets: ClipSets, config: AllConfig, conditions: Conditions, folder: Path) -> Result:
    untrained, why = _untrained(sets, conditions, folder / "untrained.wav")
    sets = ClipSets({**sets, "untrained": untrained}, sets.files, sets.places)
    kinds = {kind: ClipSets(_of_kind(sets, kind), sets.files, sets.places) for kind in (False, True)}
    names = [(name, kinds[False]) for name in _audio_metrics(kinds[False])]
    names += [(name, kinds[True]) for name in MIDI if kinds[True]["generated"]]
    told = _Told(conditions, len(names))
    details: dict[str, Result] = {}
    refused: dict[str, str] = {}
    for name, files in names:
        metric = load(name)
        own = ClipSets({key: clips for key, clips in files.items() if clips}, files.files, files.places)
        keep = _Keeping(conditions, name)
        try:
            options = configured(metric, config, sets.places if "real" in own else {})
            metric.pair(own, options)
            own_conditions = dataclasses.replace(conditions, failed=told.of(name), tick=told.tick, keep=keep)
            details[name] = metric.compare(own, options, own_conditions)
        except (InputError, ConfigError) as error:
            refused[name] = str(error)
    told.finish()
    refused = told.said() | refused | ({"untrained": why} if why else {})
    if not details:
        raise InputError("; ".join(f"{name}: {why}" for name, why in refused.items()) or "nothing to measure")
    measures = {name: summary(result, load(name).bulky) for name, result in details.items()}
    result: Result = {"measures": measures, "details": details, "refused": refused}
    if heard := details.get("texture", {}).get("heard"):
        result["heard"] = heard
    return result


def latest_samples(clips: Sequence[Clip]) -> list[Clip]:
    """Return of samples of a training those of the last step; all others as they are."""
    steps = [int(found[1]) if (found := _STEP.match(clip.name)) else None for clip in clips]
    last = max((step for step in steps if step is not None), default=None)
    return [clip for clip, step in zip(clips, steps, strict=True) if step == last or last is None]


def samples_of(place: str) -> str:
    """Return the samples of a model folder, or the place itself where it is none."""
    folder = Path(place)
    is_model = (folder / "config.json").is_file() and (folder / "samples").is_dir()
    return str(folder / "samples") if is_model else place


def _untrained(sets: ClipSets, conditions: Conditions, path: Path) -> tuple[list[Clip], str]:
    """Write what the model made before it was trained; return it as a set, and why there is none where it is wanted."""
    if MODEL not in sets.files or conditions.untrained is None:
        return [], ""
    try:
        conditions.untrained(sets.files[MODEL].parent, path)
    except GantoolsError as error:
        return [], error.message
    return [Clip(path, "untrained", "", "untrained")], ""


def configured(metric: Metric[Any], config: AllConfig, places: Mapping[str, str]) -> Any:
    """Return the options of a metric: its defaults, the role, and where there are real files the brackets."""
    known = {field.name for field in dataclasses.fields(metric.config)}
    values: dict[str, Any] = {"role": config.role}
    if real := places.get("real"):
        values |= {"real": real, "brackets": config.brackets}
    return metric.config(**{name: value for name, value in values.items() if name in known})


def _audio_metrics(sets: ClipSets) -> tuple[str, ...]:
    if not sets["generated"]:
        return ()
    return (*(AUDIO_BESIDE if sets["real"] else ()), *AUDIO_ALONE)


def _of_kind(sets: ClipSets, midi: bool) -> dict[str, list[Clip]]:
    def is_midi(clip: Clip) -> bool:
        return clip.path.name.lower().endswith(MIDI_SUFFIXES)

    return {name: [clip for clip in sets.get(name, []) if is_midi(clip) == midi] for name in _SETS}


class _Keeping:
    """Keeps results of single files apart by their metric."""

    def __init__(self, conditions: Conditions, name: str) -> None:
        self._conditions, self._name = conditions, name

    def __call__(self, make: Any, *paths: Path, part: str = "") -> Any:
        return self._conditions.keep(make, *paths, part=f"{self._name} {part}")


class _Told:
    """Moves on once for all metrics, and tells files that fail in each; what fails in some alone is said of these."""

    def __init__(self, conditions: Conditions, metrics: int) -> None:
        self._conditions, self._metrics, self._ticks = conditions, max(1, metrics), 0
        self._failed: dict[str, dict[Path, GantoolsError]] = {}
        self._noticed: set[Path] = set()

    def of(self, name: str) -> Callable[[Path, GantoolsError], None]:
        """Return what a metric calls with its failed files."""
        own = self._failed.setdefault(name, {})

        def failed(path: Path, error: GantoolsError) -> None:
            if not isinstance(error, Notice):
                own[path] = error
            elif path not in self._noticed:
                self._noticed.add(path)
                self._conditions.failed(path, error)

        return failed

    def tick(self) -> None:
        self._ticks += 1
        if self._ticks % self._metrics == 0:
            self._conditions.tick()

    def finish(self) -> None:
        """Tell the files that no metric could measure, and forget them."""
        every = [set(own) for own in self._failed.values()]
        for path in sorted(set.intersection(*every)) if every else ():
            errors = [own.pop(path) for own in self._failed.values()]
            self._conditions.failed(path, errors[0])

    def said(self) -> dict[str, str]:
        """Return of each metric how many files it alone could not measure, and why the first of them."""
        first = {name: next(iter(own.values())) for name, own in self._failed.items() if own}
        many = {name: len(own) for name, own in self._failed.items()}
        return {
            name: f"{many[name]} file{'s' * (many[name] != 1)} failed: {error.message}" for name, error in first.items()
        }
