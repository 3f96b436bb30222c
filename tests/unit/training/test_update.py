"""One update, by hand: bad steps, clipping, phases that rest, the scale of float16 losses, means over ranks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from simulated import Smallest, smallest
from training_runs import lines_of

from gantools.errors import ModelError
from gantools.runtime.ranks import Ranks
from gantools.training.loop import train
from gantools.training.precision import LossScale
from gantools.training.system import Phase
from gantools.training.update import PhaseUpdate, micro_batches


class Bad(Smallest):
    """Losses that are not finite in the steps of `bad`."""

    bad: tuple[int, ...] = ()

    def losses(self, phase: str, batch: Any, shared: Any) -> Any:
        loss, terms = super().losses(phase, batch, shared)
        return (loss * math.nan if shared["step"] in self.bad else loss), terms


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
    update.run(0, 10, micro_batches(update.system, 0, share))
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

    def losses(self, phase: str, batch: Any, shared: Any) -> Any:
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
    finite, terms = second.run(0, 10, micro_batches(second.system, 0, range(3, 4)))
    assert finite
    assert terms == pytest.approx({"weight": 7.5, "input": 2.5})
    assert float(second.system.networks["weight"].weight.detach()) == pytest.approx(3.0 - 2.5)
