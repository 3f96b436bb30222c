"""``evaluate training``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantools.errors import ConfigError, InputError
from gantools.metrics.metric import Argument, Conditions, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.metrics.training.config import TrainingConfig
from gantools.options import did_you_mean
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Trainings(Metric[TrainingConfig]):
    """Show how trainings went: losses and validation scores as curves, and a table of models.

    Steps, time, the best step, symptoms of a collapse and returns to a healthy state, from the metrics.jsonl of each
    model. A folder of models shows all of them. The picture training.png in a model folder shows that model alone.

    \b
      gantools evaluate training models/drums
      gantools evaluate training models/seed-* --figure alignment -o report/
      gantools evaluate training models/* --json
    """

    name = "training"
    title = "Trainings"
    source = "Generating Electronic Music with Adversarial Networks, figure 3"
    reference = "what the run itself knew of its steps: tests/unit/training/test_curves.py"
    config = TrainingConfig
    arguments = (Argument("model", "Model folders, or folders of them.", several=True),)
    reads = ("journal",)
    bulky = ("curves",)
    plot_name = "training"
    caption = (
        "Losses and validations by step; of several models the validations by step and by time. A dot is the best "
        "step, whose weights are the model; faint lines are steps that were undone."
    )

    def pair(self, sets: ClipSets, config: TrainingConfig) -> Groups:
        """Return nothing: journals are not heard."""
        return []

    def compare(self, sets: ClipSets, config: TrainingConfig, conditions: Conditions) -> Result:
        """Read the journals of all models.

        Raises
        ------
        InputError
            None could be read.
        ConfigError
            No model has the figure that is asked for.
        """
        from gantools.metrics.training.reading import describe, labels

        paths = list(dict.fromkeys(clip.path for clips in sets.values() for clip in clips))
        runs = []
        for path, label in zip(paths, labels(paths), strict=True):
            try:
                runs.append(describe(path, label))
            except InputError as error:
                conditions.failed(path, error)
            conditions.tick()
        if not runs:
            raise InputError("no journal could be read")
        names = list(dict.fromkeys(name for run in runs for name in run["curves"]["figures"]))
        if config.figure not in names and names:
            raise ConfigError(
                f"--figure {config.figure!r} is in no validation{did_you_mean(config.figure, names)}; "
                f"there are {', '.join(names)}"
            )
        curves = [run.pop("curves") for run in runs]
        return {"models": runs, "figure": config.figure, "curves": curves, "reference": ""}

    def rows(self, result: Result) -> list[TableRow]:
        """Return the best score of each model, and whether it was the last one."""
        rows = []
        for run in result["models"]:
            if run["best_step"] is None:
                rows.append((run["model"], "-", f"no score in {run['steps']:,} steps"))
                continue
            last = run["best_step"] == run["last_validation"]
            # The first half of a run has its best step at the end too.
            note = "the last: more steps may help" if last else f"then {number(run['last_score'])} at the end"
            where = f"best score, after {run['best_step']:,} of {run['steps']:,} steps"
            rows.append((run["model"], number(run["best_score"]), f"{where}; {note}"))
        return rows

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each model."""
        head = "model,system,steps,seconds,s/step,best step,symptoms,rollbacks,skipped,starts".split(",")
        return [head, *(_cells(run) for run in result["models"])]

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the curves."""
        from gantools.metrics.training.figure import draw

        runs = [run | {"curves": curves} for run, curves in zip(result["models"], result["curves"], strict=True)]
        return draw(runs, result["figure"], ink)


def _cells(run: Result) -> list[str]:
    symptoms = ", ".join(f"{name} {count}x" for name, count in run["symptoms"].items())
    best = "-" if run["best_step"] is None else f"{run['best_step']:,}"
    per_step = number(run["seconds"] / run["steps"]) if run["steps"] else "-"
    counts = (str(run[name]) for name in ("rollbacks", "skipped", "starts"))
    return [
        run["model"],
        run["system"] or "-",
        f"{run['steps']:,}",
        f"{run['seconds']:.0f}",
        per_step,
        best,
        symptoms or "none",
        *counts,
    ]
