"""Correlations of bars: hand-worked, against plain loops, and against librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from gantools.structure.loops.correlation import (
    Kind,
    audio_bars,
    audio_correlation,
    audio_windows,
    pairs,
    roll_correlation,
    roll_windows,
    to_matrices,
)


def plain(bars: np.ndarray, kind: Kind) -> list[float]:
    """The definitions, cell by cell."""
    n = len(bars)
    differing = [int(sum(a != b for a, b in zip(bars[i], bars[j], strict=True))) for i in range(n) for j in range(i)]
    made = []
    for i in range(n):
        for j in range(i + 1, n):
            if kind == "paper":
                h = int(sum(a != b for a, b in zip(bars[i], bars[j], strict=True)))
                made.append(1 - h / (max(differing) + 1e-5))
                continue
            still = [len(set(bars[k].tolist())) == 1 for k in (i, j)]
            if all(still) and bars[i][0] == bars[j][0]:
                made.append(1.0)
            elif any(still):
                made.append(0.0)
            else:
                made.append(float(np.corrcoef(bars[i], bars[j])[0, 1]))
    return made


@pytest.mark.parametrize("kind", ["grid", "paper"])
def test_rolls_as_defined(kind: Kind) -> None:
    random = np.random.default_rng(1)
    bars = random.random((60, 4, 40)) < random.uniform(0.02, 0.6, (60, 1, 1))
    bars[0, 1] = bars[0, 2] = False
    bars[1, 3] = True
    bars[2] = False
    expected = np.array([plain(phrase, kind) for phrase in bars])
    np.testing.assert_allclose(roll_correlation(bars, kind), expected, rtol=0, atol=1e-12)


def test_two_patterns_by_hand() -> None:
    a, b = np.zeros((2, 6), bool)
    a[[0, 1, 2]] = True
    b[[0, 3]] = True
    # A A B A: A and B differ in cells 1, 2 and 3, the most of any two bars.
    c = 1 - 3 / (3 + 1e-5)
    (found,) = roll_correlation(np.stack([a, a, b, a])[None], "paper")
    np.testing.assert_allclose(found, [1, c, 1, c, 1, c], rtol=0, atol=1e-15)
    # Pearson: means 1/2 and 1/3, covariance 1/6 - 1/6 = 0.
    (found,) = roll_correlation(np.stack([a, a, b, a])[None], "grid")
    np.testing.assert_allclose(found, [1, 0, 1, 0, 1, 0], rtol=0, atol=1e-15)
    assert (roll_correlation(np.stack([a] * 8)[None], "paper") == 1).all()


def test_the_order_of_columns_does_not_matter() -> None:
    random = np.random.default_rng(2)
    bars = random.random((5, 8, 16, 57)) < 0.05
    moved = bars[..., random.permutation(57)]
    for kind in ("grid", "paper"):
        assert (
            roll_correlation(bars.reshape(5, 8, -1), kind) == roll_correlation(moved.reshape(5, 8, -1), kind)  # type: ignore[arg-type]
        ).all()


@pytest.mark.parametrize("kind", ["grid", "paper"])
def test_windows_are_phrases(kind: Kind) -> None:
    random = np.random.default_rng(3)
    bars = random.random((11, 50)) < 0.1
    windows = np.stack([bars[i : i + 8] for i in range(4)])
    assert (roll_windows(bars, 8, kind) == roll_correlation(windows, kind)).all()
    assert roll_windows(bars[:7], 8, kind).shape == (0, 28)
    sound = random.standard_normal((11, 30))
    windows = np.stack([sound[i : i + 8] for i in range(4)])
    np.testing.assert_allclose(audio_windows(sound, 8, kind), audio_correlation(windows, kind), atol=1e-12)
    matrices = to_matrices(roll_windows(bars, 8, kind), 8)
    assert matrices.shape == (4, 8, 8)
    assert (matrices == matrices.swapaxes(1, 2)).all()
    assert pairs(8) == 28


def test_sound_of_the_paper_is_the_program_s() -> None:
    rate, bar = 8000, 12000
    wave = np.random.default_rng(4).standard_normal(3 * bar).astype(np.float32) * np.linspace(
        1, 0.1, 3 * bar, dtype="f"
    )
    found = audio_bars(wave, rate, np.arange(4) * bar / rate, "paper")
    for index in range(3):
        piece = wave[index * bar : (index + 1) * bar]
        expected = librosa.feature.melspectrogram(y=piece, sr=rate, n_fft=bar, hop_length=bar + 1, n_mels=128)[:, 0]
        np.testing.assert_allclose(found[index], expected, rtol=2e-4)
    expected = np.corrcoef(found)[np.triu_indices(3, 1)]
    np.testing.assert_allclose(audio_correlation(found[None], "paper")[0], expected, atol=1e-12)


def test_sound_on_the_grid() -> None:
    """Hits on sixteenths of a tempo whose bars are no whole samples: equal bars are alike, others are not."""
    rate, bar = 22050, 240 / 97.3
    click = np.random.default_rng(5).standard_normal(400).astype(np.float32)
    wave = np.zeros(round(4 * bar * rate) + 500, np.float32)
    for index, steps in enumerate([(0, 4, 10), (0, 4, 10), (2, 7, 13), (0, 4, 10)]):
        for step in steps:
            start = round((index + step / 16) * bar * rate)
            wave[start : start + 400] += click
    edges = np.arange(5) * bar
    found = audio_bars(wave, rate, edges, "grid")
    matrix = to_matrices(audio_correlation(found[None], "grid"), 4)[0]
    assert matrix[0, 1] > 0.98
    assert matrix[0, 3] > 0.98
    assert matrix[0, 2] < 0.6
    strong = found.reshape(4, 16, 32).mean(2)
    assert set(np.argsort(strong[0])[-3:]) == {0, 4, 10}
    # Louder is not other music.
    np.testing.assert_allclose(audio_correlation(audio_bars(8 * wave, rate, edges, "grid")[None], "grid"),
                               audio_correlation(found[None], "grid"), atol=1e-5)  # fmt: skip
    silent = audio_correlation(audio_bars(np.zeros(40000, np.float32), rate, np.arange(3) * 0.9, "grid")[None], "grid")
    assert (silent == 1).all()
