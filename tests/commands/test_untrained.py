"""`gantools evaluate all MODEL REAL --brackets`: what the same networks made before they were trained stands beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_musika import tiny_musika
from small_wavegan import tiny, tiny_latents
from sounds import drum_pattern, stem

from gantools.cli.untrained import untrained_sample
from gantools.errors import InputError
from gantools.systems.wavegan.data import PlacedClips
from gantools.systems.wavegan.objective import WaveGAN
from gantools.training.loop import train
from gantools.training.system import System

RATE = 8000


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(folder / f"song{number}.wav", stem(kind, 3.0, RATE, number), RATE)
    return folder


def waves(songs: Path) -> WaveGAN:
    config = tiny("style", steps=2, validate_every=2)
    return WaveGAN(config, PlacedClips([(path.stem, path) for path in sorted(songs.glob("*.wav"))], config))


def of_latents(songs: Path) -> System:
    return tiny_latents(songs, steps=2, validate_every=2)


def musika(songs: Path) -> System:
    return tiny_musika(songs, steps=2, validate_every=2, sample_seconds=7.0)


@pytest.mark.parametrize("build", [waves, of_latents, musika])
def test_it_is_what_training_shows_before_its_first_step(
    songs: Path, tmp_path: Path, build: Callable[[Path], System]
) -> None:
    system = build(songs)
    system.sample(system.networks, tmp_path, 0)
    train(system, tmp_path / "model")
    untrained_sample(tmp_path / "model", tmp_path / "again.wav")
    first, again = (soundfile.read(tmp_path / name)[0] for name in ("step-00000000.wav", "again.wav"))
    assert first.any()
    np.testing.assert_array_equal(first, again)
    trained = soundfile.read(tmp_path / "model/samples/step-00000002.wav")[0]
    assert trained.shape == again.shape
    assert not np.array_equal(trained, again)


def test_a_row_of_each_table_is_the_untrained_model_s(gantools, songs: Path, tmp_path: Path) -> None:
    train(musika(songs), tmp_path / "model")
    (tmp_path / "real").mkdir()
    for number in range(2):
        soundfile.write(tmp_path / f"real/{number}.wav", drum_pattern(120, 8, RATE, seed=number)[0], RATE)
    asked = ("evaluate", "all", "model", "real", "--json", "-d", "cpu")
    done = gantools(*asked, "--brackets", "-o", "report")
    assert done.returncode == 0, done.stderr
    measures = json.loads(done.stdout)["measures"]
    for name in ("frechet", "inception"):
        assert "untrained" in measures[name]["brackets"]
    assert np.isfinite(measures["frechet"]["brackets"]["untrained"]["distance"])
    assert measures["texture"]["untrained"]["files"] == 1
    assert done.stderr.count("the untrained model") >= 3
    assert "gantools-" not in (tmp_path / "report/report.json").read_text()  # no name of a temporary folder
    again = gantools(*asked, "--brackets", "-o", "report")
    assert "nothing to do: the report is up to date" in again.stderr
    plain = gantools(*asked)
    assert "untrained" not in plain.stdout + plain.stderr


def test_a_model_without_such_a_row_says_why(gantools, songs: Path, tmp_path: Path) -> None:
    train(musika(songs), tmp_path / "model")
    path = tmp_path / "model/config.json"
    path.write_text(path.read_text().replace('"system": "musika"', '"system": "codec"'))
    with pytest.raises(InputError, match="models of codec do not make sound of seeds alone"):
        untrained_sample(tmp_path / "model", tmp_path / "none.wav")
    soundfile.write(tmp_path / "real.wav", drum_pattern(120, 8, RATE)[0], RATE)
    done = gantools("evaluate", "all", "model", "real.wav", "--brackets", "--json", "-d", "cpu")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["refused"]["untrained"] == "models of codec do not make sound of seeds alone"
