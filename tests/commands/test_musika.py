"""train musika and generate musika, each through its command line."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from running import made_here
from small_musika import TINY_FLAGS, write_codec
from sounds import stem

import gantools as gt

TRAIN = ("train", "musika", "tracks", "--codec", "codec", "-o", "model", *TINY_FLAGS.split(), "--threads", "1")


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with songs, a codec, and a model of two steps."""
    folder = tmp_path_factory.mktemp("crate")
    (folder / "tracks").mkdir()
    for number, kind in enumerate(("drums", "other")):
        soundfile.write(folder / "tracks" / f"song{number}.wav", stem(kind, 3.0, 8000, number), 8000)
    soundfile.write(folder / "tracks" / "silent.flac", np.zeros(16000), 8000)
    write_codec(folder / "tracks", folder / "codec")
    made_here(folder, *TRAIN, "--steps", "2", "--precision", "float32", "-q")
    return folder


def test_a_dry_run_says_what_there_is(gantools: Callable, crate: Path) -> None:
    tracks, codec = crate / "tracks", crate / "codec"
    done = gantools("train", "musika", tracks, "--codec", codec, "-o", "m", *TINY_FLAGS.split(), "-n", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["skipped"]) == ("planned", 1)
    assert "silent.flac: is silent; left out" in done.stderr
    assert record["latents_per_second"] == 62.5


def test_a_file_a_folder_and_a_stream_hold_the_same_music(gantools: Callable, crate: Path, tmp_path: Path) -> None:
    model = crate / "model"
    asked = ("generate", "musika", model, "--seconds", "1.5", "-s", "7", "-d", "cpu")
    assert gantools(*asked, "-o", "night.flac").returncode == 0
    assert gantools(*asked, "-o", "made").returncode == 0
    samples, rate = soundfile.read(tmp_path / "night.flac", dtype="int16")
    assert (samples.shape, rate) == ((12000, 2), 8000)
    assert np.array_equal(samples, soundfile.read(tmp_path / "made" / "seed-00007.wav", dtype="int16")[0])
    made = subprocess.run(
        [sys.executable, "-m", "gantools", *map(str, asked), "-o", "-"], capture_output=True, check=True, cwd=tmp_path
    )
    assert np.array_equal(samples, soundfile.read(io.BytesIO(made.stdout), dtype="int16")[0])
    assert gantools(*asked, "-o", "night.flac").stderr.endswith("nothing to do: 1 up to date\n")


def test_pieces_are_chosen_by_how_steady_they_are(gantools: Callable, crate: Path, tmp_path: Path) -> None:
    asked = ("generate", "musika", crate / "model", "--seconds", "8.5", "--window-seconds", "4", "-d", "cpu")
    steady = ("--steady-key", "0.9", "--attempts", "20")
    done = gantools(*asked, *steady, "-o", "night.flac", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["key_share"], record["path"]) == (1.0, "night.flac")
    assert gantools(*asked, "-s", record["seed"], "-o", "plain").returncode == 0
    (plain,) = (tmp_path / "plain").glob("*.wav")
    assert np.array_equal(soundfile.read(plain)[0], soundfile.read(tmp_path / "night.flac")[0])
    stream = gantools(*asked, *steady, "-o", "-")
    assert (stream.returncode, "a stream cannot be chosen" in stream.stderr) == (2, True)


