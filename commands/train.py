#!/usr/bin/env -S python3 -P
"""`gantools train`: training shards to a model folder."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import require_out
from gantools.cli.flags import SINGLE, Run, verb
from gantools.cli.progress import Bar
from gantools.cli.records import emit, say
from gantools.cli.training import Watch
from gantools.errors import DeviceError, ModelError, StoppedError
from gantools.options import to_mapping
from gantools.systems.cyclegan import config as cyclegan_config
from gantools.systems.pix2pix import config as pix2pix_config

if TYPE_CHECKING:
    from gantools.training.report import Summary
    from gantools.training.system import System

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Train a model.")
USES = (*(name for name in SINGLE if name != "force"), "seed", "device")
Chunks = Annotated[Path, typer.Argument(help="Chunk folder, from gantools chunk.", show_default=False)]
Base = Annotated[Path | None, typer.Option("--from", help="Model folder whose weights to begin with (fine-tuning).")]
Resume = Annotated[bool, typer.Option("--resume/--no-resume", help="Go on with what is in --out, or start over.")]


@app.callback()
def group() -> None:
    """Train a model."""


@verb(app, "cyclegan", cyclegan_config.CycleGANConfig, uses=USES, presets=cyclegan_config.PRESETS, action="train")
def cyclegan(
    chunks: Chunks, base: Base = None, resume: Resume = True, *, run: Run, config: cyclegan_config.CycleGANConfig
) -> int:
    """Learn to turn one role into another, such as bass into drums, from songs that need not be paired (CycleGAN).

    Writes a model folder, which can be resumed at any time: run the same command again. It is finished after --steps
    or --budget; more of either goes on. Several processes: torchrun --nproc-per-node N -m gantools train ...
    Two of them give the weights of one, bit for bit on a CPU, where both use the same --micro-batch.

    \b
      gantools train cyclegan chunks/ --source bass --target drums -o models/drums --preset small --budget 5m
      gantools train cyclegan more/ -o models/tuned --from models/drums --steps 20000
    """
    from gantools.systems.cyclegan.objective import CycleGAN

    return _train(CycleGAN, chunks, base, resume, run, config)


@verb(app, "pix2pix", pix2pix_config.Pix2PixConfig, uses=USES, presets=pix2pix_config.PRESETS, action="train")
def pix2pix(
    chunks: Chunks, base: Base = None, resume: Resume = True, *, run: Run, config: pix2pix_config.Pix2PixConfig
) -> int:
    """Learn to turn one role into another from songs that have both (pix2pix, the paired baseline).

    \b
      gantools train pix2pix chunks/ --source bass --target drums -o models/drums --budget 5m
    """
    from gantools.systems.pix2pix.objective import Pix2Pix

    return _train(Pix2Pix, chunks, base, resume, run, config)


def _train(kind: Any, chunks: Path, base: Path | None, resume: bool, run: Run, config: Any) -> int:
    from gantools.chunks.shards import ChunkSet
    from gantools.runtime.device import resolve_device
    from gantools.runtime.ranks import is_first_rank, rank_device
    from gantools.training.loop import train

    run = dataclasses.replace(run, verb="train")
    out, data = require_out(run), ChunkSet(chunks)
    system: System = kind(dataclasses.replace(config, seed=run.seed), data, rank_device(resolve_device(run.device)))
    record = {"action": "train", "path": str(out), "source": str(chunks), "rel": "", "role": config.target}
    record["system"] = system.name
    if run.dry_run:
        parameters = system.describe()["parameters"]
        splits = {role: {s: len(data.select(role, s)) for s in ("train", "val", "test")} for role in data.roles()}
        say(run, "parameters: " + ", ".join(f"{name} {count:,}" for name, count in parameters.items()))
        say(run, "windows: " + ", ".join(f"{role} {part}" for role, part in splits.items()))
        say(run, "options: " + " ".join(f"{name}={value}" for name, value in to_mapping(system.config).items()))
        options = {"config": to_mapping(system.config), "parameters": parameters, "windows": splits}
        emit(run, {**record, "status": "planned", **options})
        return 0
    with Bar(dataclasses.replace(run, quiet=run.quiet or not is_first_rank()), 1, "train") as bar:
        watch = Watch(run, bar)
        try:
            summary = train(system, out, resume="auto" if resume else "never", base_model=base, report=watch)
        except (ModelError, DeviceError) as error:
            if not watch.begun:
                raise  # nothing was trained: exit code 2
            bar.say(f"gantools train: {error}")
            emit(run, {**record, "status": "error", "error": str(error)})
            return 1
    return _finish(run, record, summary) if is_first_rank() else 0


def _finish(run: Run, record: dict[str, Any], summary: Summary) -> int:
    fields = {name: getattr(summary, name) for name in ("step", "best_step", "best_score", "seconds", "precision")}
    if summary.status == "interrupted":
        raise StoppedError(
            f"interrupted after {summary.step} of {summary.total} steps; the same command goes on from there"
        )
    best = "" if summary.best_step is None else f"; best after {summary.best_step} (score {summary.best_score:.4g})"
    skipped = summary.status == "skipped"
    say(run, f"{'up to date' if skipped else f'done in {summary.seconds:.0f} s'}: {summary.step} steps{best}")
    emit(run, {**record, "status": "skipped" if skipped else "ok", **fields})
    return 0


if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
