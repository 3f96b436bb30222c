"""`gantools train` through its real interface: resumed, killed, interrupted, diverged, on several ranks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gantools.files.containers import read_state

TINY = ["train", "cyclegan", "chunks", "--preset", "small", "--width", "8", "--body-width", "8", "--blocks", "1"]
TINY += [
    "--discriminator-width",
    "8",
    "--texture-width",
    "4",
    "--batch-size",
    "2",
    "--micro-batch",
    "1",
    "--threads",
    "1",
]
TINY += ["--validation-windows", "2", "--validate-every", "1000"]


@pytest.fixture
def here(gantools, songs: Path, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Run ``gantools train cyclegan`` beside a chunk folder."""
    shutil.copytree(songs / "chunks", tmp_path / "chunks")

    def run(*arguments: str) -> tuple[int, str, str]:
        done = gantools(*TINY, *arguments)
        return done.returncode, done.stdout, done.stderr

    return run


def state_of(model: Path) -> dict[str, torch.Tensor]:
    (path,) = (model / "state").glob("*.safetensors")
    return read_state(path)[0]


def test_a_run_its_record_and_a_second_run(here, tmp_path: Path) -> None:
    code, out, _ = here("-o", "m", "--steps", "4", "--dry-run", "--json")
    planned = json.loads(out)
    assert (code, planned["status"], (tmp_path / "m").exists()) == (0, "planned", False)
    assert planned["config"]["steps"] == 4
    assert planned["parameters"].keys() == {"G", "F", "D_X", "D_Y"}
    assert planned["windows"]["bass"]["train"] > 0
    # An epoch holds the chunks of the larger role once; the first line says how many steps it is.
    chunks = max(sides["train"] for sides in planned["windows"].values())
    code, out, said = here("-o", "m", "--epochs", "3", "--dry-run", "--json")
    steps = 3 * -(-chunks // 2)
    assert said.splitlines()[0] == f"gantools train: 3 epochs of {chunks} items in batches of 2: {steps} steps"
    assert (code, json.loads(out)["config"]["steps"]) == (0, steps)
    code, out, said = here("-o", "m", "--steps", "4")
    assert (code, out) == (0, "m\n")
    assert "done in" in said
    code, out, said = here("-o", "m", "--steps", "4", "--json")
    record = json.loads(out)
    assert (code, record["status"], record["step"], record["role"]) == (0, "skipped", 4, "drums")
    assert "up to date" in said
    assert json.loads(here("--steps", "7", "--print-config")[1])["steps"] == 7
    assert here("-o", "m", "--steps", "6", "-q") == (0, "m\n", "")
    code, _, said = here("-o", "m", "--steps", "8", "--cycle-noise", "0.7")
    assert code == 2
    assert "cannot go on with --cycle-noise 0.7" in said
    assert len(said.splitlines()) == 1


def test_divergence_stops_and_keeps_the_good_state(here, tmp_path: Path) -> None:
    code, out, said = here("-o", "m", "--steps", "20", "--lr", "1e30", "--precision", "float32", "--json")
    assert code == 1
    assert json.loads(out)["status"] == "error"
    (line,) = [line for line in said.splitlines() if "not finite" in line]
    assert line.startswith("gantools train: m: loss or gradient of the generator were not finite in 3 steps in a row")
    kept = state_of(tmp_path / "m")
    assert len(kept) > 10
    assert all(t.isfinite().all() for t in kept.values())


def test_what_is_missing_or_damaged_is_named(here, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        code, out, said = here("--steps", "2", *arguments)
        assert (code, out) == (2, "")
        (line,) = said.splitlines()
        assert line.startswith("gantools train: ")
        return line

    assert "no output folder" in refused()
    assert "'piano'" in refused("-o", "m", "--source-role", "piano")
    assert "budget" in refused("-o", "m", "--budget", "soon")
    assert "no model folder" in refused("-o", "m", "--from", "nothing")
    assert here("-o", "base", "--steps", "1", "-q")[0] == 0
    assert here("-o", "tuned", "--steps", "1", "-q", "--from", "base")[0] == 0
    (tmp_path / "base/G.safetensors").unlink()
    assert "base: the file of weights G.safetensors is missing" in refused("-o", "m", "--from", "base")
    config = tmp_path / "tuned/config.json"
    config.write_text(config.read_text().replace('"schema": 2', '"schema": 1'))
    assert "tuned: made by another version of gantools (schema 1, not 2); train it again" in refused("-o", "tuned")
    alike = refused("-o", "m", "--source-role", "bass", "--target-role", "bass")
    assert "--source-role and --target-role are both 'bass'" in alike
    shard = next((tmp_path / "chunks").glob("shard-*"))
    data = bytearray(shard.read_bytes())
    data[-1000] ^= 0xFF
    shard.write_bytes(data)
    code, _, said = here("-o", "m", "--dry-run")
    assert code == 0
    (line,) = [line for line in said.splitlines() if f"chunks/{shard.name}" in line]
    assert line.endswith("make it again: the same gantools chunk command with --check; left out")


def test_a_budget_decides_the_steps(here) -> None:
    code, out, _ = here("-o", "m", "--budget", "6s", "--json")
    assert (code, json.loads(out)["status"]) == (0, "ok")
    assert json.loads(out)["step"] >= 1
    assert json.loads(here("-o", "m", "--budget", "6s", "--json")[1])["status"] == "skipped"
