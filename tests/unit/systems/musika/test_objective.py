"""The objective: penalties of networks whose gradient is known, pairs, the program's moving weight, figures."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import soundfile
import torch
from small_musika import tiny_musika
from sounds import stem
from torch import nn

from gantools.runtime.ranks import Ranks
from gantools.systems.latents.score import LatentScore, seam_ratio
from gantools.systems.musika.objective import Musika, paired
from gantools.systems.musika.stream import LatentMaker, Piece
from gantools.training.system import Step


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a song."""
    found = tmp_path_factory.mktemp("songs")
    soundfile.write(found / "one.wav", stem("drums", 3.0, 8000, 1), 8000)
    return found


class Linear(nn.Module):
    """Scores of which the gradient is the weight, at every step and as a whole."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x: torch.Tensor, conditions: torch.Tensor) -> list[torch.Tensor]:
        """Return one score for each item."""
        return [(x * self.weight).sum((1, 2))[:, None]]


def test_the_penalty_of_a_linear_discriminator_is_the_square_of_its_weight(folder: Path) -> None:
    system = tiny_musika(folder)
    weight = torch.randn(1, 12, 16)
    system.networks["D"] = Linear(weight)
    penalty = system._penalty(torch.randn(5, 12, 16), torch.zeros(5, 0, 16))
    assert float(penalty.detach()) == pytest.approx(float(weight.square().sum()), rel=1e-5)


def test_both_phases_see_one_pass_of_the_generator(folder: Path) -> None:
    system = tiny_musika(folder, penalty_weight=0.0)
    items = range(4)
    batch, step = system.batch(0, items), Step(0, 10, items)
    system.losses("generator", batch, step)
    fake = step.shared["fake"]
    assert fake.shape == (4, 12, 16)
    assert not fake.requires_grad
    loss, terms = system.losses("discriminator", batch, step)
    real = system.scale.scaled(batch["real"])
    judge = system.networks["D"]
    pairs = zip(judge(real), judge(fake), strict=True)
    expected = sum(float(torch.log1p(torch.exp((f - r).detach())).mean()) for r, f in pairs)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
    assert set(terms) == {"real", "fake", "penalty"}


@pytest.mark.parametrize("loss", ["relativistic", "hinge"])
def test_real_music_with_conditions_of_other_music_is_wrong(folder: Path, loss: str) -> None:
    systems = [
        tiny_musika(folder, loss=loss, penalty_weight=0.0, conditions="loudness", mismatch_weight=weight)
        for weight in (0.0, 0.5)
    ]
    items, losses = range(4), []
    for system in systems:
        batch, step = system.batch(0, items), Step(0, 10, items)
        system.losses("generator", batch, step)
        losses.append(system.losses("discriminator", batch, step))
    assert "wrong" not in systems[0].batch(0, items)
    told = system.items.conditions(batch)
    assert batch["wrong"].shape == told.shape
    assert float((batch["wrong"] - told).abs().max()) > 0.01
    real, judge = system.scale.scaled(batch["real"]), system.networks["D"]
    right, wrong = (judge(real, asked) for asked in (told, batch["wrong"]))
    if loss == "hinge":
        expected = sum(float((1 + w).clamp(min=0).mean().detach()) for w in wrong)
    else:
        expected = sum(
            float(torch.log1p(torch.exp((w - r).detach())).mean()) for r, w in zip(right, wrong, strict=True)
        )
    assert float(losses[1][1]["mismatch"].detach()) == pytest.approx(expected, rel=1e-4)
    assert float((losses[1][0] - losses[0][0]).detach()) == pytest.approx(0.5 * expected, rel=1e-3)


@pytest.mark.parametrize("loss", ["relativistic", "hinge"])
def test_one_pass_of_the_discriminator_gives_both_phases_their_gradients(folder: Path, loss: str) -> None:
    system = tiny_musika(folder, loss=loss, penalty_weight=0.7, penalty_every=1)
    items = range(4)
    batch, step = system.batch(0, items), Step(0, 10, items)
    generator, judge = system.networks["G"].eval(), system.networks["D"]  # its noise would differ
    weights = [parameter for name, parameter in generator.named_parameters() if name.endswith("weight")]
    judge.requires_grad_(False)
    found = list(torch.autograd.grad(system.losses("generator", batch, step)[0], weights))
    assert not any(p.requires_grad for p in judge.parameters())
    judge.requires_grad_(True)
    found += torch.autograd.grad(system.losses("discriminator", batch, step)[0], list(judge.parameters()))
    # The same one after the other, each with passes of its own.
    real, asked = system.scale.scaled(batch["real"]), batch["around"][..., :16]  # it is told nothing
    fake = system.items.make(generator, batch)
    for_generator, for_judge = _plain_losses(loss, judge(real, asked), judge(fake, asked))
    penalty = system._penalty(real, asked) + system._penalty(fake, asked)
    expected = list(torch.autograd.grad(for_generator, weights))
    for_judge = _plain_losses(loss, judge(real, asked), judge(fake.detach(), asked))[1]
    expected += torch.autograd.grad(for_judge + 0.7 * penalty, list(judge.parameters()), allow_unused=True)
    for ours, plain in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, plain, atol=1e-6, rtol=1e-4)


def _plain_losses(loss: str, real: list[torch.Tensor], fake: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the losses of generator and discriminator for the scores of each head."""
    if loss == "hinge":
        parts = [
            ((1 - r).clamp(min=0).mean() + (1 + f).clamp(min=0).mean()) / 2 for r, f in zip(real, fake, strict=True)
        ]
        return -sum(f.mean() for f in fake), sum(parts)  # type: ignore[return-value]
    return paired(fake, real), paired(real, fake)


