"""The transformer over rolls for other programs."""

from __future__ import annotations

from pathlib import Path

from gantools.models.export import Export, Parts, Port
from gantools.symbolic.roll import BAR_STEPS
from gantools.systems.loops.data import ROWS
from gantools.systems.loops.export import cells_port
from gantools.systems.loops.generate_config import LoopsGenerateConfig
from gantools.systems.looptransformer.generate import TransformerSampler


def exports(folder: Path, config: LoopsGenerateConfig) -> Parts:
    """Return the network."""
    return {"transformer": lambda: _network(TransformerSampler(folder, config, "cpu"))}


def _network(sampler: TransformerSampler) -> Export:
    shape = ("batch", ROWS, sampler.bars * BAR_STEPS)
    return Export(
        "Which cells of a loop sound next, given the steps before.",
        sampler.network,
        (
            Port(
                "cells",
                shape,
                "Cells of a loop, 0 or 1; those from the step on that is asked for may be anything.",
                drawn="share",
            ),
        ),
        (cells_port(ROWS, sampler.bars),),
        {"batch": (2, 3)},
        seeds="gantools draws step after step, by numbers of the seed.",
    )
