"""Catch-A-Waveform: models of single recordings."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from gantools.chunks.item import Item
from gantools.cli.choosing import make_steady
from gantools.cli.exporting import export_model
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.generation import Generation
from gantools.cli.inputs import AUDIO_SUFFIXES, gather, part
from gantools.cli.ranking import rank_ideas
from gantools.cli.records import say
from gantools.cli.systems.options import SEEDED, Base, Export, ExportPart, Resume, with_page
from gantools.cli.training import run_training
from gantools.cli.training_each import Recipe, train_each
from gantools.errors import ConfigError
from gantools.systems.caw import config as caw_config
from gantools.systems.caw.generate_config import DEFAULT_SECONDS, SINGLE_MODES, CawGenerateConfig
from gantools.systems.patches.config import PatchGenerateConfig

if TYPE_CHECKING:
    from gantools.systems.caw.generate import LoadedCaw
    from gantools.systems.caw.run import CawRun
    from gantools.systems.patches.generate import LoadedClip

Clips = Annotated[list[str] | None, typer.Argument(help="Clips: files, folders, or - for a list on stdin.")]
Together = Annotated[bool, typer.Option("--together", help="One model of all clips, which should be of one style.")]
Model = Annotated[
    Path, typer.Argument(help="Model folder, from gantools train caw; for --engine patch also an audio file.")
]
Count = Annotated[int, typer.Option("--count", help="Results to make, of the seeds from --seed on.", min=1)]


def add_train(app: typer.Typer) -> None:
    """Add ``train caw``."""
    uses = (*(name for name in BATCH if name not in ("force", "name", "cluster")), "seed", "device")

    @verb(
        app, "caw", caw_config.CawConfig, presets=caw_config.PRESETS, uses=uses, action="train", folder="models/{name}"
    )
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
        if not (single or together):
            return train_each(run, config, RECIPE, items, base=base, resume=resume)
        paths = [item.path for item in items]
        build = lambda chosen, device: _build(paths, chosen, device)  # noqa: E731
        sources = [str(path) for path in paths]
        return run_training(run, config, build, base=base, resume=resume, sources=sources, drive=_drive)


def _build(paths: Sequence[Path], config: Any, device: Any) -> Any:
    from gantools.systems.caw.run import CawRun

    return CawRun.of_files(paths, config, device)


def _drive(caw_run: CawRun, out: Path, **options: Any) -> Any:
    from gantools.systems.caw.training import train_caw

    return train_caw(caw_run, out, **options)


def _fields(caw_run: CawRun) -> dict[str, Any]:
    return {"rates_hz": list(caw_run.rates_hz)}


RECIPE = Recipe("caw", _build, _drive, _fields)


def add_generate(app: typer.Typer) -> None:
    """Add ``generate caw``."""

    @verb(app, "caw", CawGenerateConfig, **with_page(SEEDED), folder="variations")
    def caw(
        model: Model,
        count: Count = 1,
        export: Export = None,
        export_part: ExportPart = "",
        *,
        run: Run,
        config: CawGenerateConfig,
    ) -> int:
        """Make more of the recording that a model has learnt: new music, variations, new sections, at any length.

        Each result is a function of the model, the options and its own seed, which is in its name. Any length is made
        in constant memory.

        \b
          gantools generate caw models/riff --count 20 --seconds 30 -o ideas/ --rank
          gantools generate caw models/riff --count 5 --mode vary --strength 2 -o ideas/
          gantools generate caw models/riff --mode vary --source other.wav --at-hz 2000 -o ideas/
          gantools generate caw models/riff --count 5 --arrange AABA -o sections/
          gantools generate caw models/voice --mode extend --source call-8khz.wav -o wide/
          gantools generate caw riff.wav --engine patch --count 20 -o drafts/ --rank
          gantools generate caw models/riff --export riff.pt
        """
        if export is not None and config.engine != "caw":
            raise ConfigError("--engine patch copies windows of the recording: it has no network to export")
        if export is not None:
            return export_model(run, model, config, export, export_part)
        # The ranking has a page of its own, of the same name.
        run = dataclasses.replace(run, page=run.page and not config.rank)
        generation = _open(run, model, config)
        if config.chooses:
            drawn = (_result(model, seed, config) for seed in itertools.count(run.seed))
            tasks, code = make_steady(generation, config, drawn, count)
        else:
            tasks = generation.tasks(part(_results(model, count, run, config), run))
            code = generation.execute(tasks)
        if not config.rank or run.dry_run or (config.chooses and not tasks):
            return code
        loaded = cast("LoadedCaw | LoadedClip", generation.model)
        return rank_ideas(run, tasks, _origin(model), *loaded.own_clip()) or code


def _open(run: Run, model: Path, config: CawGenerateConfig) -> Generation:
    if config.engine == "caw":
        return Generation(run, "caw", model, config)
    if not model.exists():
        raise ConfigError("no such file or folder", model)
    if model.is_file() and not model.name.lower().endswith(AUDIO_SUFFIXES):
        raise ConfigError(f"no model folder and no audio file ({', '.join(AUDIO_SUFFIXES)})", model)
    seconds = config.seconds or DEFAULT_SECONDS
    drafts = PatchGenerateConfig(format=config.extension, bits=config.bits, seconds=seconds, rank=config.rank)
    return Generation(run, "patches", model, drafts)


def _origin(model: Path) -> Path:
    """Return the file that stands for the model, or the recording itself."""
    return model if model.is_file() else model / "config.json"


def _results(model: Path, count: int, run: Run, config: CawGenerateConfig) -> list[Item]:
    """Return an item for each seed, which ends its name."""
    if config.mode in SINGLE_MODES:
        if count > 1:
            say(run, f"--mode {config.mode} has one result whatever the seed; --count {count} makes no more")
        return [_result(model, run.seed, config, ending="")]
    return [_result(model, seed, config) for seed in range(run.seed, run.seed + count)]


def _result(model: Path, seed: int, config: CawGenerateConfig, ending: str = "-{:04d}") -> Item:
    name = model.stem if model.is_file() else model.resolve().name
    return Item(_origin(model), "", f"{name}.{config.kind}{ending.format(seed)}", config.mode, name, seed=seed)
