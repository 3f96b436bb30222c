"""Validation: how good the networks are, whether they have collapsed, and which weights are the best so far."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from gantools.runtime.ranks import Ranks
from gantools.runtime.seeds import item_seed
from gantools.training.checkpoints import Checkpoints
from gantools.training.collapse import DIVERGENCE, divergence, weight_scales
from gantools.training.engine import Engine
from gantools.training.report import Reporter
from gantools.training.run_state import RunState
from gantools.training.system import System
from gantools.training.update import NUMERIC_ERRORS, set_generators


class Validator:
    """Validates a run on the first rank, while the others wait for its verdict.

    Parameters
    ----------
    system : System
    engine : Engine
    ranks : Ranks
    checkpoints : Checkpoints
        Publishes the best weights.
    reporter : Reporter

    Attributes
    ----------
    guard : callable
        Makes the context within which figures are taken; `Interrupts.at_once` lets them be abandoned.
    """

    state: RunState

    def __init__(
        self, system: System, engine: Engine, ranks: Ranks, checkpoints: Checkpoints, reporter: Reporter
    ) -> None:
        self.system, self.engine, self.ranks = system, engine, ranks
        self.checkpoints, self.reporter = checkpoints, reporter
        self.guard: Callable[[], AbstractContextManager[None]] = nullcontext

    def validate(self) -> bool:
        """Validate, write samples, and publish the weights when they are the best so far.

        Leaves the symptoms in the run's state and returns whether to stop early, both equal on all ranks.
        """
        self.engine.batches.rest()  # a system's data are used by one thread at a time
        symptoms = self._take_figures() if self.ranks.first else {}
        state, config = self.state, self.system.config
        stop = self.ranks.first and state.early_stopping.due(config, state.share_done(self.reporter.seconds))
        # Only the first rank has figures. The others take its word, or they would go on where it goes back or stops.
        state.symptoms, stop = self.ranks.broadcast_json([symptoms, stop])
        state.validated_step = state.step
        return stop

    def _take_figures(self) -> dict[str, str]:
        """Take, judge and report the figures of one validation; return the symptoms."""
        state, reporter = self.state, self.reporter
        begun = reporter.clock()
        if state.step == state.length.total:
            reporter.write_terms()
        reporter.tell("validate")
        self.system.validation_part = state.length.part
        with self.guard():
            values, symptoms = self._figures()
        reporter.write("validation", values)
        if symptoms and state.healthy_step < 0:
            reporter.write("symptoms", {"reasons": symptoms})
        if state.step:
            self._judge(values, symptoms)
        self._note_cost(reporter.clock() - begun)
        reporter.tell("validate", values)
        return symptoms

    @torch.no_grad()
    def _figures(self) -> tuple[dict[str, float], dict[str, str]]:
        """Return figures and symptoms, and write samples; the untrained networks have neither symptoms nor samples."""
        step, seed, networks = self.state.step, self.system.config.seed, self.engine.networks()
        set_generators(item_seed(seed, "validate", step))
        for net in networks.values():
            net.eval()
        try:
            values = {name: float(value) for name, value in self.system.validate(networks, step).items()}
            if not step:
                return values, {}
            set_generators(item_seed(seed, "symptoms", step))
            symptoms = self.system.symptoms(networks, step)
            symptoms |= divergence(values, weight_scales(self.system.networks), self.state.initial_scales)
            self.system.sample(networks, self.checkpoints.folder.path / "samples", step)
        except NUMERIC_ERRORS as error:
            if not step:
                raise
            return {}, {DIVERGENCE: f"validation failed: {error}"}
        finally:
            for net in self.system.networks.values():
                net.train()
        return values, symptoms

    def _judge(self, values: dict[str, float], symptoms: dict[str, str]) -> None:
        """Publish the weights if they are the best: the best healthy ones once there were healthy ones."""
        state, healthy = self.state, not symptoms
        # What was best among the ill does not count beside the first that are healthy.
        if healthy and state.healthy_step < 0:
            state.best_step = state.best_score = state.early_stopping.reference = None
        # NaN is not lower than anything.
        score = values.get("score", math.nan)
        usable = healthy or (state.healthy_step < 0 and DIVERGENCE not in symptoms)
        if usable and score < (math.inf if state.best_score is None else state.best_score):
            state.best_step, state.best_score = state.step, score
            self.checkpoints.publish()
        if healthy and "score" in values:
            state.early_stopping.note(score)

    def _note_cost(self, seconds: float) -> None:
        """Note what the validation cost; in a budget run the first one, which is cheap, is done twice.

        It also loads and makes what all of them need, and only a second one tells the two apart.
        """
        length = self.state.length
        if self.state.step or not length.budget_seconds:
            length.note_validation(seconds, self.reporter.seconds)
            return
        begun = self.reporter.clock()
        with self.guard():
            self._figures()
        length.note_baseline(seconds, self.reporter.clock() - begun)
