"""Options of the automatic grade."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.metrics.metric import RoleConfig
from gantools.metrics.ratings.config import AnswersConfig
from gantools.options import option

FEATURES = ("both", "stoi", "density")


@dataclass(frozen=True)
class GradeFitConfig(AnswersConfig, RoleConfig):
    """Options of learning to grade."""

    least_grade: float = option(5.5, "Mean grade from which a clip is good. The paper's good clips round to 6 or more.")
    features: str = option(
        "both",
        "What is learnt from: how each mel band follows the real counterpart, how probable the clip is among real "
        "music, or both, as in the paper.",
        choices=FEATURES,
    )


@dataclass(frozen=True)
class GradePredictConfig(RoleConfig):
    """Options of grading."""

    model: str = option("", "Folder that evaluate grade fit wrote, or its grade.safetensors.")
