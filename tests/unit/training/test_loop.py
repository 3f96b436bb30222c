"""The loop: what a run leaves, resuming, extending, refusing, stopping."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from toy_system import Toy, toy
from training_runs import lines_of, stopped_at, weights_of

from gantools.errors import ConfigError, ModelError
from gantools.files.atomic import host_name
from gantools.models.folder import check_model
from gantools.training.epochs import count_epochs
from gantools.training.loop import train
from gantools.training.report import Progress


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_run_leaves_a_whole_folder(tmp_path: Path) -> None:
    seen: list[Progress] = []
    summary = train(toy(), tmp_path / "m", report=seen.append)
    folder = tmp_path / "m"
    assert (summary.status, summary.step, summary.total) == ("finished", 20, 20)
    names = sorted(p.name for p in folder.iterdir())
    assert names == [
        "card.md", "config.json", "discriminator.safetensors", "generator.ema.safetensors", "generator.safetensors",
        "metrics.jsonl", "samples", "state",
    ]  # fmt: skip
    assert [p.name for p in (folder / "state").iterdir()] == ["step-00000020.safetensors"]
    lines = lines_of(folder)
    assert [line["step"] for line in lines if line["kind"] == "train"] == [5, 10, 15, 20]
    assert [line["step"] for line in lines if line["kind"] == "validation"] == list(range(0, 21, 2))
    best = min((line["score"], line["step"]) for line in lines if line["kind"] == "validation" and line["step"])
    assert best == (summary.best_score, summary.best_step)
    assert seen[-1].step == 20
    assert {p.activity for p in seen} == {"train", "validate"}
    model = json.loads((folder / "config.json").read_text())
    assert model["system"] == "toy"
    assert model["config"]["width"] == 4
    assert model["ema"] == ["generator"]


@pytest.mark.parametrize(("step", "by"), [(1, signal.SIGINT), (7, signal.SIGTERM), (10, signal.SIGINT)])
def test_resumed_equals_uninterrupted(tmp_path: Path, step: int, by: signal.Signals) -> None:
    train(toy(), tmp_path / "whole")
    stopped_at(step, toy(), tmp_path / "parts", by)
    # A different global generator state must not matter.
    torch.manual_seed(99)
    assert train(toy(), tmp_path / "parts").status == "finished"
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    assert lines_of(tmp_path / "whole") == lines_of(tmp_path / "parts")


class Judge(Toy):
    """Takes three seconds over the validation after a step, and is told to stop at its beginning."""

    told = 6

    def validate(self, networks: dict[str, torch.nn.Module], step: int) -> dict[str, float]:
        if step == self.told:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(3)
            raise AssertionError("the validation went on")
        return super().validate(networks, step)


def test_a_wish_to_stop_ends_a_validation_at_once_and_the_next_run_makes_it_again(tmp_path: Path) -> None:
    train(toy(), tmp_path / "whole")
    summary = train(Judge(toy().config), tmp_path / "parts")
    assert (summary.status, summary.step) == ("interrupted", 6)
    assert train(toy(), tmp_path / "parts").status == "finished"
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    assert lines_of(tmp_path / "whole") == lines_of(tmp_path / "parts")


def test_a_finished_run_is_skipped_and_can_be_extended(tmp_path: Path) -> None:
    train(toy(steps=10), tmp_path / "m")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "m").rglob("*")}
    assert train(toy(steps=10), tmp_path / "m").status == "skipped"
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "m").rglob("*")}
    summary = train(toy(steps=16), tmp_path / "m")
    assert (summary.status, summary.step) == ("finished", 16)
    assert json.loads((tmp_path / "m" / "config.json").read_text())["config"]["steps"] == 16
    with pytest.raises(ConfigError, match="steps: 16 are done already"):
        train(toy(steps=12), tmp_path / "m")


def epochs(number: int, **values: object) -> Toy:
    """Return a toy of nine items, so that an epoch in batches of two is five steps."""
    system = toy(epochs=number, batch_size=2, **values)
    system.epoch_items = 9
    return system


def test_epochs_are_steps_which_a_resumed_run_keeps_and_a_longer_one_extends(tmp_path: Path) -> None:
    assert count_epochs(epochs(2)) == "2 epochs of 9 items in batches of 2: 10 steps"
    assert count_epochs(toy()) == ""
    train(toy(batch_size=2, steps=10), tmp_path / "whole")
    stopped_at(7, epochs(2), tmp_path / "parts", signal.SIGTERM)
    summary = train(epochs(2), tmp_path / "parts")
    assert (summary.status, summary.step, summary.total) == ("finished", 10, 10)
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "parts"))
    config = json.loads((tmp_path / "parts/config.json").read_text())["config"]
    assert (config["epochs"], config["steps"]) == (2, 10)
    assert train(epochs(2), tmp_path / "parts").status == "skipped"
    assert train(epochs(3), tmp_path / "parts").step == 15
    with pytest.raises(ConfigError, match="epochs: the run has a budget too"):
        train(epochs(2, budget="9s"), tmp_path / "both")
    with pytest.raises(ConfigError, match="epochs: toy learns from ever new items"):
        train(toy(epochs=1), tmp_path / "none")


def test_other_settings_or_data_are_refused_by_name(tmp_path: Path) -> None:
    train(toy(steps=2), tmp_path / "m")
    with pytest.raises(ConfigError, match=r"pool_size 5: the run was started with 3"):
        train(toy(steps=4, pool_size=5), tmp_path / "m")
    other = {"mel": {"n_mels": 8}, "db_range": [-40, 40], "roles": ["a", "b"]}
    with pytest.raises(ConfigError, match=r"data\.mel\.n_mels is 8 here and 4 in the model"):
        train(Toy(toy(steps=4).config, other), tmp_path / "m")  # type: ignore[arg-type]
    train(toy(steps=4, save_every=1, keep_last=3), tmp_path / "m")
    assert train(toy(steps=2, pool_size=5), tmp_path / "m", resume="never").step == 2


def test_something_else_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(ConfigError, match="not a model folder"):
        train(toy(), tmp_path)
    with pytest.raises(ConfigError, match="not a model folder"):
        train(toy(), tmp_path / "thesis.txt", resume="never")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_nan_stops_after_three_steps_and_keeps_the_good_state(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not finite in 3 steps in a row, up to step 11"):
        train(toy(bad_from=8, save_every=1, validate_every=100), tmp_path / "m")
    assert [p.name for p in (tmp_path / "m" / "state").iterdir()] == ["step-00000008.safetensors"]
    stopped_at(8, toy(validate_every=100), tmp_path / "good")
    assert same(weights_of(tmp_path / "m"), weights_of(tmp_path / "good"))


def test_single_bad_steps_are_skipped(tmp_path: Path) -> None:
    summary = train(toy(bad_from=8, bad_steps=2), tmp_path / "m")
    assert summary.status == "finished"
    assert [line["step"] for line in lines_of(tmp_path / "m") if line["kind"] == "skipped"] == [9, 10]
    assert all(t.isfinite().all() for t in weights_of(tmp_path / "m").values())


def test_a_damaged_state_falls_back_to_the_one_before(tmp_path: Path) -> None:
    train(toy(steps=20), tmp_path / "whole")
    stopped_at(12, toy(save_every=4, keep_last=2), tmp_path / "m")
    newest = max((tmp_path / "m" / "state").iterdir())
    data = bytearray(newest.read_bytes())
    data[-5] ^= 1
    newest.write_bytes(data)
    train(toy(save_every=4, keep_last=2), tmp_path / "m")
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "m"))
    for path in (tmp_path / "m" / "state").iterdir():
        path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelError, match="no training state in it is whole"):
        train(toy(steps=30), tmp_path / "m")


def test_stale_temporaries_are_swept(tmp_path: Path) -> None:
    stopped_at(3, toy(), tmp_path / "m")
    (tmp_path / f".m.{host_name()}.4194305-00000000.tmp").mkdir()
    # A number that lives means nothing: in a container the next run has that of the one before.
    left = tmp_path / "m" / "state" / f".step-00000004.safetensors.{host_name()}.{os.getpid()}-00000000.tmp"
    left.write_bytes(b"half")
    train(toy(), tmp_path / "m")
    assert not list(tmp_path.rglob(".*.tmp"))


def test_a_folder_is_trained_by_one_process_only(tmp_path: Path) -> None:
    def again(progress: Progress) -> None:
        if progress.activity == "train":
            train(toy(), tmp_path / "m")

    with pytest.raises(ConfigError, match="being trained by another process"):
        train(toy(), tmp_path / "m", report=again)


def test_micro_batches_sum_to_the_batch(tmp_path: Path) -> None:
    # Only what has no dropout in it: that draws anew for each micro-batch.
    train(toy(batch_size=4, steps=1, log_every=1), tmp_path / "whole")
    train(toy(batch_size=4, steps=1, log_every=1, micro_batch=1), tmp_path / "pieces")
    penalties = [lines_of(tmp_path / name)[1]["penalty"] for name in ("whole", "pieces")]
    assert penalties[0] == pytest.approx(penalties[1], rel=1e-6)


def test_without_average_there_is_none(tmp_path: Path) -> None:
    train(toy(steps=4, ema=False), tmp_path / "m")
    assert not (tmp_path / "m" / "generator.ema.safetensors").exists()
    assert not any(key.startswith("ema/") for key in weights_of(tmp_path / "m"))


def test_a_folder_of_another_program_or_system_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    for text in ('{"model_type": "bert"}', '{"schema": 2, "system": "other", "config": {}, "data": {}}'):
        (folder / "config.json").write_text(text)
        for resume in ("auto", "never"):
            with pytest.raises(ConfigError, match="not a model folder"):
                train(toy(), folder, resume=resume)  # type: ignore[arg-type]
        assert [(p.name, p.read_text()) for p in folder.iterdir()] == [("config.json", text)]
    train(toy(steps=2), tmp_path / "toy")
    described = json.loads((tmp_path / "toy/config.json").read_text())
    (folder / "config.json").write_text(json.dumps(described | {"system": "other"}))
    with pytest.raises(ConfigError, match="is a model of other, not of"):
        train(toy(), folder, resume="never")


def test_a_model_with_a_part_gone_is_not_started_over_and_keeps_what_is_the_users(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    train(toy(steps=4), folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "samples/mine.png").write_text("mine")
    weights = folder / "generator.safetensors"
    kept = weights.read_bytes()
    weights.unlink()
    with pytest.raises(ConfigError, match=r"weights generator.safetensors is gone; restore it, or --no-resume"):
        train(toy(steps=4), folder)
    weights.write_bytes(kept)
    for path in (folder / "state").iterdir():
        path.unlink()
    with pytest.raises(ConfigError, match=r"training state .* is gone; --no-resume starts over, --from begins another"):
        train(toy(steps=8), folder)
    assert weights.read_bytes() == kept
    assert train(toy(steps=4), folder, resume="never").step == 4
    assert weights.read_bytes() == kept  # the same run again
    assert (folder / "notes.txt").read_text() == (folder / "samples/mine.png").read_text() == "mine"
    with pytest.raises(ModelError, match="damaged; restore it, or train the model again with --no-resume"):
        weights.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        check_model(folder)
