"""Automix: the stems of each song become a mix."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from gantools.chunks.item import Item
from gantools.cli.exporting import export_model
from gantools.cli.flags import Run, verb
from gantools.cli.generation import Generation
from gantools.cli.multitracks import gather_multitracks
from gantools.cli.systems.options import GENERATE, TRAIN, Base, Export, ExportPart, Model, Resume, with_map
from gantools.cli.training import run_training
from gantools.systems.automix import config as automix_config

Normalised = Annotated[Path, typer.Argument(help="Normalised stems, from gantools fxnorm apply.", show_default=False)]
Mixes = Annotated[Path, typer.Option("--mixes", help="The stems as they were, and their mixes.", show_default=False)]
Target = Annotated[
    str,
    typer.Option("--target", metavar="NAME|FILE", help="What the stems were normalised to: musdb18, or a file."),
]
Stems = Annotated[list[str] | None, typer.Argument(help="Stems: files, folders of songs, or - for a list on stdin.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train automix``."""

    @verb(app, "automix", automix_config.AutomixConfig, presets=automix_config.PRESETS, **with_map(TRAIN))
    def automix(
        normalised: Normalised,
        mixes: Mixes,
        target: Target,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: automix_config.AutomixConfig,
    ) -> int:
        """Learn to mix: to give back to stems what effect normalisation took from them (FxNorm-Automix).

        \b
          gantools fxnorm apply songs/ --target features.json --reverb send -o normalised/
          gantools train automix normalised/ --mixes songs/ --target features.json -o models/mix --preset small
          gantools generate automix models/mix stems/ -o mixes/
        """
        from gantools.effects.features import as_mapping, find_features
        from gantools.systems.automix.objective import Automix

        features = as_mapping(find_features(target))
        before, after = gather_multitracks([[str(normalised)], [str(mixes)]], run)
        return run_training(
            run,
            config,
            lambda chosen, device: Automix(chosen, before, after, features, device),
            base=base,
            resume=resume,
            sources=[str(normalised)],
            role="mix",
        )


def add_generate(app: typer.Typer) -> None:
    """Add ``generate automix``."""

    @verb(app, "automix", automix_config.MixConfig, **with_map(GENERATE), folder="mixes")
    def automix(
        model: Model,
        stems: Stems = None,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: automix_config.MixConfig,
    ) -> int:
        """Mix the stems of each song: normalise them as in training, and give back what a mix needs.

        One mix for each song, at the rate and length of its stems, in constant memory.

        \b
          gantools generate automix models/mix stems/ -o mixes/
          gantools generate automix models/mix normalised/ --normalised -o mixes/ --lufs -16
          gantools generate automix models/mix stems/ -o mixes/ --bits 24
        """
        if export is not None:
            return export_model(run, model, config, export, export_part, stems)
        return _mix(model, stems, run, config)


def _mix(model: Path, stems: list[str] | None, run: Run, config: automix_config.MixConfig) -> int:
    generation = Generation(run, "automix", model, config)
    items = []
    for track in gather_multitracks([stems], run)[0]:
        files = [path for paths in track.stems.values() for path in paths] or [track.mixture or Path(track.song)]
        first, *others = sorted(files)
        # The folders of a song's name become those of its mix.
        place = PurePosixPath(track.song)
        rel = "" if str(place.parent) == "." else str(place.parent)
        items.append(Item(first, rel, place.name, "mix", track.song, given=track, also=tuple(others)))
    return generation.execute(generation.tasks(items))
