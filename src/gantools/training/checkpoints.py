"""When a run saves what: checkpoints to resume from or to go back to, and the weights that are the model."""

from __future__ import annotations

from gantools.errors import InputError, ModelError
from gantools.files.containers import read_state
from gantools.training.collapse import DIVERGENCE, divergence, weight_scales
from gantools.training.engine import Engine
from gantools.training.folder import ModelFolder, write_weights
from gantools.training.report import Reporter
from gantools.training.run_state import RunState
from gantools.training.system import System


class Checkpoints:
    """Saves and restores a run. All ranks call it; the first one writes.

    Parameters
    ----------
    system : System
    engine : Engine
    folder : ModelFolder
    reporter : Reporter
    """

    state: RunState

    def __init__(self, system: System, engine: Engine, folder: ModelFolder, reporter: Reporter) -> None:
        self.system, self.engine, self.folder, self.reporter = system, engine, folder, reporter
        self.saved_at = reporter.clock()

    def create(self) -> None:
        """Make the model folder with the first checkpoint, of a run that has not done a step."""
        begun = self.reporter.clock()
        tensors, rest = self.engine.pack()
        if self.reporter.first:
            self.state.seconds = self.reporter.seconds
            meta = {**self.state.to_meta(self.system), **rest}
            self.folder.create(self.system, self.engine.weights(), tensors, meta)
            self.state.length.note_save(self.reporter.clock() - begun)
        self.saved_at = self.reporter.clock()

    def save(self) -> None:
        """Save a checkpoint, and the newest weights where no validation has chosen better ones."""
        begun = self.reporter.clock()
        tensors, rest = self.engine.pack()
        state = self.state
        if self.reporter.first:
            if state.best_step is None and state.published_step != state.step and not self._diverged():
                self.publish()
            state.seconds = self.reporter.seconds
            meta = {**state.to_meta(self.system), **rest}
            self.folder.save(tensors, meta, self.system.config.keep_last)
            state.length.note_save(self.reporter.clock() - begun)
        self.saved_at = self.reporter.clock()

    def publish(self) -> None:
        """Make the present weights those of the model."""
        write_weights(self.folder.path, self.system, self.engine.weights(), self.state.step)
        self.state.published_step = self.state.step

    def _diverged(self) -> bool:
        weights = divergence({}, weight_scales(self.system.networks), self.state.initial_scales)
        return bool(weights) or DIVERGENCE in self.state.symptoms

    def restore_healthy(self) -> None:
        """Go back to the checkpoint of the last healthy validation."""
        try:
            tensors, meta = read_state(self.folder.checkpoint(self.state.healthy_step))
        except InputError as error:
            what = f"collapsed, and the healthy checkpoint to go back to: {error.message}"
            raise ModelError(what, error.path) from error
        self.state.restore(meta)
        self.engine.restore(tensors, meta, self.state.rollbacks)
