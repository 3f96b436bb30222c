"""Grades that are learnt: effects that were planted, labels by chance, and formulas against other implementations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

from gantools.errors import InputError, ModelError
from gantools.files.containers import read_tensors, write_tensors
from gantools.metrics.grade.density import Density, fit_density
from gantools.metrics.grade.grades import Grade, match
from gantools.metrics.grade.learning import Learnt, _folds, auc, learn, require_enough, validate, wilson
from gantools.metrics.grade.model import GradeModel, read_model
from gantools.report.clip import Clip


def clips(seed: int, songs: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features of 400 clips, what four graders say on average, and their songs.

    Bands follow the real counterpart together, as neighbouring bands do; that and one density are what graders hear.
    """
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(songs), 400 // songs).astype(str)
    quality = rng.standard_normal(400)
    bands = 0.2 * quality[:, None] + 0.3 * rng.standard_normal((400, 256))
    densities = np.stack([10 * quality + 5 * rng.standard_normal(400), *rng.standard_normal((3, 400))], axis=1)
    raters = 5.5 + 1.9 * (quality[:, None] + 0.516 * rng.standard_normal((400, 4)))
    return np.concatenate([bands, densities], axis=1), np.clip(raters, 1, 10).mean(axis=1), names


def test_a_planted_effect_is_found() -> None:
    features, grades, songs = clips(0)
    found = validate(features, grades, grades >= 5.5, songs, resamples=200, seed=0)
    assert found["accuracy"] >= 0.85
    assert found["auc"] >= 0.93
    assert found["brier"] < 0.12
    assert found["linear_r"] > 0.9
    assert found["baseline"] == pytest.approx(0.5, abs=0.08)
    low, high = found["auc_interval"]
    assert low < found["auc"] < high
    assert high - low < 0.1
    assert found["held_out"]["n"] == 80
    # Of the clips called good with a probability, as many are good.
    for probability, share, count in found["calibration"]:
        assert share == pytest.approx(probability, abs=max(0.08, 2.5 * np.sqrt(0.25 * 5 / count)))


def test_a_grade_is_a_sum_and_a_probability_its_logistic_by_hand() -> None:
    mean, scale = np.array([1.0, 2.0]), np.array([2.0, 1.0])
    learnt = Learnt(mean, scale, np.array([1.0, -1.0, 0.5]), np.array([3.0, 0.0, 5.0]))
    # (3 - 1) / 2 = 1 and (2 - 2) / 1 = 0: odds of 1 + 0.5, a grade of 3 + 5.
    assert learnt.probabilities(np.array([[3.0, 2.0]])) == pytest.approx([1 / (1 + np.exp(-1.5))])
    assert learnt.grades(np.array([[3.0, 2.0]])) == pytest.approx([8.0])


def test_labels_by_chance_give_a_half() -> None:
    for seed in range(2):
        features, _, songs = clips(seed)
        grades = np.random.default_rng(seed).uniform(1, 10, 400)
        found = validate(features, grades, grades >= 5.5, songs, resamples=100, seed=seed)
        assert found["auc"] == pytest.approx(0.5, abs=0.08)
        assert found["accuracy"] == pytest.approx(0.5, abs=0.08)
        assert found["brier"] >= 0.24
        assert abs(found["linear_r"]) < 0.15


def test_what_tells_songs_apart_alone_is_no_effect() -> None:
    """Features and grades that each song has as a whole would be remembered, were a song on both sides."""
    rng = np.random.default_rng(0)
    songs = np.repeat(np.arange(40), 10).astype(str)
    features = np.repeat(rng.standard_normal((40, 60)), 10, axis=0) + 0.01 * rng.standard_normal((400, 60))
    good = np.repeat(rng.permutation(np.arange(40) % 2 == 0), 10)
    found = validate(features, np.where(good, 8.0, 3.0), good, songs, resamples=100, seed=0)
    assert found["auc"] < 0.7
    for train, test in _folds(good, songs, 3):
        assert not set(songs[train]) & set(songs[test])
        assert len(train) + len(test) == 400


