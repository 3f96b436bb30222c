"""`gantools train codec` and `generate codec`: songs of any kind to latents and back, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from running import made_here
from small_codec import TINY_FLAGS
from sounds import stem

from gantools.audio.infrasound import HighPass
from gantools.audio.latentfile import read_latents
from gantools.audio.resample import resample
from gantools.files.containers import read_state, write_state
from gantools.systems.codec.codec import open_codec

TRAIN = f"{TINY_FLAGS} --steps 1 --threads 1 --validate-every 100 -d cpu -q"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three songs and two codecs of them, m and other."""
    folder = tmp_path_factory.mktemp("codec")
    (folder / "songs").mkdir()
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(folder / f"songs/{kind}.wav", stem(kind, 3.0, 8000, number), 8000)
    made_here(folder, "train", "codec", "songs", "-o", "m", *TRAIN.split())
    shutil.copytree(folder / "m", folder / "other")
    weights, meta = read_state(folder / "other/decoder1.ema.safetensors")
    write_state(folder / "other/decoder1.ema.safetensors", {name: 2 * t for name, t in weights.items()}, meta)
    return folder


@pytest.fixture
def here(model: Path, tmp_path: Path) -> Path:
    """A folder with the codecs, a stereo song at another rate, and a sound shorter than a latent."""
    for name in ("m", "other"):
        shutil.copytree(model / name, tmp_path / name)
    (tmp_path / "in").mkdir()
    stereo = np.stack([stem(kind, 6.0, 22050, 4) for kind in ("drums", "bass")])
    soundfile.write(tmp_path / "in/song.flac", stereo.reshape(2, -1).T[:99000], 22050)
    soundfile.write(tmp_path / "in/short.wav", np.full(60, 0.1), 8000)
    return tmp_path


def test_songs_become_latents_and_latents_sound(gantools, here: Path) -> None:
    done = gantools("generate", "codec", "m", "in", "--encode", "-o", "latents", "--json", "-d", "cpu")
    assert done.returncode == 0, done.stderr
    found = {Path(row["source"]).stem: row for row in map(json.loads, done.stdout.splitlines())}
    seconds = 99000 / 22050
    assert found["song"]["duration_s"] == pytest.approx(seconds, abs=0.001)
    assert found["song"]["latents"] == -(-round(seconds * 8000) // 128)
    assert found["short"]["latents"] == 1
    # Longer than what is encoded at a time: nothing shows where the pieces meet.
    wave = resample(soundfile.read(here / "in/song.flac", dtype="float32")[0].T, 22050, 8000)
    wave = HighPass(8000).push(wave.T).T
    whole = open_codec(here / "m").encode(torch.from_numpy(np.ascontiguousarray(wave)))
    kept = read_latents(next((here / "latents").glob("song*"))).rows()
    assert kept.shape[-1] > 256
    np.testing.assert_allclose(kept, whole.numpy(), atol=2e-3)
    decoded = gantools("generate", "codec", "m", "latents", "--decode", "-o", "sound", "-d", "cpu")
    assert decoded.returncode == 0, decoded.stderr
    sound, rate_hz = soundfile.read(next((here / "sound").glob("song*.wav")))
    # Latents are decoded at the rate of the codec, to the sample.
    assert (rate_hz, sound.shape) == (8000, (round(seconds * 8000), 2))
    assert len(soundfile.read(next((here / "sound").glob("short*.wav")))[0]) == 60


def test_speech_is_named_apart_from_songs(gantools, model: Path, tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    for number in range(3):
        soundfile.write(tmp_path / f"words/{number}.wav", stem("vocals", 0.1, 8000, number), 8000)
    asked = ("train", "codec", model / "songs", "--speech", "words", "--speech-share", "0.3", *TINY_FLAGS.split())
    done = gantools(*asked, "-o", "m", "-n")
    assert done.returncode == 0, done.stderr
    assert "30% of what is heard is speech, of 0.0 minutes in 3 files" in done.stderr
    assert gantools(*asked[:4], "nowhere", "-o", "m", "-n").returncode == 2


def test_nearest_neighbours_are_those_of_latents_of_one_codec(gantools, here: Path) -> None:
    for number, name in enumerate(("learnt", "held")):
        (here / name).mkdir()
        soundfile.write(here / f"{name}/{name}.wav", stem("other", 3.0, 8000, number), 8000)
        assert (
            gantools("generate", "codec", "m", name, "--encode", "-o", f"{name}-latents", "-d", "cpu").returncode == 0
        )
    asked = ("evaluate", "neighbours", "learnt-latents", "learnt-latents", "held-latents", "--window-seconds", "0.3")
    done = gantools(*asked, "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    # What was learnt from is its own nearest neighbour.
    assert (record["verdict"], record["unit"], record["generated"] < 0.01 < record["held_out"]) == (
        "copied",
        "deviations",
        True,
    )
    assert (here / "report/neighbours.png").exists()
    assert gantools("generate", "codec", "other", "held", "--encode", "-o", "others", "-d", "cpu").returncode == 0
    for third, words in (("others", "latents of several codecs"), ("held", "sounds cannot be compared with latents")):
        done = gantools(*asked[:4], third, "--json")
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr


def test_a_song_goes_through_at_its_own_rate(gantools, here: Path) -> None:
    done = gantools("generate", "codec", "m", "in/song.flac", "-o", "heard", "-d", "cpu")
    assert done.returncode == 0, done.stderr
    made, rate_hz = soundfile.read(here / done.stdout.strip())
    assert (rate_hz, made.shape) == (22050, (99000, 2))
    sound = soundfile.read(here / "in/song.flac")[0]
    # It begins with principal components: where the sound is loud, so is what comes back.
    loud = [np.sqrt((x[:98000].reshape(98, 1000, 2) ** 2).mean((1, 2))) for x in (made, sound)]
    assert np.corrcoef(*np.log(np.maximum(loud, 1e-4)))[0, 1] > 0.8


def test_latents_of_another_codec_are_refused(gantools, here: Path) -> None:
    made = gantools("generate", "codec", "m", "in/song.flac", "--encode", "-o", "latents", "-d", "cpu")
    done = gantools("generate", "codec", "other", "latents", "--decode", "-o", "sound", "-d", "cpu")
    assert (made.returncode, done.returncode, done.stdout) == (0, 1, "")
    assert "its latents are of another codec; decode them with that one" in done.stderr
    both = gantools("generate", "codec", "m", "in", "--encode", "--decode", "-o", "x")
    assert (both.returncode, both.stdout) == (2, "")
    assert "ask for opposite things" in both.stderr
    # A head that was not trained is no choice.
    none = gantools("generate", "codec", "m", "in/song.flac", "--phase", "head", "-o", "x", "-d", "cpu")
    assert none.returncode == 2
    assert "has no head for phases" in none.stderr


def test_damaged_latents_are_one_line(gantools, here: Path) -> None:
    gantools("generate", "codec", "m", "in/song.flac", "--encode", "-o", "latents", "-d", "cpu")
    path = next((here / "latents").glob("*.latents.safetensors"))
    path.write_bytes(path.read_bytes()[:-40])
    done = gantools("generate", "codec", "m", "latents", "--decode", "-o", "sound", "-d", "cpu")
    assert done.returncode == 1
    assert "not a safetensors file, or cut short" in done.stderr
    assert not list(here.glob("sound/*.wav"))
