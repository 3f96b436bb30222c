"""The one training loop: every system runs through it, on one device or several ranks, in one go or in pieces."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from gantools.errors import DeviceError, InputError, ModelError
from gantools.files.containers import read_state
from gantools.files.failures import explain
from gantools.runtime.device import available_cores
from gantools.runtime.ranks import Ranks, join_ranks, leave_ranks, set_threads, wanted_threads
from gantools.training.collapse import DIVERGENCE, diverged, giving_up, going_back, weight_scales
from gantools.training.engine import Engine
from gantools.training.fine_tuning import start_from
from gantools.training.folder import ModelFolder
from gantools.training.pace import ThreadTrial, candidates
from gantools.training.position import Position, check_resumable
from gantools.training.precision import allow_fast_kernels, choose_precision
from gantools.training.recorder import Recorder
from gantools.training.report import Interrupts, Report, Summary
from gantools.training.system import System

_MOST_BAD_STEPS = 3


def train(
    system: System,
    folder: str | Path,
    *,
    resume: Literal["auto", "never"] = "auto",
    base_model: str | Path | None = None,
    report: Report | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train a system until its steps are done or its budget is spent, and keep everything in a model folder.

    A run that was stopped in any way, kill -9 included, goes on from its last save and ends with the same numbers as
    one that was not (bit for bit on a CPU with an equal number of threads). A finished run goes on when it is given
    more steps or a longer budget. Under torchrun all ranks call this; rank 0 validates and writes.

    A budget is used to its end: a budget run has no number of steps, and its learning rates follow the time that is
    spent. Where nobody has said how many CPU threads to use, its first steps compare a few numbers, and the run keeps
    the fastest, also when it is resumed. Which steps fit is not reproducible; what a given step computes is.

    After each validation the system is asked for symptoms of a collapse. A run that was healthy goes back to its last
    healthy validation then, or after three steps with a loss or gradient that is not finite, and on from there with
    half the learning rates, `config.rollbacks` times at most. Time spent on what is undone counts for the budget.

    Parameters
    ----------
    system : System
        What to train, with its networks initialised.
    folder : str or Path
        Model folder; it appears with the first save.
    resume : str
        ``auto`` goes on from a state in `folder`; ``never`` starts over and replaces the folder.
    base_model : str or Path, optional
        Model folder with weights to start a new run from (`weights.start_from`); not read when a run is resumed.
    report : callable, optional
        Called with a `Progress` after each step and around each validation, on rank 0.
    clock : callable
        Returns seconds that only grow; budgets and everything else that takes time go by it.

    Raises
    ------
    ConfigError
        The folder holds something else, or a run with other settings; the message names the setting.
    ModelError
        The networks collapsed more often than the run may go back, or had diverged at the end or in three steps in a
        row before they were ever healthy; the folder's state is damaged; the disk is full.
    DeviceError
        The device is out of memory or lacks the precision.
    """
    ranks = join_ranks()
    done = False
    try:
        run = _Run(system, ModelFolder(folder), ranks, report, clock)
        try:
            run.begin(resume, base_model)
            summary = run.go()
        finally:
            run.engine.batches.close()
            run.folder.close()
        done = True
        return summary
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceError("out of memory; use a smaller batch_size or micro_batch") from error
    except OSError as error:
        kept = "; what was saved before is kept" if ModelFolder(folder).states() else ""
        raise ModelError(explain(error, path=str(folder)) + kept) from error
    finally:
        leave_ranks(wait=done)


