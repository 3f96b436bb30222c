"""The one training loop: every system runs through it, on one device or several ranks, in one go or in pieces."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from gantools.errors import DeviceError, ModelError
from gantools.files.containers import read_state
from gantools.files.failures import explain
from gantools.files.jsontext import well_formed
from gantools.runtime.device import available_cores
from gantools.runtime.ranks import Ranks, join_ranks, leave_ranks, set_threads, wanted_threads
from gantools.runtime.stopping import Interrupts
from gantools.training.card import write_training_card
from gantools.training.checkpoints import Checkpoints
from gantools.training.collapse import DIVERGENCE, diverged, giving_up, going_back, weight_scales
from gantools.training.engine import Engine
from gantools.training.epochs import count_epochs
from gantools.training.fine_tuning import start_from
from gantools.training.folder import ModelFolder
from gantools.training.precision import allow_fast_kernels, choose_precision
from gantools.training.report import Report, Reporter, Summary
from gantools.training.run_state import RunState, check_resumable
from gantools.training.system import System
from gantools.training.thread_trial import ThreadTrial, candidates
from gantools.training.validation import Validator

_MOST_BAD_STEPS = 3
_OF_ANOTHER_VERSION = (
    "is damaged, or a checkpoint of another version; --no-resume starts over, --from uses its weights in another --out"
)


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

    After each validation the system is asked for symptoms of a collapse. A run that was healthy goes back to the
    checkpoint of its last healthy validation then, or after three steps with a loss or gradient that is not finite, and
    on from there with half the learning rates, `config.rollbacks` times at most. Time spent on what is undone counts
    for the budget.

    Parameters
    ----------
    system : System
        What to train, with its networks initialised.
    folder : str or Path
        Model folder; it appears with the first save.
    resume : str
        ``auto`` goes on from a checkpoint in `folder`; ``never`` starts over and replaces the folder.
    base_model : str or Path, optional
        Model folder with weights to start a new run from (`fine_tuning.start_from`); not read when a run is resumed.
    report : callable, optional
        Called with a `Progress` after each step and around each validation, on rank 0.
    clock : callable
        Returns seconds that only grow; budgets and everything else that takes time go by it.

    Raises
    ------
    ConfigError
        The folder holds something else, or a run with other settings; the message names the setting. Or the run is
        told in epochs, and the system has none.
    ModelError
        The networks collapsed more often than the run may go back, or had diverged at the end or in three steps in a
        row before they were ever healthy; the folder's checkpoints are damaged; the disk is full.
    DeviceError
        The device is out of memory or lacks the precision.
    """
    count_epochs(system)
    ranks = join_ranks()
    done = False
    try:
        run = _Run(system, ModelFolder(folder), ranks, report, clock)
        try:
            run.begin(resume, base_model)
            summary = run.go()
            if summary.status == "finished" and system.writes_card and ranks.first:
                write_training_card(system, summary)
        finally:
            try:
                run.engine.batches.close()
            finally:
                run.folder.close()  # its lock, whatever became of the thread
        done = True
        return summary
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceError("out of memory; use a smaller batch_size or micro_batch") from error
    except OSError as error:
        kept = "; what was saved before is kept" if ModelFolder(folder).checkpoints() else ""
        raise ModelError(explain(error, path=str(folder)) + kept) from error
    finally:
        leave_ranks(wait=done)


