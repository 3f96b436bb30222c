"""Results of a trained model as a command: opened once per process, written in a batch, stamped by its weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.chunks.item import Item
from gantools.cli.batch import require_out, run_batch
from gantools.cli.extras import publish_extra
from gantools.cli.flags import Run
from gantools.cli.heard import listening, say_heard
from gantools.cli.naming import output_names
from gantools.cli.pages import MOST_PLAYERS
from gantools.cli.records import say
from gantools.cli.tasks import Task, Work
from gantools.options import to_mapping

if TYPE_CHECKING:
    from gantools.models.loaded import LoadedModel


class Generation:
    """One run of ``generate SYSTEM``: the open model, and the batch that it writes.

    Parameters
    ----------
    run : Run
    system : str
        Folder below `gantools.systems` whose ``generate.load`` opens the model.
    folder : Path
        The model folder.
    config : dataclass
        Options of the command. Those named in its ``FREE`` change no result.

    Attributes
    ----------
    model : LoadedModel

    Raises
    ------
    ConfigError
        No output folder is named.
    ModelError, DeviceError
        The model cannot be opened, or there is no such device.
    """

    def __init__(self, run: Run, system: str, folder: Path, config: Any) -> None:
        from gantools.runtime.device import resolve_device

        require_out(run)
        self.run, self.system, self.folder, self.config = run, system, folder, config
        self._device = resolve_device(run.device)
        # All that `open_model` keeps a model by, in this process and in each worker.
        self._opened = (system, str(folder), config, str(self._device), run.jobs, _written(folder))
        # Opened here too, so that a model that cannot be used ends the run before any work.
        self.model = open_model(*self._opened)
        for remark in self.model.remarks:
            say(run, remark)

    def tasks(self, items: Sequence[Item]) -> list[Task]:
        """Return a task for each item, its outputs named by ``--name``; the model's main role is that of its items."""
        main, *others = self.model.roles
        made = [dataclasses.replace(item, role=main or item.role) for item in items]
        return [Task(item, output_names(self.run, item, [item.role, *others], self.model.extension)) for item in made]

    @property
    def work(self) -> Work:
        """What makes one result: picklable, so that other processes can."""
        return partial(write_item, self._opened)

    def digest(self) -> list[Any]:
        """Return all that results depend on beside their seeds, as JSON values."""
        from gantools.files.hashing import hash_file

        free = getattr(self.config, "FREE", ())
        settings = {name: value for name, value in to_mapping(self.config).items() if name not in free}
        files = [hash_file(path) for path in self.model.files]
        return [self.system, files, settings, self._device.type, *self.model.facts]

    def execute(self, tasks: Sequence[Task], work: Work | None = None) -> int:
        """Bring the outputs of `tasks` up to date and return the exit code.

        Parameters
        ----------
        tasks : sequence of Task
        work : callable, optional
            Takes the place of `Generation.work`, and makes the same results.
        """
        work = work or self.work
        if self.model.description:
            work = from_model(self.run, self.folder, self.model.description, work)
        if self.model.remedy and tasks:
            # A page tells of each of its players whether it is worth playing.
            work = listening(work, tasks, MOST_PLAYERS) if self.run.page else listening(work, tasks)
        # Items with seeds of their own do not depend on --seed, nor do records of them.
        own = all(task.item.seed is not None for task in tasks)
        code = run_batch(dataclasses.replace(self.run, seed=0) if own else self.run, tasks, self.digest(), work)
        if self.model.remedy and not self.run.dry_run:
            say_heard(self.run, tasks, self.model.remedy)
        return self._write_beside(tasks) or code

    def _write_beside(self, tasks: Sequence[Task]) -> int:
        """Write what the model puts beside the results; return the exit code."""
        out = require_out(self.run)
        if not (self.model.beside and tasks and out.is_dir()) or self.run.dry_run:
            return 0
        from gantools.files.manifest import Manifest

        items = [task.item for task in tasks]
        write = partial(self.model.write_beside, items)
        return publish_extra(self.run, Manifest(out), self.model.beside, str(self.folder), write)


@lru_cache(maxsize=1)
def open_model(system: str, folder: str, config: Any, device: str, jobs: int, written: float) -> LoadedModel:
    """Open a model once per process; where several processes work, each takes one thread.

    `written` is when its weights were: a process that trains on and generates again opens them anew.
    """
    import torch

    if jobs != 1:
        torch.set_num_threads(1)
    model: LoadedModel = import_module(f"gantools.systems.{system}.generate").load(Path(folder), config, device)
    return model


def _written(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.rglob("*.safetensors")), default=0.0)


def write_item(
    opened: tuple[str, str, Any, str, int, float],
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    """Write the results for one item with the model that `open_model` keeps; return the fields of its record."""
    return open_model(*opened).write(item, outputs, seed, tick)


def from_model(run: Run, folder: Path, model: Mapping[str, Any], work: Work) -> Work:
    """Return `work` whose records tell how far the model that it uses was trained; say so where that is not far.

    Parameters
    ----------
    run : Run
    folder : Path
        The model folder.
    model : mapping
        Contents of its ``config.json``.
    work : callable
    """
    from gantools.models.maturity import of_model

    maturity = of_model(folder, model)
    if maturity.words:
        say(run, f"{folder}: {maturity.words}")
    return partial(_with_fields, work, maturity.fields)


def _with_fields(
    work: Work,
    fields: dict[str, Any],
    item: Item,
    outputs: Sequence[Path],
    seed: int,
    tick: Callable[[float], None],
) -> dict[str, Any]:
    return {**work(item, outputs, seed, tick), **fields}