class _Run:
    """One run of the loop. Its position `at` and the tensors of its engine are all that the next step depends on."""

    def __init__(
        self,
        system: System,
        folder: ModelFolder,
        ranks: Ranks,
        report: Report | None,
        clock: Callable[[], float],
    ) -> None:
        self.system, self.config, self.folder, self.ranks = system, system.config, folder, ranks
        self.threads = set_threads(self.config.threads)
        self.trial: ThreadTrial | None = None
        allow_fast_kernels(system.device)
        self.engine = Engine(system, ranks)
        self.recorder = Recorder(system, folder, ranks, self.engine.average, report, clock)
        self.bad_steps, self.warm = 0, False

    def begin(self, resume: str, base_model: str | Path | None) -> None:
        """Take up the state in the folder, or make the folder with a first state."""
        state = ""
        if self.ranks.first and self.folder.open(self.system.name, resume=resume == "auto"):
            state = str(self.folder.newest_state())
        state = self.ranks.broadcast_json(state)
        if state:
            self._take_up(state)
        else:
            self._start_anew(base_model)
        self._choose_threads()
        if self.ranks.first and not self.at.finished:
            about = {"precision": self.at.precision, "device": str(self.system.device)}
            self.recorder.write("start", {**about, "ranks": self.ranks.size, "threads": self.threads})

    def _choose_threads(self) -> None:
        """Keep the number of threads of a run that goes on; let a new budget run find its own, unless one is given."""
        wanted = wanted_threads(self.config.threads)
        if not wanted and self.at.threads:
            self.threads = set_threads(min(self.at.threads, available_cores()))
        numbers = candidates(self.threads)
        undecided = not wanted and not self.at.threads and self.at.plan.budget_seconds and len(numbers) > 1
        if not undecided or self.system.device.type != "cpu":
            self.at.threads = self.threads
        elif self.ranks.first:  # which measures; the others do as it says
            self.trial = ThreadTrial(numbers, self.engine.cycle, self.at.plan.budget_seconds)

    def _start_anew(self, base_model: str | Path | None) -> None:
        precision = self.ranks.broadcast_json(choose_precision(self.config.precision, self.system.device))
        self.at = Position(precision)
        self.at.set_length(self.config)
        self.recorder.follow(self.at)
        if base_model is not None:
            self.at.started_from = start_from(self.system, base_model)
        self.engine.start()
        self.at.first_scales = weight_scales(self.system.networks)
        self.engine.prepare(precision)
        self._save(first=True)

    def _take_up(self, path: str) -> None:
        tensors, meta = read_state(path)
        check_resumable(self.system, meta, self.folder.path)
        self.at = Position.from_meta(meta)
        self.at.set_length(self.config)
        self.recorder.follow(self.at)
        self.engine.prepare(self.at.precision)
        self.engine.put_back(tensors, meta, self.at.rollbacks)
        if self.at.rollbacks > self.config.rollbacks and not self.at.finished:
            raise self._failure()
        if self.ranks.first and not self.at.finished:
            self.folder.journal.cut(self.at.step, self.at.validated == self.at.step, self.at.rollbacks)
            self.folder.write_config(self.system, self.at.started_from)
            self.recorder.tell("resume")

    def go(self) -> Summary:
        """Train to the end, or until asked to stop."""
        if self.at.finished:
            return self._summary("skipped")
        due = self.ranks.broadcast_json(self.at.plan.due(self.at.step, self.recorder.seconds, self.config))
        with Interrupts() as interrupts:
            self.recorder.guard = interrupts.at_once
            while True:
                if due and self.at.validated != self.at.step:
                    try:
                        self._check()
                    except KeyboardInterrupt:
                        if not interrupts.abandoned or self.ranks.size > 1:
                            raise
                        self._save()  # the steps before the validation, which the next run does
                        return self._summary("interrupted")
                if self.at.step >= self.at.plan.total > 0:
                    return self._summary("finished")
                if self.at.step == 0:
                    self.at.plan.begun_seconds = self.recorder.seconds
                self._train_step()
                stop, save, due = self._agree(interrupts)
                if stop or save:
                    self._save()
                if stop:
                    return self._summary("interrupted")

    def _check(self) -> None:
        """Validate, then save, go back, or end early."""
        self.engine.batches.rest()
        impatient = self.recorder.validate()
        if self.at.symptoms and self.at.healthy >= 0:
            self._roll_back()
            return
        if self.at.step and not self.at.symptoms and not self.bad_steps:
            self.at.healthy = self.at.step
        if impatient:
            self.at.plan.total = self.at.step
        self._save()

    def _roll_back(self) -> None:
        """Go back to the last healthy state, for the symptoms in the position, and save that as the newest one."""
        at, collapsed_at = self.at, self.at.step
        if self.ranks.first:
            self.recorder.write("collapse", {"reasons": at.symptoms, "back_to": at.healthy})
        at.rollbacks += 1
        if at.rollbacks <= self.config.rollbacks:
            self.recorder.tell("collapse", message=going_back(collapsed_at, at.symptoms, at.healthy, at.rollbacks))
        try:
            tensors, meta = read_state(self.folder.state(at.healthy))
        except InputError as error:
            raise ModelError(f"collapsed, and the healthy state to go back to: {error.message}", error.path) from error
        at.return_to(meta)
        self.engine.put_back(tensors, meta, at.rollbacks)
        self.bad_steps = 0
        if at.rollbacks <= self.config.rollbacks:
            at.plan.follow_time(at.step, self.recorder.seconds)
            at.plan.total = self.ranks.broadcast_json(at.plan.total)
        self._save()
        if at.rollbacks > self.config.rollbacks:
            raise self._failure()

    def _failure(self) -> ModelError:
        at = self.at
        best = self.ranks.broadcast_json(at.healthy if at.best_step is None else at.best_step)
        return giving_up(at.symptoms, at.rollbacks, best, self.folder.path)

    def _save(self, first: bool = False) -> None:
        if self.bad_steps and not self.at.step >= self.at.plan.total > 0:
            return  # the state before the bad steps is worth more
        self.recorder.save(*self.engine.pack(), first)

    def _summary(self, status: str) -> Summary:
        at = self.at
        if status != "interrupted" and at.healthy < 0 and DIVERGENCE in at.symptoms:
            raise diverged(at.symptoms, at.step, at.published, self.folder.path)
        return Summary(
            status,
            self.folder.path,
            at.step,
            at.plan.total,
            at.best_step,
            at.best_score,
            self.recorder.seconds,
            at.precision,
            at.healthy if at.healthy >= 0 else None,
            at.rollbacks,
            at.symptoms if at.healthy < 0 else {},
            self.system.documented_steps,
            self.threads,
        )

    def _train_step(self) -> None:
        begun = self.recorder.clock()
        # Before the first step of a budget run nothing tells how many there will be.
        bad, terms = self.engine.run(self.at.step, self.at.plan.total or self.config.steps)
        taken = self.recorder.clock() - begun
        if self.trial:
            self.trial.note(taken)
        self.at.step += 1
        self.engine.scale.update(not bad)
        if bad:
            self._note_bad_step(bad)
            return
        self.bad_steps = 0
        self.engine.average_in(self.at.averaged_updates)
        self.at.averaged_updates += 1
        self.at.means.add(terms)
        if self.at.step % self.config.log_every == 0:
            self.recorder.log_terms()
        if self.warm:
            self.at.plan.note_step(taken)
        self.warm = True
        self.recorder.tell("train", terms)

    def _note_bad_step(self, phase: str) -> None:
        if self.engine.scale.tolerates():
            return
        self.bad_steps += 1
        if self.ranks.first:
            self.recorder.write("skipped", {"phase": phase})
        if self.bad_steps < _MOST_BAD_STEPS:
            return
        if self.at.healthy >= 0:
            self.at.symptoms = {
                DIVERGENCE: f"loss or gradient of the {phase} not finite in {_MOST_BAD_STEPS} steps in a row"
            }
            self._roll_back()
        else:
            raise ModelError(
                f"loss or gradient of the {phase} were not finite in {_MOST_BAD_STEPS} steps in a row, up to step "
                f"{self.at.step}; the state saved before them is kept; start over (--no-resume) with a lower learning "
                "rate, or with --precision float32",
                self.folder.path,
            )

    def _agree(self, interrupts: Interrupts) -> tuple[bool, bool, bool]:
        """Return whether to stop, to save and to validate now; set the run's length and threads. Equal on all ranks."""
        plan, save, due = self.at.plan, False, False
        if self.ranks.first:
            plan.follow_time(self.at.step, self.recorder.seconds)
            due = plan.due(self.at.step, self.recorder.seconds, self.config)
            save = self.recorder.save_due() and not due
        own: list[int] = [interrupts.wished, save, due]
        own += [plan.total, self._next_threads()] if self.ranks.first else [0, 0]
        if self.ranks.size > 1:
            own = self.ranks.sum_(torch.tensor(own, dtype=torch.int64)).tolist()
        plan.total = own[3]
        if own[4] != self.threads:
            self.threads = set_threads(own[4])
        return bool(own[0]), bool(own[1]), bool(own[2])

    def _next_threads(self) -> int:
        """Return the threads of the next step, and keep the choice once it is made."""
        if self.trial is None:
            return self.threads
        chosen = self.trial.threads
        if self.trial.done:
            seconds = {str(number): round(mean, 4) for number, mean in sorted(self.trial.seconds.items())}
            self.recorder.write("threads", {"threads": chosen, "step_seconds": seconds})
            self.at.threads, self.trial = chosen, None
        return chosen
