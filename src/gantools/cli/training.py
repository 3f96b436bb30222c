"""A training run as a command: its options, its progress on the terminal, its record."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantools.cli.batch import require_out
from gantools.cli.flags import Run
from gantools.cli.progress import Bar
from gantools.cli.records import emit, in_words, say
from gantools.errors import DeviceError, ModelError, StoppedError
from gantools.options import to_mapping
from gantools.parsing import duration

if TYPE_CHECKING:
    import torch

    from gantools.training.config import TrainConfig
    from gantools.training.report import Progress, Summary
    from gantools.training.system import System

_SHOWN = 4
#: A picture is drawn after fifty times what the last one took; the first, which loads a library, after two minutes.
_PICTURES_APART, _FIRST_PICTURE_SECONDS = 50.0, 120.0


class Watch:
    """Show the progress of `gantools.training.loop.train`: the bar, and a line per validation.

    Parameters
    ----------
    run : Run
    bar : Bar
    documented_steps : int
        About how many steps the documentation's figures took; 0 if not known.
    remarks : sequence of str
        Sentences to print as soon as the run has begun.
    budget_seconds : float
        Time of a budget run, which its bar counts; 0 of a run of steps.

    Attributes
    ----------
    begun : bool
        Whether anything was trained or validated; never on other ranks than the first.
    picture : Picture
    """

    def __init__(
        self, run: Run, bar: Bar, documented_steps: int, remarks: Sequence[str], budget_seconds: float = 0.0
    ) -> None:
        self.run, self.bar, self.documented_steps, self.begun = run, bar, documented_steps, False
        self.budget_seconds = budget_seconds
        self.remarks = list(remarks)
        self.picture = Picture(run)

    def __call__(self, progress: Progress) -> None:
        """Take note of a step or a validation."""
        while self.remarks:
            say(self.run, self.remarks.pop(0))
        if progress.activity == "resume":
            say(self.run, f"going on after step {progress.step}")
            return
        if progress.activity == "collapse":
            self.bar.remark(f"gantools {self.run.verb}: {progress.message}")
            return
        self.begun = True
        shown = "  ".join(f"{name} {value:.3g}" for name, value in list(progress.values.items())[:_SHOWN])
        if self.budget_seconds:
            step = f"{progress.activity} step {progress.step}  {shown}"
            self.bar.update(min(progress.seconds, self.budget_seconds), step)
        else:
            self.bar.update(progress.step, f"{progress.activity}  {shown}", progress.total or None)
        if progress.activity == "validate" and shown:
            if not self.run.quiet:
                self.bar.say(f"gantools {self.run.verb}: {self._place(progress)}: {shown}")
            self.picture.draw_if_cheap()

    def _place(self, progress: Progress) -> str:
        """Return ``step 4 of 12``, and what the documentation's figures took where that is much more."""
        from gantools.models.maturity import Maturity

        beside = f" (the documentation's figures: about {self.documented_steps:,})"
        short = Maturity(progress.total, self.documented_steps).words
        return f"step {progress.step} of {progress.total or '?'}{beside if short else ''}"


