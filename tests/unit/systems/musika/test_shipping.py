"""The Musika that ships: it shares the codec that ships, and is made for no other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gantools.errors import ModelError
from gantools.models.shipped import shipped_folder
from gantools.systems.musika.generate import load
from gantools.systems.musika.generate_config import MusikaGenerateConfig
from gantools.systems.musika.shipping import ship

ELECTRONIC = shipped_folder("electronic")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the model, to be changed."""
    return Path(shutil.copytree(ELECTRONIC, tmp_path / "model"))


def change(folder: Path, **data: str) -> Path:
    path = folder / "config.json"
    model = json.loads(path.read_text())
    path.write_text(json.dumps({**model, "data": {**model["data"], **data}}))
    return folder


def test_it_keeps_the_beat_that_it_is_told() -> None:
    maker = load(ELECTRONIC, MusikaGenerateConfig(seconds=8.0, tempo="120"), "cpu")
    assert shipped_folder("codec") / "decoder2.safetensors" in maker.files
    wave = np.concatenate(list(maker.blocks(5))).T
    assert wave.shape == (2, 8 * 44100)
    assert -40 < 10 * np.log10(np.mean(wave**2)) < -8
    # What rises, in steps of 10 ms, comes again after a beat of half a second, and not after three quarters of one.
    rises = np.diff(np.log(1e-4 + np.add.reduceat(wave[0] ** 2, np.arange(0, wave.shape[1], 441)))).clip(0)
    rises -= rises.mean()
    after = {steps: np.dot(rises[:-steps], rises[steps:]) / np.dot(rises, rises) for steps in (37, 50)}
    assert after[50] > after[37] + 0.1


def test_it_is_for_the_codec_that_it_was_made_for(folder: Path) -> None:
    with pytest.raises(ModelError, match="another version of the codec"):
        load(change(folder, codec_hash="0"), MusikaGenerateConfig(), "cpu")
    with pytest.raises(ModelError, match="not trained on latents of the codec that ships"):
        ship(folder, folder.parent / "out", "", "", "")
    with pytest.raises(ModelError, match="'nothing', which does not ship"):
        load(change(folder, shared_codec="nothing"), MusikaGenerateConfig(), "cpu")


def test_what_ships_ships_as_it_is(tmp_path: Path) -> None:
    ship(ELECTRONIC, tmp_path, "CREDITS", "makes music", "songs", gain_db=-6.0)
    for name in ("G.safetensors", "scale.safetensors"):
        assert (tmp_path / name).read_bytes() == (ELECTRONIC / name).read_bytes()
    assert json.loads((tmp_path / "config.json").read_text()) == json.loads((ELECTRONIC / "config.json").read_text())
