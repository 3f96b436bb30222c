"""train wavegan and generate wavegan, each through its command line, on a small crate of played songs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from running import made_here
from safetensors.numpy import load_file
from small_musika import write_codec
from small_wavegan import LATENT_FLAGS
from sounds import stem

import gantools as gt

SIZES = ("--preset", "small", "--samples", "1024", "--width", "2", "--batch-size", "4", "--validation-clips", "16")
PLAIN = ("--threads", "1", "--precision", "float32")
STYLE = ("--domain", "wave", "--variant", "style", "--latent", "8", "--style-width", "8", *PLAIN)
TRAIN = ("train", "wavegan", "tracks", "-o", "model", *SIZES, *STYLE)
CLIP = 1024


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three songs."""
    folder = tmp_path_factory.mktemp("crate") / "tracks"
    folder.mkdir()
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(folder / f"song{number}.wav", stem(kind, 3.0, 8000, number), 8000)
    return folder


@pytest.fixture(scope="module")
def model(tracks: Path) -> Path:
    """A model of three steps."""
    made_here(tracks.parent, *TRAIN, "--steps", "3", "--validate-every", "3", "-q")
    return tracks.parent / "model"


def read(path: Path) -> np.ndarray:
    """Return the codes of a clip."""
    return soundfile.read(path, dtype="int16")[0]


def test_a_dry_run_says_what_there_is_and_writes_nothing(gantools: Callable, tracks: Path, tmp_path: Path) -> None:
    done = gantools("train", "wavegan", tracks, "-o", "model", *SIZES, *STYLE, "-n", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["songs"]) == ("planned", {"train": 1, "val": 1, "test": 1})
    assert record["windows"] == {"train": 23, "val": 23, "test": 23}
    assert set(record["parameters"]) == {"G", "D"}
    assert record["config"]["discriminator_lr"] > 0  # filled in by the variant
    assert not (tmp_path / "model").exists()


def test_clips_are_named_by_their_seeds_and_depend_on_nothing_else(
    gantools: Callable, model: Path, tmp_path: Path
) -> None:
    done = gantools("generate", "wavegan", model, "--count", "4", "-o", "clips", "--json")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(r["path"]).name for r in records] == [f"seed-{n:05d}.wav" for n in range(4)]
    assert [r["seed"] for r in records] == [0, 1, 2, 3]
    assert [r["audio_seconds"] for r in records] == [CLIP / 8000] * 4
    clips = [read(tmp_path / r["path"]) for r in records]
    assert all(len(clip) == CLIP for clip in clips)
    assert len({clip.tobytes() for clip in clips}) == 4
    again = gantools("generate", "wavegan", model, "--count", "6", "-o", "clips")
    assert "2 done, 4 up to date" in again.stderr
    picked = gantools("generate", "wavegan", model, "--seeds", "3,1-2", "-o", "picked", "-j", "2")
    assert [Path(line).name for line in picked.stdout.split()] == [f"seed-0000{n}.wav" for n in (3, 1, 2)]
    for n in (1, 2, 3):
        np.testing.assert_array_equal(read(tmp_path / f"picked/seed-0000{n}.wav"), clips[n])


