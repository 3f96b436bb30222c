"""The separator: songs into stems (used by ``gantools separate``)."""

from __future__ import annotations

from typing import Annotated

import typer

from gantools.cli.flags import Run, verb
from gantools.cli.multitracks import gather_multitracks
from gantools.cli.systems.options import TRAIN, Base, Resume, with_map
from gantools.cli.training import run_training
from gantools.systems.separator import config as separator_config

Stems = Annotated[list[str] | None, typer.Argument(help="Songs with stems: folders, files, or - for a list on stdin.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train separator``."""

    @verb(app, "separator", separator_config.SeparatorConfig, presets=separator_config.PRESETS, **with_map(TRAIN))
    def separator(
        stems: Stems = None,
        base: Base = None,
        resume: Resume = True,
        *,
        run: Run,
        config: separator_config.SeparatorConfig,
    ) -> int:
        """Learn to split songs into vocals, drums, bass and other, from songs whose stems are known.

        Parts of different songs are mixed anew for every step; songs that lack a stem, such as loops, help too.

        \b
          gantools train separator stems/ -o models/separator --budget 1h
          gantools separate songs/ --model models/separator -o out/
          gantools train separator stems/ -o models/separator --val-songs song-03 --dry-run
        """
        from gantools.systems.separator.objective import SeparatorObjective

        tracks = gather_multitracks([stems], run)[0]
        return run_training(
            run,
            config,
            lambda chosen, device: SeparatorObjective(chosen, tracks, device),
            base=base,
            resume=resume,
            sources=stems or ["-"],
        )
