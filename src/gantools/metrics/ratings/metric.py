"""``evaluate ratings``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gantools.errors import ConfigError
from gantools.metrics.metric import Argument, Conditions, Inputs, Metric, Result
from gantools.metrics.pairing import ClipSets, Groups
from gantools.metrics.ratings.config import RatingsConfig
from gantools.report.table import FileGrid, TableRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KEY = "key.json"


class ListenersRatings(Metric[RatingsConfig]):
    """Evaluate a listening test: who agrees with whom, what tells the sets apart, what is taken for real.

    Correlations of listeners and intraclass correlations, means of sets with intervals, Kruskal-Wallis, Mann-Whitney
    and paired t, detection rates, preferences; who answers at random. Takes what the page of evaluate listen saved, or
    a table with rater, clip, set, question, value.

    \b
      gantools evaluate ratings results-*.json --key test/key.json -o report/
      gantools evaluate ratings answers.csv --real originals --json
      gantools evaluate ratings results-*.json --key test/key.json --least-consistency 0.5
    """

    name = "ratings"
    title = "Listening test"
    source = (
        "The tables of all listening tests: Automatic Music Production, table 1 and figure 3; Symbolic Music Loop "
        "Generation, section 5.3; Using Deep Learning to create music in a specific genre, section 5.2"
    )
    reference = (
        "Shrout and Fleiss's worked example, SciPy's correlations: tests/unit/metrics/ratings/test_agreement.py; "
        "tests by hand: tests/unit/metrics/ratings/test_differences.py"
    )
    config = RatingsConfig
    arguments = (Argument("results", "Files of answers, or folders of them.", several=True),)
    uses = ("seed",)
    reads = ("answers",)
    bulky = ("samples", "closing")
    plot_name = "ratings"
    caption = (
        "Clips by their mean grade, rounded to the closest integer; Pearson's correlation of listeners; answers to the "
        "first question by set, with medians (lines) and means (triangles)."
    )

    def inputs(self, places: Mapping[str, str], config: RatingsConfig) -> Inputs:
        """Return the files of answers, and the key: as named, or as found beside them or above."""
        return Inputs(dict(places), key_of(places, config.key))

    def pair(self, sets: ClipSets, config: RatingsConfig) -> Groups:
        """Return nothing: answers are not heard."""
        return []

    def compare(self, sets: ClipSets, config: RatingsConfig, conditions: Conditions) -> Result:
        """Evaluate; see `gantools.metrics.ratings.comparison.compare_ratings`."""
        from gantools.metrics.ratings.comparison import compare_ratings

        return compare_ratings(sets, config, conditions)

    def rows(self, result: Result) -> list[TableRow]:
        """Return what listeners agree on, tell apart and prefer."""
        from gantools.metrics.ratings.tables import rows_of

        return rows_of(result)

    def grids(self, result: Result) -> list[tuple[str, FileGrid]]:
        """Return matrices of listeners, tables of sets, and the table of samples."""
        from gantools.metrics.ratings.tables import grids_of

        return grids_of(result)

    def footnote(self, result: Result) -> str:
        """Say what the tests take for granted."""
        if not any(found["pairs"] for found in result["questions"].values()):
            return ""
        return (
            "Kruskal-Wallis and Mann-Whitney take answers for independent, as the papers do; answers of one listener "
            "are not. Intervals draw listeners and clips anew, and hold for others of their kind."
        )

    def figure(self, result: Result, ink: str) -> Figure | None:
        """Draw the grades, the listeners, and the sets."""
        from gantools.metrics.ratings.figure import draw

        return draw(result, ink)


def key_of(places: Mapping[str, str], named: str) -> dict[str, Path]:
    """Return the key of the answers in some places under ``key``: as named, or as found beside them or above.

    Raises
    ------
    ConfigError
        The named one does not exist.
    """
    if named:
        if not Path(named).is_file():
            raise ConfigError("no such file; name the key.json that evaluate listen wrote", named)
        return {"key": Path(named)}
    for place in map(Path, places.values()):
        folder = place if place.is_dir() else place.parent
        for key in (folder / _KEY, folder.resolve().parent / _KEY):
            if key.is_file():
                return {"key": key}
    return {}
