"""The generator of a GAN of rolls for other programs."""

from __future__ import annotations

from pathlib import Path

from gantools.models.export import Export, Parts, Port
from gantools.systems.loopgan.generate import GANSampler
from gantools.systems.loops.data import ROWS
from gantools.systems.loops.export import cells_port
from gantools.systems.loops.generate_config import LoopsGenerateConfig


def exports(folder: Path, config: LoopsGenerateConfig) -> Parts:
    """Return the generator."""
    return {"generator": lambda: _generator(GANSampler(folder, config, "cpu"))}


def _generator(sampler: GANSampler) -> Export:
    return Export(
        f"Loops of drums and bass of {sampler.bars} bars from latents.",
        sampler.generator,
        (Port("z", ("batch", sampler.latents), "Latents, normal."),),
        (cells_port(ROWS, sampler.bars),),
        {"batch": (2, 3)},
        seeds="gantools draws the latents of a loop from its number, --seed.",
    )