def test_too_little_is_said() -> None:
    songs = np.arange(20).astype(str)
    with pytest.raises(InputError, match="3 good clips and 17 others"):
        require_enough(np.arange(20) < 3, songs)
    with pytest.raises(InputError, match="clips of 2 songs"):
        require_enough(np.arange(20) < 10, np.arange(20) % 2)


def test_formulas() -> None:
    rng = np.random.default_rng(0)
    good = rng.random(50) < 0.4
    scores = np.round(rng.random(50) + 0.3 * good, 1)  # with ties
    assert auc(scores, good) == pytest.approx(roc_auc_score(good, scores))
    assert np.isnan(auc(scores, np.ones(50, bool)))
    # Brown, Cai and DasGupta 2001: Wilson's interval of 10 in 10 at 95 %.
    assert wilson(10, 10) == pytest.approx([0.7225, 1.0], abs=1e-4)
    # The paper's 87 %, were it of 80 clips.
    assert wilson(70, 80) == pytest.approx([0.785, 0.931], abs=1e-3)


def test_the_density_is_that_of_a_gaussian() -> None:
    rng = np.random.default_rng(0)
    real = rng.standard_normal((5000, 3)) * [1.0, 2.0, 0.5] + [1.0, 0.0, -1.0]
    density = fit_density(real)
    reference = multivariate_normal([1.0, 0.0, -1.0], np.diag([1.0, 4.0, 0.25]))
    points = rng.standard_normal((20, 3))
    assert density.log(points) == pytest.approx(reference.logpdf(points), abs=0.25)
    # More dimensions than windows: finite, and what is real is more probable than what is not.
    real = rng.standard_normal((100, 753))
    density = fit_density(real)
    assert density.components.shape == (20, 753)
    assert density.log(real).mean() > density.log(real * 5).mean()
    with pytest.raises(InputError, match="needs 20"):
        fit_density(real[:19])


def test_a_model_comes_back_from_its_file_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    features, grades, songs = clips(0)
    model = GradeModel("stoi", 5.5, {})
    model.learnt = learn(features[:, :256], grades, grades >= 5.5, songs, 0)
    path = tmp_path / "grade.safetensors"
    write_tensors(path, *model.pack())
    again = read_model(path)
    assert again.learnt is not None
    assert np.array_equal(again.learnt.probabilities(features[:, :256]), model.learnt.probabilities(features[:, :256]))
    assert not again.densities
    arrays, about = read_tensors(path)
    for changed in (
        {"learnt/logistic": arrays["learnt/logistic"][:-1]},
        {"learnt/scale": 0 * arrays["learnt/scale"]},
        {"learnt/mean": np.full(256, np.nan)},
    ):
        write_tensors(path, arrays | changed, about)
        with pytest.raises(ModelError, match="no model of evaluate grade fit"):
            read_model(path)
    for changed in ({"features": "both"}, {"kind": "other"}, {"schema": 99}, {"threshold": "much"}):
        write_tensors(path, arrays, about | changed)
        with pytest.raises(ModelError, match="no model of evaluate grade fit"):
            read_model(path)
    path.write_text("no tensors")
    with pytest.raises(ModelError):
        read_model(path)


def test_a_clip_is_the_file_that_its_name_says() -> None:
    def file(path: str) -> Clip:
        return Clip(Path(path), path.removesuffix(".wav"), "drums", "a")

    files = [file("x/a.drums.wav"), file("x/day/b.wav"), file("x/night/b.wav")]
    grades = [Grade("a.drums", "", 3.0), Grade("b", "night", 7.0), Grade("night/b.wav", "", 8.0), Grade("b", "", 1.0)]
    found, missing = match([*grades, Grade("absent", "", 1.0)], files)
    assert found == {Path("x/a.drums.wav"): 3.0, Path("x/night/b.wav"): 7.5}
    assert missing == ["b", "absent"]


def test_a_density_of_one_component_is_a_normal_one() -> None:
    density = Density(np.array([1.0]), np.array([[1.0]]), np.array([[0.25]]))
    assert density.log(np.array([[3.0]])) == pytest.approx([-0.5 - np.log(2 * np.sqrt(2 * np.pi))])
