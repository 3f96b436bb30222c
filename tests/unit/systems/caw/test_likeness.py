"""The sliced distance against its definition, and what counts beside a piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from gantools.systems.caw.likeness import FrameStatistics, Likeness, average_power, fit_equaliser, sliced_distance
from gantools.systems.caw.stack import Scale


def test_without_company_it_is_the_wasserstein_distance() -> None:
    own, other = torch.randn(300, 5), 2 * torch.rand(300, 5) - 0.5
    expected = np.mean([wasserstein_distance(own[:, k].numpy(), other[:, k].numpy()) for k in range(5)])
    assert float(sliced_distance(own, other, own[:0])) == pytest.approx(expected, rel=1e-4)


def test_a_piece_is_judged_together_with_what_is_kept() -> None:
    other = torch.linspace(0, 1, 1000)[:, None]
    low, high = other[:500], other[500:]
    # The low half alone is wrong; beside the high half it is right.
    assert float(sliced_distance(low, other, low[:0])) == pytest.approx(0.25, abs=0.01)
    assert float(sliced_distance(low, other, high)) < 0.01
    assert float(sliced_distance(low, other, high[::5], 5)) < 0.01


def test_equal_frames_have_no_distance_and_noise_has_a_gradient() -> None:
    random = torch.Generator().manual_seed(0)
    time = torch.arange(4000) / 1000
    clip = torch.sin(2 * torch.pi * 100 * time)[None] * torch.exp(-3 * (time % 0.5))
    statistics = FrameStatistics([clip], 0)
    assert float(statistics.distance(clip[None], 0, random)) < 0.02
    noise = (0.3 * torch.randn(1, 1, 4000, generator=random)).requires_grad_(True)
    distance = statistics.distance(noise, 0, random)
    assert float(distance.detach()) > 0.5
    distance.backward()
    assert noise.grad is not None
    assert bool(torch.isfinite(noise.grad).all())


def test_kept_frames_survive_a_restart() -> None:
    clip = torch.randn(1, 4000)
    first, second = FrameStatistics([clip], 3), FrameStatistics([clip], 3)
    for _ in range(5):
        first.distance(torch.randn(1, 1, 1024), 2, torch.Generator().manual_seed(0))
    second.load(first.state())
    assert first.state().keys() == {"item2/frames0", "item2/frames1"}
    piece = torch.randn(1, 1, 1024)
    distances = [s.distance(piece, 2, torch.Generator().manual_seed(1)) for s in (first, second)]
    assert torch.equal(*distances)
    second.load({})
    assert second.state() == {}


def test_equaliser_corrects_the_spectrum_up_to_its_limit() -> None:
    torch.manual_seed(0)
    drawn = [torch.randn(2, 20000) for _ in range(3)]
    real = [torch.stack([1.6 * torch.randn(20000), 10.0 * torch.randn(20000)])]
    taps = fit_equaliser(real, drawn, 6.0)
    scale = Scale(1000, torch.nn.Identity(), torch.ones(2, 1), torch.zeros(2, 1), taps)  # type: ignore[arg-type]
    after = average_power([scale.equalise(drawn[0][None])[0]])
    gain_db = 10 * torch.log10(after.mean(1) / average_power([drawn[0]]).mean(1))
    assert gain_db[0].item() == pytest.approx(20 * np.log10(1.6), abs=0.3)
    assert gain_db[1].item() == pytest.approx(6.0, abs=0.3)


def test_likeness_of_a_copy_and_of_noise() -> None:
    time = torch.arange(8000) / 2000
    clip = torch.sin(2 * torch.pi * 200 * time)[None] * torch.exp(-4 * (time % 0.5)) + 1e-3 * torch.randn(1, 8000)
    likeness = Likeness(clip)
    copy, noise = likeness.measure(clip), likeness.measure(0.2 * torch.randn(1, 8000))
    assert copy["ltas_db"] < 1e-4
    assert copy["recall_db"] < 0.05
    assert copy["modulation_ratio"] == pytest.approx(1)
    assert noise["ltas_db"] > 3
    assert noise["recall_db"] > 5
    assert noise["modulation_ratio"] < 1
