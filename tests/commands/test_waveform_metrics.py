"""`gantools evaluate novelty | pitch | coverage` through their real interface."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.files.containers import write_tensors

RATE = 8000


def notes(seconds: float, seed: int, rate_hz: int = RATE) -> np.ndarray:
    """A melody of decaying saw-like notes over a little noise, float32 (n,)."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 0.005 * rng.standard_normal(len(time))
    for start in np.arange(0, seconds, 0.25):
        t = np.maximum(time - start, 0)
        hz = 220 * 2 ** (rng.integers(0, 13) / 12)
        wave += 0.1 * np.exp(-8 * t) * (time >= start) * sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3))
    return wave.astype(np.float32)


@pytest.fixture
def ideas(tmp_path: Path) -> Path:
    """A riff, and of it a copy, a new idea and noise in a subfolder, at two rates."""
    riff = notes(8.0, 0)
    soundfile.write(tmp_path / "riff.wav", riff, RATE)
    (tmp_path / "ideas/more").mkdir(parents=True)
    soundfile.write(tmp_path / "ideas/copy.wav", riff[RATE : 5 * RATE], RATE)
    soundfile.write(tmp_path / "ideas/new.flac", notes(4.0, 1, 16000), 16000)
    noise = 0.1 * np.random.default_rng(2).standard_normal((4 * RATE, 2))
    soundfile.write(tmp_path / "ideas/more/noise.wav", noise, RATE)
    return tmp_path


def test_novelty_gives_figures_gates_files_and_a_report(gantools, ideas: Path) -> None:
    done = gantools("evaluate", "novelty", "ideas", "riff.wav", "--small", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["metric"], record["files"], record["rate_hz"]) == ("ok", "novelty", 3, RATE)
    assert record["verdicts"]["ltas_db"]["gate"] == "at most 4"
    assert record["verdicts"]["verbatim_s"] == {"value": 4.0, "gate": "at most 2.04", "passed": False}
    assert {row["file"]: row["copied_1s"] for row in record["rows"]} == {"copy": 1.0, "new": 0.0, "more/noise": 0.0}
    figures, files = done.stderr.strip().split("\n\n")
    lines = {line.split("  ")[0]: line for line in figures.splitlines()}
    assert "FAIL: at most 2.04; 2 of 3 files pass" in lines["verbatim, s"]
    assert "halves" in lines["recall, dB"]
    assert "small gates passed; at 8000 Hz" in lines["files"]
    rows = {line.split()[0]: line for line in files.splitlines()}
    assert list(rows) == ["file", "copy", "new", "more/noise"]
    assert rows["copy"].endswith("copied 1 s, copied 0.25 s, verbatim s")
    assert "modulation" in rows["more/noise"]
    names = sorted(path.name for path in (ideas / "report").iterdir())
    assert names == ["manifest.jsonl", "mels.png", "report.html", "report.json", "spectrum.png"]
    page = (ideas / "report/report.html").read_text()
    assert page.count("<svg") == 1
    assert "more/noise" in page
    whole = json.loads((ideas / "report/report.json").read_text())
    assert whole["curves"]["hz"]
    looks = whole["visuals"]
    assert (looks["real"]["rate_hz"], looks["generated"]["file"]) == (8000, "copy")
    assert max(looks["real"]["spectrum"]["hz"]) == pytest.approx(4000, abs=20)
    assert page.count("power, dB") == 1
    again = gantools("evaluate", "novelty", "ideas", "riff.wav", "--small", "--json", "-o", "report")
    assert json.loads(again.stdout)["status"] == "skipped"


def test_names_that_are_no_formulas_and_no_unicode_are_shown(gantools, ideas: Path) -> None:
    for name in (b"money $$.wav", b"$_$.wav", b"na\xefve.wav"):
        shutil.copyfile(ideas / "ideas/copy.wav", os.path.join(os.fsencode(ideas / "ideas"), name))
    done = gantools("evaluate", "novelty", "ideas", "riff.wav", "--small", "-o", "report")
    assert done.returncode == 0, done.stderr
    page = (ideas / "report/report.html").read_text(encoding="utf-8")
    assert all(name in page for name in ("money $$", "$_$", "na\ufffdve"))


