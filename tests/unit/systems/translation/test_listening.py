"""What training is judged by, on translators whose figures are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from torch import nn

from gantools.chunks.shards import ChunkSet
from gantools.systems.translation import listening
from gantools.systems.translation.listening import HIDDEN_NOISE, Listener, describe_chunks


class Louder(nn.Module):
    """Add a constant."""

    def __init__(self, amount: float) -> None:
        super().__init__()
        self.amount = amount

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.amount


@pytest.fixture
def listener(chunks: ChunkSet, monkeypatch: pytest.MonkeyPatch) -> Listener:
    """A listener whose inversion makes noise of the right length: 1.5 s, too short for an embedding."""

    def noise(mel_db: np.ndarray, params: Any, n_samples: int, **options: Any) -> np.ndarray:
        assert len(mel_db) == 1 + n_samples // params.hop_samples
        return np.random.default_rng(0).normal(size=n_samples).astype(np.float32)

    monkeypatch.setattr(listening, "invert_mel", noise)
    return Listener(chunks, "bass", "drums", 24, torch.device("cpu"))


def test_windows_are_those_of_the_validation_split(listener: Listener, chunks: ChunkSet) -> None:
    rows = chunks.select(role="bass", split="val")
    assert len(listener.x) == len(listener.pairs) == len(rows) == 4
    assert torch.equal(listener.x[0, 0], torch.from_numpy(chunks.window(rows[0])))


def test_a_copy_has_distance_0_and_alignment_1(listener: Listener) -> None:
    result = listener.measure(nn.Identity(), nn.Identity())
    assert result["copy_distance"] == 0
    assert result["alignment"] == pytest.approx(1)
    assert result["alignment_other"] < 1
    assert result["cycle"] == 0
    # The mean absolute value of normal noise is its deviation times sqrt(2 / pi).
    assert result["hidden"] == pytest.approx(HIDDEN_NOISE * (2 / np.pi) ** 0.5, rel=0.05)
    # Too close to the input: the score says by how much.
    assert result["score"] == pytest.approx(2 * max(0, 1 - 1.6 * result["alignment_real"]))


def test_distance_and_cycle_of_a_shift(listener: Listener) -> None:
    result = listener.measure(Louder(0.25), Louder(-0.25))
    assert result["copy_distance"] == pytest.approx(0.25, abs=1e-6)
    assert result["cycle"] == pytest.approx(0, abs=1e-6)
    assert "cycle" not in listener.measure(Louder(0.25))


def test_a_picture_shows_input_fake_and_cycle(listener: Listener, tmp_path: Path) -> None:
    listener.draw(nn.Identity(), tmp_path / "a.png")
    listener.draw(nn.Identity(), tmp_path / "b.png", nn.Identity())
    # Four windows of 64 frames beside each other, 64 bands each.
    assert imread(tmp_path / "a.png").shape[:2] == (2 * 64, 4 * 64)
    assert imread(tmp_path / "b.png").shape[:2] == (3 * 64, 4 * 64)


def test_description_says_what_a_model_needs_to_know(chunks: ChunkSet) -> None:
    about = describe_chunks(chunks, "bass", "drums")
    assert about["mel"]["n_mels"] == 64
    assert about["db_range"] == [-50.0, 40.0]
    assert about["frames"] == 64
    assert about["levels_db"] == {"bass": -10.0, "drums": -10.0}
