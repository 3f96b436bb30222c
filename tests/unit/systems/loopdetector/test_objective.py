"""Equation 1 of the detector: the mean squared distance of loops from the centre, as the program takes it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from small_known_loops import write_loops

from gantools.systems.loopdetector.config import PRESETS
from gantools.systems.loopdetector.data import LoopMaterial
from gantools.systems.loopdetector.objective import LoopDetectorObjective
from gantools.training.system import Step


def test_loops_are_drawn_to_the_centre_and_weights_to_zero(tmp_path: Path) -> None:
    write_loops(tmp_path)
    config = dataclasses.replace(
        PRESETS["small"], patterns=6, rendered=2, batch_size=4, steps=6, threads=1, val_songs="ash", split="100/0/0"
    )
    material = LoopMaterial([(path.name, path) for path in sorted(tmp_path.iterdir())], config)
    system = LoopDetectorObjective(config, material)
    batch = system.batch(3, range(4))
    loss, _ = system.losses("svdd", batch, Step(3, 6, range(4)))
    expected = 0.0
    for name, net in system._encoders(system.networks).items():
        first, second, last = (net.f[place].weight for place in (0, 2, 4))
        for x in batch[name]:
            hidden = first @ x
            hidden = second @ torch.where(hidden > 0, hidden, 0.1 * hidden)
            distance = last @ torch.where(hidden > 0, hidden, 0.1 * hidden) - net.centre
            # The sum over 7 dimensions is the equation's; the program takes their mean.
            expected += float(distance.square().sum().detach()) / 7 / 4
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)
    # Lambda Omega(W) is the weight decay of AdamW.
    phase = system.phases[1]
    optimizer = phase.optimizer(list(net.f.parameters()))
    assert isinstance(optimizer, torch.optim.AdamW)
    assert optimizer.param_groups[0]["weight_decay"] == 0.01