def test_novelty_takes_a_model_folder_and_its_receptive_field(gantools, ideas: Path) -> None:
    riff, _ = soundfile.read(ideas / "riff.wav", dtype="float32")
    model = ideas / "riff.caw"
    model.mkdir()
    write_tensors(model / "clips.safetensors", {"clip000": np.stack([riff, riff])}, {"rate_hz": RATE})
    description = {"schema": 2, "system": "any", "config": {}, "networks": {}, "ema": []}
    (model / "config.json").write_text(json.dumps({**description, "data": {"receptive_field_s": 249 / 500}}))
    done = gantools("evaluate", "novelty", "ideas/copy.wav", "riff.caw", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["field_s"] == pytest.approx(249 / 500)
    assert record["verbatim_s"] == 4.0
    assert record["pairwise_ncc"] is None
    several = gantools("evaluate", "novelty", "ideas", ".")
    assert (several.returncode, several.stdout) == (2, "")
    assert "holds several models" in several.stderr
    (ideas / "models/gan/samples").mkdir(parents=True)
    shutil.copyfile(ideas / "riff.wav", ideas / "models/gan/samples/step-00000001.wav")
    (ideas / "models/gan/config.json").write_text('{"system": "wavegan"}')
    for name, words in (("models/gan", "is a model of wavegan that keeps no clip"), ("models", "holds several models")):
        samples = gantools("evaluate", "novelty", "ideas", name)
        assert (samples.returncode, samples.stdout) == (2, "")
        assert words in samples.stderr
    (model / "clips.safetensors").write_bytes(b"broken")
    broken = gantools("evaluate", "novelty", "ideas", "riff.caw")
    assert broken.returncode == 2
    assert "clips.safetensors: not the clips of a model" in broken.stderr
    assert "give the audio file itself" in broken.stderr
    assert len(broken.stderr.splitlines()) == 1


def test_pitch_alone_and_beside_real_music(gantools, ideas: Path) -> None:
    alone = gantools("evaluate", "pitch", "ideas", "--tracker", "yin")
    assert alone.returncode == 0, alone.stderr
    assert alone.stdout.startswith("pitch ")
    assert "cannot be CREPE hertz" in alone.stdout
    assert "with yin" in alone.stdout
    done = gantools("evaluate", "pitch", "ideas", "riff.wav", "--json", "-o", "report", "--hop-seconds", "0.05")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["tracker"], record["files"], record["real_files"]) == ("crepe-tiny", 3, 1)
    assert 200 < record["real_geo_mean_hz"] < 460
    assert 31 < record["hz_mean"] < 2010
    noise = next(row for row in record["rows"] if row["file"] == "more/noise")
    assert noise["voiced"] < 0.2
    assert (ideas / "report/pitches.png").exists()
    assert "cannot be CREPE hertz" in (ideas / "report/report.html").read_text()


def test_coverage_cuts_short_clips(gantools, ideas: Path) -> None:
    done = gantools(
        "evaluate",
        "coverage",
        "ideas",
        "riff.wav",
        "--clip-seconds",
        "0.5",
        "--neighbours",
        "3",
        "--json",
        "-o",
        "report",
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["n_generated"], record["n_real"], record["k"], record["clip_s"]) == (24, 16, 3, 0.5)
    # Of the generated clips a third is a copy, a third noise.
    shares = {name: record[name] for name in ("precision", "recall", "coverage")}
    assert shares == pytest.approx({"precision": 0.58, "recall": 0.94, "coverage": 0.88}, abs=0.13)
    assert done.stderr.startswith("precision")


@pytest.mark.parametrize("metric", ["novelty", "pitch"])
def test_a_broken_file_fails_alone(gantools, ideas: Path, metric: str) -> None:
    (ideas / "ideas/broken.wav").write_bytes(b"no sound")
    soundfile.write(ideas / "ideas/empty.wav", np.zeros(0), RATE)
    options = ["--tracker", "yin"] if metric == "pitch" else []
    done = gantools("evaluate", metric, "ideas", "riff.wav", "--json", *options)
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert (record["status"], record["files"], len(record["failed"])) == ("ok", 3, 2)
    assert done.stderr.count("broken.wav: not an audio file") == 1


