"""The metrics of ``gantools evaluate``, a line each: name -> module and class, in the order of the help."""

from __future__ import annotations

import importlib
from typing import Any

from gantools.metrics.metric import Metric

METRICS = {
    "all": "gantools.metrics.everything.metric:Everything",
    "frechet": "gantools.metrics.frechet.metric:FrechetDistance",
    "rhythm": "gantools.metrics.rhythm.metric:Rhythm",
    "stoi": "gantools.metrics.stoi.metric:StoiLike",
    "mix": "gantools.metrics.mix.metric:MixDifferences",
    "novelty": "gantools.metrics.novelty.metric:Novelty",
    "neighbours": "gantools.metrics.neighbours.metric:Neighbours",
    "pitch": "gantools.metrics.pitch.metric:Pitch",
    "coverage": "gantools.metrics.coverage.metric:Coverage",
    "inception": "gantools.metrics.inception.metric:InceptionScore",
    "treble": "gantools.metrics.treble.metric:Treble",
    "music": "gantools.metrics.music.metric:KeepsTempoAndKey",
    "loops": "gantools.metrics.loops.metric:Loops",
    "loopgroups": "gantools.metrics.loopgroups.metric:LoopGroups",
    "symbolic": "gantools.metrics.symbolic.metric:Symbolic",
    "texture": "gantools.metrics.texture.metric:Texture",
    "seams": "gantools.metrics.seams.metric:Seams",
    "conditions": "gantools.metrics.conditions.metric:FollowsConditions",
    "separation": "gantools.metrics.separation.metric:Separation",
    "grade fit": "gantools.metrics.grade.metric:GradeFit",
    "grade predict": "gantools.metrics.grade.metric:GradePredict",
    "dataset": "gantools.metrics.dataset.metric:Dataset",
    "training": "gantools.metrics.training.metric:Trainings",
    "ratings": "gantools.metrics.ratings.metric:ListenersRatings",
}


def load(name: str) -> Metric[Any]:
    """Return a metric by its name; its module is imported here, and nothing heavy with it."""
    module, _, kind = METRICS[name].partition(":")
    metric: Metric[Any] = getattr(importlib.import_module(module), kind)()
    return metric
