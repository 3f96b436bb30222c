"""What is called a collapse of rolls, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from gantools.systems.loopgan.score import RollScore, phrase_features, restlessness

_STEPS = 64


def beats(random: np.random.Generator, count: int = 64) -> np.ndarray:
    """Phrases of four bars that repeat a bar of their own, with a fill in the last."""
    bars = np.zeros((count, 16, 57), bool)
    for bar in bars:
        bar[random.choice(16, 4, replace=False), 0] = bar[:: random.choice([1, 2, 4]), 2] = True
        bar[4 * random.integers(1, 4), 1] = True
        starts = np.sort(random.choice(16, 3, replace=False))
        for start in starts:
            bar[start : start + random.integers(2, 5), random.integers(15, 40)] = True
    phrases = np.tile(bars, (1, 4, 1))
    phrases[:, 60:, 1] ^= random.random((count, 4)) < 0.4
    return phrases


@pytest.fixture(scope="module")
def score() -> RollScore:
    return RollScore(beats(np.random.default_rng(1)))


def made_from(real: np.ndarray, kind: str) -> np.ndarray:
    random = np.random.default_rng(3)
    if kind == "silent":
        return real & (np.arange(len(real)) % 3 == 0)[:, None, None]
    if kind == "no bass":
        return real & (np.arange(57) < 9)
    if kind == "one phrase":
        return np.repeat(real[:1], len(real), 0)
    if kind == "few phrases":
        return real[np.arange(len(real)) % 3]
    if kind == "frozen":
        frozen = real & (np.arange(57) >= 9)
        frozen[:, ::2, 2] = frozen[:, ::4, 0] = frozen[:, 4::8, 1] = True
        return frozen
    if kind == "noise":
        return random.random(real.shape) < real.mean((0, 1))
    return random.random(real.shape) < 0.4  # full


@pytest.mark.parametrize(
    ("kind", "symptom"),
    [
        ("silent", "silence"),
        ("no bass", "silence"),
        ("one phrase", "mode_collapse"),
        ("few phrases", "mode_collapse"),
        ("frozen", "frozen"),
        ("noise", "noise"),
        ("full", "noise"),
    ],
)
def test_each_collapse_has_its_name(score: RollScore, kind: str, symptom: str) -> None:
    found = score.symptoms(made_from(beats(np.random.default_rng(2)), kind))
    assert list(found) == [symptom]


def test_other_phrases_of_the_kind_are_healthy_and_near(score: RollScore) -> None:
    other = beats(np.random.default_rng(2))
    assert score.symptoms(other) == {}
    near = score.distance(other)
    assert score.distance(score.real) == pytest.approx(0, abs=1e-3)
    assert 0 < near < 0.2 * min(score.distance(made_from(other, kind)) for kind in ("noise", "one phrase", "full"))


def test_the_features_are_the_mean_bar_and_the_differences_of_bars() -> None:
    sounding = np.zeros((1, 48, 57), bool)
    sounding[0, [0, 16], 0] = True
    features = phrase_features(sounding)[0]
    assert features[0] == pytest.approx(2 / 3)
    assert features[1 : 16 * 57].sum() == 0
    np.testing.assert_allclose(features[-3:], np.sqrt([0, 1, 1]) / np.sqrt(3), rtol=1e-6)


def test_restlessness_is_0_for_repeated_bars_and_1_for_noise() -> None:
    random = np.random.default_rng(5)
    assert restlessness(np.tile(random.random((8, 16, 57)) < 0.1, (1, 4, 1))) == 0
    assert restlessness(random.random((50, 64, 57)) < 0.1) == pytest.approx(1, abs=0.02)
