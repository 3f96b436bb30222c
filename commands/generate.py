#!/usr/bin/env -S python3 -P
"""`gantools generate`: music from a trained model."""

from __future__ import annotations

import sys

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.systems import add_commands

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Generate music with a trained model.")


@app.callback()
def group() -> None:
    """Generate music with a trained model."""


add_commands(app, "generate")


if __name__ == "__main__":
    main(["generate", *sys.argv[1:]])
