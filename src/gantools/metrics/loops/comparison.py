"""Generated loops against real ones: what ``gantools evaluate loops`` runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gantools.errors import InputError
from gantools.metrics.coverage.balls import FIGURES, RealBalls, f1_scores
from gantools.metrics.loops.brackets import noise, with_bars_shuffled
from gantools.metrics.loops.config import LoopsConfig
from gantools.metrics.loops.detecting import chosen_detector
from gantools.metrics.loops.networks import NAME, RandomNetworks
from gantools.metrics.loops.novelty import nearest_cells
from gantools.metrics.loops.phrases import PhraseSet, Rolls, made_phrases, real_phrases
from gantools.metrics.loops.style import measure_style
from gantools.metrics.metric import Conditions, Result
from gantools.metrics.pairing import ClipSets
from gantools.metrics.thinning import thinned
from gantools.report.clip import Clip
from gantools.structure.loops.detector import LoopDetector

#: Most phrases of the training that nearest ones are looked for among.
MOST_LEARNED = 50_000
#: Most phrases of a set whose style is measured, however few are compared.
MOST_MEASURED = 10_000
_BLOCK = 4096


def compare_loops(sets: ClipSets, config: LoopsConfig, conditions: Conditions) -> Result:
    """Measure generated MIDI, beside real MIDI where it is given.

    Parameters
    ----------
    sets : ClipSets
        ``generated``, and where they are given ``real`` and ``training``.
    config : LoopsConfig
    conditions : Conditions

    Returns
    -------
    dict
        The figures of the generated phrases by the names of `gantools.metrics.loops.style.STYLE`, and where there is
        real music precision to coverage with their deviations over the networks, their F1, and novelty. The same under
        ``real`` (what it is like; every other piece against the rest), ``shuffled`` and ``noise``; ``scores`` and
        ``distances`` for the plot.

    Raises
    ------
    InputError
        No file has a phrase, or there are too few.
    """
    detector = chosen_detector(config.detector)
    threshold = detector.threshold(config.bars, "midi")
    made = made_phrases(sets["generated"], config, conditions)
    chosen = made.drawn(MOST_MEASURED, conditions.seed, "generated")
    figures, scores = measure_style(made.cut(chosen), detector, config.bars)
    result: Result = {
        **figures,
        "bars": config.bars,
        "detector": config.detector or "the one that ships",
        "features": detector.kind,
        "threshold": threshold,
        "calibrated": detector.is_calibrated(config.bars, "midi"),
        "phrases_generated": len(made),
        "measured_generated": len(chosen),
        "scores": {"generated": thinned(scores, 8)},
    }
    if "real" in sets:
        compared = _Comparison(sets, config, conditions, detector).of(made)
        compared["scores"] = result["scores"] | compared["scores"]
        result |= compared
    return result


class _Comparison:
    """A comparison with real phrases: they are read, drawn and embedded once."""

    def __init__(self, sets: ClipSets, config: LoopsConfig, conditions: Conditions, detector: LoopDetector) -> None:
        self.sets, self.config, self.conditions, self.detector = sets, config, conditions, detector
        # Novelty counts from all that could have been learned from, loops or not.
        everything = self._phrases("real", sets["real"])
        self.learned = self._phrases("training", sets["training"]) if "training" in sets else everything
        self.windows, self.real = len(everything), self._loops(everything) if config.only_loops else everything
        self.networks = RandomNetworks(config.bars, config.random_networks)

    def _phrases(self, name: str, clips: Sequence[Clip]) -> PhraseSet:
        found, passed = real_phrases(clips, name, self.config, self.conditions)
        for why, count in passed.items():
            self.sets.left_out[f"{name} files {why}"] = count
        return found

    def _loops(self, phrases: PhraseSet) -> PhraseSet:
        """Return the phrases that the detector accepts."""
        limit, numbers = self.detector.threshold(self.config.bars, "midi"), np.arange(len(phrases))
        parts = [numbers[at : at + _BLOCK] for at in range(0, len(phrases), _BLOCK)]
        scores = [self.detector.roll_scores(phrases.cut(part)[0], self.config.bars) for part in parts]
        loops = phrases.kept(np.flatnonzero(np.concatenate(scores) <= limit))
        if len(loops) <= self.config.neighbours:
            raise InputError(
                f"{len(loops)} of {len(phrases)} real phrases are loops to the detector; give more files, or "
                "--no-only-loops to compare with all"
            )
        return loops

    def of(self, made: PhraseSet) -> Result:
        """Return what is added to the result of the generated phrases alone."""
        config, seed = self.config, self.conditions.seed
        # Recall and coverage rise with the size of the generated set: both sets have one size.
        size = min(config.samples, len(made), len(self.real))
        if size <= config.neighbours:
            raise InputError(
                f"{len(made)} generated and {len(self.real)} real phrases; k = {config.neighbours} needs "
                f"{config.neighbours + 1} of each: give more files, or fewer --neighbours"
            )
        generated = made.cut(made.drawn(size, seed, "generated"))
        real = self.real.cut(self.real.drawn(size, seed, "real"))
        balls, learned = self._balls(real), self.learned.drawn(MOST_LEARNED, seed, "training")
        # Whole sets are measured by themselves, however few are compared.
        everything = self.real.cut(self.real.drawn(MOST_MEASURED, seed, "all"))
        style, real_scores = measure_style(everything, self.detector, config.bars)
        figures, distances = self._judge(generated[0], balls, self.learned, learned)
        among_real, real_distances = self._halves(size)
        result: Result = {
            **figures,
            "real": style | among_real,
            "compared": size,
            "phrases_real": len(self.real),
            "windows_real": self.windows,
            "pieces_real": len(np.unique(self.real.pieces)),
            "learned": len(learned),
            "bar_cells": self._bar_cells,
            "k": config.neighbours,
            "networks": config.random_networks,
            "embedder": NAME,
            "weights_hash": self.networks.digest,
        }
        scores = {"real": thinned(real_scores, 8)}
        apart = {"generated": thinned(distances, 0), "real": thinned(real_distances, 0)}
        for name, rolls in (("shuffled", with_bars_shuffled(real, seed)), ("noise", noise(real[0], seed))):
            style, own_scores = measure_style(rolls, self.detector, config.bars)
            figures, distances = self._judge(rolls[0], balls, self.learned, learned)
            result[name] = style | figures
            scores[name], apart[name] = thinned(own_scores, 8), thinned(distances, 0)
        return {**result, "scores": scores, "distances": apart}

    def _halves(self, size: int) -> tuple[dict[str, float], np.ndarray]:
        """Return the figures of every other real piece against the rest, and the distances; nothing of too few."""
        seed, half = self.conditions.seed, self.real.halves()
        if min(map(len, half)) <= self.config.neighbours:
            return {}, np.zeros(0)
        one, other = (self.real.drawn(size, seed, f"half {n}", among=half[n]) for n in (0, 1))
        count = min(len(one), len(other))
        one, other = (self.real.drawn(count, seed, f"half {n}", among=half[n]) for n in (0, 1))
        balls = self._balls(self.real.cut(other))
        figures, distances = self._judge(self.real.cut(one)[0], balls, self.real, half[1][:MOST_LEARNED])
        return figures | {"compared": count}, distances

    @cached_property
    def _bar_cells(self) -> float:
        """Cells of a bar of the training, on average."""
        some = self.learned.cut(self.learned.drawn(MOST_MEASURED, self.conditions.seed, "bars"))[0]
        return float(some.sum() / len(some) / self.config.bars)

    def _balls(self, real: Rolls) -> list[RealBalls]:
        return [RealBalls(vectors, self.config.neighbours) for vectors in self.networks.embed(real[0])]

    def _judge(
        self, sounding: np.ndarray, balls: Sequence[RealBalls], learned: PhraseSet, numbers: np.ndarray
    ) -> tuple[dict[str, float], np.ndarray]:
        """Return likeness to a real set and novelty against phrases, and the distances to the nearest of these."""
        each = [one.judge(vectors) for one, vectors in zip(balls, self.networks.embed(sounding), strict=True)]
        values = {name: np.array([figures[name] for figures in each]) for name in FIGURES}
        means = {name: float(one.mean()) for name, one in values.items()}
        deviations = {f"{name}_sd": float(one.std()) for name, one in values.items()}
        distances = nearest_cells(sounding, len(numbers), lambda some: learned.cut(numbers[some])[0])
        novelty = {
            "novelty_p5": float(np.percentile(distances, 5)),
            "novelty_median": float(np.median(distances)),
            # What differs from a phrase of the training by less than a bar holds is that phrase, but for a bar.
            "nearer_than_a_bar": float(np.mean(distances < self._bar_cells)),
        }
        return means | deviations | f1_scores(means) | novelty, distances
