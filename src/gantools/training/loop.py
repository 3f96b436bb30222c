"""The one training loop: every system runs through it, on one device or several ranks, in one go or in pieces."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import torch

from gantools.errors import DeviceError, ModelError
from gantools.files.containers import read_state
from gantools.runtime.ranks import Ranks, join_ranks, leave_ranks, set_threads
from gantools.training.average import Average
from gantools.training.budget import Plan
from gantools.training.folder import ModelFolder
from gantools.training.position import Position, check_resumable
from gantools.training.precision import LossScale, allow_fast_kernels, choose_precision
from gantools.training.recorder import Recorder
from gantools.training.report import Interrupts, Report, Summary
from gantools.training.state import pack, unpack
from gantools.training.system import System
from gantools.training.update import PhaseUpdate, average_buffers, micro_batches
from gantools.training.weights import start_from

_MOST_BAD_STEPS = 3


def train(
    system: System,
    folder: str | Path,
    *,
    resume: Literal["auto", "never"] = "auto",
    base_model: str | Path | None = None,
    report: Report | None = None,
) -> Summary:
    """Train a system until its steps are done or its budget is spent, and keep everything in a model folder.

    A run that was stopped in any way, kill -9 included, goes on from its last save and ends with the same numbers as
    one that was not (bit for bit on a CPU with an equal number of threads). A finished run goes on when it is given
    more steps or a longer budget. Under torchrun all ranks call this; rank 0 validates and writes.

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

    Raises
    ------
    ConfigError
        The folder holds something else, or a run with other settings; the message names the setting.
    ModelError
        Loss or gradient were not finite in three steps in a row, the folder's state is damaged, or the disk is full.
    DeviceError
        The device is out of memory or lacks the precision.
    """
    run = _Run(system, ModelFolder(folder), join_ranks(), report)
    try:
        run.begin(resume, base_model)
        return run.go()
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceError("out of memory; use a smaller batch_size or micro_batch") from error
    except OSError as error:
        reason = (
            f"cannot be written ({error.strerror}); what was saved before is kept; free some space and run it again"
        )
        raise ModelError(reason, folder) from error
    finally:
        run.folder.close()
        leave_ranks()


class _Run:
    """One run of the loop. Its position `at` and the tensors of `pack` are all that the next step depends on."""

    def __init__(self, system: System, folder: ModelFolder, ranks: Ranks, report: Report | None) -> None:
        self.system, self.config, self.folder, self.ranks = system, system.config, folder, ranks
        self.threads = set_threads(self.config.threads)
        allow_fast_kernels(system.device)
        self.share = ranks.share(self.config.batch_size)
        self.average = Average({n: system.networks[n] for n in system.averaged if self.config.ema})
        self.recorder = Recorder(system, folder, ranks, self.average, report)
        self.bad_steps = 0

    def begin(self, resume: str, base_model: str | Path | None) -> None:
        """Take up the state in the folder, or make the folder with a first state."""
        state = ""
        if self.ranks.first and self.folder.open() and resume == "auto":
            state = str(self.folder.newest_state())
        state = self.ranks.broadcast_json(state)
        if state:
            self._take_up(state)
        else:
            self._start_anew(base_model)
        if self.ranks.first and not self.at.finished:
            about = {"precision": self.at.precision, "device": str(self.system.device)}
            self.recorder.write("start", {**about, "ranks": self.ranks.size, "threads": self.threads})

    def _start_anew(self, base_model: str | Path | None) -> None:
        precision = self.ranks.broadcast_json(choose_precision(self.config.precision, self.system.device))
        self.at = Position(precision)
        self.at.set_length(self.config)
        self.recorder.follow(self.at)
        if base_model is not None:
            self.at.started_from = start_from(self.system, base_model)
        for net in self.system.networks.values():
            self.ranks.broadcast_([*net.parameters(), *net.buffers()])
            net.train()
        self.average.restart()
        self._make_updates()
        self._save(first=True)

    def _take_up(self, path: str) -> None:
        tensors, meta = read_state(path)
        check_resumable(self.system, meta, self.folder.path)
        self.at = Position.from_meta(meta)
        self.at.set_length(self.config)
        self.recorder.follow(self.at)
        self._make_updates()
        self.scale.load(meta["scale"])
        unpack(tensors, meta["numbers"], self.system, self.updates, self.average)
        if self.ranks.first and not self.at.finished:
            self.folder.journal.cut(self.at.step, self.at.validated == self.at.step)
            self.folder.write_config(self.system, self.at.started_from)
            self.recorder.tell("resume")

    def _make_updates(self) -> None:
        self.scale = LossScale(self.at.precision)
        args = (self.system, self.ranks, self.at.precision, self.scale)
        self.updates = [PhaseUpdate(phase, *args) for phase in self.system.phases]

    def go(self) -> Summary:
        """Train to the end, or until asked to stop."""
        if self.at.finished:
            return self._summary("skipped")
        due = self.at.plan.due(self.at.step, self.config)
        with Interrupts() as interrupts:
            while True:
                if due and self.at.validated != self.at.step:
                    self.recorder.validate()
                    self._save()
                if not self.at.plan.total:
                    self._measure()
                if self.at.step >= self.at.plan.total:
                    return self._summary("finished")
                self._train_step()
                stop, save, due = self._agree(interrupts)
                if stop or save:
                    self._save()
                if stop:
                    return self._summary("interrupted")

    def _save(self, first: bool = False) -> None:
        if self.bad_steps and self.at.step < self.at.plan.total:
            return  # the state before the bad steps is worth more
        tensors, numbers = pack(self.system, self.updates, self.average, self.ranks)
        self.recorder.save(tensors, {"numbers": numbers, "scale": self.scale.state()}, first)

    def _summary(self, status: str) -> Summary:
        at = self.at
        return Summary(
            status,
            self.folder.path,
            at.step,
            at.plan.total,
            at.best_step,
            at.best_score,
            self.recorder.seconds,
            at.precision,
        )

    def _train_step(self) -> None:
        begun = time.monotonic()
        bad, terms = self._update(self.at.step)
        self.at.step += 1
        self.scale.update(not bad)
        if bad:
            self._note_bad_step(bad)
            return
        self.bad_steps = 0
        average_buffers(self.system.networks, self.ranks)
        self.average.update(self.at.averaged_updates)
        self.at.averaged_updates += 1
        self.at.means.add(terms)
        if self.at.step % self.config.log_every == 0:
            self.recorder.log_terms()
        self.at.plan.note_step(time.monotonic() - begun)
        self.recorder.tell("train", terms)

    def _update(self, step: int) -> tuple[str, dict[str, float]]:
        """Run the phases of a step; return the name of the one whose loss or gradient was not finite, and the terms."""
        batches = micro_batches(self.system, step, self.share)
        terms: dict[str, float] = {}
        for update in self.updates:
            if step % update.phase.every == 0:
                finite, values = update.run(step, self.at.plan.total, batches)
                if not finite:
                    return update.phase.name, terms
                terms.update(values)
        return "", terms

    def _note_bad_step(self, phase: str) -> None:
        if self.scale.tolerates():
            return
        self.bad_steps += 1
        if self.ranks.first:
            self.recorder.write("skipped", {"phase": phase})
        if self.bad_steps == _MOST_BAD_STEPS:
            raise ModelError(
                f"loss or gradient of the {phase} were not finite in {_MOST_BAD_STEPS} steps in a row, up to step "
                f"{self.at.step}; the state saved before them is kept; lower the learning rate, or use --precision "
                "float32",
                self.folder.path,
            )

    def _agree(self, interrupts: Interrupts) -> tuple[bool, bool, bool]:
        """Return whether to stop, to save and to validate now, and set the length of the run: the same on all ranks."""
        plan, save, due = self.at.plan, False, False
        if self.ranks.first:
            plan.replan(self.at.step, self.recorder.seconds, self.config)
            due = plan.due(self.at.step, self.config)
            if plan.exhausted(self.recorder.seconds) or (due and not plan.affords_validation(self.recorder.seconds)):
                plan.total, due = self.at.step, True
            save = self.recorder.save_due() and not due
        if self.ranks.size == 1:
            return interrupts.wished, save, due
        own = [interrupts.wished, save, due, plan.total if self.ranks.first else 0]
        all_stop, first_save, first_due, plan.total = map(int, self.ranks.sum_(torch.tensor(own, dtype=torch.int64)))
        return bool(all_stop), bool(first_save), bool(first_due)

    def _measure(self) -> None:
        """Find how many steps the budget allows, by steps that are undone afterwards."""
        self.recorder.tell("measure")
        plan = self.at.plan
        tensors, numbers = pack(self.system, self.updates, self.average, Ranks())
        kept = {name: t.detach().clone() for name, t in tensors.items()}
        times: list[float] = []
        go_on = True
        while go_on:
            begun = time.monotonic()
            self._update(len(times))
            times.append(time.monotonic() - begun)
            enough = len(times) >= 12 or (len(times) >= 3 and sum(times) > 0.02 * plan.budget_seconds)
            go_on = self.ranks.broadcast_json(not enough)
        unpack(kept, numbers, self.system, self.updates, self.average)
        plan.step_seconds = sorted(times[1:])[len(times[1:]) // 2]
        plan.choose_total(self.at.step, self.recorder.seconds, self.config)
        self.at.plan = Plan(**self.ranks.broadcast_json(plan.state()))
