"""One update, by hand: bad steps, clipping, phases that rest, the scale of float16 losses, means over ranks."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from simulated import Smallest, smallest
from training_runs import lines_of

from gantools.errors import ModelError
from gantools.runtime.ranks import Ranks
from gantools.training.batches import Batches
from gantools.training.loop import train
from gantools.training.system import Phase, Step
from gantools.training.update import LossScale, PhaseUpdate, average_buffers, set_generators


class Bad(Smallest):
    """Losses that are not finite in the steps of `bad`."""

    bad: tuple[int, ...] = ()

    def losses(self, phase: str, batch: Any, step: Any) -> Any:
        loss, terms = super().losses(phase, batch, step)
        return (loss * math.nan if step.number in self.bad else loss), terms


def bad(*steps: int) -> Bad:
    system = Bad(smallest(steps=10, validate_every=100).config)
    system.bad = steps
    return system


def test_two_bad_one_good_two_bad_steps_go_on(tmp_path: Path) -> None:
    assert train(bad(3, 4, 6, 7), tmp_path / "m").status == "finished"
    assert [line["step"] for line in lines_of(tmp_path / "m") if line["kind"] == "skipped"] == [4, 5, 7, 8]
    with pytest.raises(ModelError, match="not finite in 3 steps in a row, up to step 6"):
        train(bad(3, 4, 5), tmp_path / "x")


def sgd(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(list(parameters), lr=1.0)


def update_of(system: Smallest, clip_norm: float = 0.0, precision: str = "float32", ranks: Ranks | None = None) -> Any:
    """Return an update by plain gradient steps with rate 1, of the weight 3: the gradient is 4 on ones."""
    torch.nn.init.constant_(system.networks["weight"].weight, 3.0)
    phase = Phase("weight", ("weight",), sgd, every=2, every_growth=1, clip_norm=clip_norm)
    return PhaseUpdate(phase, system, ranks or Ranks(), precision, LossScale(precision))


def weight_after(update: PhaseUpdate, share: range = range(1)) -> float:
    update.run(Batches(update.system, share).load(0, 10))
    return float(update.system.networks["weight"].weight.detach())


@pytest.mark.parametrize(("clip_norm", "weight"), [(0.0, -1.0), (0.5, 2.5), (3.9, -0.9), (4.1, -1.0), (100.0, -1.0)])
def test_a_gradient_is_scaled_down_to_its_limit_and_never_up(clip_norm: float, weight: float) -> None:
    assert weight_after(update_of(smallest(), clip_norm)) == pytest.approx(weight, abs=1e-6)


def test_rates_halve_and_phases_rest_longer_with_each_return() -> None:
    update = update_of(smallest())
    for rollbacks, every, weight in ((0, 2, -1.0), (1, 3, 1.0), (2, 4, 2.0)):
        torch.nn.init.constant_(update.system.networks["weight"].weight, 3.0)
        update.temper(rollbacks)
        assert update.every == every
        assert weight_after(update) == pytest.approx(weight)


def test_a_scaled_loss_gives_the_gradient_of_the_loss() -> None:
    update = update_of(smallest(), precision="float32")
    update.scale = LossScale("float16")
    assert update.scale.value == 65536
    assert weight_after(update) == pytest.approx(-1.0)


def test_the_loss_scale_halves_at_an_overflow_and_doubles_after_patience() -> None:
    scale = LossScale("float16", patience=3)
    values = []
    for finite in (True, True, False, True, True, True, True):
        scale.update(finite)
        values.append(scale.value / 65536)
    assert values == [1, 1, 0.5, 0.5, 0.5, 1, 1]
    other = LossScale("float16", patience=3)
    other.load(scale.state())
    assert (other.value, other.good_steps) == (65536.0, 1)
    for _ in range(40):
        assert scale.tolerates() is (scale.value > 1)
        scale.update(False)
    assert scale.value == 1.0
    assert not LossScale("bfloat16").tolerates()


class Numbered(Smallest):
    """Item i of a batch is i + 1, so that shares of the batch have gradients and terms of their own."""

    def batch(self, step: int, items: Any) -> dict[str, torch.Tensor]:
        return {"one": torch.tensor([[item + 1.0] for item in items])}

    def losses(self, phase: str, batch: Any, step: Any) -> Any:
        made = self.networks["weight"](batch["one"])
        return made.mean(), {"input": batch["one"].mean()}


def test_gradients_and_terms_are_means_over_all_items_of_all_ranks() -> None:
    """Items 1, 2, 3 on one rank and 4 on the other: the mean is 2.5, not the mean of 2 and 4."""
    config = smallest(batch_size=4).config
    sent: list[torch.Tensor] = []

    class First(Ranks):
        def sum_(self, tensor: torch.Tensor) -> torch.Tensor:
            sent.append(tensor.clone())
            return tensor

    class Second(Ranks):
        def sum_(self, tensor: torch.Tensor) -> torch.Tensor:
            return tensor.add_(sent[0])

    weight_after(update_of(Numbered(config), ranks=First(0, 2)), range(3))
    second = update_of(Numbered(config), ranks=Second(1, 2))
    finite, terms = second.run(Batches(second.system, range(3, 4)).load(0, 10))
    assert finite
    assert terms == pytest.approx({"weight": 7.5, "input": 2.5})
    assert float(second.system.networks["weight"].weight.detach()) == pytest.approx(3.0 - 2.5)


class Halves(Smallest):
    """A loss without end whose gradient is finite, or the other way round."""

    endless = "loss"

    def losses(self, phase: str, batch: Any, step: Any) -> Any:
        loss, terms = super().losses(phase, batch, step)
        if self.endless == "loss":
            return loss + math.inf, terms
        weight = self.networks["weight"].weight
        return loss + torch.sqrt(weight - weight.detach()).sum(), terms  # the root has no slope at zero


@pytest.mark.parametrize("endless", ["loss", "gradient"])
def test_either_of_loss_and_gradient_makes_a_step_bad(endless: str) -> None:
    system = Halves(smallest().config)
    system.endless = endless
    update = update_of(system)
    finite, terms = update.run(Batches(system, range(1)).load(0, 10))
    assert not finite
    assert math.isfinite(terms["weight"]) is (endless == "gradient")
    assert float(system.networks["weight"].weight.detach()) == 3.0


class Two(Smallest):
    """Two networks, of which a phase trains one; the loss leaves a part of it unused."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.networks = {
            "weight": torch.nn.Linear(1, 1, bias=False),
            "other": torch.nn.Linear(1, 1, bias=False),
            "idle": torch.nn.Linear(1, 1, bias=False),
        }
        self.networks["idle"].weight.requires_grad_(False)
        self.seen: list[list[bool]] = []
        self.drawn: list[float] = []

    def losses(self, phase: str, batch: Any, step: Any) -> Any:
        self.seen.append([p.requires_grad for net in self.networks.values() for p in net.parameters()])
        self.drawn.append(float(torch.rand(())))
        made = self.networks["other"](self.networks["weight"](batch["one"]))
        return made.mean(), {"weight": made.mean(), "number": 2, "tensor": made.mean()}


