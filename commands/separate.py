#!/usr/bin/env -S python3 -P
"""`gantools separate`: songs to stems."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import require_out, run_batch
from gantools.cli.flags import SOUNDING, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, gather
from gantools.cli.naming import output_name
from gantools.cli.records import say
from gantools.cli.tasks import Task, Work
from gantools.errors import ConfigError
from gantools.runtime.device import accelerator, available_cores, resolve_device
from gantools.separation.config import SeparateConfig

if TYPE_CHECKING:
    from gantools.separation.demucs_models import StemModel
    from gantools.separation.separator import Separator
    from gantools.separation.song import Decoder

app = typer.Typer(**SETTINGS)
_IRRELEVANT: dict[str, Any] = {"model": "", "download": False, "batch": 0}  # options that change no sample


@verb(app, "separate", SeparateConfig, uses=SOUNDING, name_template="{rel}/{stem}/{role}.{ext}", folder="stems")
def separate(
    inputs: Annotated[list[str] | None, typer.Argument(help="Songs, folders, or - for a list on stdin.")] = None,
    *,
    run: Run,
    config: SeparateConfig,
) -> int:
    """Split songs into stems, with Demucs or with the small separator that comes with gantools.

    Stems keep the song's rate, depth, length, channels and tags. Those that would clip are lowered together. Nothing is
    fetched from the network without --download.

    \b
      gantools separate songs/ -o stems/
      gantools separate song.flac -o stems/ --model htdemucs_ft --two-stems vocals --page
      gantools separate songs/ -o stems/ --json | gantools fxnorm apply - --target musdb18 -o norm/
    """
    from gantools.files.hashing import hash_file
    from gantools.separation.catalogue import find_model

    items = gather(inputs, AUDIO_SUFFIXES, run)
    out = require_out(run)
    model = find_model(config.model, download=config.download)
    roles = config.roles(model.sources)
    if config.model == "auto":
        why = "" if model.name == "htdemucs" else ": no weights of Demucs here; --model htdemucs says where to get them"
        say(run, f"--model auto takes {model.name}{why}")
    accelerator(run.device)  # a device that is not there stops all before work starts
    tasks = []
    for item in items:
        names = [output_name(run, dataclasses.replace(item, role=role), config.format) for role in roles]
        if len(set(names)) < len(names):
            raise ConfigError(f"--name {run.name!r} gives one name to several stems; put {{role}} into it")
        tasks.append(Task(item, tuple(names), roles=roles))
    told = dataclasses.asdict(dataclasses.replace(config, **_IRRELEVANT))
    opened = partial(_open, model, config, run.device, run.jobs, str(out))
    work: Work = partial(separate_file, opened=opened, roles=roles, bits=config.bits, model=model.name)
    if model.kind == "own":
        from gantools.cli.generation import from_model
        from gantools.models.folder import read_configuration

        work = from_model(run, model.files[0].parent, read_configuration(model.files[0].parent), work)
    ahead = None if run.jobs != 1 else lambda item: opened()[1].begin(item.path)
    try:
        return run_batch(run, tasks, [[hash_file(path) for path in model.files], list(roles), told], work, ahead=ahead)
    finally:
        if _open.cache_info().currsize:
            opened()[1].close()
            _open.cache_clear()


@lru_cache(maxsize=1)
def _open(model: StemModel, config: SeparateConfig, device: str, jobs: int, out: str) -> tuple[Separator, Decoder]:
    """Load the model once per process; files worked on at a time share the cores."""
    from gantools.separation.separator import open_separator
    from gantools.separation.song import Decoder

    limit = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(limit) if limit.isdecimal() and jobs == 1 else available_cores() // (jobs or available_cores())
    how: dict[str, Any] = {name: getattr(config, name) for name in ("overlap", "batch", "shifts", "segment_seconds")}
    separator = open_separator(model, resolve_device(device), threads=max(1, threads), **how)
    return separator, Decoder(Path(out), separator.rate_hz)


def separate_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    opened: Callable[[], tuple[Separator, Decoder]],
    roles: Sequence[str],
    bits: str,
    model: str,
) -> dict[str, Any]:
    """Write the stems of one song; return the fields of their records."""
    from gantools.separation.song import separate_song

    return {"model": model} | separate_song(item.path, outputs, roles, *opened(), bits=bits, seed=seed, tick=tick)


if __name__ == "__main__":
    main(["separate", *sys.argv[1:]])