def test_nothing_measured_is_an_error_and_writes_nothing(gantools, ideas: Path) -> None:
    for path in (ideas / "ideas").rglob("*.*"):
        path.write_bytes(b"no sound")
    failed = gantools("evaluate", "novelty", "ideas", "riff.wav", "--json", "-o", "none")
    assert (failed.returncode, json.loads(failed.stdout)["status"]) == (1, "error")
    assert not (ideas / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("novelty", "empty", "riff.wav"), "no input"),
        (("pitch", "empty"), "no input"),
        (("pitch", "ideas", "--crepe", "large"), "is not one of tiny, full"),
        (("coverage", "ideas", "empty"), "no input"),
        (("coverage", "ideas", "riff.wav", "--neighbours", "0"), "out of range"),
    ],
)
def test_nothing_starts_with_wrong_input(gantools, ideas: Path, arguments: tuple[str, ...], reason: str) -> None:
    (ideas / "empty").mkdir()
    done = gantools("evaluate", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_seams_take_the_length_of_patches_from_the_record_or_the_option(gantools, tmp_path: Path) -> None:
    wave = notes(12.0, 3)
    (tmp_path / "made").mkdir()
    soundfile.write(tmp_path / "made/a.wav", wave, RATE)
    done = gantools("evaluate", "seams", "made", "--json")
    assert done.returncode == 1
    assert "a.wav: does not tell how long its patches are; give --patch-seconds" in done.stderr
    told = {
        "key": "a.wav",
        "config": "",
        "inputs": {"model": {"size": 1, "hash": "0"}},
        "outputs": {"a.wav": {"size": 1}},
        "fields": {"patch_seconds": 1.1},
    }
    (tmp_path / "made/manifest.jsonl").write_text(json.dumps(told) + "\n")
    soundfile.write(tmp_path / "real.wav", notes(12.0, 4), RATE)
    done = gantools("evaluate", "seams", "made", "real.wav", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["patch_seconds"], found["seams"], found["files"]) == (1.1, 10, 1)
    assert len(found["lock_excess"]) == 3
    # Notes lie a quarter of a second apart and seams 1.1 s: every fifth seam is at one.
    assert found["verdict"] in ("seamless", "seams", "locked")
    assert json.loads((tmp_path / "report/report.json").read_text())["real"]["seams"] == 10
    assert (tmp_path / "report/seams.png").exists()


def test_conditions_are_read_from_the_record_and_heard_in_the_sound(gantools, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    lines, model = [], {"model": {"size": 1, "hash": "0"}}
    for name, order in (("follows", 1), ("contrary", -1)):
        # Two clicks a second, then six, which is what the first was asked for and the second was asked not to be.
        times = np.concatenate([np.arange(0.2, 15, 1 / 2), np.arange(15, 29.8, 1 / 6)])
        wave, burst = np.zeros(30 * RATE), np.exp(-np.arange(400) / 80) * np.sin(np.arange(400) ** 1.5)
        for start in np.round(times * RATE).astype(int):
            wave[start : start + 400] += 0.5 * burst
        soundfile.write(made / f"{name}.wav", wave, RATE)
        curve: list[list[float]] = [[0, 2], [14.5, 2], [15.5, 6], [30, 6]]
        points = [[seconds, value[1]] for seconds, value in zip((0, 14.5, 15.5, 30), curve[::order], strict=True)]
        fields = {"asked": {"density": points, "tempo": [[0, 121.0]]}}
        lines.append(
            {"key": name, "config": "", "inputs": model, "outputs": {f"{name}.wav": {"size": 1}}, "fields": fields}
        )
    (made / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    soundfile.write(made / "unknown.wav", notes(3.0, 1), RATE)
    done = gantools("evaluate", "conditions", "made", "--json", "-o", "report", "--tempo-seconds", "12")
    assert done.returncode == 1
    assert "unknown.wav: does not tell what it was asked to be" in done.stderr
    found = json.loads((tmp_path / "report/report.json").read_text())
    rows = {row["file"]: row for row in found["rows"]}
    assert rows["follows"]["density_follows"] > 0.8
    assert rows["contrary"]["density_follows"] < -0.8
    assert found["passed"]["density"] is False
    # Two and six a second are 120 and 360, or 180, to which 121 is 1 and 33 % away; a file has two stretches.
    assert rows["follows"]["tempo_asked"] == 121
    assert (tmp_path / "report/density.png").exists()
    alone = json.loads(gantools("evaluate", "conditions", "made/follows.wav", "--json").stdout)
    # With one file, its own sound half of it later is the other: two before six is then six before two.
    assert (alone["passed"]["density"], alone["density_other"] < -0.8) == (True, True)
