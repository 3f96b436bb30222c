"""The objective: recipes, losses by hand, the rest of the discriminator, packing, ranks' independence, symptoms."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from small_wavegan import tiny
from torch.nn import functional
from training_runs import differences, stopped_at

from gantools.errors import ConfigError
from gantools.models.folder import read_model
from gantools.systems.wavegan.config import HYBRID, PRESETS, RECIPES, VARIANTS, WaveGANConfig, resolve
from gantools.systems.wavegan.objective import WaveGAN, emphasise
from gantools.systems.wavegan.score import ClipScore
from gantools.training.loop import train
from gantools.training.songs import SongClips
from gantools.training.system import Step

Crate = list[tuple[str, Path]]
FIRST = Step(0, 10, range(4))


def system(crate: Crate, variant: str = "improved", **changes: object) -> WaveGAN:
    """Return a tiny system on the crate."""
    config = tiny(variant, **changes)
    return WaveGAN(config, SongClips(crate, config))


@pytest.mark.parametrize("recipe", ["paper", "tuned"])
@pytest.mark.parametrize("variant", [*VARIANTS, HYBRID])
def test_a_recipe_fills_in_all_that_is_unset_and_nothing_else(recipe: str, variant: str) -> None:
    config = resolve(WaveGANConfig(recipe=recipe, variant=variant))
    assert all(value is not None for value in dataclasses.asdict(config).values())
    assert resolve(config) == config
    assert resolve(WaveGANConfig(recipe=recipe, variant=variant, lr=0.5)).lr == 0.5
    assert RECIPES[recipe, variant]["loss"] == ("bce" if variant == "baseline" else "wgan-gp")


def test_the_paper_s_rows() -> None:
    rows = {v: resolve(dataclasses.replace(PRESETS["paper"], variant=v)) for v in VARIANTS}
    assert [rows[v].spectral_norm for v in VARIANTS] == [False, True, False, True]
    assert [rows[v].warmup_steps for v in VARIANTS] == [0, 1000, 0, 1000]  # section 4.2: style has neither
    assert rows["baseline"].discriminator_lr == pytest.approx(3 * rows["baseline"].lr)  # section 3.1
    assert (rows["improved"].penalty_weight, rows["improved"].discriminator_updates) == (10, 5)
    assert {row.upsample for row in rows.values()} == {"transposed"}  # section 3.1


@pytest.mark.parametrize(("variant", "steps"), [("baseline", 2), ("improved", 10), ("transformer", 8)])
def test_an_epoch_updates_the_generator_once_for_each_batch(crate: Crate, variant: str, steps: int) -> None:
    """Two songs with four places each are two batches of four, with 1, 5 and 4 updates of the discriminator."""
    wavegan = system(crate, variant, recipe="paper", clips_per_song=4, split="50/50/0")
    assert (wavegan.epoch_items, wavegan.epoch_steps) == (8, steps)


def test_narrow_networks_get_higher_rates() -> None:
    assert resolve(WaveGANConfig(variant="style", width=64)).lr == pytest.approx(1e-4)  # WaveGAN's own
    assert resolve(WaveGANConfig(width=8)).discriminator_lr == pytest.approx(8e-4)
    assert resolve(WaveGANConfig(variant="transformer", token_width=128)).lr == pytest.approx(4e-4)
    assert resolve(WaveGANConfig(recipe="paper", width=8)).lr == pytest.approx(1e-4)


def test_losses_are_those_of_the_papers(crate: Crate) -> None:
    for variant in ("baseline", "improved"):
        wavegan = system(crate, variant, phase_shuffle=0, penalty_weight=0.0, emphasis=0.0)
        batch = wavegan.batch(0, [0, 1, 2, 3])
        discriminator, generator = wavegan.networks["D"].eval(), wavegan.networks["G"]
        real, fake = discriminator(batch["real"]).detach(), discriminator(generator(batch["discriminator_z"])).detach()
        loss, terms = wavegan.losses("discriminator", batch, FIRST)
        expected = fake.mean() - real.mean()
        if variant == "baseline":
            ones = torch.ones(4)
            cross = functional.binary_cross_entropy_with_logits
            expected = cross(real, ones) + cross(fake, 0 * ones)
        assert float(loss.detach()) == pytest.approx(float(expected), abs=1e-5)
        assert float(terms["real"].detach()) == pytest.approx(float(real.mean()), abs=1e-6)
        loss, _ = wavegan.losses("generator", batch, FIRST)
        judged = discriminator(generator(batch["generator_z"])).detach()
        expected = -judged.mean() if variant == "improved" else functional.softplus(-judged).mean()
        assert float(loss.detach()) == pytest.approx(float(expected), abs=1e-5)


def test_a_discriminator_that_is_too_good_rests(crate: Crate) -> None:
    wavegan = system(crate, "baseline", discriminator_floor=100.0)
    loss, _ = wavegan.losses("discriminator", wavegan.batch(0, [0, 1, 2, 3]), FIRST)
    loss.backward()
    assert not any(p.grad.any() for p in wavegan.networks["D"].parameters() if p.grad is not None)


def test_a_lazy_penalty_counts_for_the_steps_between(crate: Crate) -> None:
    wavegan = system(crate, penalty_every=3, phase_shuffle=0)
    sizes = []
    for step in range(3):
        batch = wavegan.batch(step, [0, 1, 2, 3])
        loss, terms = wavegan.losses("discriminator", batch, Step(step, 10, range(4)))
        extra = float((loss - terms["fake"] + terms["real"]).detach())
        sizes.append(extra / float(terms["penalty"]))
    assert sizes == pytest.approx([3 * 10.0, 0, 0], abs=1e-3)


def test_packs_are_judged_together(crate: Crate) -> None:
    wavegan = system(crate, pack=2, emphasis=0.0)
    waves = torch.arange(4.0)[:, None, None].expand(4, 1, 1024)
    assert wavegan._packed(waves)[:, :, 0].tolist() == [[0, 1], [2, 3]]
    loss, _ = wavegan.losses("discriminator", wavegan.batch(0, [0, 1, 2, 3]), FIRST)
    assert loss.isfinite()
    with pytest.raises(ConfigError, match="whole number of packs"):
        tiny(pack=3)


def test_emphasis_is_a_first_difference() -> None:
    waves = torch.tensor([[[1.0, 2.0, 3.0]]])
    torch.testing.assert_close(emphasise(waves, 0.5), 3 * torch.tensor([[[1.0, 1.5, 2.0]]]))


@pytest.mark.parametrize("each", [False, True])
def test_items_do_not_depend_on_who_trains_them(crate: Crate, each: bool) -> None:
    wavegan = system(crate, "style", shuffle_each=each, penalty_every=1)
    whole = wavegan.batch(7, [0, 1, 2, 3])
    halves = [wavegan.batch(7, items) for items in ([0, 1], [2, 3])]
    for name, tensor in whole.items():
        assert torch.equal(tensor, torch.cat([half[name] for half in halves]))
    losses = [
        wavegan.losses("discriminator", batch, Step(7, 10, items))[0]
        for batch, items in ((whole, [0, 1, 2, 3]), (halves[0], [0, 1]), (halves[1], [2, 3]))
    ]
    assert float(losses[0].detach()) == pytest.approx(float((losses[1] + losses[2]).detach()) / 2, abs=1e-5)


class Panel:
    """Says and measures what it is told."""

    def __init__(self, **said: str) -> None:
        self.said = said

    def symptoms(self, samples: np.ndarray) -> dict[str, str]:
        return dict(self.said)

    def figures(self, samples: np.ndarray) -> dict[str, float]:
        return {"twin_share": 0.0}


class Distance:
    """A score that is what it is told."""

    def __init__(self, distance: float) -> None:
        self.distance = distance

    def measure(self, made: np.ndarray) -> float:
        return self.distance


def test_divergence_is_judged_by_the_discriminator_s_own_terms(crate: Crate, monkeypatch: pytest.MonkeyPatch) -> None:
    wavegan, again = system(crate), system(crate)
    for one in (wavegan, again):
        monkeypatch.setattr(one, "_judge_clips", lambda: (Distance(3.0), Panel()))
    assert wavegan.symptoms(wavegan.networks, 1) == {}
    for _ in range(210):
        wavegan._watch_penalty(torch.tensor(11.0), 1)
    assert "penalty" in wavegan.symptoms(wavegan.networks, 1)["divergence"]
    again.load_extra_state(wavegan.extra_state())
    assert "penalty" in again.symptoms(again.networks, 1)["divergence"]
    again.load_extra_state({})
    for _ in range(400):
        again._watch_real(torch.tensor(-2e3))
    assert "beyond 1000" in again.symptoms(again.networks, 1)["divergence"]


def test_a_swing_is_no_collapse_but_costs_in_the_score(crate: Crate, monkeypatch: pytest.MonkeyPatch) -> None:
    wavegan = system(crate)

    def judge(distance: float, **said: str) -> dict[str, str]:
        monkeypatch.setattr(wavegan, "_judge_clips", lambda: (Distance(distance), Panel(**said)))
        return wavegan.symptoms(wavegan.networks, 1)

    assert judge(5.0, noise="flat") == {"noise": "flat"}  # never healthy before
    assert judge(4.0) == {}
    assert judge(4.5, noise="flat") == {}
    assert wavegan.validate(wavegan.networks, 1)["score"] == pytest.approx(1.25 * 4.5)
    assert judge(6.5, noise="flat") == {"noise": "flat"}
    assert judge(4.5, silence="none") == {"silence": "none"}


def test_the_score_is_0_for_the_same_clips_and_grows_with_the_distance() -> None:
    random = np.random.default_rng(0)
    real = random.standard_normal((12, 1, 2048)).astype(np.float32) * 0.1
    score = ClipScore(real, 8000)
    assert score.measure(real) == 0.0
    assert score.measure(real[::-1]) == pytest.approx(0.0, abs=1e-9)
    other = random.standard_normal(real.shape).astype(np.float32) * 0.1
    assert score.measure(other) < score.measure(2 * real) < score.measure(8 * real)


@pytest.mark.parametrize("variant", [*VARIANTS, HYBRID])
def test_every_variant_trains_and_stores_its_resolved_numbers(variant: str, crate: Crate, tmp_path: Path) -> None:
    config = tiny(variant)
    before = {k: v.clone() for k, v in system(crate, variant).networks["G"].state_dict().items()}
    wavegan = WaveGAN(dataclasses.replace(config, steps=3), SongClips(crate, config))
    summary = train(wavegan, tmp_path / "model")
    assert (summary.status, summary.step) == ("finished", 3)
    model = read_model(tmp_path / "model")
    assert model["config"]["discriminator_lr"] == resolve(config).discriminator_lr
    assert model["data"]["samples"] == 1024
    changed = [k for k, v in wavegan.networks["G"].state_dict().items() if not torch.equal(v, before[k])]
    assert any("start" in name for name in changed)
    assert list((tmp_path / "model" / "samples").glob("*.wav"))
    assert list((tmp_path / "model" / "samples").glob("*.png"))


def test_clipped_weights_stay_small_and_a_stopped_run_ends_like_a_whole_one(crate: Crate, tmp_path: Path) -> None:
    changes = {"loss": "wgan", "weight_clip": 0.02, "spectral_norm": False, "steps": 4, "phase_shuffle": 0}
    wavegan = system(crate, "baseline", **changes)
    batch, networks = wavegan.batch(0, [0, 1, 2, 3]), wavegan.networks
    with torch.no_grad():
        loss, terms = wavegan.losses("discriminator", batch, FIRST)
        real, fake = (
            networks["D"](emphasise(x, 0.9)) for x in (batch["real"], networks["G"](batch["discriminator_z"]))
        )
    torch.testing.assert_close(loss, fake.mean() - real.mean(), rtol=1e-4, atol=1e-5)
    assert terms.keys() == {"real", "fake"}
    wavegan = system(crate, "baseline", **changes)
    train(wavegan, tmp_path / "whole")
    weights = torch.cat([p.detach().flatten() for p in wavegan.networks["D"].parameters()]).abs()
    assert (float(weights.max()), bool((weights < 0.02).any())) == (pytest.approx(0.02), True)
    stopped_at(2, system(crate, "baseline", **changes), tmp_path / "parts")
    train(system(crate, "baseline", **changes), tmp_path / "parts")
    assert differences(tmp_path / "whole", tmp_path / "parts") == []
