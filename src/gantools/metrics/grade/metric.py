"""``evaluate grade fit`` and ``evaluate grade predict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gantools.metrics.grade.config import GradeFitConfig, GradePredictConfig
from gantools.metrics.metric import GENERATED, Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups, pair
from gantools.metrics.ratings.metric import key_of
from gantools.report.clip import Clip
from gantools.report.table import FileGrid, TableRow, number

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

_ANSWERS = (".json", ".csv")
_REAL = Argument("real", "Real music of the same kind, and of the same songs: what the clips should have been.")


class GradeFit(Metric[GradeFitConfig]):
    """Learn to grade clips as listeners did.

    A logistic and a linear model of how closely each mel band follows the real counterpart, and how probable a clip is
    among real music; validated on songs that are new. With -o the model is written too, for evaluate grade predict.
    The answers are what evaluate ratings takes, or a table with clip and grade.

    \b
      gantools evaluate grade fit drums/ real_drums/ results/ -o grades/
      gantools evaluate grade fit clips/ songs/ grades.csv --features density -o grades/
      gantools evaluate grade fit drums/ real_drums/ results/ --least-consistency 0.5 -o grades/
    """

    name = "grade fit"
    title = "Learnt grades"
    source = "Automatic Music Production Using GANs, sections 4.4 and 4.5"
    reference = (
        "densities of SciPy, AUC of scikit-learn, effects that were planted: tests/unit/metrics/grade/test_learning.py"
    )
    config = GradeFitConfig
    arguments = (GENERATED, _REAL, Argument("answers", "Files of answers, or folders of them.", several=True))
    uses = ("map", "seed", "device")
    reads = ("audio", "answers")
    bulky = ("rows", "learnt")
    plot_name = "grades"
    caption = (
        "Given and learnt grades of the clips it learnt from; the share of good clips by what was predicted, of songs "
        "that were new."
    )
    model_name = "grade.safetensors"

    def inputs(self, places: Mapping[str, str], config: GradeFitConfig) -> Inputs:
        """Return the sets, and the key of the answers where there is one."""
        answers = {name: place for name, place in places.items() if name.startswith("answers")}
        return Inputs(dict(places), key_of(answers, config.key))

    def pair(self, sets: ClipSets, config: GradeFitConfig) -> Groups:
        """Pair the clips with the real ones of their songs."""
        _part(sets)
        return _pair(sets, config.role, config.features)

    def compare(self, sets: ClipSets, config: GradeFitConfig, conditions: Conditions) -> Result:
        """Learn; see `gantools.metrics.grade.fitting.fit_grades`."""
        from gantools.metrics.grade.fitting import fit_grades

        return fit_grades(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return how well songs that are new are graded, beside the guess and the paper."""
        held, paper = result["held_out"], result["paper"]

        def line(name: str, title: str, note: str) -> TableRow:
            return title, number(result[name]), f"{note}; 95 % by songs {_span(result[f'{name}_interval'])}"

        return [
            line("accuracy", "accuracy", "of good and not good, five times five folds of songs"),
            ("majority", number(result["baseline"]), "what always the more frequent answer would get"),
            line("auc", "AUC", ".5 is chance"),
            line(
                "brier",
                "Brier score",
                f"{number(result['good_share'] * (1 - result['good_share']))} is always the mean",
            ),
            ("linear model", number(result["linear_r"]), f"correlation of grades; AUC {number(result['linear_auc'])}"),
            (
                "held out",
                number(held["accuracy"]),
                f"accuracy of {held['n']} clips of a fifth of the songs, {_span(held['interval'])}",
            ),
            (
                "the paper's",
                number(paper["accuracy"]),
                f"accuracy; of {paper['n']} clips its interval is {_span(paper['interval'])}",
            ),
            (
                "clips",
                str(result["n"]),
                f"of {result['songs']} songs; {result['good_share']:.0%} good, mean {number(result['grade_mean'])}",
            ),
        ]

    def grids(self, result: Result) -> list[tuple[str, FileGrid]]:
        """Return how probable good clips were called, and how many were good."""
        head = ["predicted", "good", "answers"]
        return [("Calibration", [head, *([number(p), number(share), str(n)] for p, share, n in result["calibration"])])]

    def footnote(self, result: Result) -> str:
        """Say what the paper leaves open."""
        return "The paper does not say how it split its 400 clips; a fifth of them is taken for its test set."

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw grades and calibration."""
        from gantools.metrics.grade.figure import draw

        return draw(result, ink)

    def model(self, result: Result) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Return what was learnt."""
        packed: tuple[dict[str, np.ndarray], dict[str, Any]] = result["learnt"].pack()
        return packed


