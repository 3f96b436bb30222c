#!/usr/bin/env -S python3 -P
"""`gantools chunk`: mel files or audio to training shards."""

from __future__ import annotations

import dataclasses
import sys
from typing import Annotated

import typer

from gantools.chunks.config import ChunkConfig
from gantools.cli.app import SETTINGS, main
from gantools.cli.chunking import cut_folder
from gantools.cli.corpora import PURPOSES, write_corpus
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, MEL_SUFFIXES, gather
from gantools.errors import ConfigError
from gantools.options import did_you_mean
from gantools.symbolic.endings import MIDI_SUFFIXES

app = typer.Typer(**SETTINGS)


@verb(app, "chunk", ChunkConfig, uses=(*(name for name in BATCH if name != "name"), "map"), folder="chunks")
def chunk(
    inputs: Annotated[
        list[str] | None, typer.Argument(help="Mel files, audio, MIDI, folders, or - for a list on stdin.")
    ] = None,
    purpose: Annotated[
        str, typer.Option("--for", help=f"What to write of MIDI files: the corpus of {' or '.join(PURPOSES)}.")
    ] = "",
    *,
    run: Run,
    config: ChunkConfig,
) -> int:
    """Cut mel files into windows, or audio into clips, for training; with --for, write MIDI files as one corpus.

    Writes a shard per source, dataset.json (parameters, one dB range for all roles) and index.jsonl (a row per
    chunk). Songs go to train, val or test as a whole.

    \b
      gantools chunk mels/ -o chunks/
      gantools chunk mels/ -o chunks/ --test-songs song-11,song-12
      gantools chunk songs/ -o clips/ --samples 65536 --clips-per-song 4 --sample-rate 16000
      gantools chunk midi/ -o corpus/ --for symphony
    """
    if purpose:
        if purpose not in PURPOSES:
            raise ConfigError(
                f"for: {purpose!r} is not one of {', '.join(PURPOSES)}{did_you_mean(purpose, list(PURPOSES))}"
            )
        return write_corpus(gather(inputs, MIDI_SUFFIXES, run), run, config, purpose)
    everything = gather(inputs, MEL_SUFFIXES + AUDIO_SUFFIXES, dataclasses.replace(run, shard=(1, 1)))
    return cut_folder(everything, run, config)


if __name__ == "__main__":
    main(["chunk", *sys.argv[1:]])
