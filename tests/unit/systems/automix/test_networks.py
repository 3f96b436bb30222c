"""Networks of automix: the published size, shapes, symmetry, and what a place of the output depends on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from gantools.audio.loudness import measure_loudness
from gantools.errors import ConfigError
from gantools.options import from_mapping
from gantools.systems.automix.bands import band_weights
from gantools.systems.automix.config import PRESETS, AutomixConfig
from gantools.systems.automix.networks import PaperMixer, build_network

TINY = dataclasses.replace(PRESETS["small"], bottleneck=16, hidden=16, blocks=2)


def _count(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_numbers_of_weights() -> None:
    assert _count(build_network(PRESETS["paper"])) == 2_752_817  # the authors' program
    assert 300_000 < _count(build_network(PRESETS["small"])) < 400_000


def test_shapes() -> None:
    small = AutomixConfig(filters=8, repeats=1, blocks=2, bottleneck=8, hidden=8, skip=8, lstm_layers=1)
    for network in (build_network(small), build_network(TINY)):
        assert network(torch.zeros(2, 8, 4096 * 4)).shape == (2, 2, 4096 * 4)
    z, latent = PaperMixer(small).front(torch.randn(1, 8, 640))
    assert z.shape == (1, 8, 640)
    assert latent.shape == (1, 8, 10)


def test_same_seed_same_weights() -> None:
    first, second = build_network(TINY), build_network(TINY)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_chrono_biases() -> None:
    lstm = build_network(AutomixConfig(repeats=1, blocks=1, lstm_layers=1)).mixer.lstm  # type: ignore[union-attr]
    bias, size = lstm.bias_ih_l0, lstm.hidden_size  # type: ignore[union-attr]
    forget, enter = bias[size : 2 * size], bias[:size]
    assert torch.equal(enter, -forget)
    assert forget.min() >= 0
    assert forget.max() <= np.log(440_960 / 64)
    assert not lstm.bias_hh_l0.any()  # type: ignore[union-attr]


def test_untouched_band_mixer_is_the_sum_and_curves_are_gains() -> None:
    network = build_network(TINY).eval()
    stems = 0.1 * torch.randn(1, 8, 4096 * 6, generator=torch.Generator().manual_seed(1))
    total = stems.unflatten(1, (4, 2)).sum(1)
    assert (network(stems) - total).abs().max() < 1e-6
    with torch.no_grad():
        network.start += 0.6  # type: ignore[operator]
        network.offset += 0.2  # type: ignore[operator]
    # What is learned beside `start` cannot change the loudness.
    assert (network(stems) - total * 10 ** (6 / 20)).abs().max() < 1e-5


def test_band_mixer_keeps_sides_apart() -> None:
    network = build_network(TINY).eval()
    torch.nn.init.normal_(network.leave[1].weight)  # type: ignore[index, union-attr]
    stems = 0.1 * torch.randn(1, 4, 2, 4096 * 6, generator=torch.Generator().manual_seed(2))
    mix, swapped = network(stems.flatten(1, 2)), network(stems.flip(2).flatten(1, 2))
    assert (mix.flip(1) - swapped).abs().max() < 1e-6
    assert (mix - stems.sum(1)).abs().max() > 0.1


def test_content_shapes_stems_but_does_not_level_them() -> None:
    network = build_network(TINY).eval()
    slope = torch.linspace(-1, 1, TINY.bands).expand(4, 2, -1).flatten()
    network.leave[1].bias.data = slope  # type: ignore[index, union-attr]
    stems = torch.zeros(1, 8, 44100 * 3 // 4096 * 4096)
    stems[:, 2:4] = 0.1 * torch.randn(1, 2, stems.shape[-1], generator=torch.Generator().manual_seed(3))
    mix = network(stems)[0].detach().numpy()
    before, after = (measure_loudness(wave, 44100).integrated_lufs() for wave in (stems[0, 2:4].numpy(), mix))
    assert np.abs(mix - stems[0, 2:4].numpy()).max() > 0.02
    assert abs(after - before) < 0.1


def test_band_weights_share_out_each_bin() -> None:
    weights = band_weights(40, 4096, 44100)
    assert weights.shape == (2049, 40)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert (weights >= 0).all()
    assert (weights.sum(0) > 0).all()


def test_roles_are_checked() -> None:
    with pytest.raises(ConfigError, match="roles"):
        from_mapping(AutomixConfig, {"roles": "bass,bass"})