def test_a_player_that_stops_reading_ends_the_verb(crate: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "gantools",
        "generate",
        "musika",
        str(crate / "model"),
        "--seconds",
        "0",
        "-o",
        "-",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        head = process.stdout.read(44 + 40_000)
        # A header without an end, and music behind it.
        assert struct.unpack("<I", head[4:8])[0] == struct.unpack("<I", head[40:44])[0] == 0xFFFFFFFF
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


def test_what_cannot_be_made_is_said_in_a_line(gantools: Callable, crate: Path) -> None:
    model = crate / "model"
    for options, words in (
        (("--loop", "8bars", "-o", "out"), "has no clock"),
        (("--seconds", "0", "-o", "out"), "a file has an end"),
        (("--count", "2", "-o", "one.wav"), "do not go into one file"),
        (("--count", "2", "-o", "-"), "do not go into one stream"),
        (("--loop", "2s", "--from", "1", "-o", "out"), "a loop begins at its beginning"),
        (("--from", "1:70", "-o", "out"), "is no place in time"),
    ):
        done = gantools("generate", "musika", model, *options)
        assert done.returncode == 2, (options, done.stderr)
        assert words in done.stderr


def test_loops_are_as_long_as_asked_and_a_model_gives_its_codec_to_another(
    gantools: Callable, crate: Path, tmp_path: Path
) -> None:
    model = crate / "model"
    assert gantools("generate", "musika", model, "--loop", "0.5s", "-o", "loop.wav").returncode == 0
    assert soundfile.info(tmp_path / "loop.wav").frames == 4000
    more = ("--steps", "1", "--from", model, "-o", "next", *TINY_FLAGS.split(), "--threads", "1")
    done = gantools("train", "musika", crate / "tracks", *more, "-q")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "next" / "encoder1.safetensors").is_file()


def test_music_goes_on_from_a_recording(gantools: Callable, crate: Path, tmp_path: Path) -> None:
    intro = np.ascontiguousarray(stem("drums", 1.2, 8000, 3))
    soundfile.write(tmp_path / "intro.wav", intro, 8000, subtype="FLOAT")
    asked = ("--after", "intro.wav", "--seconds", "0.8", "--bits", "32f")
    done = gantools("generate", "musika", crate / "model", *asked, "-o", "on.wav", "--json")
    assert done.returncode == 0, done.stderr
    made = soundfile.read(tmp_path / "on.wav", dtype="float32")[0]
    assert made.shape == (len(intro) + 6400, 2)
    untouched = len(intro) - 400
    np.testing.assert_allclose(made[:untouched], intro[:untouched], atol=1e-6)
    assert np.abs(np.diff(made, axis=0)).max() <= 1.5 * np.abs(np.diff(intro, axis=0)).max()
    assert json.loads(done.stdout)["unlike"] >= 0


def test_a_model_follows_what_it_is_told(gantools: Callable, crate: Path, tmp_path: Path) -> None:
    told = ("--conditions", "density,loudness,label", "--clock", "on")
    flags = [*TINY_FLAGS.replace("--clock off", "").split(), "--threads", "1", "--precision", "float32", *told]
    codec = ("--codec", crate / "codec")
    done = gantools("train", "musika", crate / "tracks", *codec, "-o", "m", *flags, "--steps", "1", "-q")
    assert done.returncode == 0, done.stderr
    (tmp_path / "fade.csv").write_text("0,-40\n1,-10\n")
    asked = ("generate", "musika", "m", "--seconds", "1", "--density", "0.5", "--tempo", "100", "-o")
    for more in (
        ("a", "--loudness", "fade.csv"),
        ("b", "--guide", crate / "tracks/song0.wav"),
        ("c", "--label", "tracks"),
    ):
        done = gantools(*asked, *more, "--json")
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout)
        assert (record["bpm"], record["asked"]["tempo"]) == (100, [[0.0, 100.0]])
    done = gantools("evaluate", "conditions", "a", "-o", "report", "-q")
    assert done.returncode == 0, done.stderr
    row = json.loads((tmp_path / "report/report.json").read_text())["rows"][0]
    assert row["loudness_asked"] == pytest.approx(-25, abs=0.1)
    assert row["loudness"] < 0
    assert gantools("generate", "musika", "m", "--loop", "1bar", "--tempo", "120", "-o", "bar.wav").returncode == 0
    assert soundfile.info(tmp_path / "bar.wav").frames == 16000
    for wrong, words in ((("--brightness", "500"), "the model can be told"), (("--label", "folk"), "not folk")):
        done = gantools("generate", "musika", "m", "-o", "d", *wrong)
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_from_python_it_is_an_array(crate: Path) -> None:
    made = gt.load(crate / "model").generate(seconds=0.5, seed=7)
    assert (made[0].shape, made[1]) == ((2, 4000), 8000)
