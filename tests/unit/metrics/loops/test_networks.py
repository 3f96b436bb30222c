"""The random networks: those of the paper, with weights that never change, beside PyTorch's own layers."""

from __future__ import annotations

import numpy as np
import torch
from loop_files import loop_roll
from torch import nn

from gantools.metrics.loops.networks import RandomNetworks


def test_each_network_is_that_of_the_paper_at_its_initialisation() -> None:
    networks = RandomNetworks(8, 3)
    rolls = np.stack([loop_roll(seed) for seed in range(4)])
    made = networks.embed(rolls)
    assert made.shape == (3, 4, 128)
    for index in range(3):
        reference = nn.Sequential(
            nn.Conv1d(57, 8, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm1d(8),
            nn.LeakyReLU(0.2),
            nn.Conv1d(8, 8, 3, stride=4, padding=1, bias=False),
            nn.BatchNorm1d(8),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(128, 128),
        ).eval()
        drawn = (networks._first[8 * index : 8 * index + 8], networks._second[8 * index : 8 * index + 8])
        with torch.no_grad():
            for layer, weight in zip((reference[0], reference[3]), drawn, strict=True):
                assert layer.weight.shape == weight.shape
                # Drawn within the bounds that PyTorch draws within, and not within smaller ones.
                assert 0.9 < float(weight.abs().max() / layer.weight.abs().max()) < 1.1
                layer.weight.copy_(weight)
            reference[7].weight.copy_(networks._linear[index])
            reference[7].bias.copy_(networks._bias[index])
            expected = reference(torch.as_tensor(rolls).float().transpose(1, 2)).numpy()
        np.testing.assert_allclose(made[index], expected, atol=1e-5)


def test_weights_are_fixed_and_networks_differ() -> None:
    one, other = RandomNetworks(8, 10), RandomNetworks(8, 10)
    # Figures of other days can be compared only while these weights stay.
    assert one.digest == other.digest == "9c8b9c3ff59f5adaf5213effe2869c6e90d5d533"
    rolls = loop_roll(0)[None]
    vectors = one.embed(rolls)[:, 0]
    assert np.linalg.norm(vectors[:, None] - vectors, axis=2)[~np.eye(10, dtype=bool)].min() > 0.01
    np.testing.assert_allclose(RandomNetworks(8, 2).embed(rolls)[:, 0], vectors[:2], atol=1e-5)
    assert RandomNetworks(4, 1).embed(loop_roll(0, bars=4)[None]).shape == (1, 1, 128)
