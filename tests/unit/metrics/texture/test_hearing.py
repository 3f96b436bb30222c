"""What files are heard as: noise of every kind, silence, clipping; and real music, which is none of these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

from gantools.metrics.brackets import even_noise
from gantools.metrics.texture.hearing import all_alike, hear, is_noise
from gantools.metrics.texture.verdict import verdict

RATE = 22050
EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
Make = Callable[[np.ndarray], np.ndarray]


def white(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE)).astype(np.float32)


def brown(seconds: float) -> np.ndarray:
    spectrum = np.fft.rfft(white(seconds))
    hz = np.maximum(np.arange(len(spectrum)) / seconds, 20.0)
    return np.fft.irfft(spectrum * 100 / hz, round(seconds * RATE)).astype(np.float32)


def notes(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    hz = 220.0 * 2 ** (np.array([0, 3, 7, 5])[(time * 2).astype(int) % 4] / 12)
    return (0.3 * np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-2 * (time % 0.5))).astype(np.float32)


def band(seconds: float = 8.0) -> np.ndarray:
    return drum_pattern(120.0, seconds, RATE)[0] + notes(seconds)


def written(path: Path, wave: np.ndarray, rate_hz: int = RATE) -> Path:
    soundfile.write(path, wave, rate_hz, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("name", "wave"),
    [
        ("noise", white(1.1)),
        ("noise", white(4.0)),
        ("noise", brown(10.0)),
        ("noise", white(8.0) * (0.6 + 0.4 * np.sin(np.arange(8 * RATE) * 9 / RATE))),
        ("noise", np.concatenate([np.zeros(3 * RATE, np.float32), white(9.0)])),
        ("silence", np.zeros(3 * RATE, np.float32)),
        ("silence", 2e-3 * white(3.0)),
        ("clipping", np.clip(20 * notes(5.0), -1, 1)),
        ("", notes(5.0)),
        ("", drum_pattern(120.0, 8.0, RATE)[0]),
        ("", band()),
        # What is heard of a second says nothing of a hit.
        ("", white(0.5)),
        # Noise for ten seconds, and then music.
        ("", np.concatenate([white(10.0), band()])),
        # Nobody knows what follows a rest of half a minute.
        ("", np.zeros(31 * RATE, np.float32)),
    ],
)  # fmt: skip
def test_a_file_is_heard_as(tmp_path: Path, name: str, wave: np.ndarray) -> None:
    assert hear(written(tmp_path / "a.wav", wave)) == name


def test_noise_of_a_spectrum_that_stays_is_noise_though_its_partials_last() -> None:
    # Resonances, as of a network that has learnt the average spectrum and nothing else.
    spectrum = np.fft.rfft(white(10.0))
    hz = np.arange(len(spectrum)) / 10.0
    peaks = np.exp(-0.5 * ((hz % 400 - 200) / 80) ** 2) + 0.03
    wave = np.fft.irfft(spectrum * peaks, 10 * RATE).astype(np.float32)
    assert is_noise(wave)


def test_even_noise_has_the_spectrum_of_its_sound_to_the_finest_line() -> None:
    wave = band()
    made = even_noise(wave, 3)
    # Its lowest and highest line are real, and random phases leave a part of these alone.
    np.testing.assert_allclose(np.abs(np.fft.rfft(made))[1:-1], np.abs(np.fft.rfft(wave))[1:-1], rtol=1e-3, atol=1e-3)
    assert abs(np.corrcoef(made, wave)[0, 1]) < 0.05


def test_channels_that_cancel_are_heard_and_long_files_only_at_their_beginning(tmp_path: Path) -> None:
    tune = np.stack([notes(3.0), -notes(3.0)], axis=1)
    assert hear(written(tmp_path / "a.wav", tune)) == ""
    hiss = np.stack([white(3.0), -white(3.0)], axis=1)
    assert hear(written(tmp_path / "b.wav", hiss)) == "noise"
    assert hear(written(tmp_path / "c.wav", np.concatenate([white(30.0), notes(5.0)]))) == "noise"


def test_what_cannot_be_read_is_heard_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("words")
    assert hear(tmp_path / "a.wav") == hear(tmp_path / "absent.wav") == ""
    assert not all_alike([tmp_path / "a.wav", tmp_path / "absent.wav"])


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("**/*.ogg")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_recorded_music_is_no_noise(path: Path) -> None:
    assert hear(path) == ""


def test_one_sound_again_and_again_is_known_by_all_pairs(tmp_path: Path) -> None:
    tune = notes(4.0)
    files = [written(tmp_path / f"{n}.wav", gain * np.roll(tune, 100 * n)) for n, gain in enumerate((1.0, 0.3, 0.7))]
    assert all_alike(files)
    assert not all_alike([*files, written(tmp_path / "other.wav", band(3.0))])
    assert not all_alike([*files, written(tmp_path / "silent.wav", 0 * tune)])


def test_a_verdict_is_of_half_of_the_files_at_least() -> None:
    assert verdict(["noise", "", None, "noise"]) == "2 of 4 are noise"
    assert verdict(["noise", "", None]) == verdict([]) == verdict([None]) == ""
    assert verdict(["noise", "silence"]) == "1 of 2 are noise, 1 of 2 are silent"
    assert verdict(["clipping"] * 8) == "8 of 8 are clipped"
