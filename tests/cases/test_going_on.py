"""A run that is interrupted says "run it again" only where something was kept, and then goes on with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gantools.commands import melify as melify_command
from running import made_here
from sounds import tone

from gantools.audio import melwindows as mel_windows
from gantools.audio.writing import write_audio
from gantools.effects import fitting
from gantools.files.partial import Partial
from gantools.metrics.coverage.config import CoverageConfig
from gantools.metrics.coverage.metric import Coverage
from gantools.metrics.embedders import embedding
from gantools.metrics.frechet.config import FrechetConfig
from gantools.metrics.frechet.metric import FrechetDistance
from gantools.metrics.metric import Conditions
from gantools.metrics.mix import comparison as mix
from gantools.metrics.novelty import comparison as novelty
from gantools.metrics.novelty.config import NoveltyConfig
from gantools.metrics.pairing import ClipSets
from gantools.metrics.pitch import comparison as pitch
from gantools.metrics.rhythm.comparison import compare_rhythm
from gantools.metrics.rhythm.config import RhythmConfig
from gantools.metrics.stoi.config import StoiConfig
from gantools.metrics.stoi.features import compare_stoi
from gantools.metrics.texture import comparison as texture
from gantools.report.clip import Clip

RANDOM: dict[str, Any] = {"embedder": "rand-cnn", "clip_seconds": 1.0}
FIT = ("fxnorm", "fit", "in", "-o", "f.json", "--min-active-seconds", "0")
EVALUATE = {
    "pitch": (("pitch", "in", "--tracker", "yin", "-d", "cpu"), pitch, "track_yin"),
    "mix": (("mix", "in", "real"), mix, "read_mix"),
    "texture": (("texture", "in", "--real", "real", "--brackets"), texture, "load_mono"),
}


class Stop:
    """Stands for a function that is interrupted at its n-th call; 0: never. Counts the calls."""

    def __init__(self, function: Callable[..., Any], at: int) -> None:
        self.function, self.at, self.calls = function, at, 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return self.function(*arguments, **options)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three sounds, and real music beside them."""
    folder = tmp_path_factory.mktemp("going-on")
    for number in range(3):
        for side in ("in", "real"):
            role = "mix" if side == "in" else "bass"
            wave = tone(3.5, 22050, hz=110.0 + 50 * number, seed=number + 10 * (side == "in")).reshape(-1)
            write_audio(folder / f"{side}/s{number}/{role}.wav", wave, 22050)
    return folder


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, at: int, *command: str) -> Any:
    """Run a command whose function is interrupted at its call `at`; return its outcome and the calls."""
    from running import run_here

    with monkeypatch.context() as patch:
        stop = Stop(getattr(module, name), at)
        patch.setattr(module, name, stop)
        return run_here(folder, *command), stop.calls


