"""Precision, recall, density and coverage against brute force and against what sets of known kinds must get."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import tone

from gantools.errors import InputError
from gantools.metrics.coverage.balls import FIGURES, RealBalls, ball_radii, f1_scores, measure_coverage, prdc
from gantools.metrics.coverage.config import CoverageConfig
from gantools.metrics.coverage.metric import Coverage
from gantools.metrics.embedders.embedding import Embeddings
from gantools.metrics.metric import Conditions
from gantools.metrics.pairing import ClipSets
from gantools.report.clip import Clip


def brute_force(real: np.ndarray, fake: np.ndarray, k: int) -> dict[str, float]:
    """The definitions, one pair at a time."""

    def radius(points: np.ndarray, i: int) -> float:
        return sorted(float(np.linalg.norm(points[i] - points[j])) for j in range(len(points)) if j != i)[k - 1]

    real_radii = [radius(real, i) for i in range(len(real))]
    fake_radii = [radius(fake, j) for j in range(len(fake))]
    near = [[float(np.linalg.norm(r - f)) for f in fake] for r in real]
    n, m = len(real), len(fake)
    in_real = [[near[i][j] <= real_radii[i] for j in range(m)] for i in range(n)]
    in_fake = [[near[i][j] <= fake_radii[j] for j in range(m)] for i in range(n)]
    return {
        "precision": sum(any(in_real[i][j] for i in range(n)) for j in range(m)) / m,
        "recall": sum(any(in_fake[i]) for i in range(n)) / n,
        "density": sum(map(sum, in_real)) / (k * m),
        "coverage": sum(any(in_real[i]) for i in range(n)) / n,
    }


@pytest.mark.parametrize("k", [1, 3, 5])
def test_figures_equal_brute_force(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantools.metrics.embedders.distances._BLOCK_ROWS", 7)
    rng = np.random.default_rng(k)
    real, fake = rng.standard_normal((40, 6)), 0.4 + 0.8 * rng.standard_normal((31, 6))
    assert prdc(real, fake, k) == pytest.approx(brute_force(real, fake, k), abs=1e-12)


def test_radii_leave_the_point_itself_out() -> None:
    assert ball_radii(np.array([[0.0], [1.0], [3.0], [10.0]]), 2) == pytest.approx([3, 2, 3, 9])


def test_equal_distributions_mode_collapse_and_outliers_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((400, 8)), rng.standard_normal((400, 8))
    same = prdc(real, fake)
    assert same["coverage"] == pytest.approx(1 - 0.5**5, abs=0.03)
    assert same["density"] == pytest.approx(1, abs=0.15)
    collapsed = prdc(real, real[:1] + 0.01 * rng.standard_normal((400, 8)))
    assert collapsed["precision"] > 0.9
    assert max(collapsed["recall"], collapsed["coverage"]) < 0.1
    far = prdc(real, 50 + rng.standard_normal((400, 8)))
    assert set(far.values()) == {0.0}


def test_too_few_vectors_are_refused() -> None:
    with pytest.raises(InputError, match="5 generated windows, k = 5 needs 6"):
        prdc(np.zeros((9, 2)), np.zeros((5, 2)))
    with pytest.raises(InputError, match="NaN"):
        prdc(np.full((9, 2), np.nan), np.zeros((9, 2)))


def compared(
    generated: list[Clip], real: list[Clip], config: CoverageConfig, conditions: Conditions
) -> dict[str, object]:
    return Coverage().compare(ClipSets({"generated": generated, "real": real}), config, conditions)


def test_short_clips_are_compared_with_real_music_cut_alike(tmp_path: Path) -> None:
    clips = []
    for number in range(9):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, tone(1.0 if number else 8.0, 8000, hz=200 + 20 * number, seed=number), 8000)
        clips.append(Clip(path, path.stem, "mix", path.stem))
    failed: list[Path] = []
    config = CoverageConfig(clip_seconds=1.0)
    result = compared(clips[1:], clips[:1], config, Conditions(lambda path, error: failed.append(path)))
    assert (result["n_generated"], result["n_real"], failed) == (8, 8, [])
    assert "real" not in result  # one file has no other to compare with
    with pytest.raises(InputError, match="none of the files"):
        compared(clips[1:], clips[:1], CoverageConfig(), Conditions(lambda path, error: failed.append(path)))
    assert len(failed) == 8


def test_precision_and_recall_by_hand() -> None:
    """Four real points ten apart, and four generated ones, all near the first."""
    real, fake = np.array([[0.0], [10], [20], [30]]), np.array([[1.0], [1.5], [2], [2.5]])
    # The balls of the real points have a radius of 10: the first two hold all four. Those of the others, of .5, none.
    assert prdc(real, fake, 1) == {"precision": 1.0, "recall": 0.0, "density": 2.0, "coverage": 0.5}
    # From the other side the little balls hold none of the far points, and their balls two of the four.
    assert prdc(fake, real, 1) == {"precision": 0.0, "recall": 1.0, "density": 0.0, "coverage": 0.0}


def test_repeated_vectors_are_neighbours_of_each_other() -> None:
    twice = np.array([[0.0], [0.0], [1.0], [5.0]])
    assert ball_radii(twice, 1).tolist() == [0, 0, 1, 4]
    assert ball_radii(twice, 2).tolist() == [1, 1, 1, 5]
    assert prdc(twice, twice, 1) == {"precision": 1.0, "recall": 1.0, "density": 2.25, "coverage": 1.0}


def embedded(generated: np.ndarray, real: np.ndarray, groups: list[int], k: int) -> dict[str, object]:
    """Measure vectors (networks, windows, dimensions), with the file of each real window."""
    made = Embeddings(generated, np.arange(generated.shape[1]), (), 0)
    return measure_coverage(made, Embeddings(real, np.array(groups), (), 0), k)


def test_figures_are_means_over_networks_and_the_real_set_is_real() -> None:
    real = np.array([[[0.0], [10], [20], [30]], [[0.0], [10], [20], [30]]])
    fake = np.array([[[1.0], [1.5], [2], [2.5]], [[0.0], [10], [20], [30]]])
    result = embedded(fake, real, [0, 0, 0, 0], 1)
    # By hand for the first network, see above; the second is equal sets: each ball holds its neighbours.
    assert result == {
        "k": 1,
        "precision": 1.0,
        "recall": 0.5,
        "density": pytest.approx((2.0 + 2.5) / 2),
        "coverage": 0.75,
        "f1_precision_recall": pytest.approx(2 / 3),
        "f1_density_coverage": pytest.approx(2 * 2.25 * 0.75 / 3),
    }


def test_every_other_real_file_against_the_rest_is_what_real_music_gets() -> None:
    """The files 0, 2 and 4 lie close together around 0, the others far apart around the same place."""
    groups = [0, 1, 2, 3, 4, 5]
    real = np.array([[[1.0], [0.0], [1.5], [10.0], [2.0], [20.0]]])
    result = embedded(real, real, groups, 2)
    even, odd = real[0, 0::2], real[0, 1::2]
    assert {name: result["real"][name] for name in FIGURES} == prdc(odd, even, 2) != prdc(even, odd, 2)
    # As many windows as neighbours are too few, on either side.
    assert "real" not in embedded(real, real, groups, 3)
    assert "real" not in embedded(real, real, [0, 0, 0, 0, 1, 1], 2)
    assert "real" not in embedded(real, real, [1, 1, 1, 1, 0, 0], 2)


def test_infinite_vectors_of_either_set_are_refused() -> None:
    broken = np.zeros((9, 2))
    broken[3, 1] = np.inf
    with pytest.raises(InputError, match="the generated embeddings hold NaN or infinite values"):
        prdc(np.zeros((9, 2)), broken)
    with pytest.raises(InputError, match="5 real windows, k = 5 needs 6"):
        prdc(np.zeros((5, 2)), np.zeros((9, 2)))


def test_small_distances_count_beside_great_ones() -> None:
    """Two kinds of music far from each other and from zero, in the 32 bits of a network."""
    rng = np.random.default_rng(3)
    real, fake = (rng.standard_normal((24, 3)) for _ in range(2))
    for vectors in (real, fake):
        vectors[:, 0] = 1e4 + 2e4 * (np.arange(24) % 2)
    real, fake = real.astype(np.float32), fake.astype(np.float32)
    assert prdc(real, fake, 3) == pytest.approx(brute_force(real.astype(float), fake.astype(float), 3))


def test_the_nearest_of_many_by_hand() -> None:
    """The squares of 0 to 599: the nearest of i^2 is (i - 1)^2."""
    roots = np.random.default_rng(0).permutation(600)
    assert ball_radii(np.square(roots, dtype=np.float64)[:, None], 1) == pytest.approx(np.maximum(1, 2 * roots - 1))


def test_duplicates_are_in_each_others_balls_wherever_they_stand() -> None:
    """A ball between duplicates has no radius; rounding must not decide what lies in it."""
    rng = np.random.default_rng(0)
    once = (100 + rng.standard_normal((70, 128))).astype(np.float32)
    tenfold = np.repeat(once, 10, axis=0)
    balls_of_real = RealBalls(tenfold, 5)
    for generated in (tenfold, tenfold[rng.permutation(700)], tenfold[::-1]):
        figures = balls_of_real.judge(generated)
        assert figures == {"precision": 1.0, "recall": 1.0, "density": 2.0, "coverage": 1.0}
    assert set(balls_of_real.judge(tenfold + 1000).values()) == {0.0}


@pytest.mark.parametrize(
    ("figures", "f1"),
    [
        ((0.642, 0.625, 0.617, 0.746), (0.633, 0.675)),
        ((0.546, 0.359, 0.687, 0.408), (0.433, 0.512)),
        ((0.641, 0.689, 0.673, 0.842), (0.664, 0.748)),
        ((0.779, 0.636, 1.328, 0.952), (0.700, 1.109)),
        ((0.0, 0.0, 0.0, 0.0), (0.0, 0.0)),
    ],
)
def test_f1_makes_table_3_of_the_loop_paper_of_its_table_2(figures: tuple[float, ...], f1: tuple[float, ...]) -> None:
    scores = f1_scores(dict(zip(FIGURES, figures, strict=True)))
    assert list(scores.values()) == pytest.approx(list(f1), abs=1.1e-3)
