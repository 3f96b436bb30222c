"""The drummer: drums for a bass line, from a score first."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated

import typer

from gantools.chunks.item import Item
from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather
from gantools.cli.naming import output_name
from gantools.cli.progress import Bar
from gantools.cli.systems.options import GENERATE, TRAIN, Base, Export, ExportPart, Resume
from gantools.cli.training import run_training
from gantools.models.shipped import find_model
from gantools.options import parsed
from gantools.symbolic.endings import MIDI_SUFFIXES
from gantools.systems.drummer import config as drummer_config
from gantools.systems.drummer.generate_config import DrummerGenerateConfig

Music = Annotated[
    list[str] | None,
    typer.Argument(help="MIDI files with a bass and drums: folders, files, or - for a list.", show_default=False),
]
Inputs = Annotated[list[str] | None, typer.Argument(help="Recordings of a bass: files, folders, or - for a list.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train drummer``."""

    @verb(app, "drummer", drummer_config.DrummerConfig, presets=drummer_config.PRESETS, **TRAIN)
    def drummer(
        music: Music = None, base: Base = None, resume: Resume = True, *, run: Run, config: drummer_config.DrummerConfig
    ) -> int:
        """Learn to play drums to a bass, from MIDI files that have both.

        Bars of 4/4 count. The preset small takes minutes on one core. --from goes on with a model on music of your own.

        \b
          gantools train drummer midi/ -o models/drummer --preset small
          gantools train drummer mine/ --from drummer -o models/mine --preset small --steps 500
          gantools generate drummer bass.wav --model models/mine -o drums/
        """
        from gantools.systems.drummer.data import Pieces, read_pieces
        from gantools.systems.drummer.objective import Drummer

        def pieces(chosen: drummer_config.DrummerConfig) -> Pieces:
            items = gather(music, MIDI_SUFFIXES, run)
            with Bar(run, len(items), "read") as bar:
                return read_pieces([(item.key, item.path) for item in items], chosen, bar.advance)

        return run_training(
            run,
            config,
            lambda chosen, device: Drummer(chosen, pieces(chosen), device),
            base=base,
            resume=resume,
            sources=music or ["-"],
            role="drums",
        )


def add_generate(app: typer.Typer) -> None:
    """Add ``generate drummer``."""

    @verb(app, "drummer", DrummerGenerateConfig, **GENERATE, folder="drums")
    def drummer(
        inputs: Inputs = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: DrummerGenerateConfig,
    ) -> int:
        """Play drums for a bass line: a pattern that goes on from bar to bar, and through the bass's rests.

        Beats are found, or named with --bpm and --downbeat; a score on sixteenths is made for the bass, and recorded
        hits play it. The drums have the input's rate and length, so that they line up.

        \b
          gantools generate drummer bass.wav -o drums/ --mix
          gantools generate drummer bass.wav -o drums/ --bpm 124 --kit house --density 0.7 --swing 55 --count 8 --midi
          gantools generate drummer stems/ -o drums/ --midi --json
        """
        folder = find_model(config.model)
        if export is not None:
            return export_model(run, folder, config, export, export_part, inputs)
        generation = Generation(run, "drummer", folder, config)
        items = _numbered(gather(inputs, AUDIO_SUFFIXES, run), run, config)
        tasks = generation.tasks(items)
        if config.midi:
            names = [output_name(run, task.item, "mid") for task in tasks]
            tasks = [
                dataclasses.replace(task, outputs=(*task.outputs, name))
                for task, name in zip(tasks, names, strict=True)
            ]
        return generation.execute(tasks)


def _numbered(items: Sequence[Item], run: Run, config: DrummerGenerateConfig) -> list[Item]:
    """Return an item for each result of each input; where there may be several, their numbers end their names."""
    if config.count is None and not config.seeds:
        return list(items)
    numbers = parsed(config, "seeds") if config.seeds else range(run.seed, run.seed + (config.count or 1))
    return [dataclasses.replace(item, stem=f"{item.stem}-{n:05d}", seed=n) for item in items for n in numbers]
