"""`train tones` and `generate tones`."""

from __future__ import annotations

from typing import Annotated

import typer
from gantools.systems.tones import config as tones_config

from gantools.chunks.item import Item
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.systems.options import SEEDED, TRAIN, Base, Model, Resume
from gantools.cli.training import run_training

Data = Annotated[list[str] | None, typer.Argument(help="Recordings: files, folders, or - for a list.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train tones``."""

    @verb(app, "tones", tones_config.TonesConfig, presets=tones_config.PRESETS, **TRAIN)
    def tones(
        data: Data = None, base: Base = None, resume: Resume = True, *, run: Run, config: tones_config.TonesConfig
    ) -> int:
        """Learn to make short clips."""
        from gantools.systems.tones.objective import Tones

        files = [item.path for item in gather(data, AUDIO_SUFFIXES, run)]
        sources = data or ["-"]
        return run_training(
            run, config, lambda chosen, device: Tones(chosen, files, device), base=base, resume=resume, sources=sources
        )


def add_generate(app: typer.Typer) -> None:
    """Add ``generate tones``."""

    @verb(app, "tones", tones_config.TonesGenerateConfig, **SEEDED)
    def tones(model: Model, *, run: Run, config: tones_config.TonesGenerateConfig) -> int:
        """Make short clips."""
        generation = Generation(run, "tones", model, config)
        seeds = range(run.seed, run.seed + config.count)
        items = [Item(model / "config.json", "", f"tone-{seed}", "tone", "", seed=seed) for seed in seeds]
        return generation.execute(generation.tasks(part(items, run)))