class GradePredict(Metric[GradePredictConfig]):
    """Grade music as listeners would: how much of it is good, five seconds at a time.

    Takes whole songs. The real counterparts are needed where the model compares with them.

    \b
      gantools evaluate grade predict drums/ real_drums/ --model grades/ -o report/
      gantools evaluate grade predict night/ --model grades/ --json
      gantools evaluate grade predict stems/ real_drums/ --role drums --model grades/
    """

    name = "grade predict"
    title = "Grades"
    source = "Automatic Music Production Using GANs, section 4.5"
    reference = "clips whose faults were made: tests/commands/test_grade.py"
    config = GradePredictConfig
    arguments = (GENERATED, Argument("real", _REAL.help, required=False))
    uses = ("map", "seed", "device")
    bulky = ("rows",)

    def inputs(self, places: Mapping[str, str], config: GradePredictConfig) -> Inputs:
        """Return the sets, and the model."""
        from gantools.metrics.grade.model import model_path

        path = model_path(config.model)
        return Inputs({name: place for name, place in places.items() if place}, {"model": path})

    def pair(self, sets: ClipSets, config: GradePredictConfig) -> Groups:
        """Pair the files with the real ones of their songs."""
        return _pair(sets, config.role, "both" if "real" in sets else "density")

    def compare(self, sets: ClipSets, config: GradePredictConfig, conditions: Conditions) -> Result:
        """Grade; see `gantools.metrics.grade.predicting.predict_grades`."""
        from gantools.metrics.grade.predicting import predict_grades

        return predict_grades(sets, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return the share that is good, beside the paper's."""
        note = (
            f"of {result['windows']} windows of 5 s; 95 % by songs {_span(result['interval'])}; the paper's two thirds"
        )
        return [
            ("good", f"{result['good_share']:.1%}", note),
            ("probability", number(result["probability"]), "of a good window, the mean"),
            ("grade", number(result["grade"]), "of the linear model, the mean"),
        ]

    def grid(self, result: Result) -> FileGrid:
        """Return a row for each file."""
        head = ["file", "windows", "good", "probability", "grade"]
        cells = [
            [r["file"], str(r["windows"]), f"{r['good_share']:.0%}", number(r["probability"]), number(r["grade"])]
            for r in result["rows"]
        ]
        return [head, *cells]


def _span(interval: list[float]) -> str:
    return " to ".join(number(end) for end in interval)


def _part(sets: ClipSets) -> None:
    """Leave sound out of the answers, and what is no sound out of the clips."""
    for name, clips in sets.items():
        answers = name.startswith("answers")
        sets[name] = [clip for clip in clips if (clip.path.suffix.lower() in _ANSWERS) == answers]


def _pair(sets: ClipSets, role: str, features: str) -> Groups:
    """Keep the files of a role, and pair them with real ones where features compare with these."""
    sets.keep_roles(role)
    sets["generated"] = _named_after(sets["generated"], sets.get("real", []))
    if features == "density" or not sets.get("real"):
        return [[("generated", clip)] for clip in sets["generated"][:3]]
    pairs = pair(sets["generated"], sets["real"], "real")
    sets.narrow("generated", [clip for clip, _ in pairs], "files without a real counterpart")
    sets.pairs = {"generated": pairs}
    return [[("generated", clip), ("real", real)] for clip, real in pairs[:3]]


def _named_after(clips: Sequence[Clip], real: Sequence[Clip]) -> list[Clip]:
    """Return clips with the names of real songs, whatever folders are above: ``night/song`` is of ``song``.

    Versions of one song must be known as such, or a model would be validated on songs that it has seen.
    """
    known = {clip.song for clip in real}
    named = []
    for clip in clips:
        parts = clip.song.split("/")
        tails = ["/".join(parts[place:]) for place in range(len(parts))]
        named.append(replace(clip, song=next((tail for tail in tails if tail in known), parts[-1])))
    return named
