"""Shapes, which latent reaches what, what the discriminators see, and binary neurons."""

from __future__ import annotations

import math

import pytest
import torch
from small_loop_models import tiny_gan_config

from gantools.errors import ConfigError
from gantools.symbolic.roll import DRUM_ROWS
from gantools.systems.loopgan.config import PRESETS, LoopGANConfig
from gantools.systems.loopgan.networks import Discriminator, Generator, fire, kept, latent_size


def test_the_paper_has_two_generators_and_two_discriminators_at_its_rates() -> None:
    config = PRESETS["paper"]
    assert (config.lr, config.discriminator_lr, config.discriminator_updates, config.neurons) == (
        1e-3,
        1e-3,
        5,
        "sigmoid",
    )
    generator, discriminator = Generator(config), Discriminator(config)
    assert list(generator.parts) == list(discriminator.parts) == ["drums", "bass"]
    assert latent_size(config) == 6 * 32
    made = generator(torch.zeros(2, 6 * 32))
    assert made.shape == (2, 58, 128)
    assert discriminator(made).shape == (2, 2)
    counts = [
        sum(p.numel() for p in part.parameters()) for net in (generator, discriminator) for part in net.parts.values()
    ]
    temporal = 32 * 8 * 128 + 2 * 128 + 128 * 32 + 32
    time = 128 * 1024 + 2 * 256 + 256 * 512 + 2 * 128
    drums = 128 * 64 + 2 * 64 + 64 * 9 + 9
    bass = 128 * 256 + 2 * 64 + 64 * 12 + 12 + 128 * 64 + 2 * 64 + 64 * 2 + 2 + 256 * 48 + 48
    assert counts[:2] == [temporal + time + drums, temporal + time + bass]
    judge = 4 * 128 * 256 + 256 + 8 * 256 * 256 + 256 + 256 + 1
    heard = [9 * 64 + 64 + 4 * 64 * 128 + 128, 1 * 64 + 64 + 12 * 64 + 64 + 256 * 64 + 64 + 4 * 128 * 128 + 128]
    assert counts[2:] == [judge + own for own in heard]


def test_latents_of_a_part_reach_only_it_and_shared_ones_both() -> None:
    torch.manual_seed(1)
    generator = Generator(tiny_gan_config()).eval()
    z = torch.randn(1, 18)
    base = generator(z)
    for vector, parts in enumerate(
        (("drums", "bass"), ("drums", "bass"), ("drums",), ("drums",), ("bass",), ("bass",))
    ):
        other = z.clone()
        other[:, 3 * vector : 3 * vector + 3] += 1.0
        differs = (generator(other) - base).abs().amax((0, 2)) > 1e-6
        assert bool(differs[:DRUM_ROWS].any()) == ("drums" in parts)
        assert bool(differs[DRUM_ROWS:].any()) == ("bass" in parts)


def test_without_what_changes_bars_are_the_same() -> None:
    """The vectors z and z_i make a bar, and the temporal generators tell bars apart."""
    torch.manual_seed(2)
    generator = Generator(tiny_gan_config()).eval()
    for temporal in (generator.temporal, *(part.temporal for part in generator.parts.values())):
        torch.nn.init.zeros_(temporal.layers[-1].weight)
    first, second = generator(torch.randn(3, 18)).unflatten(2, (2, 16)).unbind(2)
    torch.testing.assert_close(first, second)


@pytest.mark.parametrize(("judge", "seen"), [("own", [[True, False], [False, True]]), ("both", [[True, True]] * 2)])
def test_a_discriminator_sees_its_own_part_or_both(judge: str, seen: list[list[bool]]) -> None:
    torch.manual_seed(3)
    discriminator = Discriminator(tiny_gan_config(judge=judge))
    x = torch.rand(2, 58, 32, requires_grad=True)
    for place, expected in enumerate(seen):
        (slope,) = torch.autograd.grad(discriminator(x)[:, place].sum(), x)
        assert [bool(slope[:, :DRUM_ROWS].any()), bool(slope[:, DRUM_ROWS:].any())] == expected


def test_what_is_kept_counts_cells_and_wraps_as_a_loop_does() -> None:
    x = torch.zeros(1, 4, 2)
    x[0, [0, 2, 3], 0] = x[0, 2:, 1] = 1.0
    assert kept(x, 1).flatten().tolist() == [1.0, 0.0, 0.0, 2.0]
    assert kept(x, 2).flatten().tolist() == [1.0, 0.0, 1.0, 0.0]


def test_bernoulli_neurons_have_the_slope_of_a_sigmoid() -> None:
    logits = torch.randn(2, 58, 16, generator=torch.Generator().manual_seed(4)).requires_grad_(True)
    made = fire(logits, "bernoulli")
    assert set(made.detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    made.sum().backward()
    probability = torch.sigmoid(logits.detach())
    torch.testing.assert_close(logits.grad, probability * (1 - probability))


def test_threshold_neurons_give_one_pitch_and_teach_the_pitches_to_compete() -> None:
    logits = torch.full((1, 58, 1), -3.0)
    logits[0, [1, DRUM_ROWS + 3, DRUM_ROWS + 4, 57], 0] = torch.tensor([1.0, 2.0, 1.0, 0.5])
    logits.requires_grad_(True)
    made = fire(logits, "threshold")
    assert made.detach().round().nonzero()[:, 1].tolist() == [1, DRUM_ROWS + 3, 57]
    made[0, DRUM_ROWS + 4].sum().backward()
    # The softmax has a rest with the logit 0, and 46 other pitches.
    total = 1 + math.e + math.e**2 + 46 * math.e**-3
    own, other = math.e / total, math.e**2 / total
    assert logits.grad is not None
    assert float(logits.grad[0, DRUM_ROWS + 4]) == pytest.approx(own * (1 - own), rel=1e-4)
    assert float(logits.grad[0, DRUM_ROWS + 3]) == pytest.approx(-own * other, rel=1e-4)


def test_one_bar_of_one_phrase_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch_size: one phrase of one bar"):
        LoopGANConfig(bars=1, batch_size=8, micro_batch=1)
