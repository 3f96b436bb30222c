#!/usr/bin/env -S python3 -P
"""`gantools generate`: music from a trained model."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.systems import add_commands

app = typer.Typer(**SETTINGS, no_args_is_help=True)


@app.callback(invoke_without_command=True)
def group(
    context: typer.Context,
    models: Annotated[bool, typer.Option("--models", help="List models, as gantools --models does, and exit.")] = False,
) -> None:
    """Generate music with a trained model.

    \b
      gantools generate patches riff.wav -o ideas/
      gantools generate drummer bass.wav -o drums/ --mix
      gantools generate musika models/techno --seconds 3600 -s 7 -o night.flac
    """
    if models:
        from gantools.cli.shipped import print_models

        print_models()
        raise typer.Exit()


add_commands(app, "generate")


if __name__ == "__main__":
    main(["generate", *sys.argv[1:]])
