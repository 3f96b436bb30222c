#!/usr/bin/env -S python3 -P
"""`gantools fxnorm`: stems brought to a common sound."""

from __future__ import annotations

import dataclasses
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import run_batch
from gantools.cli.flags import BATCH, SINGLE, Run, verb
from gantools.cli.fxnorm import check_pairs, fit_features, gather_stems, measure_stems, require_meter, target_features
from gantools.cli.fxnorm_apply import apply_file, apply_task, group_changes, print_changes, song_of
from gantools.cli.inputs import part
from gantools.effects.config import ApplyConfig, CheckConfig, FitConfig, MeasureConfig
from gantools.options import to_mapping

app = typer.Typer(**SETTINGS, no_args_is_help=True)
Stems = Annotated[list[str] | None, typer.Argument(help="Stems: audio files, folders, or - for a list on stdin.")]
Target = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="NAME|FILE", help="Features to bring stems to: musdb18, or a file from fxnorm fit."
    ),
]
READS = (*(name for name in BATCH if name not in ("out", "force", "check", "name", "dry_run")), "map")
FIT = (*(name for name in SINGLE if name != "check"), "jobs", "cluster", "null", "limit", "map")


Before = Annotated[Path, typer.Argument(help="Stems as they were: a file or a folder.", show_default=False)]
After = Annotated[Path, typer.Argument(help="Stems after gantools fxnorm apply.", show_default=False)]


@app.callback()
def group() -> None:
    """Bring stems to a common sound (FxNorm: effect normalisation).

    \b
      gantools fxnorm apply stems/ --target musdb18 -o norm/
      gantools fxnorm fit stems/ -o features.json
      gantools fxnorm measure stems/ --target features.json
    """


@verb(app, "fit", FitConfig, uses=FIT, action="fxnorm")
def fit(stems: Stems = None, *, run: Run, config: FitConfig) -> int:
    """Measure the average loudness, spectrum, panning and dynamics of each type of stem in a dataset.

    Writes one features file (JSON, 10 KB) that `fxnorm apply` takes, at any sample rate.

    \b
      gantools fxnorm fit stems/ -o features.json
      gantools fxnorm fit more/ --merge features.json -o features.json
      gantools fxnorm fit drums/ --role drums -o drums.json
    """
    return fit_features(run, gather_stems(stems, run), config)


@verb(app, "apply", ApplyConfig, uses=(*BATCH, "map", "seed", "page"), action="fxnorm", folder="norm")
def apply(stems: Stems = None, target: Target = None, *, run: Run, config: ApplyConfig) -> int:
    """Bring each stem to the average of its type: EQ, compression, panning, loudness.

    Rate, bit depth or bit rate, channels, length, tags, pictures and cue points stay. The type of a stem is read from
    its name (vocals, drums, bass, other ...), from the record of another verb, or given with --role. --force also
    processes what was processed before.

    \b
      gantools fxnorm apply stems/ --target musdb18 -o norm/
      gantools fxnorm apply stems/ --target features.json -o norm/ --amount 0.5 --effects eq,loudness -j 0
      gantools separate songs/ -o stems/ --json | gantools fxnorm apply - --target musdb18 -o norm/
    """
    features = target_features(target)
    require_meter(config.reads_with())
    # A song is measured whole, also where this shard has but some of its stems.
    every = gather_stems(stems, dataclasses.replace(run, shard=(1, 1), limit=0) if config.group else run)
    every = [dataclasses.replace(i, role=config.role or i.role) for i in every]
    items = part(every, run)[: run.limit or None] if config.group else every
    songs = {song_of(item) for item in items}
    changes = group_changes(run, [i for i in every if song_of(i) in songs], features, config) if config.group else {}
    tasks = [apply_task(run, item, config) for item in items]
    work = partial(apply_file, features=features, config=config, changes=changes, again=run.force)
    code = run_batch(run, tasks, [features.feature_id, to_mapping(config), changes], work)
    return print_changes(run, tasks, config) or code


@verb(app, "measure", MeasureConfig, uses=READS, action="fxnorm")
def measure(stems: Stems = None, target: Target = None, *, run: Run, config: MeasureConfig) -> int:
    """Print loudness, range, true peak and dynamics and, beside features, the distance of spectrum and panning.

    \b
      gantools fxnorm measure stems/ --target musdb18
      gantools fxnorm measure song.wav --json
      gantools fxnorm measure takes/ --role vocals
    """
    features = target_features(target) if target else None
    items = [dataclasses.replace(i, role=config.role or i.role) for i in gather_stems(stems, run)]
    return measure_stems(run, items, features, config)


@verb(app, "check", CheckConfig, uses=READS, action="fxnorm")
def check(before: Before, after: After, target: Target = None, *, run: Run, config: CheckConfig) -> int:
    """Compare stems with their normalised versions and tell, for each, which promises of `fxnorm apply` hold.

    \b
      gantools fxnorm check stems/ norm/ --target musdb18
      gantools fxnorm check stems/ norm/ --target features.json --amount 0.5
      gantools fxnorm check stems/ norm/ --target musdb18 --json
    """
    return check_pairs(run, before, after, target_features(target), config)


if __name__ == "__main__":
    main(["fxnorm", *sys.argv[1:]])
