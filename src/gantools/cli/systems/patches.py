"""Ideas from recordings without training: nearest patches."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gantools.chunks.item import Item
from gantools.cli.batch import require_out
from gantools.cli.choosing import make_steady
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.ranking import rank_ideas
from gantools.cli.systems.options import SEEDED
from gantools.cli.terminal import write_line
from gantools.errors import GantoolsError
from gantools.systems.patches.config import PatchGenerateConfig

if TYPE_CHECKING:
    from gantools.systems.patches.generate import LoadedClip

Riffs = Annotated[
    list[str] | None,
    typer.Argument(help="Recordings: files, folders, caw models, or - for a list on stdin."),
]
Count = Annotated[int, typer.Option("--count", help="Results of each recording, of the seeds from --seed on.", min=1)]

#: What tells a model that keeps its clip: `gantools.models.clips.CLIPS_FILE`, which is not imported for a help.
_CLIPS = "clips.safetensors"


def add_generate(app: typer.Typer) -> None:
    """Add ``generate patches``."""

    @verb(app, "patches", PatchGenerateConfig, **SEEDED, folder="ideas")
    def patches(inputs: Riffs = None, count: Count = 10, *, run: Run, config: PatchGenerateConfig) -> int:
        """Make new pieces of the sounds of a recording, in its metre, at once: no training, no model.

        What is played comes from the recording with its own attacks and partials, in an order and in combinations that
        it does not have. The results are ranked on a page with players. Several recordings have a folder each.

        \b
          gantools generate patches riff.wav -o ideas/
          gantools generate patches riff.wav --count 20 --loop 8bars -o loops/
          gantools generate patches riffs/ --variety 0.8 --seconds 30 -o ideas/
        """
        # A part of the work is a part of the results, so that where they go does not depend on it.
        items = _recordings(inputs or [], dataclasses.replace(run, shard=(1, 1)))
        code, out = 0, require_out(run)
        for item in items:
            own = run if len(items) == 1 else dataclasses.replace(run, out=out / item.key)
            try:
                code = max(code, _ideas(own, item, count, config))
            except GantoolsError as error:
                if len(items) == 1:
                    raise
                write_line(f"gantools generate: {error}")
                code = 1
        return code


def _recordings(inputs: list[str], run: Run) -> list[Item]:
    """Return the recordings of the command line; a model folder that keeps its clip is one, whatever else is in it."""
    models = [Path(text) for text in inputs if (Path(text) / _CLIPS).is_file()]
    others = [text for text in inputs if Path(text) not in models]
    found = gather(others or None, AUDIO_SUFFIXES, run) if others or not models else []
    return [*found, *(Item(model, "", model.name, "mix", model.name) for model in models)]


def _ideas(run: Run, item: Item, count: int, config: PatchGenerateConfig) -> int:
    generation = Generation(run, "patches", item.path, config)
    name, source = item.path.stem, item.path
    if item.path.is_dir():
        name, source = item.path.name, item.path / _CLIPS
    made = (
        Item(source, "", f"{name}.patch-{seed:04d}", "patch", name, seed=seed) for seed in itertools.count(run.seed)
    )
    if config.chooses:
        tasks, code = make_steady(generation, config, made, count)
    else:
        tasks = generation.tasks(part(list(itertools.islice(made, count)), run))
        code = generation.execute(tasks)
    if not (config.rank and tasks) or run.dry_run:
        return code
    return rank_ideas(run, tasks, item.path, *cast("LoadedClip", generation.model).own_clip()) or code
