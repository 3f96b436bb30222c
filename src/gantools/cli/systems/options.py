"""Options that the commands of all systems share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gantools.cli.flags import SINGLE, SOUNDING
from gantools.models.shipped import find_model

#: Standard options of ``train`` commands.
TRAIN: dict[str, Any] = {
    "uses": (*(name for name in SINGLE if name != "force"), "seed", "device"),
    "action": "train",
    "folder": "models/{name}",
}
#: Standard options of ``generate`` commands that turn files into files.
GENERATE: dict[str, Any] = {
    "uses": SOUNDING,
    "name_template": "{rel}/{stem}.{role}.{ext}",
    "action": "generate",
}
#: Standard options of ``generate`` commands that make results of seeds, from the model alone.
SEEDED: dict[str, Any] = {
    "uses": tuple(name for name in GENERATE["uses"] if name not in ("limit", "null", "page")),
    "name_template": "{rel}/{stem}.{ext}",
    "action": "generate",
}


def with_map(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command that reads from names which part of a song a file is: with ``--map``."""
    return {**options, "uses": (*options["uses"], "map")}


def with_page(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command whose results have no page of their own: with ``--page``."""
    return {**options, "uses": (*options["uses"], "page")}


Base = Annotated[
    Path | None,
    typer.Option("--from", help="Model whose weights to begin with (fine-tuning).", parser=find_model, metavar="MODEL"),
]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Go on with what is in --out, or start over.")]
Model = Annotated[
    Path,
    typer.Argument(
        help="Model folder, from gantools train, or the name of a model that ships (gantools --models).",
        parser=find_model,
        show_default=False,
    ),
]
#: Heading of what follows in the help.
_EXPORT = "Export"
Export = Annotated[
    Path | None,
    typer.Option(
        "--export",
        help="Write the network to this file for other programs, and make no music: .pt is TorchScript, .onnx ONNX.",
        metavar="FILE",
        rich_help_panel=_EXPORT,
    ),
]
ExportPart = Annotated[
    str,
    typer.Option("--export-part", help="Network to export, where a model has several.", rich_help_panel=_EXPORT),
]
