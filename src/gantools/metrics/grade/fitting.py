"""Learning to grade from clips that listeners graded: what ``evaluate grade fit`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gantools.errors import InputError, Notice
from gantools.metrics.embedders.musicnn import LAYERS, MusiCNN
from gantools.metrics.grade.config import GradeFitConfig
from gantools.metrics.grade.density import Density, fit_density
from gantools.metrics.grade.grades import match, read_grades
from gantools.metrics.grade.learning import learn, require_enough, validate
from gantools.metrics.grade.model import GradeModel
from gantools.metrics.grade.slices import Slices, cut_slices, of_layer, real_vectors
from gantools.metrics.metric import Conditions, Keep, Result
from gantools.metrics.pairing import ClipSets
from gantools.report.clip import Clip


def fit_grades(sets: ClipSets, config: GradeFitConfig, conditions: Conditions) -> Result:
    """Learn to grade, and say how well it goes on songs that are new.

    Parameters
    ----------
    sets : ClipSets
        ``generated``, ``real`` and ``answers``; ``pairs`` of the generated files with their counterparts.
    config : GradeFitConfig
    conditions : Conditions

    Returns
    -------
    dict
        What `gantools.metrics.grade.learning.validate` returns; ``n``, ``songs``, ``good_share``, ``grade_mean``;
        ``rows`` of clips, with given and learnt grade; ``learnt``, the `GradeModel`.

    Raises
    ------
    InputError
        No grade could be read, none is of a file that is there, or they are too few.
    """
    answers = [clip for name, clips in sets.items() if name.startswith("answers") for clip in clips]
    grades, missing = match(read_grades(answers, sets, config, conditions), sets["generated"])
    if missing:
        shown = ", ".join(missing[:3])
        conditions.failed(
            answers[0].path, Notice(f"{len(missing)} graded clips are no file, or several, such as {shown}")
        )
    beside = {clip.path: real.path for clip, real in sets.pairs.get("generated", [])}
    graded = [c for c in sets["generated"] if c.path in grades and (config.features == "density" or c.path in beside)]
    if not graded:
        raise InputError(
            "none of the graded clips is among the generated files, with a real counterpart where it needs one"
        )
    network = None if config.features == "stoi" else MusiCNN.load(device=conditions.device)
    slices = slice_files(graded, beside if config.features != "density" else {}, network, conditions)
    densities = fit_densities(sets["real"], network, conditions) if network else {}
    kept = [clip for clip in graded if clip.path in slices]
    model = GradeModel(config.features, config.least_grade, densities, network.digest if network else "")
    features = np.array([model.features(slices[clip.path]).mean(axis=0) for clip in kept])
    given = np.array([grades[clip.path] for clip in kept])
    songs = np.array([clip.song for clip in kept])
    good = given >= config.least_grade
    require_enough(good, songs)
    found = validate(features, given, good, songs, resamples=config.resamples, seed=conditions.seed)
    model.learnt = learn(features, given, good, songs, conditions.seed)
    for _ in answers:
        conditions.tick()
    return {
        **found,
        "features_used": config.features,
        "threshold": config.least_grade,
        "n": len(kept),
        "songs": len(set(songs.tolist())),
        "good_share": float(good.mean()),
        "grade_mean": float(given.mean()),
        "ungraded": len(sets["generated"]) - len(kept),
        "rows": _rows(kept, given, model, features),
        "learnt": model,
        "config": asdict(config),
    }


def _rows(clips: Sequence[Clip], given: np.ndarray, model: GradeModel, features: np.ndarray) -> list[dict[str, Any]]:
    assert model.learnt is not None
    grades, probabilities = model.learnt.grades(features), model.learnt.probabilities(features)
    return [
        {"file": clip.name, "song": clip.song, "given": float(g), "grade": float(own), "probability": float(p)}
        for clip, g, own, p in zip(clips, given, grades, probabilities, strict=True)
    ]


def slice_files(
    clips: Sequence[Clip], beside: dict[Path, Path], network: MusiCNN | None, conditions: Conditions
) -> dict[Path, Slices]:
    """Return the slices of each file that can be read."""
    found = {}
    for clip in clips:
        other = beside.get(clip.path)
        try:
            found[clip.path] = _kept(clip.path, other, network, conditions.keep)
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    if not found:
        raise InputError("no clip could be read")
    return found


def _kept(path: Path, other: Path | None, network: MusiCNN | None, keep: Keep) -> Slices:
    def made() -> list[Any]:
        one = cut_slices(path, other, network)
        return [one.starts_s, one.stoi, one.vectors]

    starts_s, stoi, vectors = keep(made, path, *([other] if other else []), part="slices")
    return Slices(starts_s, np.asarray(stoi), list(vectors))


def fit_densities(real: Sequence[Clip], network: MusiCNN, conditions: Conditions) -> dict[str, Density]:
    """Fit a Gaussian to real music at each layer."""
    parts = []
    for clip in real:
        try:
            parts.append(conditions.keep(partial(real_vectors, clip.path, network), clip.path, part="real"))
        except InputError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    if not parts:
        raise InputError("no real file could be read")
    vectors = np.concatenate(parts)
    return {layer: fit_density(of_layer(vectors, layer)) for layer in LAYERS}
