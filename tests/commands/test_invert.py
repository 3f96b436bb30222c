"""`gantools invert` through its real interface."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.mark.parametrize(("seconds", "rate_hz"), [(3.0, 22050), (2.37, 44100)])
def test_length_to_the_sample_and_the_figures_of_the_record(
    gantools, write_tone, tmp_path: Path, seconds, rate_hz
) -> None:
    write_tone(tmp_path / "in/a b.wav", seconds=seconds, rate_hz=rate_hz)
    gantools("melify", "in", "-o", "mels", "-q")
    done = gantools("invert", "mels", "-o", "back", "--json")
    (record,) = [json.loads(line) for line in done.stdout.splitlines()]
    info = soundfile.info(tmp_path / "back/a b.wav")
    assert (info.samplerate, info.channels) == (22050, 1)
    assert abs(info.frames - seconds * 22050) <= 1
    assert record["spectral_convergence_db"] < -20
    assert record["log_mel_error_db"] < 2
    assert "nothing to do" in gantools("invert", "mels", "-o", "back").stderr


def test_seeds_presets_and_formats(gantools, write_tone, tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", seconds=2.0)
    gantools("melify", "a.wav", "-o", "mels", "-q")
    for out, *options in (("one", "--seed", "1"), ("same", "--seed", "1"), ("other", "--seed", "2")):
        assert gantools("invert", "mels", "-o", out, "--effort", "draft", *options).returncode == 0
    one, same, other = ((tmp_path / out / "a.wav").read_bytes() for out in ("one", "same", "other"))
    assert one == same != other
    (tmp_path / "draft.toml").write_text('effort = "draft"\n')
    gantools("invert", "mels", "-o", "toml", "--config", "draft.toml", "--seed", "1")
    assert (tmp_path / "toml/a.wav").read_bytes() == one
    gantools("invert", "mels", "-o", "flac", "--format", "flac", "--bits", "24", "--effort", "draft")
    assert soundfile.info(tmp_path / "flac/a.flac").subtype == "PCM_24"


def test_silence_stays_silent_and_damage_fails_alone(gantools, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in/silence.wav", np.zeros(30000), 22050)
    gantools("melify", "in", "-o", "mels", "-q")
    (tmp_path / "mels/text.mel.safetensors").write_text("no mel")
    done = gantools("invert", "mels", "-o", "back", "--json")
    assert done.returncode == 1
    assert "text.mel.safetensors: not a safetensors file" in done.stderr
    wave, _ = soundfile.read(tmp_path / "back/silence.wav")
    assert len(wave) == 30000
    assert not wave.any()
    assert [p.name for p in (tmp_path / "back").glob("*.wav")] == ["silence.wav"]
