"""Blocks of nn: discriminator, initialisation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gantools.nn.initialisation import init_normal
from gantools.nn.patch_discriminator import PatchDiscriminator
from gantools.systems.cyclegan.networks import ResidualBlock2d


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("channels", "norm", "parameters"),
    [(1, "instance", 2_762_689), (3, "instance", 2_764_737), (6, "batch", 2_768_705)],
)
def test_patch_discriminator_has_the_parameters_of_the_reference(channels: int, norm: str, parameters: int) -> None:
    assert count(PatchDiscriminator(channels, norm=norm)) == parameters


def test_patch_discriminator_gives_30_by_30_logits_that_see_70_bins() -> None:
    discriminator = PatchDiscriminator(1, width=4)
    for layer in discriminator.layers:
        if isinstance(layer, nn.Conv2d):
            # All positive, so that no contribution to the gradient cancels.
            nn.init.constant_(layer.weight, 0.01)
    # An instance norm sees the whole picture; the field is that of the convolutions.
    plain = nn.Sequential(*(m for m in discriminator.layers if not isinstance(m, nn.InstanceNorm2d)))
    x = torch.zeros(1, 1, 256, 256, requires_grad=True)
    logits = plain(x)
    assert logits.shape == (1, 1, 30, 30)
    logits[0, 0, 15, 15].backward()
    assert x.grad is not None
    touched = x.grad[0, 0].abs().sum(0).nonzero()
    assert touched.max() - touched.min() + 1 == 70


def test_initial_weights_have_a_deviation_of_0_02() -> None:
    network = nn.Sequential(PatchDiscriminator(2, norm="batch"), ResidualBlock2d(256))
    init_normal(network, generator=torch.Generator().manual_seed(1))
    weights = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert torch.cat([w.flatten() for w in weights]).std().item() == pytest.approx(0.02, rel=0.02)
    scales = torch.cat([m.weight for m in network.modules() if isinstance(m, nn.BatchNorm2d)])
    assert scales.mean().item() == pytest.approx(1.0, abs=0.005)
    biases = [p for name, p in network.named_parameters() if name.endswith("bias")]
    assert len(biases) >= 4
    assert all((p == 0).all() for p in biases)
