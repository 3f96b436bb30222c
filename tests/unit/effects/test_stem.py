"""Stems in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import stem as played

from gantools.effects import stem as module
from gantools.effects.chain import normalise
from gantools.effects.config import ChainConfig
from gantools.effects.features import find_features
from gantools.effects.stem import read_stem
from gantools.errors import InputError


def test_a_stem_on_disk_gives_the_samples_of_one_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "a.wav", played("vocals", 8.0), 44100, subtype="FLOAT")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    results = []
    for least in (1 << 29, 1000):
        monkeypatch.setattr(module, "_MEMORY_BYTES", least)
        stem = read_stem(tmp_path / "a.wav", scratch)
        assert isinstance(stem.wave, np.memmap) == (least == 1000)
        config = ChainConfig(reverb="send")
        results.append(normalise(stem, find_features("musdb18"), config, role="vocals", seed=1, scratch=scratch))
    assert np.array_equal(results[0].wave, results[1].wave)
    assert results[0].figures == results[1].figures


def test_what_is_seen_while_reading(tmp_path: Path) -> None:
    wave = np.zeros((3000, 2), np.float32)
    wave[100:103, 0] = 1.0
    wave[500:502, 1] = -1.0  # two samples are no run
    wave[:, 1] += 0.0
    wave[2000, 0] = np.inf
    soundfile.write(tmp_path / "a.wav", wave, 44100, subtype="FLOAT")
    with pytest.raises(InputError, match="NaN or infinite"):
        read_stem(tmp_path / "a.wav")
    stem = read_stem(tmp_path / "a.wav", nan="zero")
    assert (stem.clipped_runs, stem.replaced, stem.peak) == (1, 1, 1.0)
    assert stem.offset == pytest.approx(3 / 3000)
