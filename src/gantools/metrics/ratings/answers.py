"""The answers of a test as they are evaluated, whatever file they come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Value = float | str


@dataclass(frozen=True)
class Answer:
    """One answer of one listener on one clip.

    Attributes
    ----------
    rater, clip, set, song, question : str
        `song` is empty where it is not known.
    value : float or str
        A number for scales and sliders.
    again : bool
        The clip was heard a second time.
    trial : str
        What was heard together; the clip itself where it was heard alone.
    """

    rater: str
    clip: str
    set: str
    song: str
    question: str
    value: Value
    again: bool = False
    trial: str = ""


@dataclass(frozen=True)
class Preference:
    """Which of two sets a listener preferred in a trial; empty for neither."""

    rater: str
    trial: str
    sets: tuple[str, str]
    preferred: str
    again: bool = False


@dataclass
class Ratings:
    """All that was answered.

    Attributes
    ----------
    form : str
        Name of the form; empty of plain tables.
    real : str
        The set that is real; empty for none.
    sets : list of str
        In the order of the test.
    answers : list of Answer
        Also those to clips that were heard again.
    preferences : list of Preference
    closing : list of (rater, question, text)
    labels : dict of str to str
        Clip -> name of its file.
    incomplete : list of str
        Listeners who saved before the end.
    """

    form: str = ""
    real: str = ""
    sets: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    closing: list[tuple[str, str, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    incomplete: list[str] = field(default_factory=list)

    @property
    def raters(self) -> list[str]:
        """Listeners in the order of their files."""
        return list(dict.fromkeys([a.rater for a in self.answers] + [p.rater for p in self.preferences]))

    @property
    def first(self) -> list[Answer]:
        """Answers to clips when they were heard first: what counts."""
        return [answer for answer in self.answers if not answer.again]

    @property
    def questions(self) -> list[str]:
        """Questions that are answered with numbers."""
        return list(dict.fromkeys(answer.question for answer in self.first if isinstance(answer.value, float)))

    def without(self, raters: Iterable[str]) -> Ratings:
        """Return the answers of the others."""
        gone = set(raters)
        return Ratings(
            self.form,
            self.real,
            self.sets,
            [one for one in self.answers if one.rater not in gone],
            [one for one in self.preferences if one.rater not in gone],
            [one for one in self.closing if one[0] not in gone],
            self.labels,
            [one for one in self.incomplete if one not in gone],
        )


def score_matrix(
    answers: Sequence[Answer], raters: Sequence[str], questions: Iterable[str]
) -> tuple[np.ndarray, list[str]]:
    """Return the mean of each listener's answers to each clip, over some questions.

    Returns
    -------
    scores : array (raters, clips)
        NaN where a listener has not answered all of the questions that anybody answered on this clip.
    clips : list of str
    """
    import numpy as np

    wanted = set(questions)
    found = defaultdict[tuple[str, str], dict[str, float]](dict)
    asked = defaultdict[str, set[str]](set)
    for answer in answers:
        if answer.question in wanted and isinstance(answer.value, float):
            found[answer.rater, answer.clip][answer.question] = answer.value
            asked[answer.clip].add(answer.question)
    scores = np.full((len(raters), len(asked)), np.nan)
    for column, (clip, questions_of) in enumerate(asked.items()):
        for row, rater in enumerate(raters):
            given = found.get((rater, clip), {})
            # The mean of other aspects than those of the others would be another figure.
            if len(given) == len(questions_of):
                scores[row, column] = np.mean(list(given.values()))
    return scores, list(asked)
