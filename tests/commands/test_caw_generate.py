"""generate caw: every mode through the command line, with models of random weights."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_caw import small_model
from sounds import tone

HOLES = ((1.0, 1.3), (2.5, 2.6))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model named riff."""
    return small_model(tmp_path / "riff")


def records(done: subprocess.CompletedProcess[str]) -> list[dict]:
    """Return the records of a run that went well."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_new_music_of_equal_seeds_is_equal_and_made_once(gantools: Callable, model: Path, tmp_path: Path) -> None:
    make = ("generate", "caw", "riff", "--seconds", "1.5", "-o", "ideas")
    first = records(gantools(*make, "--count", "3", "-s", "5", "--json"))
    assert [r["path"] for r in first] == [f"ideas/riff.unconditional-{seed:04d}.wav" for seed in (5, 6, 7)]
    assert [r["seed"] for r in first] == [5, 6, 7]
    waves = [soundfile.read(tmp_path / r["path"])[0] for r in first]
    assert {len(wave) for wave in waves} == {6000}
    assert not np.array_equal(waves[0], waves[1])
    again = gantools(*make, "--count", "4", "-s", "5")
    assert "1 done, 3 up to date" in again.stderr
    parallel = gantools(
        "generate", "caw", "riff", "--seconds", "1.5", "-o", "others", "--count", "2", "-s", "6", "-j", "2"
    )
    assert parallel.returncode == 0, parallel.stderr
    np.testing.assert_array_equal(soundfile.read(tmp_path / "others/riff.unconditional-0006.wav")[0], waves[1])
    assert "2 up to date" in gantools(*make[:-1], "others", "--count", "2", "-s", "6", "--dry-run").stderr


def test_a_changed_model_is_used_again(gantools: Callable, model: Path) -> None:
    make = ("generate", "caw", "riff", "--seconds", "0.5", "-o", "ideas")
    assert gantools(*make).returncode == 0
    (model / "scales" / "04000hz" / "scale.safetensors").unlink()
    unfinished = gantools(*make)
    assert "3 of 4 scales" in unfinished.stderr
    assert "1 done" in unfinished.stderr


def test_modes_keep_the_length_of_their_source(gantools: Callable, model: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "low.wav", tone(3.0, 1000, 2), 1000)
    soundfile.write(tmp_path / "true.flac", tone(3.0, 8000, 2), 8000)
    out = ("-o", "out", "--json")
    (vary,) = records(
        gantools("generate", "caw", "riff", "--mode", "vary", "--at-hz", "1000", "--strength", ".5", *out)
    )
    assert vary["path"] == "out/riff.vary-1000hz-x0.5-0000.wav"
    assert (vary["at_hz"], vary["duration_s"]) == (1000, 4.0)
    (other,) = records(gantools("generate", "caw", "riff", "--mode", "vary", "--source", "true.flac", *out))
    assert (Path(other["path"]).name, other["duration_s"]) == ("riff.vary-true-0000.wav", 3.0)
    source = ("--source", "low.wav", "--reference", "true.flac", "--bits", "32f")
    (wide,) = records(gantools("generate", "caw", "riff", "--mode", "extend", *source, *out))
    assert {"lsd", "snr_db", "plain_lsd", "plain_snr_db"} <= set(wide)
    made, rate_hz = soundfile.read(tmp_path / wide["path"])
    assert made.shape == (12000, 2)
    assert rate_hz == 4000
    import soxr

    plain = soxr.resample(soundfile.read(tmp_path / "low.wav")[0], 1000, 4000, "VHQ")[:, 0]
    spectra = [np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) for wave in (made[:, 0], plain)]
    hz = np.fft.rfftfreq(12000, 1 / 4000)
    loud = (hz < 95) & (spectra[1] > 1e-3 * spectra[1].max())  # below the fade
    assert np.abs(20 * np.log10(spectra[0][loud] / spectra[1][loud])).max() < 0.1
    assert spectra[0][hz > 550].max() > 0


def test_reconstruction_has_one_result(gantools: Callable, tmp_path: Path) -> None:
    small_model(tmp_path / "voice", channels=2, task="denoise")
    for mode in ("denoise", "reconstruct"):
        done = gantools("generate", "caw", "voice", "--mode", mode, "--count", "3", "-o", "out", "--json")
        assert f"--mode {mode} has one result whatever the seed; --count 3 makes no more" in done.stderr
        (one,) = records(done)
        assert one["path"] == f"out/voice.{mode}.wav"
        assert {"snr_db", "removed_db", "correlation"} <= set(one)
        assert soundfile.info(tmp_path / one["path"]).channels == 2


@pytest.mark.parametrize(("ending", "subtype"), [("wav", "PCM_16"), ("wav", "FLOAT"), ("flac", "PCM_24")])
def test_outside_the_holes_no_sample_changes(gantools: Callable, tmp_path: Path, ending: str, subtype: str) -> None:
    small_model(tmp_path / "hole", task="inpaint", holes="1-1.3,2.5-2.6", start_seconds=0.5)
    damaged = tone(5.0, 8000, 2)
    soundfile.write(tmp_path / f"damaged.{ending}", damaged, 8000, subtype=subtype)
    source = ("--mode", "inpaint", "--source", f"damaged.{ending}", "--count", "2", "-o", "out", "--json")
    made = records(gantools("generate", "caw", "hole", *source))
    before, waves = soundfile.read(tmp_path / f"damaged.{ending}", dtype="float64")[0], []
    for record in made:
        assert record["path"].endswith(ending)
        assert soundfile.info(tmp_path / record["path"]).subtype == subtype
        waves.append(soundfile.read(tmp_path / record["path"], dtype="float64")[0])
    outside = np.ones(len(before), bool)
    for start, end in HOLES:
        outside[int((start + 0.5) * 8000) : int((end + 0.5) * 8000) + 1] = False
    for wave in waves:
        np.testing.assert_array_equal(wave[outside], before[outside])
        assert not np.array_equal(wave[~outside], before[~outside])
    assert not np.array_equal(waves[0], waves[1])


def test_sections_in_another_order(gantools: Callable, model: Path, tmp_path: Path) -> None:
    arranged = records(gantools("generate", "caw", "riff", "--arrange", "AB", "--bpm", "120", "-o", "out", "--json"))
    assert arranged[0]["path"] == "out/riff.ab-0000.wav"
    assert arranged[0]["order"] == "AB"
    options = ("--shuffle", "beats", "--seconds", "2", "--count", "2", "-o", "out", "--json")
    shuffled = records(gantools("generate", "caw", "riff", *options))
    assert [Path(r["path"]).name for r in shuffled] == ["riff.beats-0000.wav", "riff.beats-0001.wav"]
    assert soundfile.info(tmp_path / shuffled[0]["path"]).frames == 8000


def test_patches_and_ranking(gantools: Callable, model: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loop.wav", tone(6.0, 8000), 8000)
    options = ("--seconds", "3", "--count", "2", "-o", "drafts", "--rank", "--json")
    drafts = records(gantools("generate", "caw", "loop.wav", "--engine", "patch", *options))
    assert [Path(r["path"]).name for r in drafts] == ["loop.patch-0000.wav", "loop.patch-0001.wav"]
    rows = (tmp_path / "drafts" / "ranked.csv").read_text().splitlines()
    assert len(rows) == 3
    assert "loop.patch-0001.wav" in (tmp_path / "drafts" / "index.html").read_text()
    assert (
        len(records(gantools("generate", "caw", "riff", "--engine", "patch", "--seconds", "2", "-o", "d2", "--json")))
        == 1
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nowhere",), 2, "no model folder"),
        (("riff/config.json",), 2, "no model folder"),
        (("riff", "--mode", "vary", "--at-hz", "900"), 2, "500, 1000, 2000"),
        (("riff", "--mode", "vary", "--source", "none.wav"), 2, "no such file"),
        (("riff", "--mode", "inpaint"), 2, "--holes"),
        (("riff", "--mode", "denoise"), 2, "--task denoise"),
        (("riff", "--mode", "extend"), 2, "--source"),
        (("riff", "--mode", "novel"), 2, "not one of"),
        (("riff", "--arrange", "A1"), 2, "gantools generate: --arrange: 'A1' is not letters"),
        (("riff", "--seconds", "0"), 2, "--seconds"),
        (("riff", "--mode", "vary", "--source", "text.wav"), 1, "not an audio file"),
        (("riff", "--mode", "extend", "--source", "high.wav"), 1, "gantools generate: high.wav: "),
        (("text.txt", "--engine", "patch"), 2, "no audio file"),
    ],
)
def test_what_does_not_fit_is_one_line(
    gantools: Callable, model: Path, tmp_path: Path, arguments: tuple, code: int, words: str
) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "text.txt").write_text("no sound")
    soundfile.write(tmp_path / "high.wav", tone(1.0, 8000), 8000)
    done = gantools("generate", "caw", *arguments, "-o", "out")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == (1 if code == 2 else 2)
    assert "Traceback" not in done.stderr


def test_a_model_that_starts_from_patches_needs_no_flag(gantools: Callable, tmp_path: Path) -> None:
    small_model(tmp_path / "riff", channels=2, start="patches")
    make = ("generate", "caw", "riff", "--seconds", "1.5", "--json")
    first = records(gantools(*make, "--count", "2", "-o", "one"))
    again = records(gantools(*make, "--count", "1", "-s", "1", "-o", "two"))
    one, two, three = (soundfile.read(tmp_path / r["path"])[0] for r in (*first, *again))
    assert one.shape == (6000, 2)
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(two, three)
    # Modes that start from a recording take it in place of the draft; those that need noise are refused.
    (arranged,) = records(gantools("generate", "caw", "riff", "--arrange", "AB", "-o", "out", "--json"))
    assert arranged["duration_s"] > 1
    soundfile.write(tmp_path / "other.wav", tone(2.0, 8000, 2), 8000)
    for more in ((), ("--at-hz", "2000")):
        (vary,) = records(gantools(*make[:3], "--mode", "vary", "--source", "other.wav", *more, "-o", "out", "--json"))
        assert vary["duration_s"] == 2.0
    (same,) = records(gantools(*make[:3], "--mode", "reconstruct", "-o", "out", "--json"))
    assert same["duration_s"] == 4.0
    for refused, says in (
        (("--mode", "extend", "--source", "other.wav"), "makes no band that is not there"),
        (("--mode", "vary", "--source", "other.wav", "--strength", "2"), "no noise for --strength"),
        (("--mode", "vary"), "would give its clip back"),
    ):
        done = gantools(*make[:3], *refused, "-o", "out")
        assert done.returncode == 2
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1
