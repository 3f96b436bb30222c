"""pix2pix: sizes of the networks, aligned pairs, the two losses."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from gantools.chunks.shards import ChunkSet
from gantools.errors import ConfigError
from gantools.systems.cyclegan.config import PRESETS as CYCLEGAN
from gantools.systems.pix2pix.config import PRESETS
from gantools.systems.pix2pix.networks import UNetGenerator, build_networks
from gantools.systems.pix2pix.objective import Pix2Pix
from gantools.training.system import Step

TINY: dict[str, Any] = {"width": 4, "discriminator_width": 4, "depth": 6, "precision": "float32"}
CONFIG = dataclasses.replace(PRESETS["paper"], **TINY, batch_size=2, fixed_chunks=False)


def first() -> Step:
    return Step(1, 10, [0, 1])


@pytest.mark.parametrize(("channels", "parameters"), [(1, 54_407_873), (3, 54_414_019)])
def test_unet_256_has_the_parameters_of_the_reference(channels: int, parameters: int) -> None:
    assert sum(p.numel() for p in UNetGenerator(channels).parameters()) == parameters


def test_unet_keeps_256_by_256_and_the_discriminator_sees_input_and_output() -> None:
    networks = build_networks(PRESETS["small"])
    x = torch.rand(2, 1, 256, 256) * 2 - 1
    with torch.inference_mode():
        y = networks["G"](x)
        assert y.shape == x.shape
        assert y.abs().max() <= 1
        assert networks["D"](torch.cat([x, y], 1)).shape == (2, 1, 30, 30)


def test_dropout_is_in_three_levels_and_can_be_left_out() -> None:
    def dropouts(generator: UNetGenerator) -> int:
        return sum(isinstance(m, torch.nn.Dropout) for m in generator.modules())

    assert dropouts(UNetGenerator(width=2)) == 3
    assert dropouts(UNetGenerator(width=2, dropout=False)) == 0


def test_the_experiments_of_the_paper_are_those_of_its_cyclegan(chunks: ChunkSet) -> None:
    factor = Pix2Pix(CONFIG, chunks).phases[0].schedule
    assert {factor(step, 10**6) for step in (0, 10**4, 10**6 - 1)} == {1.0}
    shared = ("epochs", "steps", "batch_size", "lr", "beta1", "beta2", "schedule", "decay_epochs", "ema")
    ours, theirs = PRESETS["paper"], CYCLEGAN["paper"]
    assert [getattr(ours, name) for name in shared] == [getattr(theirs, name) for name in shared]
    assert (ours.epochs, Pix2Pix(CONFIG, chunks).epoch_steps) == (12, 4)  # eight pairs in batches of two


def test_windows_of_a_batch_come_from_one_place(chunks: ChunkSet) -> None:
    system = Pix2Pix(CONFIG, chunks)
    assert len(system.pairs) == 8
    for step in range(4):
        batch = system.batch(step, [0])
        x, y = batch["x"][0, 0].numpy(), batch["y"][0, 0].numpy()
        # Bass and drums of a song start at the same frames: their levels rise and fall together.
        assert np.corrcoef(x.max(0), y.max(0))[0, 1] > 0.8


def test_losses_are_those_of_the_paper(chunks: ChunkSet) -> None:
    system = Pix2Pix(dataclasses.replace(CONFIG, dropout_noise=False), chunks)
    batch, (g, d) = system.batch(0, [0, 1]), (system.networks[name] for name in "GD")
    with torch.no_grad():
        loss, terms = system.losses("generator", batch, first())
        discriminator, _ = system.losses("discriminator", batch, first())
        fake = g(batch["x"])
        fooled = d(torch.cat([batch["x"], fake], 1))
        distance = (fake - batch["y"]).abs().mean()
        expected = torch.nn.functional.softplus(-fooled).mean() + 100 * distance
        real = d(torch.cat([batch["x"], batch["y"]], 1))
        judged = 0.5 * (torch.nn.functional.softplus(fooled).mean() + torch.nn.functional.softplus(-real).mean())
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(terms["l1"], distance)
    torch.testing.assert_close(discriminator, judged, rtol=1e-5, atol=1e-5)


def test_both_phases_see_the_same_dropout(chunks: ChunkSet) -> None:
    system, state = Pix2Pix(CONFIG, chunks), first()
    x = system.batch(0, [0, 1])["x"]
    with torch.no_grad():
        assert torch.equal(system._fake(x, state), system._fake(x, state))
        assert not torch.equal(system._fake(x, state), system._fake(x, Step(2, 10, [0, 1])))


def test_songs_without_both_roles_are_refused(chunks: ChunkSet) -> None:
    with pytest.raises(ConfigError, match="flute and drums"):
        Pix2Pix(dataclasses.replace(CONFIG, source_role="flute"), chunks)
