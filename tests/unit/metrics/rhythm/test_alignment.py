from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gantools.audio.config import MelParams
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db
from gantools.audio.quantise import DbRange
from gantools.errors import InputError
from gantools.metrics.rhythm.alignment import alignment, alignment_matrix, copy_distance, onset_envelope


def test_envelope_is_the_mean_rise_above_the_floor() -> None:
    mel = np.array([[-80.0, 0.0], [-40.0, 6.0], [10.0, 2.0], [-30.0, 2.0]])
    # -80 to -40 stays under the floor; then -10 to 10 in one band of two; falls do not count.
    np.testing.assert_allclose(onset_envelope(mel), [0.0, 3.0, 10.0, 0.0])


def test_matrix_is_the_correlation_of_the_best_shift() -> None:
    random = np.random.default_rng(0)
    a = random.standard_normal((3, 64))
    b = np.stack([np.roll(a[0], 2), np.roll(a[1], -1), np.zeros(64)])
    matrix = alignment_matrix(a, b)
    assert matrix[0, 0] == pytest.approx(1.0)
    assert matrix[1, 1] == pytest.approx(1.0)
    assert np.all(matrix[:, 2] == 0)
    late = np.corrcoef(a[0, 2:], b[1, :-2])[0, 1]
    shifts = [np.corrcoef(a[0], b[1])[0, 1], late, np.corrcoef(a[0, 1:], b[1, :-1])[0, 1]]
    shifts += [np.corrcoef(a[0, :-1], b[1, 1:])[0, 1], np.corrcoef(a[0, :-2], b[1, 2:])[0, 1]]
    assert matrix[0, 1] == pytest.approx(max(shifts))


def test_own_pairs_stand_out_exactly() -> None:
    random = np.random.default_rng(1)
    a = list(random.random((6, 100)))
    result = alignment(a, a)
    assert result.own == pytest.approx(1.0)
    assert result.rank == 1.0
    assert result.p == pytest.approx(1 / 720)
    assert result.z > 3
    assert result.other == pytest.approx((result.matrix.sum() - 6) / 30)


def test_unrelated_pairs_do_not() -> None:
    random = np.random.default_rng(2)
    a, b = list(random.random((40, 128))), list(random.random((40, 128)))
    result = alignment(a, b, seed=3)
    assert abs(result.z) < 3
    assert result.p > 0.01
    assert result.rank == pytest.approx(0.5, abs=0.15)
    assert result == alignment(a, b, seed=3)


def test_silence_scores_nothing() -> None:
    random = np.random.default_rng(4)
    result = alignment([np.zeros(50)] * 5, list(random.random((5, 50))))
    assert (result.own, result.z, result.rank, result.p) == (0.0, 0.0, 0.5, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ([np.ones(50)], [np.ones(50)], "at least two"),
        ([np.ones(50)] * 2, [np.ones(50)] * 3, "cannot be paired"),
        ([np.ones(10)] * 2, [np.ones(50)] * 2, "at least 32"),
        ([np.full(50, np.nan)] * 2, [np.ones(50)] * 2, "NaN"),
    ],
)
def test_refuses(a: list[np.ndarray], b: list[np.ndarray], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        alignment(a, b)


def test_copy_distance_in_both_units() -> None:
    mel = np.full((10, 4), -20.0, np.float32)
    assert copy_distance(mel, mel) == 0
    assert copy_distance(mel, mel[:7] + 9) == pytest.approx(9.0)
    assert copy_distance(mel, mel + 9, DbRange(-50, 40)) == pytest.approx(0.2)
    assert copy_distance(mel, mel + 200, DbRange(-50, 40)) == pytest.approx(2 * 60 / 90)
    with pytest.raises(InputError, match="cannot be compared"):
        copy_distance(mel, mel[:, :3])


@pytest.mark.parametrize(
    ("songs", "roles", "frames"),
    [
        (("stems2/metal-madness", "stems2/escape-from-chaosland", "stems2/feelings"), ("guitar", "band"), (0, 2560)),
        (("stems4/potassium", "stems4/rubidium"), ("bass", "drums"), (1536, 3584)),
    ],
)
def test_real_players_are_on_time_with_their_own_song(
    recording: Callable[[str], Path], songs: tuple[str, ...], roles: tuple[str, str], frames: tuple[int, int]
) -> None:
    params = MelParams(n_mels=64)
    sides: dict[str, list[np.ndarray]] = {role: [] for role in roles}
    for song in songs:
        for role, envelopes in sides.items():
            mel = mel_db(load_mono(recording(f"{song}/{role}.ogg"), 22050)[: 100 * 22050], params)
            envelopes += [onset_envelope(mel[start : start + 256]) for start in range(*frames, 256)]
    result = alignment(sides[roles[1]], sides[roles[0]])
    assert result.own > 2 * result.other
    assert result.p < 0.001
