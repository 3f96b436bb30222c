"""Options that the commands of all systems share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.flags import BATCH, SINGLE, Run
from gantools.cli.records import say
from gantools.cli.tasks import Work

#: Standard options of ``train`` commands.
TRAIN: dict[str, Any] = {"uses": (*(name for name in SINGLE if name != "force"), "seed", "device"), "action": "train"}
#: Standard options of ``generate`` commands that turn files into files.
GENERATE: dict[str, Any] = {
    "uses": (*BATCH, "seed", "device"),
    "name_template": "{rel}/{stem}.{role}.{ext}",
    "action": "generate",
}


def with_map(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command that reads from names which part of a song a file is: with ``--map``."""
    return {**options, "uses": (*options["uses"], "map")}


Base = Annotated[Path | None, typer.Option("--from", help="Model folder whose weights to begin with (fine-tuning).")]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Go on with what is in --out, or start over.")]
Model = Annotated[Path, typer.Argument(help="Model folder, from gantools train.", show_default=False)]


def from_model(run: Run, folder: Path, model: Mapping[str, Any], work: Work) -> Work:
    """Return `work` whose records tell how far the model that it uses was trained; say so where that is not far.

    Parameters
    ----------
    run : Run
    folder : Path
        The model folder.
    model : mapping
        Contents of its ``config.json``.
    work : callable
    """
    from gantools.models.maturity import of_model

    maturity = of_model(folder, model)
    if maturity.words:
        say(run, f"{folder}: {maturity.words}")
    return partial(_with_fields, work, maturity.fields)


def _with_fields(
    work: Work,
    fields: dict[str, Any],
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    return {**work(item, outputs, seed, tick), **fields}
