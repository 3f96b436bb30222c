#!/usr/bin/env -S python3 -P
"""`gantools train`: songs, stems or training shards to a model folder."""

from __future__ import annotations

import sys

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.systems import add_commands

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Train a model.")


@app.callback()
def group() -> None:
    """Train a model."""


add_commands(app, "train")


if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
