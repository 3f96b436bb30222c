"""Catch-A-Waveform: train."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.chunks.item import Item
from gantools.cli.batch import run_batch
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, gather
from gantools.cli.systems.caw_generate import add_generate
from gantools.cli.systems.options import Base, Resume
from gantools.cli.tasks import Task
from gantools.cli.training import run_training
from gantools.errors import ConfigError, InputError
from gantools.options import to_mapping
from gantools.systems.caw import config as caw_config

if TYPE_CHECKING:
    from gantools.systems.caw.run import CawRun

__all__ = ["add_generate", "add_train"]

Clips = Annotated[list[str] | None, typer.Argument(help="Clips: files, folders, or - for a list.")]
Together = Annotated[bool, typer.Option("--together", help="One model of all clips, which should be of one style.")]


def add_train(app: typer.Typer) -> None:
    """Add ``train caw``."""
    uses = (*(name for name in BATCH if name not in ("force", "name")), "seed", "device")

    @verb(app, "caw", caw_config.CawConfig, presets=caw_config.PRESETS, uses=uses, action="train")
    def caw(
        clips: Clips = None,
        base: Base = None,
        resume: Resume = True,
        together: Together = False,
        *,
        run: Run,
        config: caw_config.CawConfig,
    ) -> int:
        """Learn one recording of half a second to minutes, to make more of it (Catch-A-Waveform).

        A single file becomes the model folder --out; a folder or several files become one model each below it, -j of
        them side by side. Run the same command again to go on after a stop. --dry-run tells of each clip the rates, the
        receptive field and its share of the clip, and the time that it will take; and which clips cannot be used.

        \b
          gantools train caw riff.wav -o models/riff --preset small --budget 10m
          gantools train caw fragments/ -o models/ --preset small -j 2
          gantools train caw verse1.wav verse2.wav -o models/verse --together
        """
        items = gather(clips, AUDIO_SUFFIXES, run)
        single = len(items) == 1 and not any(Path(name).is_dir() for name in clips or [])
        if single or together:
            return _train_one(items, base, resume, run, config)
        return _train_each(items, base, resume, run, config)


def _train_one(items: Sequence[Item], base: Path | None, resume: bool, run: Run, config: Any) -> int:
    built: list[CawRun] = []

    def build(chosen: Any, device: Any) -> Any:
        from gantools.systems.caw.clips import read_clip
        from gantools.systems.caw.run import CawRun
        from gantools.training.remarks import LeftOut

        clips, left_out = [], LeftOut()
        for item in items:
            try:
                clips.append(read_clip(item.path, chosen))
            except InputError as error:
                if len(items) == 1:
                    raise
                left_out.note(error, item.path)
        if not clips:
            raise ConfigError(f"none of these clips can be used{left_out.first()}")
        built.append(CawRun(chosen, clips, device))
        built[0].left_out = left_out.lines
        return built[0]

    def drive(job: Any, out: Path, **options: Any) -> Any:
        from gantools.systems.caw.training import train_caw

        return train_caw(job, out, **options)

    return run_training(
        run,
        config,
        build,
        base=base,
        resume=resume,
        source=" ".join(str(item.path) for item in items),
        facts=lambda: _facts(built[0]),
        drive=drive,
    )


def _facts(job: CawRun) -> dict[str, Any]:
    from gantools.systems.caw.run import predict

    return {**job.facts(), **predict(job)}


def _train_each(items: Sequence[Item], base: Path | None, resume: bool, run: Run, config: Any) -> int:
    from gantools.files.hashing import hash_file
    from gantools.runtime.device import resolve_device

    device = str(resolve_device(run.device))
    basis = hash_file(base / "config.json") if base and (base / "config.json").exists() else str(base)
    tasks = [Task(item, (item.key,), in_place=True) for item in items]
    threads = 1 if run.jobs != 1 and not config.threads else config.threads
    work = partial(
        train_file,
        config=dataclasses.replace(config, threads=threads),
        base=str(base) if base else "",
        resume=resume,
        device=device,
    )
    values = {name: value for name, value in to_mapping(config).items() if name != "threads"}
    plan = partial(plan_file, config=dataclasses.replace(config, threads=threads), device=device)
    return run_batch(run, tasks, ["caw", values, basis, device.split(":")[0]], work, plan=plan)


def plan_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    config: caw_config.CawConfig,
    device: str,
) -> dict[str, Any]:
    """Return what training a model of one clip would be; raises what would stop it."""
    import torch

    from gantools.systems.caw.clips import read_clip
    from gantools.systems.caw.run import CawRun

    job = CawRun(dataclasses.replace(config, seed=seed), [read_clip(item.path, config)], torch.device(device))
    return {"system": "caw", "rates_hz": list(job.rates_hz), "facts": _facts(job)}


def train_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    config: caw_config.CawConfig,
    base: str,
    resume: bool,
    device: str,
) -> dict[str, Any]:
    """Train a model of one clip; return the fields of its record."""
    import torch

    from gantools.systems.caw.clips import read_clip
    from gantools.systems.caw.run import CawRun
    from gantools.systems.caw.training import train_caw

    config = dataclasses.replace(config, seed=seed)
    job = CawRun(config, [read_clip(item.path, config)], torch.device(device))
    summary = train_caw(
        job,
        outputs[0],
        resume="auto" if resume else "never",
        base_model=base or None,
        report=lambda progress: tick(progress.step / progress.total if progress.total else 0.0),
    )
    if summary.status == "interrupted":
        raise KeyboardInterrupt
    return {"system": "caw", "step": summary.step, "rates_hz": list(job.rates_hz)}
