"""Options of the novelty figures."""

from __future__ import annotations

from dataclasses import dataclass

from gantools.options import option


@dataclass(frozen=True)
class NoveltyConfig:
    """Options of the novelty figures."""

    small: bool = option(False, "Use the gates for models that were trained in minutes on a CPU.")
    field_seconds: float = option(
        0.0, "Receptive field of the coarsest scale. With 0 it is the model's, else 4.08 s.", unit="s", low=0
    )