def test_what_a_phase_does_not_train_is_frozen_for_its_while(monkeypatch: pytest.MonkeyPatch) -> None:
    system = Two(smallest(batch_size=2).config)
    torch.nn.init.constant_(system.networks["other"].weight, 2.0)
    update = update_of(system)  # the weight is 3
    finite, terms = update.run(Batches(system, range(2)).load(0, 10))
    assert finite
    assert terms == pytest.approx({"weight": 6.0, "number": 2.0, "tensor": 6.0})
    assert system.seen == [[True, False, False]]
    assert [p.requires_grad for net in system.networks.values() for p in net.parameters()] == [True, True, False]
    assert float(system.networks["weight"].weight.detach()) == pytest.approx(3.0 - 2.0)
    assert [p.grad for net in system.networks.values() for p in net.parameters()] == [None, None, None]
    monkeypatch.setattr(system, "losses", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        update_of(system).run(Batches(system, range(2)).load(0, 10))  # no terms are known yet
    assert [p.requires_grad for net in system.networks.values() for p in net.parameters()] == [True, True, False]
    finite, terms = update.run(Batches(system, range(2)).load(1, 10))
    assert (finite, set(terms)) == (False, {"weight", "number", "tensor"})
    assert all(math.isnan(value) for value in terms.values())


def test_draws_hang_on_step_item_seed_and_nothing_before() -> None:
    """Each micro-batch begins with generators of its own."""
    system = Two(smallest(batch_size=4, micro_batch=2).config)
    update = update_of(system)
    batches = Batches(system, range(4)).load(5, 10)
    assert [b.step for b in batches] == [Step(5, 10, [0, 1]), Step(5, 10, [2, 3])]
    for pieces in (batches, batches[::-1], Batches(system, range(4)).load(6, 10)):
        torch.rand(3)
        update.run(pieces)
    a, b, b_again, a_again, c, d = system.drawn
    assert (a, b) == (a_again, b_again)
    assert len({a, b, c, d}) == 4
    assert [b.step.items for b in Batches(system, range(3)).load(0, 10)] == [[0, 1], [2]]


def test_all_generators_are_seeded() -> None:
    def drawn() -> tuple[float, float, float]:
        return float(torch.rand(())), float(np.random.rand()), random.random()

    set_generators(2**40 + 3)
    first = drawn()
    set_generators(2**40 + 3)
    assert drawn() == first
    set_generators(3)
    assert drawn()[1] == first[1]  # that of numpy has 32 bits
    set_generators(4)
    assert all(a != b for a, b in zip(drawn(), first, strict=True))


def test_generators_of_devices_in_use_are_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[tuple[str, int]] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: seeds.append(("cuda", seed)))
    monkeypatch.setattr(torch.mps, "manual_seed", lambda seed: seeds.append(("mps", seed)))
    for cuda, mps, expected in ((False, False, []), (True, False, [("cuda", 5)]), (False, True, [("mps", 5)])):
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda there=cuda: there)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda there=mps: there)
        seeds.clear()
        set_generators(5)
        assert seeds == expected