@pytest.mark.parametrize("mode", ["raw", "sequential"])
def test_a_fit_goes_on_with_the_files_that_it_has_measured(
    place: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    command = (*FIT[:4], f"{mode}.json", *FIT[5:], "--measure", mode)
    first, _ = run(place, monkeypatch, fitting, "read_stem", 1, *command)
    assert (first.returncode, first.stderr) == (130, "gantools fxnorm: interrupted\n")
    at = 3 if mode == "raw" else 6  # in the first pass, in the second
    second, _ = run(place, monkeypatch, fitting, "read_stem", at, *command)
    assert second.returncode == 130
    assert second.stderr.endswith(": run it again to go on\n")
    assert f"results of {at - 1} files are kept" in second.stderr
    assert (place / f".{mode}.json.partial").is_dir()
    third, calls = run(place, monkeypatch, fitting, "read_stem", 0, *command, "-q")
    assert third.returncode == 0, third.stderr
    assert calls == (3 if mode == "raw" else 9) - (at - 1)
    assert not (place / f".{mode}.json.partial").exists()
    made_here(place, *FIT[:4], "whole.json", *FIT[5:], "--measure", mode, "-q")
    whole, pieces = (json.loads((place / name).read_text()) for name in ("whole.json", f"{mode}.json"))
    assert pieces["stems"] == whole["stems"]


@pytest.mark.parametrize("metric", EVALUATE)
def test_an_evaluation_goes_on_with_the_files_that_it_has_measured(
    place: Path, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    arguments, module, name = EVALUATE[metric]
    command = ("evaluate", *arguments)
    out = ("-o", f"report-{metric}", "-q", "--json")
    whole, calls = run(place, monkeypatch, module, name, 0, *command, *out[:1], f"whole-{metric}", *out[2:])
    assert whole.returncode == 0, whole.stderr
    stopped, _ = run(place, monkeypatch, module, name, calls, *command, *out)
    assert stopped.returncode == 130, stopped.stderr
    assert stopped.stderr.endswith("kept: run it again to go on\n"), stopped.stderr
    done, left = run(place, monkeypatch, module, name, 0, *command, *out)
    assert done.returncode == 0, done.stderr
    assert left < calls
    drop = ("seconds", "path")
    first, second = (
        {key: value for key, value in json.loads(one.stdout).items() if key not in drop} for one in (whole, done)
    )
    assert first == second
    assert not [path for path in (place / f"report-{metric}").iterdir() if path.name.startswith(".")]


def clips(folder: Path) -> list[Clip]:
    return [Clip(path, path.parent.name, path.stem, path.parent.name) for path in sorted(folder.rglob("*.wav"))]


#: Of the other metrics: what compares, and the costly function that a second run must not call.
COMPARED = {
    "frechet": (
        lambda a, b, conditions: FrechetDistance().compare(
            ClipSets({"generated": a, "real": b}), FrechetConfig(**RANDOM, infinity=False), conditions
        ),
        (embedding, "load_mono"),
    ),
    "coverage": (
        lambda a, b, conditions: Coverage().compare(
            ClipSets({"generated": a, "real": b}), CoverageConfig(**RANDOM), conditions
        ),
        (embedding, "load_mono"),
    ),
    "novelty": (
        lambda a, b, conditions: novelty.compare_novelty(a, b, NoveltyConfig(), conditions),
        (novelty, "_packed"),
    ),
    "rhythm": (
        lambda a, b, conditions: compare_rhythm(
            list(zip(a, b, strict=True)), [], RhythmConfig(window_frames=32), conditions
        ),
        (mel_windows, "mel_db"),
    ),
    "stoi": (
        lambda a, b, conditions: compare_stoi(list(zip(a, b, strict=True)), StoiConfig(window_frames=32), conditions),
        (mel_windows, "mel_db"),
    ),
}


@pytest.mark.parametrize("metric", COMPARED)
def test_results_of_files_that_were_kept_give_the_same_figures(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    compare, (owner, name) = COMPARED[metric]
    sets = clips(place / "in"), clips(place / "real")

    def measured() -> dict[str, Any]:
        kept = Partial(tmp_path / metric, "digest")
        return compare(*sets, Conditions(lambda path, error: pytest.fail(str(error)), keep=kept.keep))

    first = measured()
    monkeypatch.setattr(owner, name, lambda *_, **__: pytest.fail("measured again"))
    np.testing.assert_equal(measured(), first)


def test_an_evaluation_that_writes_nothing_keeps_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = run(place, monkeypatch, pitch, "track_yin", 3, "evaluate", *EVALUATE["pitch"][0])
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "gantools evaluate: interrupted\n")


def test_a_batch_says_so_where_files_are_done(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for at, said in ((1, "interrupted"), (3, "interrupted; the results of 2 files are kept: run it again to go on")):
        done, _ = run(place, monkeypatch, melify_command, "melify_file", at, "melify", "in", "-o", f"mels{at}", "-q")
        assert (done.returncode, done.stderr) == (130, f"gantools melify: {said}\n")