def test_the_published_make_two_patches_without_a_view_of_each_other(folder: Path) -> None:
    system = tiny_musika(folder, variant="base44", patch_latents=64, detail_size=0)
    batch = system.batch(0, range(2))
    generator = system.networks["G"].eval()
    made = system.items.make(generator, batch)
    moved = {**batch, "places": batch["places"].clone()}
    moved["places"][:, 64:] += 0.1
    again = system.items.make(generator, moved)
    assert torch.equal(made[..., :64], again[..., :64])
    assert not torch.allclose(made[..., 64:], again[..., 64:])


def test_training_makes_what_generation_makes_of_the_same_anchors(folder: Path) -> None:
    system = tiny_musika(folder)
    generator = system.networks["G"].eval()
    noise = {name: tensor[None] for name, tensor in system.items.noise(3).items()}
    noise["around"] = torch.zeros(1, 0, noise["places"].shape[1])
    made = system.items.make(generator, noise)[0]
    # A piece that has these anchors, and this detail from the item's first latent on.
    config, first = system.config, round(float(noise["places"][0, 0]) * system.config.anchor_latents)
    detail = torch.cat([torch.zeros(first, config.detail_size), noise["detail"][0].T])
    piece = Piece(1, anchors=noise["anchors"][0], detail=detail, style=noise["style"][0])
    again = LatentMaker(generator, system.scale, config).scaled(piece, first + generator.margin, 16 + generator.grid)
    shift = int(noise["shift"])
    torch.testing.assert_close(made, again[:, shift : shift + 16], atol=1e-5, rtol=0)


def test_pairs_count_how_much_worse_is_above_better() -> None:
    better, worse = [torch.tensor([[1.0], [0.0]])], [torch.tensor([[0.0], [2.0]])]
    expected = (math.log1p(math.exp(-1)) + math.log1p(math.exp(2))) / 2
    assert float(paired(better, worse)) == pytest.approx(expected, rel=1e-6)


