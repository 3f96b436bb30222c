"""A part rests where its input has been silent for two bars, and plays through shorter rests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from gantools.audio.config import MelParams
from gantools.audio.melfile import melify, read_mel
from gantools.audio.quantise import DbRange
from gantools.systems.translation.config import TranslateConfig
from gantools.systems.translation.rests import close
from gantools.systems.translation.song import MelTranslator, write_translation

RATE_HZ = 22050
PARAMS = MelParams(sample_rate_hz=RATE_HZ, n_fft=2048, hop_samples=512, n_mels=64)


def bass(seconds: float, rests: list[tuple[float, float]], bpm: float) -> np.ndarray:
    """Return eighth notes at a tempo, with nothing at all in the rests (start, end in seconds)."""
    wave = np.zeros(int(seconds * RATE_HZ))
    step = 30 / bpm
    time = np.arange(int(0.8 * step * RATE_HZ)) / RATE_HZ
    for number in range(int(seconds / step)):
        start = number * step
        if any(first - 1e-6 <= start < last - 1e-6 for first, last in rests):
            continue
        accent = 0.6 if number % 2 == 0 else 0.3
        note = accent * np.exp(-8 * time) * np.sin(2 * np.pi * (55, 55, 82, 65)[number // 4 % 4] * time)
        wave[round(start * RATE_HZ) : round(start * RATE_HZ) + len(time)] += note[: len(wave) - round(start * RATE_HZ)]
    return wave


def plays(tmp_path: Path, wave: np.ndarray, target: str = "drums", **options: Any) -> np.ndarray:
    """Return in which frames the part for some audio sounds, of a network that plays all the time."""
    soundfile.write(tmp_path / "bass.wav", wave, RATE_HZ)
    melify(tmp_path / "bass.wav", tmp_path / "in.mel.safetensors", PARAMS, {})
    translator = MelTranslator(PARAMS, DbRange(-46.0, 44.0), 256, "bass", target, lambda w, starts, seed: 0 * w)
    config = TranslateConfig(**options)
    made = tmp_path / "out.mel.safetensors"
    heard = read_mel(tmp_path / "in.mel.safetensors")
    fields = write_translation(heard, made, translator, config, 0, lambda share: None, {})
    sounds = read_mel(made).frames().max(axis=1) > -99
    assert fields["gated"] == pytest.approx(1 - sounds.mean(), abs=1e-4)
    return sounds


def silences(sounds: np.ndarray) -> list[tuple[float, float]]:
    """Return where a part is silent, (start, end) in seconds."""
    edges = np.flatnonzero(np.diff(~sounds, prepend=False, append=False)) / PARAMS.frames_per_second
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def test_drums_go_on_through_a_beat_of_rest_and_stop_two_bars_into_a_long_one(tmp_path: Path) -> None:
    # At 100 bpm a beat lasts 0.6 s, a bar 2.4 s: a rest of one beat, one of three bars, and an end that stays silent.
    wave = bass(33.6, [(4.8, 5.4), (9.6, 16.8), (26.4, 33.6)], bpm=100)
    middle, end = silences(plays(tmp_path, wave))
    assert middle == pytest.approx((9.6 + 4.8, 16.8 - 0.6), abs=0.35)
    assert end == pytest.approx((26.4 + 4.8, 33.6), abs=0.35)
    assert silences(plays(tmp_path, wave, gate=False)) == []


def test_an_intro_of_three_bars_is_silent_and_one_of_a_beat_is_not(tmp_path: Path) -> None:
    (intro,) = silences(plays(tmp_path, bass(24.0, [(0.0, 6.0)], bpm=120)))
    assert intro == pytest.approx((0.0, 6.0 - 0.5), abs=0.3)
    assert silences(plays(tmp_path, bass(12.0, [(0.0, 0.5)], bpm=120))) == []


@pytest.mark.parametrize("target", ["mix", "accompaniment"])
def test_a_mix_and_an_accompaniment_never_rest(tmp_path: Path, target: str) -> None:
    assert plays(tmp_path, bass(16.0, [(4.0, 14.0)], bpm=120), target).all()


def test_without_a_clear_beat_two_bars_are_four_seconds(tmp_path: Path) -> None:
    time = np.arange(16 * RATE_HZ) / RATE_HZ
    pad = 0.3 * np.sin(2 * np.pi * 55 * time)
    pad[4 * RATE_HZ : 13 * RATE_HZ] = 0
    ((start, stop),) = silences(plays(tmp_path, pad))
    assert start == pytest.approx(8.0, abs=0.15)
    assert stop == pytest.approx(12.5, abs=0.15)


def test_the_gate_by_hand() -> None:
    silent = np.array([1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1], bool)
    # Three silent frames close it: from the start, else after the third; it opens one frame early, not at the end.
    closed = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(close(silent, 3, 1), np.array(closed, bool))
    assert close(np.ones(2, bool), 3, 1).all()
    assert not close(np.zeros(5, bool), 3, 1).any()
