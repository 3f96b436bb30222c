#!/usr/bin/env -S python3 -P
"""`gantools loopscore`: the loops in songs and MIDI, scored and cut out."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, MIDI_SUFFIXES, gather
from gantools.cli.loopscore import extract as extract_loops
from gantools.cli.loopscore import print_windows
from gantools.errors import ConfigError
from gantools.runtime.threads import keep_algebra_in_one_thread
from gantools.structure.loops.config import LoopScoreConfig

app = typer.Typer(**SETTINGS)


@verb(app, "loopscore", LoopScoreConfig, uses=BATCH)
def loopscore(
    paths: Annotated[list[str] | None, typer.Argument(help="Audio, MIDI, folders, or - for a list on stdin.")] = None,
    extract: Annotated[
        Path | None, typer.Option("--extract", help="Folder to write the loops to; the same as -o.")
    ] = None,
    *,
    run: Run,
    config: LoopScoreConfig,
) -> int:
    """Score which bars of songs and MIDI loop, and cut loops out.

    Prints a row for each window of 8 bars: its score (lower is better), the percentage of real loops that score lower,
    the seam (above 1 the join stands out), and a verdict: loop, no, trivial (one bar again and again, or a drone),
    silent or error. With --extract the loops are written, the best first, none over another, each exactly as long as
    its bars, with loop points and tempo, and a page on which they play.

    \b
      gantools loopscore song.wav --top 3
      gantools loopscore tracks/ --extract loops/ --top 4
      gantools loopscore midi/ --json | jq -c 'select(.verdict == "loop")'
      gantools loopscore songs/ --points --best > loops.txt
    """
    if extract is not None and run.out is not None and extract != run.out:
        raise ConfigError(f"--extract {extract} and --out {run.out} are one option; keep one")
    keep_algebra_in_one_thread()
    run = dataclasses.replace(run, out=extract or run.out)
    items = gather(paths, AUDIO_SUFFIXES + MIDI_SUFFIXES, run)
    if run.out is None or config.points:
        return print_windows(run, items, config)
    return extract_loops(run, items, config)


if __name__ == "__main__":
    main(["loopscore", *sys.argv[1:]])
