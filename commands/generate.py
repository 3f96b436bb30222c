#!/usr/bin/env -S python3 -P
"""`gantools generate`: music from a trained model."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gantools.cli.app import SETTINGS, main
from gantools.cli.batch import Task, output_name, run_batch
from gantools.cli.flags import BATCH, Run, verb
from gantools.cli.inputs import AUDIO_SUFFIXES, MEL_SUFFIXES, Item, gather
from gantools.options import to_mapping
from gantools.systems.song_config import TranslateConfig

if TYPE_CHECKING:
    from gantools.systems.song import MelTranslator

app = typer.Typer(**SETTINGS, no_args_is_help=True, help="Generate music with a trained model.")
OPTIONS: dict[str, Any] = {
    "uses": (*BATCH, "seed", "device"),
    "name_template": "{rel}/{stem}.{role}.{ext}",
    "action": "generate",
}
Model = Annotated[Path, typer.Argument(help="Model folder, from gantools train.", show_default=False)]
Inputs = Annotated[list[str] | None, typer.Argument(help="Audio or mel files, folders, or - for a list.")]


@app.callback()
def group() -> None:
    """Generate music with a trained model."""


@verb(app, "cyclegan", TranslateConfig, **OPTIONS)
def cyclegan(model: Model, inputs: Inputs = None, *, run: Run, config: TranslateConfig) -> int:
    """Invent a part for each song, such as drums for a bass line, with a CycleGAN.

    Songs of any length, in constant memory. The part has the input's rate and length, so that it lines up.

    \b
      gantools generate cyclegan models/drums bass.wav -o drums/ --mix
      gantools generate cyclegan models/drums mels/ -o drums/ --mel
      gantools generate cyclegan models/drums drums.wav -o bass/ --direction backward
    """
    return _translate("cyclegan", model, inputs, run, config)


@verb(app, "pix2pix", TranslateConfig, **OPTIONS)
def pix2pix(model: Model, inputs: Inputs = None, *, run: Run, config: TranslateConfig) -> int:
    """Invent a part for each song with pix2pix, the paired baseline.

    \b
      gantools generate pix2pix models/drums bass.wav -o drums/ --mix
    """
    return _translate("pix2pix", model, inputs, run, config)


def _translate(system: str, model: Path, inputs: list[str] | None, run: Run, config: TranslateConfig) -> int:
    from gantools.files.hashing import hash_file
    from gantools.runtime.device import resolve_device
    from gantools.training.weights import read_model, weight_files

    device = resolve_device(run.device)
    weights = [hash_file(model / name) for name in ["config.json", *weight_files(read_model(model))]]
    translator = _open(system, str(model), config, str(device))
    items = [dataclasses.replace(i, role=translator.target) for i in gather(inputs, AUDIO_SUFFIXES + MEL_SUFFIXES, run)]
    tasks = []
    for item in items:
        name = output_name(run, item, "mel.safetensors" if config.mel else config.format)
        mixed = dataclasses.replace(item, role="mix")
        mix = (output_name(run, mixed, config.format),) if config.mix and not config.mel else ()
        tasks.append(Task(item, (name, *mix)))
    threads = 1 if run.jobs != 1 else 0
    work = partial(translate_file, system=system, model=str(model), config=config, device=str(device), threads=threads)
    return run_batch(run, tasks, [system, weights, to_mapping(config), device.type], work)


@lru_cache(maxsize=1)
def _open(system: str, model: str, config: TranslateConfig, device: str) -> MelTranslator:
    """Load a model once per process."""
    translator: MelTranslator = import_module(f"gantools.systems.{system}.generate").load(Path(model), config, device)
    return translator


def translate_file(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    system: str,
    model: str,
    config: TranslateConfig,
    device: str,
    threads: int,
) -> dict[str, Any]:
    """Write the new part of one song, and the mix where asked; return the fields of its record."""
    import torch

    from gantools.systems.song import render

    if threads:
        torch.set_num_threads(threads)
    translator = _open(system, model, config, device)
    meta = {"song": item.song, "source": item.path.name, "generated": {"system": system, "seed": seed}}
    solver = None if device == "cpu" else device  # the CPU has compiled loops of its own
    return render(
        item.path, list(outputs), translator, config, seed, tick, device=solver, threads=threads, meta=meta
    ) | ({"mix": str(outputs[1])} if len(outputs) > 1 else {})


if __name__ == "__main__":
    main(["generate", *sys.argv[1:]])
