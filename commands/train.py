#!/usr/bin/env -S python3 -P
"""`gantools train`: songs, stems or training shards to a model folder."""

from __future__ import annotations

import sys

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.systems import add_commands

app = typer.Typer(**SETTINGS, no_args_is_help=True)


@app.callback()
def group() -> None:
    """Train a model.

    \b
      gantools train musika techno/ -o models/techno --preset small --budget 3h
      gantools train caw riff.wav -o models/riff --preset small --budget 20m
      gantools train cyclegan chunks/ --source-role bass --target-role drums -o models/drums --budget 5m
    """


add_commands(app, "train")


if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
