"""`gantools generate loops --wav`: kits and basses, and a user's SoundFont by option and by variable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_loop_models import tiny_vae, write_pieces
from soundfonts import soundfont

from gantools.training.loop import train


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write the smallest model of loops, and a SoundFont of a sine."""
    write_pieces(tmp_path / "data")
    train(tiny_vae(tmp_path / "data", variant="cnnvae", latent=8, steps=2), tmp_path / "m")
    (tmp_path / "sine.sf2").write_bytes(soundfont([(0, 34), (128, 0)]))
    return tmp_path


def test_loops_sound_by_recordings_or_by_a_soundfont(gantools, model: Path) -> None:
    given = ("generate", "loops", "m", "--count", "1", "--bpm", "121.7", "--wav", "--no-page", "-q")
    sounds = {}
    for name, options, variables in (
        ("rock", (), {}),
        ("house", ("--kit", "house", "--bass", "dnb"), {}),
        ("option", ("--sf2", "sine.sf2"), {}),
        ("variable", (), {"GANTOOLS_SF2": str(model / "sine.sf2")}),
    ):
        done = gantools(*given, *options, "-o", name, **variables)
        assert done.returncode == 0, done.stderr
        [path] = (model / name).glob("*.wav")
        sounds[name], rate_hz = soundfile.read(path)
        assert len(sounds[name]) == round(8 * 240 / 121.7 * rate_hz)
    np.testing.assert_array_equal(sounds["option"], sounds["variable"])
    for one, other in (("rock", "house"), ("rock", "option")):
        assert np.abs(sounds[one] - sounds[other]).max() > 0.05

    for bad in ("gone.sf2", "data/piece0.mid"):
        done = gantools(*given, "--sf2", bad, "-o", "bad")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"gantools generate: {bad}: ")
        assert done.stderr.endswith("; name a SoundFont (SF2 or SF3) with --sf2 or GANTOOLS_SF2\n")
        assert done.stderr.count("\n") == 1
        assert not (model / "bad").exists()
