"""The systems' commands, a file for each family: ``add_train`` and ``add_generate`` add what there is."""

from __future__ import annotations

from importlib import import_module

import typer

#: One word for each family, in the order of the help. A new system adds its own.
FAMILIES = (
    "translation",
    "separator",
    "drummer",
    "automix",
    "caw",
    "patches",
    "wavegan",
    "codec",
    "musika",
    "loops",
    "loopbaselines",
    "symphony",
)


def add_commands(app: typer.Typer, verb: str) -> None:
    """Add the commands of all families to ``train`` or ``generate``."""
    for family in FAMILIES:
        add = getattr(import_module(f"{__name__}.{family}"), f"add_{verb}", None)
        if add is not None:
            add(app)
