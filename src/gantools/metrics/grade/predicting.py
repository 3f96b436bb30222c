"""Grading music five seconds at a time: what ``evaluate grade predict`` runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from gantools.errors import InputError, ModelError
from gantools.metrics.embedders.musicnn import MusiCNN
from gantools.metrics.grade.fitting import slice_files
from gantools.metrics.grade.model import read_model
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets

_RESAMPLES = 2000
#: The share of 14,000 clips that the paper's model called good.
PAPERS_SHARE = 2 / 3


def predict_grades(sets: ClipSets, conditions: Conditions) -> Result:
    """Label each five seconds of music as good or not.

    Parameters
    ----------
    sets : ClipSets
        ``generated``; pairs with real counterparts where the model needs them; its file under ``model``.
    conditions : Conditions

    Returns
    -------
    dict
        ``good_share`` of all windows and its ``interval``: 95 %, by drawing songs anew; ``probability`` and ``grade``,
        means; ``windows``, ``files``; ``rows`` of files, each with the labels of its windows, ``1`` or ``0`` each.

    Raises
    ------
    InputError
        No file could be read.
    ModelError
        The model is none, or was made with another network.
    """
    path = sets.files["model"]
    model = read_model(path)
    learnt = model.learnt
    assert learnt is not None
    network = None
    if model.kind != "stoi":
        network = MusiCNN.load(device=conditions.device)
        if network.digest != model.network:
            raise ModelError("was made with another network than this version has; fit it again", path)
    beside = {clip.path: real.path for clip, real in sets.pairs.get("generated", [])}
    clips = [clip for clip in sets["generated"] if model.kind == "density" or clip.path in beside]
    if not clips:
        raise InputError("no file has a real counterpart, which this model compares with; name them after the files")
    slices = slice_files(clips, beside if model.kind != "density" else {}, network, conditions)
    rows: list[dict[str, Any]] = []
    for clip in (clip for clip in clips if clip.path in slices):
        features = model.features(slices[clip.path])
        probabilities, grades = learnt.probabilities(features), learnt.grades(features)
        good = probabilities >= 0.5
        row = {"file": clip.name, "song": clip.song, "windows": len(good), "good_share": float(good.mean())}
        row |= {"probability": float(probabilities.mean()), "grade": float(grades.mean())}
        rows.append(row | {"labels": "".join("01"[int(one)] for one in good)})
    weights = np.array([row["windows"] for row in rows], np.float64)
    shares = np.array([row["good_share"] for row in rows])
    mean = {name: float(np.average([r[name] for r in rows], weights=weights)) for name in ("probability", "grade")}
    return {
        "good_share": float(np.average(shares, weights=weights)),
        "interval": _interval(shares, weights, [row["song"] for row in rows], conditions.seed),
        **mean,
        "windows": int(weights.sum()),
        "files": len(rows),
        "paper": PAPERS_SHARE,
        "features_used": model.kind,
        "rows": rows,
    }


def _interval(shares: np.ndarray, weights: np.ndarray, songs: list[str], seed: int) -> list[float]:
    """Return the 95 % interval of the share of good windows, by drawing songs with replacement."""
    names = {song: place for place, song in enumerate(dict.fromkeys(songs))}
    which = np.array([names[song] for song in songs])
    good = np.bincount(which, shares * weights)
    every = np.bincount(which, weights)
    draws = np.random.default_rng(seed).integers(len(names), size=(_RESAMPLES, len(names)))
    return np.quantile(good[draws].sum(axis=1) / every[draws].sum(axis=1), [0.025, 0.975]).tolist()
