"""generate --steady-tempo and its like: which seeds are kept, what is said of the rest, and when it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

from gantools.errors import InputError
from gantools.metrics.music.steadiness import hear_steadiness
from gantools.systems.patches.generate import LoadedClip

RATE = 8000
SECONDS = ("--seconds", "12", "--window-seconds", "4", "--no-rank")


@pytest.fixture
def riff(tmp_path: Path) -> Path:
    """Twelve bars in 120 bpm, of which the last third has another key."""
    wave = drum_pattern(120, 24, RATE)[0]
    place = np.arange(len(wave)) / RATE
    chord = sum(np.sin(2 * np.pi * 220 * 2 ** (step / 12) * place) for step in (0, 4, 7))
    wave += np.where(place < 16, 0.1 * chord, 0.1 * np.sin(2 * np.pi * 311 * place)).astype(np.float32)
    soundfile.write(tmp_path / "riff.wav", wave, RATE)
    return tmp_path / "riff.wav"


def music(bpm: list[float]) -> np.ndarray:
    """Return three windows of 4 s, each in a tempo."""
    return np.concatenate([drum_pattern(tempo, 4, RATE)[0] for tempo in bpm])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let seeds be music of one tempo (0, 3, 6 ...), of three tempi (1, 4 ...) and silence (2, 5 ...); note each."""
    seeds: list[int] = []
    kinds = [music([120] * 3), music([120, 100, 80]), np.zeros(12 * RATE)]

    def write(self: LoadedClip, item: Any, outputs: list[Path], seed: int, tick: Any) -> dict[str, Any]:
        seeds.append(seed)
        soundfile.write(outputs[0], kinds[seed % 3], RATE)
        return {"mode": "patch", "seed": seed}

    monkeypatch.setattr(LoadedClip, "write", write)
    return seeds


def test_the_first_seeds_that_pass_are_kept_as_they_are_whatever_the_jobs(
    gantools: Callable, riff: Path, tmp_path: Path
) -> None:
    plain = gantools("generate", "patches", "riff.wav", *SECONDS, "--count", "8", "-o", "plain").stdout.split()
    heard = [hear_steadiness(tmp_path / name, 4.0) for name in plain]
    shares = [one["key_share"] for one in heard]
    limit = sorted(shares)[4]
    passing = [n for n, share in enumerate(shares) if share >= limit][:2]
    asked = ("generate", "patches", "riff.wav", *SECONDS, "--steady-key", limit, "--count", "2", "--json")
    for jobs in ("1", "2"):
        done = gantools(*asked, "-j", jobs, "-o", f"steady{jobs}")
        assert done.returncode == 0, done.stderr
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert [record["seed"] for record in records] == passing
        assert f"drawn {passing[-1] + 1}, kept 2" in done.stderr
        for seed, record in zip(passing, records, strict=True):
            assert (tmp_path / record["path"]).read_bytes() == (tmp_path / plain[seed]).read_bytes()
            assert {name: record[name] for name in ("key_share", "tempo_share")} == pytest.approx(
                {name: heard[seed][name] for name in ("key_share", "tempo_share")}
            )
        assert not list((tmp_path / f"steady{jobs}").glob(".*"))


def test_a_rerun_draws_nothing_and_another_limit_no_seed_twice(
    gantools: Callable, riff: Path, drawn: list[int], tmp_path: Path
) -> None:
    asked = ("generate", "patches", "riff.wav", *SECONDS, "-o", "out")
    done = gantools(*asked, "--steady-tempo", "0.9", "--count", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/riff.patch-0000.wav", "out/riff.patch-0003.wav"]
    assert "drawn 4, kept 2; 1 without a steady tempo, 1 without sound enough\n" in done.stderr
    assert drawn == [0, 1, 2, 3]
    again = gantools(*asked, "--steady-tempo", "0.9", "--count", "2")
    assert again.stdout == done.stdout
    assert "nothing to do: 2 up to date" in again.stderr
    assert drawn == [0, 1, 2, 3]
    more = gantools(*asked, "--steady-tempo", "0.9", "--steady-bpm", "60", "--count", "3")
    assert (more.returncode, drawn) == (0, [0, 1, 2, 3, 4, 5, 6]), more.stderr
    (tmp_path / "out/riff.patch-0003.wav").unlink()
    record = json.loads(gantools(*asked, "--steady-tempo", "0.9", "--count", "2", "--json").stdout.splitlines()[1])
    assert (drawn[7:], record["status"], record["tempo_share"]) == ([3], "ok", 1.0)


def test_it_ends_where_nothing_passes(gantools: Callable, riff: Path, drawn: list[int], tmp_path: Path) -> None:
    done = gantools("generate", "patches", "riff.wav", *SECONDS, "--steady-bpm", "97", "--attempts", "2", "-o", "out")
    assert (done.returncode, done.stdout, len(drawn)) == (1, "", 20)
    (line,) = done.stderr.splitlines()
    assert line.startswith("gantools generate: drawn 20, kept 0 of 10; 14 of another tempo, 6 without sound enough; ")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.jsonl"]
    some = gantools("generate", "patches", "riff.wav", *SECONDS, "--steady-tempo", "1", "--attempts", "1", "-o", "some")
    assert (some.returncode, len(some.stdout.split())) == (1, 4)
    assert "drawn 10, kept 4 of 10; 3 without" in some.stderr


def test_a_result_that_cannot_be_drawn_is_an_error_as_any_other(
    gantools: Callable, riff: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> dict[str, Any]:
        raise InputError("the sky fell")

    monkeypatch.setattr(LoadedClip, "write", fails)
    done = gantools("generate", "patches", "riff.wav", *SECONDS, "--steady-key", "0.5", "-o", "out", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "the sky fell"
    assert done.stderr.count("the sky fell") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--seconds", "5"), 2, "results of 5.0 s hold no two windows of 6 s"),
        (("--seconds", "12", "--shard", "1/2"), 2, "leave out --shard"),
        (("--seconds", "12", "--steady-bpm", "7"), 2, "is not a tempo"),
        (("--seconds", "12", "-n"), 0, "would draw 20 at most and keep 2"),
    ],
)
def test_what_is_refused_is_one_line_and_leaves_nothing(
    gantools: Callable, riff: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    asked = ("generate", "patches", "riff.wav", "--no-rank", "--count", "2", "--steady-key", "0.1", *arguments)
    done = gantools(*asked, "-o", "out")
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_ideas_of_caw_s_patch_engine_are_chosen_too(gantools: Callable, riff: Path, drawn: list[int]) -> None:
    asked = ("generate", "caw", "riff.wav", "--engine", "patch", "--seconds", "12", "--window-seconds", "4")
    done = gantools(*asked, "--steady-tempo", "0.9", "--count", "2", "--rank", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/riff.patch-0000.wav", "out/riff.patch-0003.wav"]
    assert "ranked 2: out/index.html" in done.stderr
    single = gantools("generate", "caw", "riff.wav", "--mode", "denoise", "--steady-key", "0.5", "-o", "one")
    assert (single.returncode, "nothing to choose from" in single.stderr) == (2, True), single.stderr