class Picture:
    """The curves of a run as ``training.png`` in its model folder.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run: Run) -> None:
        self.run, self._drawn_at, self._seconds = run, time.monotonic(), _FIRST_PICTURE_SECONDS / _PICTURES_APART

    def draw_if_cheap(self) -> None:
        """Draw where no more than a fiftieth of the time goes into it."""
        if time.monotonic() - self._drawn_at > _PICTURES_APART * self._seconds:
            self.draw()

    def draw(self) -> None:
        """Draw; a model is none the worse without its picture, so that a failure is only told."""
        from gantools.metrics.training.figure import write_picture

        begun = time.monotonic()
        try:
            write_picture(require_out(self.run))
        except OSError as error:
            say(self.run, f"no picture of the training: {error.strerror}")
        self._drawn_at = time.monotonic()
        self._seconds = self._drawn_at - begun


def run_training(
    run: Run,
    config: TrainConfig,
    build: Callable[[Any, torch.device], System],
    *,
    base: Path | None,
    resume: bool,
    sources: Sequence[str],
    role: str = "",
    drive: Callable[..., Summary] | None = None,
) -> int:
    """Train a system into ``--out``, or say with ``--dry-run`` what would be trained; return the exit code.

    Parameters
    ----------
    run : Run
    config : TrainConfig
        As resolved from the flags; the seed of `run` replaces its own.
    build : callable
        Makes the system from a configuration and a device.
    base : Path or None
        Model folder whose weights to begin with.
    resume : bool
        Go on with what is in ``--out``.
    sources : sequence of str
        Inputs as they were named; the record has them with spaces between.
    role : str
        Field of the record.
    drive : callable, optional
        Trains what `build` made, with the arguments of `gantools.training.loop.train`, which it replaces for models
        that consist of several runs.

    Raises
    ------
    StoppedError
        Interrupted; the same command goes on.
    """
    from gantools.models.folder import check_model
    from gantools.runtime.device import resolve_device
    from gantools.runtime.ranks import is_first_rank, rank_device
    from gantools.training.epochs import count_epochs
    from gantools.training.loop import train

    run = dataclasses.replace(run, verb="train")
    out = require_out(run)
    # Damage is found before the songs are read, and only where the run would go on from these files.
    if run.check and resume:
        check_model(out)
    system = build(dataclasses.replace(config, seed=run.seed), rank_device(resolve_device(run.device)))
    # A number of epochs says little of the hours that it takes: what it comes to is said before all else.
    length = count_epochs(system) if config.epochs else ""
    if length and is_first_rank():
        say(run, length)
    system.preset, system.command = run.preset, run.command
    system.sources = [name for name in sources if os.path.exists(name)]
    record = {"action": "train", "path": str(out), "source": " ".join(sources), "rel": "", "role": role}
    record["system"] = system.name
    record |= {"preset": run.preset} if run.preset else {}
    for line in system.left_out if is_first_rank() else ():
        say(run, line, error=True)
    if run.dry_run:
        return _plan(run, system, record, system.facts())
    if run.automatic and is_first_rank() and not (out / "config.json").exists():
        say(run, f"predicted time: {_predicted(system)}")
    # Several processes share a terminal: only the first one speaks.
    budget_seconds = duration(config.budget) if config.budget else 0.0
    speaker = dataclasses.replace(run, quiet=run.quiet or not is_first_rank())
    with Bar(speaker, budget_seconds or 1, "train", clock=bool(budget_seconds)) as bar:
        watch = Watch(run, bar, system.documented_steps, _remarks(system), budget_seconds)
        try:
            summary = (drive or train)(system, out, resume="auto" if resume else "never", base_model=base, report=watch)
        except (ModelError, DeviceError) as error:
            if not watch.begun:
                raise  # nothing was trained: exit code 2
            watch.picture.draw()
            bar.say(f"gantools train: {error}")
            emit(run, {**record, "status": "error", "error": str(error)})
            return 1
        if watch.begun:
            watch.picture.draw()
    return _finish(run, record, summary, config) if is_first_rank() else 0


def _predicted(system: System) -> str:
    """Return how long the run will take, in words: who has not chosen the settings has to know it before."""
    from gantools.training.prediction import predict_seconds, readable

    if system.config.budget:
        return f"{system.config.budget} (budget)"
    if "time" in (facts := system.facts()):  # of a system of several runs
        return str(facts["time"])
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return "not measured with several processes"
    return f"about {readable(predict_seconds(system))} on {system.device}, and validations"


def _remarks(system: System) -> list[str]:
    """Return what a user has to know of the data, a sentence each."""
    counts = ", ".join(f"{side} {len(songs)}" for side, songs in system.songs.items())
    return [*system.notes, *([f"songs: {counts}"] if counts else [])]


def _plan(run: Run, system: System, record: dict[str, Any], facts: dict[str, Any]) -> int:
    for remark in _remarks(system):
        say(run, remark)
    parameters = system.describe()["parameters"]
    say(run, "parameters: " + ", ".join(f"{name} {count:,}" for name, count in parameters.items()))
    for name, value in facts.items():
        say(run, f"{name}: {in_words(value)}")
    if system.songs:
        facts = {"songs": {side: len(songs) for side, songs in system.songs.items()}} | facts
    lists = {"notes": list(system.notes), "left_out": list(system.left_out)}
    facts |= {name: lines for name, lines in lists.items() if lines}
    options = to_mapping(system.config)
    say(run, "options: " + " ".join(f"{name}={value}" for name, value in options.items()))
    emit(run, {**record, "status": "planned", "config": options, "parameters": parameters, **facts})
    return 0


def _finish(run: Run, record: dict[str, Any], summary: Summary, config: TrainConfig) -> int:
    from gantools.models.maturity import of_model

    fields = {name: getattr(summary, name) for name in ("step", "best_step", "best_score", "seconds", "precision")}
    fields |= {"healthy_step": summary.healthy_step, "rollbacks": summary.rollbacks, "symptoms": summary.symptoms}
    fields |= {"documented_steps": summary.documented_steps, "threads": summary.threads}
    # An interrupted run has no record: the exit code of 130 and this line say that there is more to do.
    if summary.status == "interrupted":
        raise StoppedError(
            f"interrupted after {summary.step} of {summary.total} steps; the same command goes on from there"
        )
    best = "" if summary.best_step is None else f"; best after {summary.best_step} (score {summary.best_score:.4g})"
    skipped = summary.status == "skipped"
    if summary.never_healthy:
        say(run, summary.never_healthy, error=summary.failed)
    # Beside what the documentation's figures took, where it was much less.
    steps = of_model(summary.folder, {"config": to_mapping(config)}).words or f"{summary.step} steps"
    say(run, f"{'up to date' if skipped else f'done in {summary.seconds:.0f} s'}: {steps}{best}")
    if summary.failed:
        emit(run, {**record, "status": "error", "error": summary.never_healthy, **fields})
        return 1
    emit(run, {**record, "status": "skipped" if skipped else "ok", **fields})
    return 0
