"""A model for each input, as a batch: every training run is one task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.item import Item
from gantools.cli.batch import run_batch
from gantools.cli.flags import Run
from gantools.cli.tasks import Task
from gantools.errors import ModelError
from gantools.options import to_mapping

if TYPE_CHECKING:
    import torch

    from gantools.training.config import TrainConfig
    from gantools.training.report import Summary


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How models of a system are trained; made of functions of a module, so that other processes can have it.

    Attributes
    ----------
    system : str
    build : callable
        (paths of the input, configuration, device) to what is trained.
    drive : callable
        Trains what `build` made, with the arguments of `gantools.training.loop.train`.
    fields : callable
        Fields of the records of what `build` made.
    """

    system: str
    build: Callable[[Sequence[Path], Any, torch.device], Any]
    drive: Callable[..., Summary]
    fields: Callable[[Any], dict[str, Any]]


def train_each(
    run: Run, config: TrainConfig, recipe: Recipe, items: Sequence[Item], *, base: Path | None, resume: bool
) -> int:
    """Train a model of each item into a folder of its own below ``--out``, ``-j`` of them at a time.

    A run that was interrupted goes on; the seed of each model is a hash of ``--seed`` and the item. Returns the exit
    code.
    """
    from gantools.runtime.device import resolve_device

    device = str(resolve_device(run.device))
    # Several runs side by side take a thread each, unless the user has said how many.
    threads = 1 if run.jobs != 1 and not config.threads else config.threads
    shared: dict[str, Any] = {"recipe": recipe, "config": dataclasses.replace(config, threads=threads)}
    work = partial(
        train_item,
        **shared,
        preset=run.preset,
        command=run.command,
        device=device,
        base=str(base) if base else "",
        resume=resume,
    )
    plan = partial(plan_item, **shared, device=device)
    # The number of threads changes no result within rounding, and no model is redone for it.
    values = {name: value for name, value in to_mapping(config).items() if name != "threads"}
    tasks = [Task(item, (item.key,), in_place=True) for item in items]
    return run_batch(run, tasks, [recipe.system, values, _stamp(base), device.split(":")[0]], work, plan=plan)


def _stamp(base: Path | None) -> list[str]:
    """Return what tells whether new models would begin with other weights: the hashes of a model and its weights."""
    from gantools.files.hashing import hash_file

    if base is None:
        return []
    weights = [path for path in sorted(base.rglob("*.safetensors")) if "state" not in path.relative_to(base).parts]
    return [hash_file(path) for path in (base / "config.json", *weights) if path.is_file()]


def plan_item(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    recipe: Recipe,
    config: TrainConfig,
    device: str,
) -> dict[str, Any]:
    """Return what training a model of one item would be; raises what would stop it."""
    import torch

    system = recipe.build([item.path], dataclasses.replace(config, seed=seed), torch.device(device))
    return {"system": recipe.system, **recipe.fields(system), "facts": system.facts()}


def train_item(
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
    *,
    recipe: Recipe,
    config: TrainConfig,
    device: str,
    base: str,
    resume: bool,
    preset: str = "",
    command: str = "",
) -> dict[str, Any]:
    """Train a model of one item; return the fields of its record."""
    import torch

    system = recipe.build([item.path], dataclasses.replace(config, seed=seed), torch.device(device))
    if hasattr(system, "sources"):
        system.preset, system.command, system.sources = preset, command, [str(item.path)]
    summary = recipe.drive(
        system,
        outputs[0],
        resume="auto" if resume else "never",
        base_model=base or None,
        report=lambda progress: tick(progress.step / progress.total if progress.total else 0.0),
    )
    if summary.status == "interrupted":
        raise KeyboardInterrupt
    if summary.failed:
        raise ModelError(summary.never_healthy)
    return {"system": recipe.system, "step": summary.step, **recipe.fields(system)}