def test_the_program_s_weight_of_r1_falls_while_the_discriminator_is_not_sure(folder: Path) -> None:
    system = tiny_musika(folder, adaptive_penalty=True, loss="hinge")
    for difference, share in ((0.5, 0.9999), (3.0, 1.0), (3.0, 1.0), (-1.0, 0.9999)):
        system._sure = [torch.tensor(difference * 4)]
        system._adapt(0, Ranks())
        assert float(system.extra_state()["penalty_share"]) == pytest.approx(share, abs=1e-6)
    system.load_extra_state({})
    assert float(system.extra_state()["penalty_share"]) == 1.0


@pytest.mark.parametrize("variant", ["paper", "base44"])
def test_published_variants_learn(folder: Path, variant: str) -> None:
    more = {"mix_channels": "ccm", "rebuild_weight": 10.0} if variant == "paper" else {"patch_latents": 64}
    if variant == "paper":
        more["patch_latents"] = 128
    soundfile.write(folder / "one.wav", stem("drums", 6.0, 8000, 1), 8000)
    system: Musika = tiny_musika(folder, variant=variant, loss="hinge", scaling="none", stereo="sides", **more)
    batch, step = system.batch(0, range(2)), Step(0, 10, range(2))
    for phase in ("generator", "discriminator"):
        loss, terms = system.losses(phase, batch, step)
        loss.backward()
        assert bool(torch.isfinite(loss))
    assert ("rebuilt" in terms) == (variant == "paper")
    if variant == "paper":
        judge, real = system.networks["D"], step.shared["real"]
        rebuilt = judge.rebuild(judge.features(real, step.shared["conditions"]))
        expected = (real - rebuilt).square().sum(1).mean()
        assert float(terms["rebuilt"].detach()) == pytest.approx(float(expected.detach()), rel=1e-4)


def test_figures_tell_noise_copies_and_one_piece_from_music() -> None:
    random = torch.Generator().manual_seed(1)
    slow = torch.randn(64, 6, 1, generator=random) + 0.3 * torch.randn(64, 6, 32, generator=random).cumsum(2)
    score = LatentScore(slow[:32], slow[32:], 16)
    fresh = torch.randn(32, 6, 1, generator=random) + 0.3 * torch.randn(32, 6, 32, generator=random).cumsum(2)
    noise = torch.randn(32, 6, 32, generator=random) * slow.std()
    good = score.figures(fresh)
    assert score.symptoms(fresh) == {}
    assert good["score"] < 0.5 * score.figures(noise)["score"]
    assert "noise" in score.symptoms(3 * noise)
    assert "stillness" in score.symptoms(noise[..., :1].expand_as(noise))
    assert "mode_collapse" in score.symptoms(fresh[:1].expand(32, -1, -1) + 0.01 * noise)
    assert "memorisation" in score.symptoms(slow[:32] + 0.01 * noise)
    assert "divergence" in score.symptoms(fresh * math.nan)


def test_a_seam_is_the_step_between_patches_over_those_within() -> None:
    latents = torch.arange(12.0).repeat(2, 3, 1)
    assert seam_ratio(latents, 4) == pytest.approx(1.0)
    latents[..., 4:] += 2
    assert seam_ratio(latents, 4) == pytest.approx((3 + 1) / 2)


def test_a_discriminator_that_breaks_away_is_a_symptom(folder: Path) -> None:
    system = tiny_musika(folder, penalty_every=1)
    batch, items = system.batch(0, range(4)), range(4)
    networks = {name: net.eval() for name, net in system.networks.items()}
    for step, strength in ((0, 1.0), (1, 300.0)):
        with torch.no_grad():
            for head in system.networks["D"].heads:  # type: ignore[union-attr, operator]
                head.weight.mul_(strength)
        for _ in range(20):
            shared = Step(step, 10, items)
            system.losses("generator", batch, shared)
            system.losses("discriminator", batch, shared)
        assert ("discriminator" in system.symptoms(networks, 1)) == (strength > 1)
    kept = system.extra_state()
    system.load_extra_state({})
    assert "discriminator" not in system.symptoms(networks, 1)
    system.load_extra_state(kept)
    assert "discriminator" in system.symptoms(networks, 1)