def test_weights_of_other_strides_are_moved_alike() -> None:
    """Gradients lie as the weights do, also where their axes are in another order."""
    system = smallest()
    net = torch.nn.Conv2d(2, 3, 2).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    system.networks = {"weight": net}
    before = [p.detach().clone() for p in net.parameters()]

    def losses(phase: str, batch: Any, step: Any) -> Any:
        return sum((p * torch.arange(p.numel()).reshape(p.shape)).sum() for p in net.parameters()), {}

    system.losses = losses  # type: ignore[method-assign]
    update = PhaseUpdate(Phase("weight", ("weight",), sgd), system, Ranks(), "float32", LossScale("float32"))
    update.run(Batches(system, range(system.config.batch_size)).load(0, 10))
    for old, p in zip(before, net.parameters(), strict=True):
        torch.testing.assert_close(p.detach(), old - torch.arange(p.numel()).reshape(p.shape))


def test_rates_follow_the_schedule_of_the_phase() -> None:
    asked: list[tuple[int, int]] = []

    def half(step: int, total: int) -> float:
        asked.append((step, total))
        return 0.5

    system = smallest()
    torch.nn.init.constant_(system.networks["weight"].weight, 3.0)
    update = PhaseUpdate(Phase("weight", ("weight",), sgd, half), system, Ranks(), "float32", LossScale("float32"))
    for weight in (1.0, 1.0):  # the first step goes half-way to the other side, where the gradient is zero
        update.run(Batches(system, range(1)).load(7, 10))
        assert float(system.networks["weight"].weight.detach()) == pytest.approx(weight)
    assert asked == [(7, 10), (7, 10)]


def test_running_statistics_are_means_over_ranks_and_counts_are_not() -> None:
    net = torch.nn.BatchNorm1d(1)
    net.running_mean.fill_(1.0)
    net.num_batches_tracked.fill_(5)

    class Other(Ranks):
        def sum_(self, tensor: torch.Tensor) -> torch.Tensor:
            return tensor.add_(3.0)

    average_buffers({"net": net}, Other(0, 1))
    assert float(net.running_mean) == 1.0
    average_buffers({"net": net}, Other(0, 2))
    assert (float(net.running_mean), float(net.running_var), int(net.num_batches_tracked)) == (2.0, 2.0, 5)
