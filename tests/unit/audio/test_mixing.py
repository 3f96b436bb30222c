"""A new part beside its recording: it keeps its places where the recording has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.audio.mixing import mix_files


@pytest.mark.parametrize("channels", [1, 2])
def test_a_stereo_part_keeps_its_places_in_a_stereo_recording(tmp_path: Path, channels: int) -> None:
    random = np.random.default_rng(0)
    source, part = 0.1 * random.standard_normal((5000, channels)), 0.1 * random.standard_normal((4000, 2))
    for name, wave in (("source", source), ("part", part)):
        soundfile.write(tmp_path / f"{name}.wav", wave, 8000, subtype="FLOAT")
    mix_files(tmp_path / "source.wav", tmp_path / "part.wav", tmp_path / "mix.wav", -6.0, "32f")
    mixed = soundfile.read(tmp_path / "mix.wav", always_2d=True)[0]
    added = part if channels == 2 else part.mean(1, keepdims=True)
    # A part that is shorter goes on as silence.
    expected = source + 10 ** (-6 / 20) * np.concatenate([added, np.zeros((1000, channels))])
    np.testing.assert_allclose(mixed, expected, atol=1e-6)
