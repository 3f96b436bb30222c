"""Networks that collapse: back to the last healthy state with half the learning rate, or an end that says why."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from collapsing_toy import CollapsingToy, collapsing, kinds
from simulated import Clock, on
from test_loop import same
from torch import nn
from training_runs import lines_of, stopped_at, weights_of

from gantools.cli.flags import Run
from gantools.cli.training import run_training
from gantools.errors import ModelError
from gantools.files.containers import read_state
from gantools.training.collapse import divergence, weight_scales
from gantools.training.config import TrainConfig
from gantools.training.loop import train
from gantools.training.report import Progress


def states(folder: Path) -> list[int]:
    return sorted(int(p.stem[5:]) for p in (folder / "state").iterdir())


def test_a_collapsed_run_goes_back_and_recovers(tmp_path: Path) -> None:
    said: list[str] = []

    def report(progress: Progress) -> None:
        if progress.activity == "collapse":
            said.append(progress.message)
            assert 8 in states(tmp_path / "m")

    system = collapsing()
    summary = train(system, tmp_path / "m", report=report)
    assert (summary.status, summary.step, summary.rollbacks, summary.healthy_step) == ("finished", 20, 1, 20)
    assert summary.symptoms == {}
    assert kinds(tmp_path / "m") == [
        *(("validation", step, 0) for step in (0, 4, 8, 12)),
        ("collapse", 12, 0),
        *(("validation", step, 1) for step in (12, 16, 20)),
    ]
    (collapse,) = [line for line in lines_of(tmp_path / "m") if line["kind"] == "collapse"]
    assert collapse["back_to"] == 8
    (sentence,) = said
    assert sentence == (
        f"step 12: collapsed (silence: {collapse['reasons']['silence']}); back to step 8 with half the learning rate"
    )
    # Every second step before, every third after the return to step 8.
    assert system.generator_steps == [0, 2, 4, 6, 8, 10, 9, 12, 15, 18]
    assert float(system.networks["speedometer"].speed) == pytest.approx(0.5, rel=1e-4)
    assert states(tmp_path / "m") == [20]


def test_what_is_undone_leaves_no_trace(tmp_path: Path) -> None:
    """The networks after the return are those of a run that took half the rate from there on by itself."""
    train(collapsing(), tmp_path / "m")
    stopped_at(8, collapsing(), tmp_path / "by hand")
    from gantools.files.containers import read_state, write_state

    path = tmp_path / "by hand/state/step-00000008.safetensors"
    tensors, meta = read_state(path)
    write_state(path, tensors, {**meta, "rollbacks": 1, "validated_step": 8, "healthy_step": 8})
    assert train(collapsing(), tmp_path / "by hand").status == "finished"
    one, two = (weights_of(tmp_path / name) for name in ("m", "by hand"))
    networks = [key for key in one if key.startswith(("network/", "optimizer/", "ema/", "extra/"))]
    assert len(networks) > 20
    assert all(torch.equal(one[key], two[key]) for key in networks)


def test_a_run_that_never_recovers_ends_with_its_healthy_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"collapsed 3 times \(silence: .*\); the healthy weights of step \d are kept"):
        train(collapsing(cured_by=9), tmp_path / "m")
    assert [line for line in kinds(tmp_path / "m") if line[0] == "collapse"] == [("collapse", 12, r) for r in range(3)]
    assert states(tmp_path / "m") == [8]
    stopped_at(9, collapsing(cured_by=9), tmp_path / "healthy")
    kept, healthy = weights_of(tmp_path / "m"), weights_of(tmp_path / "healthy")
    published = [key for key in kept if ":" in key]
    assert len(published) > 10
    assert all(torch.equal(kept[key], healthy[key]) for key in published)
    before = (tmp_path / "m/metrics.jsonl").read_bytes()
    with pytest.raises(ModelError, match="--rollbacks 3"):
        train(collapsing(cured_by=9), tmp_path / "m")  # the same again: at once
    assert (tmp_path / "m/metrics.jsonl").read_bytes() == before
    summary = train(collapsing(cured_by=9, rollbacks=12), tmp_path / "m")
    assert (summary.status, summary.rollbacks) == ("finished", 9)


def test_no_rollbacks_stop_at_the_first_collapse(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="collapsed once"):
        train(collapsing(rollbacks=0), tmp_path / "m")
    assert states(tmp_path / "m") == [8]


def test_the_healthy_state_outlives_others(tmp_path: Path) -> None:
    system = collapsing(validate_every=5, save_every=1, collapse_from=99)
    stopped_at(8, system, tmp_path / "m")
    assert states(tmp_path / "m") == [5, 8]
    stopped_at(9, collapsing(validate_every=5, save_every=1, collapse_from=99), tmp_path / "m")
    assert states(tmp_path / "m") == [5, 9]
    summary = train(collapsing(validate_every=5, save_every=1, collapse_from=10), tmp_path / "x")
    assert summary.rollbacks == 1


def test_before_a_healthy_validation_symptoms_are_only_noted(tmp_path: Path) -> None:
    summary = train(collapsing(ill_until=99), tmp_path / "m")
    assert (summary.status, summary.rollbacks, summary.healthy_step) == ("finished", 0, None)
    assert summary.symptoms == {"noise": "not yet music"}
    assert summary.best_step is not None
    assert [line for line in kinds(tmp_path / "m") if line[0] == "symptoms"] == [
        ("symptoms", step, 0) for step in (4, 8, 12, 16, 20)
    ]
    assert not summary.failed  # twenty steps show that it works, and no more
    assert train(collapsing(ill_until=99), tmp_path / "m").symptoms == {"noise": "not yet music"}


def test_a_long_run_without_a_healthy_validation_has_failed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = train(collapsing(steps=100, validate_every=50, ill_until=100, collapse_from=999), tmp_path / "m")
    assert (summary.failed, summary.best_step) == (True, 50)
    assert "never healthy (noise: not yet music)" in summary.never_healthy
    assert list((tmp_path / "m").glob("*.safetensors"))
    # The same command tells it again; more steps may still mend it.
    assert train(collapsing(steps=100, validate_every=50, ill_until=100, collapse_from=999), tmp_path / "m").failed
    run = Run(verb="train", out=tmp_path / "m", device="cpu", quiet=True)
    settings = {"steps": 100, "validate_every": 50, "ill_until": 100, "collapse_from": 999}
    build = lambda config, device: collapsing(**settings)  # noqa: E731
    assert run_training(run, TrainConfig(), build, base=None, resume=True, sources=["chunks"]) == 1
    assert "train: never healthy (noise: not yet music); the weights are kept; train longer" in capsys.readouterr().err
    mended = train(collapsing(steps=150, validate_every=50, ill_until=100, collapse_from=999), tmp_path / "m")
    assert (mended.failed, mended.healthy_step, mended.never_healthy) == (False, 150, "")


def test_only_healthy_weights_are_best(tmp_path: Path) -> None:
    class Worsening(CollapsingToy):
        def validate(self, networks: Any, step: int) -> dict[str, float]:
            return {"score": float(step)}

    system = Worsening(collapsing(ill_until=8, collapse_from=99).config)
    summary = train(system, tmp_path / "m")
    assert (summary.best_step, summary.best_score) == (12, 12.0)


def test_divergence_goes_back_too(tmp_path: Path) -> None:
    for name in ("diverge_from", "raise_from"):
        summary = train(collapsing(**{name: 9, "collapse_from": 99}), tmp_path / name)
        assert (summary.status, summary.rollbacks) == ("finished", 1)
        (collapse,) = [line for line in lines_of(tmp_path / name) if line["kind"] == "collapse"]
        assert (collapse["step"], collapse["back_to"]) == (12, 8)
        assert "not finite in 3 steps in a row" in collapse["reasons"]["divergence"]
    assert same(weights_of(tmp_path / "diverge_from"), weights_of(tmp_path / "raise_from"))
    with pytest.raises(ModelError, match="what was saved before them is kept"):
        train(collapsing(diverge_from=2), tmp_path / "at once")
    with pytest.raises(ZeroDivisionError):
        train(collapsing(raise_from=0), tmp_path / "in the first step")


@pytest.mark.parametrize("step", [9, 11, 12])
@pytest.mark.parametrize("rollbacks", [0, 1])
def test_resumed_equals_uninterrupted(tmp_path: Path, step: int, rollbacks: int) -> None:
    """Stopped in the tries before and after the first return, of two."""
    values = {"cured_by": 2}
    train(collapsing(**values), tmp_path / "whole")
    seen = itertools.count()

    class Stop(BaseException):
        pass

    def report(progress: Progress) -> None:
        if progress.activity == "train" and progress.step == step and next(seen) == rollbacks:
            raise Stop  # like kill -9: nothing is saved

    with pytest.raises(Stop):
        train(collapsing(**values), tmp_path / "parts", report=report)
    assert train(collapsing(**values), tmp_path / "parts").rollbacks == 2
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    assert lines_of(tmp_path / "whole") == lines_of(tmp_path / "parts")


def test_killed_in_the_middle_of_going_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the write of the healthy state as the newest and the removal of the later ones."""
    train(collapsing(save_every=2), tmp_path / "whole")
    remove, removed = Path.unlink, []

    class Stop(BaseException):
        pass

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == "step-00000010.safetensors" and not removed:
            removed.append(path)
            raise Stop
        remove(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(Stop):
        train(collapsing(save_every=2), tmp_path / "parts")
    assert states(tmp_path / "parts") == [8, 10]
    assert train(collapsing(save_every=2), tmp_path / "parts").rollbacks == 1
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    assert lines_of(tmp_path / "whole") == lines_of(tmp_path / "parts")


def test_a_budget_run_ends_in_time_also_with_a_collapse(tmp_path: Path) -> None:
    clock = Clock()

    def system() -> CollapsingToy:
        return on(clock, collapsing(budget="60s", validate_every=10, collapse_from=20))

    summary = train(system(), tmp_path / "m", clock=clock)
    assert summary.status == "finished"
    assert summary.rollbacks == 1
    assert summary.step == summary.total
    assert 55 < clock.passed <= 60
    # What was undone counts for the budget.
    assert 40 < summary.step < 50
    assert train(system(), tmp_path / "m", clock=clock).status == "skipped"


def test_networks_that_diverge_before_they_are_healthy_are_no_model(tmp_path: Path) -> None:
    said = r"diverged by step 20 .*; the weights kept are untrained; start over \(--no-resume\) with a lower"
    for _ in range(2):  # the second time at once
        with pytest.raises(ModelError, match=said):
            train(collapsing(ill_until=99, lr=50.0), tmp_path / "m")
    published = read_state(tmp_path / "m/generator.safetensors")
    assert published[1]["step"] == 0
    assert all(float(weights.abs().max()) < 2 for weights in published[0].values())
    summary = train(collapsing(), tmp_path / "m", resume="never")
    assert (summary.status, summary.symptoms) == ("finished", {})


def test_signs_of_divergence_that_every_system_shares() -> None:
    first = {"G": 0.02, "zero": 0.0}
    assert divergence({"score": 3.0}, {"G": 0.5, "zero": 8.0}, first) == {}
    assert "G are 50 times" in divergence({}, {"G": 1.0}, first)["divergence"]
    assert "not finite" in divergence({}, {"G": float("nan")}, first)["divergence"]
    assert "score" in divergence({"score": float("nan")}, {}, {})["divergence"]
    assert "distance" in divergence({"distance": float("inf")}, {}, {})["divergence"]
    net = nn.Linear(2, 1)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[3.0, 4.0]]))
        net.bias.zero_()
    assert weight_scales({"net": net})["net"] == pytest.approx((25 / 3) ** 0.5)
