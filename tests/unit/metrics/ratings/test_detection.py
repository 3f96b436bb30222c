"""What is taken for real, what is preferred, and who answers at random."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.metrics.ratings.answers import Answer, Preference, Ratings
from gantools.metrics.ratings.consistency import reliability
from gantools.metrics.ratings.detection import detection, preferences, share


def said(real: list[str], made: list[str], rater: str = "r") -> list[Answer]:
    """Return what was said of real and of generated clips."""
    return [
        Answer(rater, f"{name}{n}", name, "", "real", word)
        for name, words in (("real", real), ("made", made))
        for n, word in enumerate(words)
    ]


def test_the_rate_is_half_for_who_says_fake_to_all() -> None:
    found = detection(said(["fake"] * 2, ["fake"] * 8), "real")
    assert found is not None
    assert (found["rate"], found["right"], found["p"]) == (0.5, 0.8, 1.0)


def test_by_hand() -> None:
    """Three of four real and one of two fake told: (3/4 + 1/2) / 2. Fisher's p is 1 of these margins."""
    found = detection(said(["real", "real", "real", "fake"], ["real", "fake"]), "real")
    assert found is not None
    assert found["rate"] == 0.625
    assert found["sets"]["made"]["share"] == 0.5
    assert found["p"] == pytest.approx(1.0)
    assert detection(said([], ["real"]), "real") is None
    assert detection(said(["real"], ["real"]), "") is None


def test_wilsons_interval_by_hand() -> None:
    """Of 5 of 10: .5 -+ z sqrt(.025 + z^2 / 400) / (1 + z^2 / 10), z = 1.96."""
    z = 1.959964
    half = z * np.sqrt(0.025 + z**2 / 400) / (1 + z**2 / 10)
    assert share([True] * 5 + [False] * 5)["interval"] == pytest.approx([0.5 - half, 0.5 + half], abs=1e-6)


def test_who_guesses_is_right_half_the_time() -> None:
    rng = np.random.default_rng(0)
    guesses = rng.choice(["real", "fake"], 4000).tolist()
    found = detection(said(guesses[:800], guesses[800:]), "real")
    assert found is not None
    assert found["rate"] == pytest.approx(0.5, abs=0.03)
    assert found["p"] > 0.05


def test_preferences_and_their_sign_test() -> None:
    """Of eight that prefer one, seven prefer a: p = 2 (1 + 8) / 256."""
    given = [Preference("r", f"t{n}", ("a", "b") if n % 2 else ("b", "a"), "a" if n < 7 else "b") for n in range(8)]
    given.append(Preference("r", "t8", ("a", "b"), ""))
    (found,) = preferences(given, ["a", "b"])
    counts = {found["a"]: found["a_preferred"], found["b"]: found["b_preferred"]}
    assert counts == {"a": 7, "b": 1}
    assert found["neither"] == 1
    assert found["p"] == pytest.approx(18 / 256)


def repeated(rater: str, first: list[float], again: list[float]) -> list[Answer]:
    """Return answers, and second ones to the first clips."""
    made = [Answer(rater, f"c{n}", "a", "", "quality", float(value)) for n, value in enumerate(first)]
    return made + [Answer(rater, f"c{n}", "a", "", "quality", float(v), again=True) for n, v in enumerate(again)]


def test_who_contradicts_themselves_fails() -> None:
    """By hand: first answers 1, 5, 9 are (4 + 8 + 4) / 3 apart; second ones to two of them are 1 or 8 off."""
    answers = repeated("steady", [1, 5, 9], [2, 4]) + repeated("random", [1, 5, 9], [9, 13])
    answers += [Answer("flat", f"c{n}", "a", "", "quality", 5.0) for n in range(4)]
    found = reliability(Ratings(answers=answers), 0.0)
    assert found["steady"]["consistency"] == pytest.approx(1 - 1 / (16 / 3))
    assert found["random"]["consistency"] == pytest.approx(1 - 8 / (16 / 3))
    assert [rater for rater, one in found.items() if one["fails"]] == ["random", "flat"]
    assert found["steady"]["repeats"] == 2


def test_who_does_not_find_the_reference_fails() -> None:
    hidden = [Answer("r", f"c{n}", "hidden reference", "", "quality", 100.0 if n < 8 else 80.0) for n in range(10)]
    found = reliability(Ratings(answers=hidden), 0.0)["r"]
    assert found["references_missed"] == 0.2
    assert "20 % of trials" in found["fails"]
    assert not reliability(Ratings(answers=hidden[:9]), 0.0)["r"]["fails"]
