"""How much of a file may be missing, and the mean of many channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.audio.io import read_audio, to_mono
from gantools.errors import InputError


@pytest.mark.parametrize("suffix", ["wav", "aiff"])
@pytest.mark.parametrize(("missing", "whole"), [(0.005, True), (0.05, False)])
def test_a_file_may_lack_a_hundredth(suffix: str, missing: float, whole: bool, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, 40000)
    soundfile.write(path, wave, 8000)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - round(missing * 2 * 40000)])
    if whole:
        assert abs(read_audio(path)[0].shape[1] - 39800) <= 1
    else:
        with pytest.raises(InputError, match="truncated: 5%"):
            read_audio(path)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_mono_is_the_mean_of_all_channels(channels: int) -> None:
    block = np.random.default_rng(channels).uniform(-1, 1, (100, channels)).astype(np.float32)
    np.testing.assert_allclose(to_mono(block), block.astype(np.float64).mean(axis=1), atol=1e-6)
