"""Scores beside real ones: what ``gantools evaluate symbolic`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from gantools.errors import GantoolsError, InputError, ModelError
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.metrics.symbolic.config import SymbolicConfig
from gantools.metrics.symbolic.copies import Learned
from gantools.metrics.symbolic.guessing import Registers
from gantools.metrics.symbolic.statistics import mean_figures, with_bars_shuffled
from gantools.models.folder import system_of
from gantools.models.shipped import find_model
from gantools.report.clip import Clip
from gantools.runtime.seeds import item_seed
from gantools.symbolic.midi import read_midi
from gantools.symbolic.mmr.score import GridScore, on_grid

#: Systems whose models judge scores.
JUDGES = ("symphony",)


def compare_scores(sets: ClipSets, config: SymbolicConfig, conditions: Conditions) -> Result:
    """Measure scores, beside real ones where they are given.

    Parameters
    ----------
    sets : ClipSets
        ``generated``, and where they are given ``real`` and ``training``.
    config : SymbolicConfig
    conditions : Conditions

    Returns
    -------
    dict
        The figures of the generated scores, and the same under ``real`` and ``shuffled``; ``valid``, the share of files
        that can be read. With a judge, what it says of each set; with the training, copies and guessed instruments.

    Raises
    ------
    InputError
        No file can be read.
    """
    made = _read(sets["generated"], config, conditions)
    if not made:
        raise InputError("none of the generated files can be read")
    groups: dict[str, list[GridScore]] = {"generated": made}
    if "real" in sets:
        groups["real"] = _read(sets["real"], config, conditions)
        groups["shuffled"] = [
            with_bars_shuffled(score, item_seed(conditions.seed, "bars", n)) for n, score in enumerate(groups["real"])
        ]
    training = _read(sets["training"], config, conditions) if "training" in sets else []
    figures: dict[str, dict[str, Any]] = {name: mean_figures(scores) for name, scores in groups.items() if scores}
    if training:
        _add_copies(figures, groups, training)
    result: Result = {"pieces": {name: len(scores) for name, scores in groups.items()}, "grid": config.grid}
    result["valid"] = len(made) / max(1, len(sets["generated"]))
    if config.model:
        judge = _judge_of(config.model, conditions)
        for name in figures:
            figures[name] |= judge.judge(groups[name])
        result["merges"] = judge.merges()
    return {**result, **figures.pop("generated"), **figures}


def _read(clips: Sequence[Clip], config: SymbolicConfig, conditions: Conditions) -> list[GridScore]:
    scores = []
    for clip in clips:
        try:
            scores.append(on_grid(read_midi(clip.path), config.grid))
        except GantoolsError as error:
            conditions.failed(clip.path, error)
        conditions.tick()
    return scores


def _add_copies(
    figures: dict[str, dict[str, Any]], groups: dict[str, list[GridScore]], training: list[GridScore]
) -> None:
    """Add how much is copied from the training, and how well instruments are guessed by it."""
    learned, registers = Learned(training), Registers(training)
    for name, scores in groups.items():
        if scores:
            copies = [learned.longest_copy(score) for score in scores]
            figures[name] |= {"longest_copy": max(copies), "longest_copy_mean": float(np.mean(copies))}
            figures[name] |= {"copied": learned.share(scores)}
            figures[name] |= registers.accuracy(scores)


def _judge_of(text: str, conditions: Conditions) -> Any:
    """Open a model that judges scores.

    Raises
    ------
    ModelError
        It is a model of a system that does not.
    """
    folder = find_model(text)
    system = system_of(folder)
    if system not in JUDGES:
        raise ModelError(f"is no model that judges scores; take one of {', '.join(JUDGES)}", folder)
    return import_module(f"gantools.systems.{system}.judging").open_judge(folder, conditions.device)
