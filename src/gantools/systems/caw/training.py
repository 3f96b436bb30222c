"""Train a model scale by scale, coarsest first; each scale is a run of the one training loop."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from gantools.errors import ConfigError, ModelError
from gantools.files.atomic import new_folder, sweep_temporaries
from gantools.files.failures import explain
from gantools.files.jsontext import parse_object
from gantools.files.lock import FolderLock
from gantools.models.weights import load_network, load_weights, read_weights
from gantools.parsing import duration
from gantools.runtime.ranks import Ranks, join_ranks, leave_ranks, set_threads
from gantools.systems.caw.model import (
    SCALE_FILE,
    load_model,
    read_description,
    read_scale,
    scale_folder,
    write_model,
    write_scale,
)
from gantools.systems.caw.run import CawRun
from gantools.systems.caw.scale import CawScale, finish
from gantools.systems.caw.scale_data import CoarserDraws, prepare
from gantools.systems.caw.stack import Scale, Stack
from gantools.training.card import write_training_card
from gantools.training.folder import own_files, remove_model
from gantools.training.loop import train
from gantools.training.report import Progress, Report, Summary
from gantools.training.run_state import check_same_data, check_same_options

#: Evaluations of the generator after training, besides those of the recalibration.
_FINISHING_DRAWS = 8


def train_caw(
    run: CawRun,
    folder: str | Path,
    *,
    resume: Literal["auto", "never"] = "auto",
    base_model: str | Path | None = None,
    report: Report | None = None,
) -> Summary:
    """Train all scales of a model that are not finished yet.

    A run that was stopped in any way goes on where its last save was, and ends with the same weights (bit for bit on a
    CPU with an equal number of threads). Finished scales stay as they are; where all are finished, other steps or
    another budget are refused.

    Parameters
    ----------
    run : CawRun
    folder : str or Path
        Model folder.
    resume : str
        ``auto`` goes on; ``never`` starts over.
    base_model : str or Path, optional
        Model whose scales of the same rate and shape the new ones start from.
    report : callable, optional
        Called with a `Progress`; its steps count over all scales.

    Raises
    ------
    ConfigError, ModelError, DeviceError
        As `gantools.training.loop.train`.
    """
    ranks = join_ranks()
    done = False
    try:
        with FolderLock(folder, "is being trained by another process") if ranks.first else nullcontext():
            summary = _Driver(run, Path(folder), base_model, report, ranks).train_all(resume)
            if summary.status == "finished" and ranks.first:
                write_training_card(run, summary)
        done = True
        return summary
    except OSError as error:
        raise ModelError(f"{explain(error, path=str(folder))}; what was finished is kept") from error
    finally:
        leave_ranks(wait=done)


class _Driver:
    """One call of `train_caw`: the scales that are finished, and what they have cost so far."""

    def __init__(
        self, run: CawRun, folder: Path, base_model: str | Path | None, report: Report | None, ranks: Ranks
    ) -> None:
        self.run, self.config, self.folder, self.report, self.ranks = run, run.config, folder, report, ranks
        self.base = Path(base_model) if base_model is not None else None
        self.scales: list[Scale] = []
        self.seconds, self.steps, self.trained = 0.0, 0, False
        set_threads(self.config.threads)

    def train_all(self, resume: str) -> Summary:
        """Train what is not finished, coarsest scale first, and sum up; an interruption ends it between two steps."""
        if self.base is not None:
            base = load_model(self.base)  # says what is wrong with it before anything is written
            if (begins := base.config.start) != self.config.start:
                # Networks that correct drafts make nothing of noise, and the other way round.
                raise ConfigError(f"--from starts from {begins}; give --start {begins}", self.base)
        self._open(resume)
        summary: Summary | None = None
        for index in range(len(self.run.rates_hz)):
            folder = scale_folder(self.folder, self.run.rates_hz[index])
            if not (folder / SCALE_FILE).exists():
                summary = self._train_scale(index, folder)
                if summary.status == "interrupted":
                    return dataclasses.replace(self._sum_up(summary), status="interrupted")
            # Also of a scale that was just trained the file counts: a resumed run draws from the same numbers.
            scale, meta = read_scale(folder, self.run.device)
            self.scales.append(scale)
            self.seconds += meta["seconds"]
            self.steps += meta["step"]
        return self._sum_up(summary)

    def _sum_up(self, last: Summary | None) -> Summary:
        """Return the summary of the whole model, from that of the scale that was trained last; None: of none."""
        if last is None:
            skipped = Summary("skipped", self.folder, self.steps, self.steps, None, None, self.seconds, "")
            return dataclasses.replace(skipped, documented_steps=self.run.documented_steps)
        steps = self.steps + (last.step if last.status == "interrupted" else 0)
        planned = max(steps, self._planned(last.total) if last.status == "interrupted" else steps)
        return dataclasses.replace(
            last,
            status="finished",
            folder=self.folder,
            step=steps,
            total=planned,
            best_step=None,
            documented_steps=self.run.documented_steps,
            seconds=self.seconds + (last.seconds if last.status == "interrupted" else 0.0),
        )

    def _planned(self, of_scale: int) -> int:
        """Return the steps of the whole model, as far as they are known."""
        ahead = len(self.run.rates_hz) - len(self.scales) - 1
        return self.steps + of_scale + ahead * (self.config.steps if not self.config.budget else 0)

    def _open(self, resume: str) -> None:
        """Make the folder, or check that what is in it is this run."""
        config, data, first = self.config, self.run.data, self.ranks.first
        there = self.folder.is_dir() and any(self.folder.iterdir())
        if there:
            try:
                model = read_description(self.folder)
            except ModelError as error:
                raise ConfigError(f"exists and is {error.message}; choose another --out", error.path) from error
            if resume == "auto":
                # Models of earlier versions do not say it: they start from noise.
                check_same_options(config, {"start": "noise", **model["config"]}, self.folder)
                check_same_data(data, model["data"], self.folder, "another clip")
                self._check_unfinished(model)
                self._find_gaps(model["data"]["rates_hz"])
            elif first:
                self._clear()
        waves = [clip.wave for clip in self.run.clips]
        # A new folder appears with its description in it, or not at all.
        if first and not there:
            sweep_temporaries(self.folder.parent, of=self.folder.name)
            with new_folder(self.folder) as temporary:
                write_model(temporary, config, data, waves, self.run.preset)
        elif first:
            sweep_temporaries(self.folder)
            write_model(self.folder, config, data, waves, self.run.preset)
        self.ranks.barrier()  # what the others see is the folder as the first has left it

    def _check_unfinished(self, model: dict[str, Any]) -> None:
        """Refuse to train a finished model for longer: each scale learnt on draws of those below, as they were."""
        finished = all((scale_folder(self.folder, hz) / SCALE_FILE).is_file() for hz in model["data"]["rates_hz"])
        other = [name for name in ("steps", "budget") if model["config"].get(name) != getattr(self.config, name)]
        if finished and other:
            before = model["config"].get(other[0]) or "none"
            raise ConfigError(
                f"all its scales are finished, with --{other[0]} {before}; --no-resume trains them anew, or choose "
                "another --out",
                self.folder,
            )

    def _find_gaps(self, rates_hz: list[int]) -> None:
        """Refuse a folder that lacks a scale below another one: training it anew would not give the ones above."""
        folders = [scale_folder(self.folder, rate_hz) for rate_hz in rates_hz]
        for below, above in itertools.pairwise(folders):
            if above.is_dir() and any(above.iterdir()) and not (below / SCALE_FILE).is_file():
                raise ConfigError(
                    f"{below.name}/{SCALE_FILE} is gone, on which later scales are built; restore it, use "
                    "--no-resume to start over, or choose another --out",
                    self.folder,
                )

    def _clear(self) -> None:
        """Remove the scales of the old model, if nothing else is among them."""
        scales = self.folder / "scales"
        sweep_temporaries(self.folder)
        own = [path for folder in scales.glob("*hz") for path in own_files(folder)]
        others = {path for path in scales.rglob("*") if not path.is_dir()} - set(own)
        if others:
            raise ConfigError(f"holds {min(others)}, which is not the model's; move it away, or choose another --out")
        for folder in scales.glob("*hz"):
            remove_model(folder)

    def _train_scale(self, index: int, folder: Path) -> Summary:
        """Train one scale and write it; the summary is that of its run."""
        # The clock of the budget includes what is around the loop: preparing, starting weights, finishing.
        begun = time.monotonic()
        system = self._build(index)
        if not (folder / "config.json").exists():
            self._start(system, index)
        config = dataclasses.replace(self.config, budget=self._budget(system, index, folder, begun))
        system.config = config
        summary = train(system, folder, report=self._report_of(index))
        if summary.status == "interrupted":
            return summary
        # The weights to keep, the last or the best, are read back; the scale is finished on one rank, and its optimiser
        # states, several times its size, are of no use any more.
        if self.ranks.first:
            load_weights(folder, "G", system.generator)
            scale = finish(system)
            # Of a resumed run the summary counts all starts, the clock this one with all that is around it.
            seconds = max(summary.seconds, time.monotonic() - begun)
            facts = {"seconds": seconds, "step": summary.step, "score": summary.best_score}
            write_scale(folder, scale, {**facts, "amplitude": [float(a) for a in scale.amplitude[:, 0]]})
            shutil.rmtree(folder / "state", ignore_errors=True)
        self.ranks.barrier()
        return summary

    def _build(self, index: int) -> CawScale:
        """Return a scale to be trained, on the clips at its rate and on draws of the finished scales below."""
        run, rate_hz = self.run, self.run.rates_hz[index]
        below = Stack(self.scales, self.config.channels) if index else None
        signals = [clip.signal for clip in run.clips]
        scale_data = prepare(signals, run.clips[0].rate_hz, rate_hz, below, self.config, run.device)
        seconds = [clip.seconds for clip in run.clips]
        coarser = CoarserDraws(below, rate_hz, self.config.channels, seconds, self.config, run.device, run.drafts)
        return CawScale(self.config, scale_data, coarser, run.width(index), run.device)

    def _start(self, system: CawScale, index: int) -> None:
        """Give new networks the weights of the base model's scale, or of the scale below, where they fit."""
        rate_hz = self.run.rates_hz[index]
        if self.base is not None and _take_over(system, scale_folder(self.base, rate_hz)):
            return
        if self.config.warm_start and index and self.run.width(index) == self.run.width(index - 1):
            _take_over(system, scale_folder(self.folder, self.run.rates_hz[index - 1]))
        # Below the coarsest scale there is silence, but for drafts, which are right as they are.
        if self.config.zero_init and (index or self.config.start == "patches"):
            system.generator.silence()

    def _budget(self, system: CawScale, index: int, folder: Path, begun: float) -> str:
        """Return the time for a scale: of the whole budget the coarsest takes its share, the others equal parts.

        A scale that was begun keeps its budget, so that it ends as if it had not been stopped.
        """
        if not self.config.budget:
            return ""
        path = folder / "config.json"
        if path.exists():
            kept = str(parse_object(path.read_text(encoding="utf-8"))["config"]["budget"])
            if kept:
                return kept
        # What is left is shared by the scales ahead. From the share of this one goes the time that has passed since it
        # was begun, and that of finishing it, which is known from one draw.
        left = duration(self.config.budget) - self.seconds
        ahead = len(self.run.rates_hz) - index
        share = self.config.coarsest_share if index == 0 and ahead > 1 else 1.0 / ahead
        system.draw(system.generator, 0, "calibration", 0)  # the first one also draws from the scales below
        once = time.monotonic()
        system.draw(system.generator, 0, "calibration", 0)
        once = time.monotonic() - once
        around = time.monotonic() - begun + once * (self.config.recalibrate + _FINISHING_DRAWS)
        return f"{max(1.0, share * left - around):.1f}s"

    def _report_of(self, index: int) -> Report | None:
        """Return a progress callback for one scale that counts over all of them."""
        report, rate_hz = self.report, self.run.rates_hz[index]
        if report is None:
            return None

        def tell(progress: Progress) -> None:
            if progress.activity == "resume" and not progress.step and index:
                return
            report(
                dataclasses.replace(
                    progress,
                    step=self.steps + progress.step,
                    total=self._planned(progress.total) if progress.total else 0,
                    seconds=self.seconds + progress.seconds,
                    values={"hz": rate_hz, **progress.values} if progress.values else {},
                )
            )

        return tell


def _take_over(system: CawScale, folder: Path) -> bool:
    """Load the weights of another scale into both networks; return whether they fit."""
    try:
        weights = {name: read_weights(folder, name, raw=True) for name in system.networks}
        kept = {name: {k: t.clone() for k, t in net.state_dict().items()} for name, net in system.networks.items()}
        try:
            for name, net in system.networks.items():
                load_network(net, weights[name], name)
        # The first network may have taken weights that fit when those of the second do not: both go back.
        except ModelError:
            for name, net in system.networks.items():
                load_network(net, kept[name], name)
            return False
    except ModelError:
        return False
    return True
