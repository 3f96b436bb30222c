"""``evaluate loopgroups``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gantools.metrics.loopgroups.config import LoopGroupsConfig
from gantools.metrics.metric import Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class LoopGroups(Metric[LoopGroupsConfig]):
    """Tell whether one group of music loops more than others, by the scores of a loop detector.

    Groups are folders or files of audio or MIDI. Box plot, mean and spread of the scores, and tests of the first group
    against each other one: the paper's paired t-test, and two that pair nothing.

    \b
      gantools evaluate loopgroups picked/ songs/ -o report/
      gantools evaluate loopgroups picked/ random-1/ random-2/ random-3/ random-4/ --json
      gantools evaluate loopgroups picked/ songs/ --bars 4
    """

    name = "loopgroups"
    title = "Groups by loop score"
    source = "Symbolic Music Loop Generation, section 3.2.2 and figure 3"
    reference = "the tests by their definitions: tests/unit/metrics/loopgroups/test_comparison.py"
    config = LoopGroupsConfig
    arguments = (
        Argument("generated", "The group in question: a folder or a file."),
        Argument("other", "Groups that it is compared with.", several=True),
    )
    uses = ("seed",)
    reads = ("audio", "MIDI")
    bulky = ("scores",)
    plot_name = "groups"
    caption = "Loop scores of the windows drawn from each group. Green lines are medians, red triangles means."

    def inputs(self, places: Mapping[str, str], config: LoopGroupsConfig) -> Inputs:
        """Return the groups, and the files of the detector."""
        from gantools.metrics.loops.detecting import detector_files

        return Inputs(dict(places), detector_files(config.detector))

    def pair(self, sets: ClipSets, config: LoopGroupsConfig) -> Groups:
        """Choose the files that are shown: the first of each group."""
        names = short_names(list(sets.places.values()))
        return [[(name, clips[0])] for name, clips in zip(names, sets.values(), strict=True) if clips]

    def compare(self, sets: ClipSets, config: LoopGroupsConfig, conditions: Conditions) -> Result:
        """Measure; see `gantools.metrics.loopgroups.comparison.compare_groups`."""
        from gantools.metrics.loopgroups.comparison import compare_groups

        return compare_groups(sets, short_names(list(sets.places.values())), config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return mean and spread of each group, and the p of each test."""
        rows = []
        for group in result["groups"]:
            note = f"loop score, mean (sd {number(group['sd'])}); {number(group['accepted'])} of them loops"
            rows.append((group["group"], number(group["mean"]), note))
        first = result["groups"][0]["group"]
        for test in result["tests"]:
            note = f"p of the paired t-test, t = {number(test['t'])}"
            note += f"; Welch {number(test['welch_p'])}, rank sum {number(test['rank_p'])}"
            rows.append((f"{first} against {test['group']}", number(test["p"]), note))
        about = f"{result['bars']} bars, features {result['features']}"
        rows.append(("detector", result["detector"], f"{about}; lower scores are more of a loop"))
        return rows

    def grid(self, result: Result) -> FileGrid:
        """Return a row of each group: its files and windows, and its scores."""
        head = ["group", "files", "windows", "drawn", "mean", "sd", "median", "loops up to", "accepted"]
        keys = ("mean", "sd", "median", "threshold", "accepted")
        rows = [
            [
                one["group"],
                str(one["files"]),
                str(one["windows"]),
                str(result["drawn"]),
                *(number(one[k]) for k in keys),
            ]
            for one in result["groups"]
        ]
        return [head, *rows]

    def footnote(self, result: Result) -> str:
        """Say what is paired, and that scores of sound and of notes are not of one scale."""
        text = (
            f"{result['drawn']} windows are drawn from each group with the seed, and paired in the order in which they "
            "were drawn, as the paper's random groups are: nothing joins the two of a pair, so the tests that pair "
            "nothing mean more. Windows of a piece overlap, and so do their scores: p is smaller than of pieces."
        )
        if len(result["domains"]) > 1:
            text += (
                " There is audio and MIDI: the detector judges them by networks of their own, on scales of their own."
            )
        return text

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw a box for each group, as the paper's figure 3."""
        import numpy as np

        from gantools.report.plots import new_axes

        figure, axes = new_axes(ink, "", "loop score")
        lines = {"color": ink, "lw": 1.0}
        names = [group["group"] for group in result["groups"]]
        axes.boxplot(
            [np.maximum(scores, 1e-6) for scores in result["scores"]],
            showmeans=True,
            boxprops=lines,
            whiskerprops=lines,
            capprops=lines,
            flierprops={"marker": ".", "markersize": 3, "markeredgecolor": ink},
            medianprops={"color": "#2b8a3e", "lw": 2.0},
            meanprops={"marker": "^", "markerfacecolor": "#e03131", "markeredgecolor": "#e03131"},
        )
        axes.set_yscale("log")
        axes.set_xticks(range(1, len(names) + 1), names)
        return figure


def short_names(places: Sequence[str]) -> list[str]:
    """Return the last parts of places, or the whole of those that would have one name."""
    last = [Path(place).name or place for place in places]
    count = Counter(last)
    short = [name if count[name] == 1 else place for name, place in zip(last, places, strict=True)]
    # A folder given twice is two groups.
    seen = Counter[str]()
    for index, name in enumerate(short):
        seen[name] += 1
        if seen[name] > 1:
            short[index] = f"{name} ({seen[name]})"
    return short
