"""SymphonyNet: learn orchestral scores from MIDI, go on with them, fill them in, give parts their instruments."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gantools.chunks.item import Item
from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import gather, part
from gantools.cli.naming import output_name
from gantools.cli.progress import Bar
from gantools.cli.records import say
from gantools.cli.systems.options import SEEDED, TRAIN, Base, Export, ExportPart, Resume
from gantools.cli.tasks import Task
from gantools.cli.training import run_training
from gantools.models.shipped import find_model, shipped_folder
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.systems.symphony import config as symphony_config
from gantools.systems.symphony.generate_config import SymphonyGenerateConfig

if TYPE_CHECKING:
    from gantools.systems.symphony.data import Scores
    from gantools.systems.symphony.generate import SymphonyMaker

#: The model that scores are made with where none is named.
SHIPPED = "symphony"
Scored = Annotated[
    list[str] | None,
    typer.Argument(
        help="A folder of gantools chunk --for symphony, or MIDI files: folders, files, or - for a list on stdin.",
        show_default=False,
    ),
]
Maker = Annotated[
    Path | None,
    typer.Argument(
        help="Model folder of symphony; without one the model that ships.", parser=find_model, show_default=False
    ),
]


def _scores(data: list[str] | None, run: Run, config: symphony_config.SymphonyConfig, base: Path | None) -> Scores:
    """Return the pieces that are learned from, with the merges of the model whose weights training begins with."""
    from gantools.systems.symphony.corpus import is_corpus, open_corpus
    from gantools.systems.symphony.data import merges_of, read_scores

    merges = merges_of(base) if base is not None else None
    if data and len(data) == 1 and is_corpus(Path(data[0])):
        return open_corpus(Path(data[0]), config, merges)
    items = gather(data, MIDI_SUFFIXES, run)
    with Bar(run, len(items), "read") as bar:
        return read_scores([(item.key, item.path) for item in items], config, bar.advance, merges)


def add_train(app: typer.Typer) -> None:
    """Add ``train symphony``."""

    @verb(app, "symphony", symphony_config.SymphonyConfig, presets=symphony_config.PRESETS, **TRAIN)
    def symphony(
        data: Scored = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: symphony_config.SymphonyConfig,
    ) -> int:
        """Learn to go on with scores of many parts, and which instrument each part is for, from MIDI files.

        Any MIDI will do: orchestras, bands, quartets, pianos. --from goes on with a model on scores of your own.

        \b
          gantools train symphony midi/ -o models/symphony --preset small
          gantools train symphony mine/ --from symphony -o models/mine --preset small --steps 500
          gantools generate symphony models/symphony --prime theme.mid --bars 32 -o out/
        """
        from gantools.systems.symphony.objective import Symphony

        return run_training(
            run,
            config,
            lambda chosen, device: Symphony(chosen, _scores(data, run, chosen, base), device),
            base=base,
            resume=resume,
            sources=data or ["-"],
            role="score",
        )


def add_generate(app: typer.Typer) -> None:
    """Add ``generate symphony``."""

    @verb(app, "symphony", SymphonyGenerateConfig, **SEEDED, folder="scores")
    def symphony(
        model: Maker = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: SymphonyGenerateConfig,
    ) -> int:
        """Make scores of many parts: MIDI files, with --wav also sound, and a page with piano rolls and players.

        Every file is valid MIDI: what the network says is held to the grammar of scores. Equal seeds give equal pieces,
        whatever else is made. --prime goes on from a file, --infill makes bars within it anew, --orchestrate keeps its
        notes and gives its parts their instruments.

        \b
          gantools generate symphony --bars 32 --count 4 -o out/ --wav
          gantools generate symphony --prime theme.mid --prime-bars 8 --bars 32 --chords "C Am F G" -o out/
          gantools generate symphony --prime theme.mid --infill 9-12 -o out/
          gantools generate symphony --orchestrate sketch.mid --instruments strings,brass -o out/ --json
        """
        if model is None:
            model = shipped_folder(SHIPPED)
            say(run, f"no model named: taking {SHIPPED}, which ships with gantools")
        if export is not None:
            return export_model(run, model, config, export, export_part)
        generation = Generation(run, "symphony", model, config)
        maker = cast("SymphonyMaker", generation.model)
        stem = maker.stem
        items = [
            Item(model / "config.json", "", f"{stem}-{n:05d}", "score", f"{stem}-{n:05d}", seed=n)
            for n in maker.numbers(run.seed)
        ]
        endings = ["wav"] * config.wav + ["mid"] + ["musicxml"] * config.musicxml
        tasks = []
        for item in part(items, run):
            names = tuple(output_name(run, item, ending) for ending in endings)
            tasks.append(Task(dataclasses.replace(item, given=names[0]), names))
        return generation.execute(tasks)