def test_an_interpolation_ends_at_the_clips_of_its_seeds_and_latents_give_clips_back(
    gantools: Callable, model: Path, tmp_path: Path
) -> None:
    done = gantools("generate", "wavegan", model, "--interpolate", "4-5", "--path-points", "5", "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["seed"], r["other_seed"], r["share"]) for r in records] == [(4, 5, n / 4) for n in range(5)]
    path = [read(tmp_path / record["path"]) for record in records]
    assert gantools("generate", "wavegan", model, "--count", "2", "-s", "4", "-o", "ends").returncode == 0
    np.testing.assert_array_equal(path[0], read(tmp_path / "ends/seed-00004.wav"))
    np.testing.assert_array_equal(path[-1], read(tmp_path / "ends/seed-00005.wav"))
    assert load_file(tmp_path / "out" / "z.safetensors")["z"].shape == (5, 8)
    # Another number of points moves those between: none of the files may stay.
    longer = ("generate", "wavegan", model, "--interpolate", "4-5", "--path-points", "6", "-o", "out2")
    assert gantools(*longer[:-3], "5", "-o", "out2").returncode == 0
    assert "6 done" in gantools(*longer).stderr
    done = gantools("generate", "wavegan", model, "--latents", "out/z.safetensors", "-o", "again")
    assert done.returncode == 0, done.stderr
    for row, clip in enumerate(path):
        np.testing.assert_array_equal(read(tmp_path / f"again/z-{row:05d}.wav"), clip)


@pytest.fixture(scope="module")
def of_latents(tracks: Path) -> Path:
    """A model of latents of an untrained codec, after two steps."""
    write_codec(tracks, tracks.parent / "codec")
    flags = ("--codec", "codec", *LATENT_FLAGS.split(), *PLAIN, "--begin", "any")
    made_here(tracks.parent, "train", "wavegan", "tracks", "-o", "latents", *flags, "--steps", "2", "-q")
    return tracks.parent / "latents"


def test_clips_of_latents_keep_all_promises(gantools: Callable, of_latents: Path, tmp_path: Path) -> None:
    generate = ("generate", "wavegan", of_latents)
    done = gantools(*generate, "--count", "3", "-o", "clips", "--json")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    clips = [read(tmp_path / record["path"]) for record in records]
    assert {clip.shape for clip in clips} == {(16 * 4 * 32, 2)}  # latents, frames of each, samples of each
    assert len({clip.tobytes() for clip in clips}) == 3
    done = gantools(*generate, "--interpolate", "1-2", "--path-points", "3", "-o", "path", "-j", "2")
    path = [read(tmp_path / line) for line in done.stdout.split()]
    np.testing.assert_array_equal(path[0], clips[1])
    np.testing.assert_array_equal(path[-1], clips[2])
    assert gantools(*generate, "--latents", "clips/z.safetensors", "-o", "again").returncode == 0
    np.testing.assert_array_equal(read(tmp_path / "again/z-00002.wav"), clips[2])
    done = gantools(*generate, "--truncation", "0", "--count", "2", "-o", "none")
    assert len({read(tmp_path / line).tobytes() for line in done.stdout.split()}) == 1
    done = gantools(*generate, "--count", "1", "--seconds", "0.5", "-o", "long", "--json")
    record = json.loads(done.stdout)
    assert (record["stitched"], len(read(tmp_path / record["path"]))) == (3, 4000)  # 2048 + 2 * 1536 hold 4000


def test_latents_and_waves_refuse_what_is_the_other_s(gantools: Callable, tracks: Path, tmp_path: Path) -> None:
    for options, said in (
        (("--domain", "latent", "--variant", "baseline"), "write --domain wave"),
        (("--domain", "wave", "--codec", "codec"), "waves need none"),
        (("--preset", "hits", "--begin", "any"), "add --begin onset"),
    ):
        done = gantools("train", "wavegan", tracks, "-o", "model", "--preset", "small", *options)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert said in done.stderr


def test_truncation_leads_to_one_clip(gantools: Callable, model: Path, tmp_path: Path) -> None:
    done = gantools("generate", "wavegan", model, "--count", "3", "--truncation", "0", "-o", "none")
    assert done.returncode == 0, done.stderr
    assert len({read(tmp_path / line).tobytes() for line in done.stdout.split()}) == 1


def test_a_longer_clip_says_that_it_is_stitched(gantools: Callable, model: Path, tmp_path: Path) -> None:
    done = gantools("generate", "wavegan", model, "--count", "1", "--seconds", "0.5", "-o", "long", "--json")
    record = json.loads(done.stdout)
    assert record["stitched"] == 5  # 1024 + 4 * 768 samples hold 4000
    assert len(read(tmp_path / record["path"])) == 4000


def test_seeds_are_chosen_by_how_steady_they_are(gantools: Callable, model: Path, tmp_path: Path) -> None:
    asked = ("generate", "wavegan", model, "--seconds", "8.5", "--window-seconds", "4", "--count", "2")
    done = gantools(*asked, "--steady-key", "0.9", "--attempts", "20", "-s", "3", "-o", "steady", "--json")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    # Of two windows either both have a key, or each its own.
    assert [record["key_share"] for record in records] == [1.0, 1.0]
    seeds = ",".join(str(record["seed"]) for record in records)
    plain = gantools("generate", "wavegan", model, "--seconds", "8.5", "--seeds", seeds, "-o", "plain")
    for name in plain.stdout.split():
        assert np.array_equal(read(tmp_path / name), read(tmp_path / name.replace("plain", "steady")))
    assert load_file(tmp_path / "steady/z.safetensors")["z"].shape == (2, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--seeds", "1", "--steady-key", "0.5"), "leave out --seeds"),
        (("--seeds", "3-1"), "'3-1'"),
        (("--seeds", "1", "--count", "2"), "give one of them"),
        (("--latents", "nothing.safetensors"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_one_line(
    gantools: Callable, model: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = gantools("generate", "wavegan", model, *arguments, "-o", "clips")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert message in done.stderr
    assert not (tmp_path / "clips").exists()


def test_files_that_cannot_be_used_are_left_out(gantools: Callable, tracks: Path, tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "broken.wav").write_bytes(b"no audio at all")
    (tmp_path / "some" / "song.wav").write_bytes((tracks / "song0.wav").read_bytes())
    done = gantools("train", "wavegan", "some", "-o", "model", *SIZES, *STYLE, "-n", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["skipped"] == 1
    assert "broken.wav" in done.stderr
    wrong = gantools("train", "wavegan", "some", "-o", "model", "--samples", "1000")
    assert wrong.returncode == 2
    assert "nearest is 1024" in wrong.stderr


def test_from_python_other_words_than_count_say_which_clips(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = gt.load(model, device="cpu")
    clip, rate_hz = opened.generate(seed=3)
    for options in ({"seeds": "3,4"}, {"interpolate": "3-7", "path_points": 2}, {"seeds": [3]}):
        audio, hz = opened.generate(**options)
        assert hz == rate_hz
        np.testing.assert_array_equal(audio, clip)
    assert len(opened.generate_all(seeds="3,4")) == 2
    monkeypatch.setenv("GANTOOLS_SEEDS", "3")
    np.testing.assert_array_equal(opened.generate()[0], clip)


def test_a_typed_flag_beats_another_word_of_the_environment(gantools: Callable, model: Path) -> None:
    done = gantools("generate", "wavegan", model, "-o", "out", "--seeds", "3,4", GANTOOLS_COUNT="5")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    done = gantools("generate", "wavegan", model, "-o", "out", "--count", "1", GANTOOLS_SEEDS="3,4")
    assert len(done.stdout.splitlines()) == 1, done.stderr
    done = gantools("generate", "wavegan", model, "-o", "out", "--count", "1", "--seeds", "3")
    assert (done.returncode, "each say which clips" in done.stderr) == (2, True)


def test_an_option_is_called_what_its_giver_wrote(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "song.wav", 3.0)
    train = ("train", "wavegan", "song.wav", "-o", "model")
    (tmp_path / "mine.toml").write_text("samples = 5000\n")
    for options, variables, said in (
        (("--samples", "5000"), {}, "--samples"),
        ((), {"GANTOOLS_SAMPLES": "5000"}, "GANTOOLS_SAMPLES"),
        (("--config", "mine.toml"), {}, "mine.toml: samples"),
    ):
        done = gantools(*train, *options, **variables)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert done.stderr.startswith(f"gantools train: {said}: 5000 is not 16 * 4 * 4"), done.stderr
