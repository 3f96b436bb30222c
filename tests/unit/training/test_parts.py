"""Schedules, the moving average, precision and the journal, each by itself."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from simulated import smallest
from torch import nn

from gantools.errors import DeviceError
from gantools.files.atomic import plain_json
from gantools.training.ema import EMA, ema_decay
from gantools.training.engine import restore_layout
from gantools.training.journal import Journal
from gantools.training.precision import choose_precision
from gantools.training.report import Reporter
from gantools.training.run_state import RunState
from gantools.training.schedule import after, constant, cosine, linear_decay, linear_epochs, stairs
from gantools.training.system import adam
from gantools.training.update import LossScale


def test_linear_rule_keeps_the_official_off_by_one() -> None:
    rule = linear_epochs(steps_per_epoch=10)
    by_epoch = [rule(epoch * 10 + 9, 1) for epoch in range(200)]
    assert by_epoch[:100] == [1.0] * 100
    assert by_epoch[100] == pytest.approx(100 / 101)
    assert by_epoch[199] == pytest.approx(1 / 101)
    assert rule(5000, 1) == 0.0
    assert linear_epochs(10, 12, 0)(10**6, 1) == 1.0


def test_schedules_scale_to_the_run() -> None:
    assert [linear_decay()(step, 200) for step in (0, 99, 199)] == pytest.approx([1, 1, 1 / 101])
    assert linear_decay(1.0)(9, 10) == 1.0
    assert constant(7, 10) == 1.0
    assert [cosine(0.1)(step, 100) for step in (0, 50, 100)] == pytest.approx([1, 0.55, 0.1])
    steps = stairs((3, 1.0), (1, 0.5), (1, 0.1))
    assert [steps(step, 10) for step in range(10)] == 6 * [1.0] + 2 * [0.5] + 2 * [0.1]
    assert [after(4 / 9, steps)(step, 9) for step in range(3, 9)] == [1.0, 1.0, 1.0, 1.0, 0.5, 0.1]
    assert [cosine(warmup_steps=3)(step, 100) for step in (0, 1, 2, 3)] == pytest.approx([0.25, 0.5, 0.75, 1])


def test_average_equals_its_formula() -> None:
    net = nn.BatchNorm1d(2)
    ema = EMA({"net": net})
    expected = net.weight.detach().clone()
    for step in range(30):
        with torch.no_grad():
            net.weight.copy_(torch.randn(2))
            net.running_mean.fill_(step)
        ema.update(step)
        beta = min(0.999, (1 + step) / (10 + step))
        expected = beta * expected + (1 - beta) * net.weight
    copied = ema.copies["net"]
    assert torch.allclose(copied.weight, expected, atol=1e-6)
    assert torch.equal(copied.running_mean, net.running_mean)
    assert not copied.weight.requires_grad
    assert ema_decay(0) == 0.1
    assert ema_decay(10**6) == 0.999


@pytest.mark.parametrize(
    ("features", "allowed", "chosen"),
    [
        ({"avx512_bf16": True}, True, "bfloat16"),
        ({"amx_bf16": True}, True, "bfloat16"),
        ({"avx512_bf16": True}, False, "float32"),  # ONEDNN_MAX_CPU_ISA=AVX2
        ({"avx2": True}, True, "float32"),
    ],
)
def test_precision_is_chosen_from_the_hardware(
    features: dict[str, bool], allowed: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: allowed)
    assert choose_precision("float32", cpu) == "float32"
    assert choose_precision("auto", cpu) == chosen
    with pytest.raises(DeviceError, match="float16 needs a CUDA device"):
        choose_precision("float16", cpu)


def test_loss_scale_halves_on_overflow_and_doubles_after_good_steps() -> None:
    scale = LossScale("float16", patience=3)
    assert scale.value == 65536
    scale.update(False)
    assert scale.value == 32768
    for _ in range(3):
        scale.update(True)
    assert scale.value == 65536
    other = LossScale("float16", patience=3)
    other.load(json.loads(json.dumps(scale.state())))
    assert (other.value, other.good_steps) == (scale.value, scale.good_steps)
    fixed = LossScale("bfloat16")
    fixed.update(False)
    assert (fixed.value, fixed.tolerates(), scale.tolerates()) == (1.0, False, True)


def test_the_journal_drops_what_comes_again_and_half_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    for step in (5, 10, 15):
        journal.write("train", step, 0.5, {"loss": math.nan if step == 5 else 1.0})
        journal.write("validation", step, 0.5, {"score": 1.0})
    with open(journal.path, "a") as file:
        file.write('{"kind": "train", "st')
    assert '"loss": null' in journal.path.read_text()

    def kept() -> list[tuple[str, int]]:
        lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
        return [(line["kind"], line["step"]) for line in lines]

    journal.cut(10, validated=True)
    assert kept() == [("train", 5), ("validation", 5), ("train", 10), ("validation", 10)]
    journal.cut(10, validated=False)
    assert kept() == [("train", 5), ("validation", 5), ("train", 10)]


def test_means_of_terms_survive_a_checkpoint(tmp_path: Path) -> None:
    def reporter(state: RunState) -> Reporter:
        made = Reporter(Journal(tmp_path / "metrics.jsonl"), None, lambda: 0.0, first=True)
        made.follow(state)
        return made

    first, system = reporter(RunState("float32")), smallest()
    first.note({"a": 1.0, "b": math.nan})
    first.note({"a": 2.0})
    second = reporter(RunState.from_meta(json.loads(json.dumps(plain_json(first.state.to_meta(system))))))
    second.write_terms()
    second.write_terms()
    (line,) = (json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines())
    assert (line["a"], line["b"]) == (1.5, None)


def test_moments_keep_the_layout_of_their_weights() -> None:
    """Fused Adam pairs them by place: after a resume, contiguous moments of channels-last weights give other steps."""
    rng = torch.Generator().manual_seed(0)
    x, results = torch.randn(2, 4, 1, 64, generator=rng), []
    for resumed in (False, True):
        torch.manual_seed(0)
        net = nn.Conv2d(4, 6, (1, 9)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = adam(1e-2)(net.parameters())
        for step in range(8):
            if resumed and step == 4:
                for entries in optimizer.state.values():
                    entries |= {key: value.contiguous().clone() for key, value in entries.items()}
                restore_layout(optimizer)
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
        results.append(net.weight.detach().clone())
    assert torch.equal(*results)
