"""Options of the curves of trainings."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class TrainingConfig:
    """Options of the curves of trainings."""

    figure: str = option(
        "score", "Figure of the validations to draw, such as frechet or alignment; score is the lower the better."
    )