class _Run:
    """One run of the loop. Its `state` and the tensors of its engine are all that the next step depends on."""

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
        self.reporter = Reporter(folder.journal, report, clock, ranks.first)
        self.checkpoints = Checkpoints(system, self.engine, folder, self.reporter)
        self.validator = Validator(system, self.engine, ranks, self.checkpoints, self.reporter)
        self.bad_steps, self.warm = 0, False

    def begin(self, resume: str, base_model: str | Path | None) -> None:
        """Restore the newest checkpoint in the folder, or make the folder with a first one."""
        # The first rank looks and the others do as it says: it holds the folder's lock, and on a folder that several
        # machines share the others may see a new file later.
        checkpoint = ""
        if self.ranks.first and self.folder.open(self.system.name, resume=resume == "auto"):
            checkpoint = str(self.folder.newest_checkpoint())
        checkpoint = self.ranks.broadcast_json(checkpoint)
        if checkpoint:
            self._resume(checkpoint)
        else:
            self._start_anew(base_model)
        self._choose_threads()
        if self.ranks.first and not self.state.finished:
            about = {"precision": self.state.precision, "device": str(self.system.device)}
            self.reporter.write("start", {**about, "ranks": self.ranks.size, "threads": self.threads})

    def _choose_threads(self) -> None:
        """Keep the number of threads of a run that goes on; let a new budget run find its own, unless one is given."""
        state, wanted = self.state, wanted_threads(self.config.threads)
        if not wanted and state.threads:
            self.threads = set_threads(min(state.threads, available_cores()))
        numbers = candidates(self.threads)
        undecided = not wanted and not state.threads and state.length.budget_seconds and len(numbers) > 1
        if not undecided or self.system.device.type != "cpu":
            state.threads = self.threads
        elif self.ranks.first:  # which measures; the others do as it says
            self.trial = ThreadTrial(numbers, self.engine.cycle, state.length.budget_seconds)

    def _follow(self, state: RunState) -> None:
        """Take the state that the run starts from, and set its length."""
        state.set_length(self.config)
        self.state = self.validator.state = self.checkpoints.state = state
        self.reporter.follow(state)

    def _start_anew(self, base_model: str | Path | None) -> None:
        precision = self.ranks.broadcast_json(choose_precision(self.config.precision, self.system.device))
        self._follow(RunState(precision))
        if base_model is not None:
            self.state.started_from = start_from(self.system, base_model)
        self.engine.start()
        self.state.initial_scales = weight_scales(self.system.networks)
        self.engine.prepare(precision)
        self.checkpoints.create()

    def _resume(self, checkpoint: str) -> None:
        tensors, meta = read_state(checkpoint)
        check_resumable(self.system, meta, self.folder.path)
        with well_formed(checkpoint, _OF_ANOTHER_VERSION, ModelError):
            state = RunState.from_meta(meta)
        self._follow(state)
        self.engine.prepare(state.precision)
        self.engine.restore(tensors, meta, state.rollbacks)
        # The last start gave up, and this one allows no more returns than that.
        if state.rollbacks > self.config.rollbacks and not state.finished:
            raise self._failure()
        if self.ranks.first and not state.finished:
            self.folder.journal.cut(state.step, state.validated_step == state.step, state.rollbacks)
            self.folder.write_config(self.system, self.engine.weights(), state.started_from)
            self.reporter.tell("resume")

    def go(self) -> Summary:
        """Train to the end, or until asked to stop."""
        state, length = self.state, self.state.length
        if state.finished:
            return self._summary("skipped")
        # Whether a validation is due depends on the clock of the first rank, so it decides for all.
        due = self.ranks.broadcast_json(length.due(state.step, self.reporter.seconds, self.config))
        with Interrupts() as interrupts:
            self.validator.guard = interrupts.at_once
            while True:
                if due and state.validated_step != state.step:
                    try:
                        self._validate()
                    except KeyboardInterrupt:
                        # With several ranks the others wait for a verdict that will not come: nothing can be agreed on.
                        if not interrupts.abandoned or self.ranks.size > 1:
                            raise
                        self._save()  # the steps before the validation, which the next run does
                        return self._summary("interrupted")
                # The end comes after its validation, and only a validation may bring it forward (early stopping).
                if state.step >= length.total > 0:
                    return self._summary("finished")
                if state.step == 0:
                    length.begun_seconds = self.reporter.seconds
                self._train_step()
                stop, save, due = self._agree(interrupts)
                if stop or save:
                    self._save()
                if stop:
                    return self._summary("interrupted")

    def _validate(self) -> None:
        """Validate, then save, go back, or stop early."""
        stop_early = self.validator.validate()
        state = self.state
        if state.symptoms and state.healthy_step >= 0:
            self._roll_back()
            return
        # Between bad steps nothing is saved, so there would be no checkpoint of this step to go back to.
        if state.step and not state.symptoms and not self.bad_steps:
            state.healthy_step = state.step
        if stop_early:
            state.length.total = state.step
        self._save()

    def _roll_back(self) -> None:
        """Go back to the healthy checkpoint, for the symptoms in the state, and save that as the newest one."""
        state, collapsed_at = self.state, self.state.step
        if self.ranks.first:
            self.reporter.write("collapse", {"reasons": state.symptoms, "back_to": state.healthy_step})
        state.rollbacks += 1
        allowed = state.rollbacks <= self.config.rollbacks
        if allowed:
            message = going_back(collapsed_at, state.symptoms, state.healthy_step, state.rollbacks)
            self.reporter.tell("collapse", message=message)
        self.checkpoints.restore_healthy()
        self.bad_steps = 0
        if allowed:
            # The time that is lost stays lost: a budget run has fewer steps left than it had at that checkpoint.
            state.length.follow_time(state.step, self.reporter.seconds)
            state.length.total = self.ranks.broadcast_json(state.length.total)
        # Saved at once, so that a run killed from here on does not collapse in the same way as often as before.
        self._save()
        if not allowed:
            raise self._failure()

    def _failure(self) -> ModelError:
        state = self.state
        best = self.ranks.broadcast_json(state.healthy_step if state.best_step is None else state.best_step)
        return giving_up(state.symptoms, state.rollbacks, best, self.folder.path)

    def _save(self) -> None:
        if self.bad_steps and not self.state.step >= self.state.length.total > 0:
            return  # the checkpoint before the bad steps is worth more
        self.checkpoints.save()

    def _summary(self, status: str) -> Summary:
        state = self.state
        if status != "interrupted" and state.healthy_step < 0 and DIVERGENCE in state.symptoms:
            raise diverged(state.symptoms, state.step, state.published_step, self.folder.path)
        return Summary(
            status,
            self.folder.path,
            state.step,
            state.length.total,
            state.best_step,
            state.best_score,
            self.reporter.seconds,
            state.precision,
            state.healthy_step if state.healthy_step >= 0 else None,
            state.rollbacks,
            state.symptoms if state.healthy_step < 0 else {},
            self.system.documented_steps,
            self.threads,
        )

    def _train_step(self) -> None:
        state, length = self.state, self.state.length
        begun = self.reporter.clock()
        # Before the first step of a budget run nothing tells how many there will be.
        bad, terms = self.engine.run(state.step, length.total or self.config.steps)
        taken = self.reporter.clock() - begun
        if self.trial:
            self.trial.note(taken)
        state.step += 1
        # An overflow that a smaller loss scale answers is no bad step; the answer itself changes the scale.
        tolerated = bool(bad) and self.engine.scale.tolerates()
        self.engine.scale.update(not bad)
        # A step that was skipped changed no weight: it is counted, and nothing else.
        if bad:
            if not tolerated:
                self._note_bad_step(bad)
            return
        self.bad_steps = 0
        self.engine.average(state.good_steps)
        state.good_steps += 1
        self.reporter.note(terms)
        if state.step % self.config.log_every == 0:
            self.reporter.write_terms()
        if self.warm:
            length.note_step(taken)
        self.warm = True
        self.reporter.tell("train", terms)

    def _note_bad_step(self, phase: str) -> None:
        """Count a step that was skipped; go back, or give up, after some of them in a row."""
        self.bad_steps += 1
        if self.ranks.first:
            self.reporter.write("skipped", {"phase": phase})
        if self.bad_steps < _MOST_BAD_STEPS:
            return
        if self.state.healthy_step >= 0:
            self.state.symptoms = {
                DIVERGENCE: f"loss or gradient of the {phase} not finite in {_MOST_BAD_STEPS} steps in a row"
            }
            self._roll_back()
        else:
            raise ModelError(
                f"loss or gradient of the {phase} were not finite in {_MOST_BAD_STEPS} steps in a row, up to step "
                f"{self.state.step}; what was saved before them is kept; start over (--no-resume) with a lower "
                "learning rate, or with --precision float32",
                self.folder.path,
            )

    def _agree(self, interrupts: Interrupts) -> tuple[bool, bool, bool]:
        """Return whether to stop, to save and to validate now; set the run's length and threads. Equal on all ranks."""
        state, length, save, due = self.state, self.state.length, False, False
        # What follows from time, the first rank decides: clocks differ, and ranks that disagree wait for each other
        # forever, one in a validation and the other in the next sum of gradients.
        if self.ranks.first:
            length.follow_time(state.step, self.reporter.seconds)
            due = length.due(state.step, self.reporter.seconds, self.config)
            # A validation saves by itself.
            save = not due and length.save_due(
                state.step, self.reporter.clock() - self.checkpoints.saved_at, self.config
            )
        # One sum per step carries it all. Any rank may have been asked to stop, so the wishes add up; the rest comes
        # from the first rank alone, and the zeros of the others leave it as it is.
        own: list[int] = [interrupts.wished, save, due]
        own += [length.total, self._next_threads()] if self.ranks.first else [0, 0]
        if self.ranks.size > 1:
            own = self.ranks.sum_(torch.tensor(own, dtype=torch.int64)).tolist()
        length.total = own[3]
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
            self.reporter.write("threads", {"threads": chosen, "step_seconds": seconds})
            self.state.threads, self.trial = chosen, None
        return chosen
