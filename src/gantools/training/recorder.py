"""What a run leaves behind: lines in the journal, figures of validations, the best weights, saved states."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from gantools.models.weights import Tensors
from gantools.runtime.ranks import Ranks
from gantools.runtime.seeds import item_seed
from gantools.training.average import Average
from gantools.training.collapse import DIVERGENCE, divergence, weight_scales
from gantools.training.folder import ModelFolder, write_weights
from gantools.training.position import Position
from gantools.training.report import Progress, Report
from gantools.training.system import System
from gantools.training.update import NUMERIC_ERRORS, set_generators

_SAVE_INTERVAL_SECONDS = 60.0


class Recorder:
    """Validates, saves and reports for a run. On ranks other than the first it only keeps in step.

    Parameters
    ----------
    system, folder, ranks, average
        Of the run.
    report : callable or None
        Called with a `Progress`.
    clock : callable
        Returns seconds.
    """

    at: Position

    def __init__(
        self,
        system: System,
        folder: ModelFolder,
        ranks: Ranks,
        average: Average,
        report: Report | None,
        clock: Callable[[], float],
    ) -> None:
        self.system, self.folder, self.ranks, self.average = system, folder, ranks, average
        self.report = report if ranks.first else None
        self.clock = clock
        self.guard: Callable[[], AbstractContextManager[None]] = nullcontext
        self._begun = self._last_save = clock()
        self._seconds_before = 0.0

    def follow(self, at: Position) -> None:
        """Take the position that the run starts from, and changes as it goes."""
        self.at = at
        self._seconds_before = at.seconds

    @property
    def seconds(self) -> float:
        """Training time so far, over all starts."""
        return self._seconds_before + self.clock() - self._begun

    def validate(self) -> bool:
        """Validate and sample on rank 0 while the others wait; publish the weights when they are the best so far.

        Leaves the symptoms in the position and returns whether patience has run out, on all ranks.
        """
        symptoms: dict[str, str] = {}
        if self.ranks.first:
            begun = self.clock()
            if self.at.step == self.at.plan.total:
                self.log_terms()
            self.tell("validate")
            self.system.validation_part = self.at.plan.part
            with self.guard():
                values, symptoms = self._figures()
            self.write("validation", values)
            if symptoms and self.at.healthy < 0:
                self.write("symptoms", {"reasons": symptoms})
            if self.at.step:
                self._judge(values, symptoms)
            self._note_cost(self.clock() - begun)
            self.tell("validate", values)
        impatient = self.ranks.first and self.at.patience.runs_out(self.system.config, self.at.share_done(self.seconds))
        self.at.symptoms, impatient = self.ranks.broadcast_json([symptoms, impatient])
        self.at.validated = self.at.step
        return impatient

    def _judge(self, values: dict[str, float], symptoms: dict[str, str]) -> None:
        """Publish the weights if they are the best: the best healthy ones once there were healthy ones."""
        at, healthy = self.at, not symptoms
        if healthy and at.healthy < 0:
            at.best_step = at.best_score = at.patience.mark = None
        # NaN is not lower than anything.
        score = values.get("score", math.nan)
        usable = healthy or (at.healthy < 0 and DIVERGENCE not in symptoms)
        if usable and score < (math.inf if at.best_score is None else at.best_score):
            at.best_step, at.best_score = at.step, score
            self._publish()
        if healthy and "score" in values:
            at.patience.note(score)

    def _note_cost(self, seconds: float) -> None:
        """Tell the plan what the validation cost; in a budget run the first one, which is cheap, is done twice.

        It also loads and makes what all of them need, and only a second one tells the two apart.
        """
        if self.at.step or not self.at.plan.budget_seconds:
            self.at.plan.note_validation(seconds, self.seconds)
            return
        begun = self.clock()
        self._figures()
        self.at.plan.note_baseline(seconds, self.clock() - begun)

    @torch.no_grad()
    def _figures(self) -> tuple[dict[str, float], dict[str, str]]:
        """Return figures and symptoms, and write samples; the untrained networks have neither symptoms nor samples."""
        networks = {**self.system.networks, **self.average.copies}
        set_generators(item_seed(self.system.config.seed, "validate", self.at.step))
        for net in networks.values():
            net.eval()
        try:
            values = {name: float(value) for name, value in self.system.validate(networks, self.at.step).items()}
            if not self.at.step:
                return values, {}
            set_generators(item_seed(self.system.config.seed, "symptoms", self.at.step))
            symptoms = self.system.symptoms(networks, self.at.step)
            symptoms |= divergence(values, weight_scales(self.system.networks), self.at.first_scales)
            self.system.sample(networks, self.folder.path / "samples", self.at.step)
        except NUMERIC_ERRORS as error:
            if not self.at.step:
                raise
            return {}, {DIVERGENCE: f"validation failed: {error}"}
        finally:
            for net in self.system.networks.values():
                net.train()
        return values, symptoms

    def _publish(self) -> None:
        write_weights(self.folder.path, self.system, self.average.copies, self.at.step)
        self.at.published = self.at.step

    def save(self, tensors: Tensors, rest: dict[str, Any], first: bool) -> None:
        """Save the full state: the tensors of a run, its position, and the rest of what it wants back."""
        begun = self.clock()
        if self.ranks.first:
            if not first and self.at.best_step is None and self.at.published != self.at.step and not self._diverged():
                self._publish()  # no validation has chosen weights yet: the newest ones are the model
            self.at.seconds = self.seconds
            meta = {**self.at.to_meta(self.system), **rest}
            if first:
                self.folder.create(self.system, self.average.copies, tensors, meta)
            else:
                self.folder.save(tensors, meta, self.system.config.keep_last)
            self.at.plan.note_save(self.clock() - begun)
        self._last_save = self.clock()

    def _diverged(self) -> bool:
        weights = divergence({}, weight_scales(self.system.networks), self.at.first_scales)
        return bool(weights) or DIVERGENCE in self.at.symptoms

    def save_due(self) -> bool:
        """Return whether it is time for a save between validations."""
        every = self.system.config.save_every
        if every:
            return self.at.step % every == 0
        interval = max(_SAVE_INTERVAL_SECONDS, 20 * self.at.plan.save_seconds)
        return self.clock() - self._last_save > interval

    def log_terms(self) -> None:
        """Write the means of the terms since the last line."""
        terms = self.at.means.take()
        if self.ranks.first and terms:
            self.write("train", terms)

    def write(self, kind: str, values: dict[str, Any]) -> None:
        """Write a line to the journal."""
        if self.at.rollbacks:
            values = {**values, "rollbacks": self.at.rollbacks}
        self.folder.journal.write(kind, self.at.step, self.seconds, values)

    def tell(self, activity: str, values: dict[str, float] | None = None, message: str = "") -> None:
        """Report progress."""
        if self.report:
            plan = self.at.plan
            left = max(0, plan.total - self.at.step) * plan.step_seconds
            if plan.budget_seconds and plan.total != self.at.step:
                left = max(0.0, plan.budget_seconds - self.seconds)
            self.report(Progress(activity, self.at.step, plan.total, self.seconds, left, values or {}, message))
