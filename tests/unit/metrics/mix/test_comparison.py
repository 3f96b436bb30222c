"""The comparison of mixes, against cases worked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import signal
from sounds import stem

from gantools.audio.writing import write_audio
from gantools.errors import GantoolsError, InputError
from gantools.metrics.metric import Conditions
from gantools.metrics.mix.balance import balance_differences_db, stem_gains_db
from gantools.metrics.mix.comparison import FIGURES, compare_mix, compare_song, summarise
from gantools.metrics.mix.figures import differences, read_mix

RATE_HZ = 44100


def _noise(seconds: float = 9.0, seed: int = 0) -> np.ndarray:
    wave = np.random.default_rng(seed).standard_normal((2, round(seconds * RATE_HZ)))
    return (0.05 * wave).astype(np.float32)


def test_a_gain_changes_level_alone() -> None:
    reading, louder = read_mix(_noise(), RATE_HZ), read_mix(2 * _noise(), RATE_HZ)
    result = differences(louder, reading)
    assert result["lufs"] == pytest.approx(6.02, abs=0.01)
    assert result["true_peak"] == pytest.approx(6.02, abs=0.01)
    assert all(result[name] < 1e-3 for name in result if name not in ("lufs", "true_peak"))
    swapped = differences(read_mix(_noise()[::-1].copy(), RATE_HZ), reading)
    assert len(swapped) > 4
    assert all(value < 1e-3 for value in swapped.values())


def test_spectrum_in_db_and_octaves() -> None:
    time = np.arange(9 * RATE_HZ) / RATE_HZ
    low, high = (np.repeat(0.1 * np.sin(2 * np.pi * hz * time)[None], 2, 0).astype(np.float32) for hz in (500, 2000))
    result = differences(read_mix(high, RATE_HZ), read_mix(low, RATE_HZ))
    assert result["centroid"] == pytest.approx(2, abs=0.01)
    assert result["roll_off"] == pytest.approx(2, abs=0.03)
    # A shelf of 10 dB over half of the bands: +5 and -5 dB around the mean, 1 dB more or less by loudness matching.
    noise = _noise()
    step = np.fft.irfft(np.fft.rfft(noise) * np.where(np.fft.rfftfreq(noise.shape[1], 1 / RATE_HZ) > 707, 10**0.5, 1))
    raised = read_mix(step.astype(np.float32), RATE_HZ)
    plain = read_mix(noise, RATE_HZ)
    offset = raised.lufs - plain.lufs
    expected = np.sqrt((14 * offset**2 + 14 * (10 - offset) ** 2) / 28)
    assert differences(raised, plain)["spectrum"] == pytest.approx(expected, abs=0.2)


def test_stereo_bands() -> None:
    mono = np.repeat(_noise()[:1], 2, 0)
    assert read_mix(mono, RATE_HZ).stereo == pytest.approx([1] * 4, abs=1e-4)
    panned = mono * np.float32([[1.0], [0.5]])
    assert read_mix(panned, RATE_HZ).stereo == pytest.approx([0.8] * 4, abs=1e-4)  # 2 * 0.5 / 1.25
    low = signal.sosfilt(signal.butter(8, 1000, fs=RATE_HZ, output="sos"), mono).astype(np.float32)
    mixed = low + panned - np.float32([[1.0], [0.5]]) * low
    whole, bottom, _, top = read_mix(mixed, RATE_HZ).stereo
    assert bottom > 0.99
    assert top == pytest.approx(0.8, abs=0.01)
    assert top < whole < bottom


def test_dynamics() -> None:
    time = np.arange(9 * RATE_HZ) / RATE_HZ
    sine = np.repeat(0.1 * np.sin(2 * np.pi * 997 * time)[None], 2, 0).astype(np.float32)
    steps = sine * np.where(time % 6 < 3, 1, 10 ** (-0.5)).astype(np.float32)
    plain, stepped = read_mix(sine, RATE_HZ), read_mix(steps, RATE_HZ)
    assert plain.crest_db == pytest.approx(3.01, abs=0.05)
    assert plain.spread_db < 0.01
    # Two thirds of the frames at 0 dB, one third at -10: the mean is -3.33, the mean distance 4.44.
    assert stepped.spread_db == pytest.approx(4.44, abs=0.05)


def test_gains_of_stems_are_found() -> None:
    stems = [stem(kind, 9.0, RATE_HZ).T for kind in ("drums", "bass", "vocals")]
    wanted_db = np.array([3.0, -6.0, 0.0])
    mix = sum(part * 10 ** (db / 20) for part, db in zip(stems, wanted_db, strict=True))
    np.testing.assert_allclose(np.nanmean(stem_gains_db(mix, stems, RATE_HZ), 0), wanted_db, atol=0.02)
    difference = balance_differences_db(mix, np.sum(stems, 0), stems, RATE_HZ)
    np.testing.assert_allclose(np.nanmean(difference, 0), wanted_db + 1, atol=0.02)
    assert np.abs(balance_differences_db(3 * np.sum(stems, 0), np.sum(stems, 0), stems, RATE_HZ)).max() < 1e-3


def test_a_stem_that_rests_does_not_count() -> None:
    stems = [stem(kind, 9.0, RATE_HZ).T.copy() for kind in ("drums", "bass")]
    stems[1][:, : 6 * RATE_HZ] = 0
    gains = stem_gains_db(np.sum(stems, 0), stems, RATE_HZ)
    assert np.isfinite(gains).tolist() == [[True, False], [True, False], [True, True]]
    lost = stem_gains_db(stems[0] - stems[1], stems, RATE_HZ)
    assert lost[2, 1] == pytest.approx(-26.02, abs=0.01)


def test_songs_are_compared_and_summed_up(tmp_path: Path) -> None:
    files = {}
    for kind in ("drums", "bass"):
        files[kind] = tmp_path / f"{kind}.wav"
        write_audio(files[kind], stem(kind, 7.0, RATE_HZ).T, RATE_HZ, "32f")
    total = np.sum([stem(kind, 7.0, RATE_HZ).T for kind in files], axis=0)
    write_audio(tmp_path / "same.wav", total, RATE_HZ, "32f")
    write_audio(tmp_path / "silent.wav", 0 * total, RATE_HZ)
    assert max(compare_song(tmp_path / "same.wav", None, files).values()) < 1e-3
    assert "balance" not in compare_song(tmp_path / "same.wav", tmp_path / "same.wav", {})
    bad: list[tuple[Path, GantoolsError]] = []
    pairs = [("a", tmp_path / "same.wav", None, files), ("b", tmp_path / "silent.wav", None, files)]
    result = compare_mix(pairs, Conditions(lambda path, error: bad.append((path, error))))
    assert result["n"] == 1
    assert [path.name for path, _ in bad] == ["silent.wav"]
    assert set(result["figures"]) == set(FIGURES)
    with pytest.raises(InputError, match="no mix"):
        compare_mix(pairs[1:], Conditions(lambda *_: None))
    with pytest.raises(InputError, match="no reference"):
        compare_song(tmp_path / "same.wav", None, {})


def test_summary() -> None:
    songs = {str(n): {name: float(n) for name in FIGURES} for n in (1, 2, 6)}
    figures = summarise(songs)["lufs"]
    assert figures["mean"] == 3
    assert figures["median"] == 2
    assert 1 <= figures["low"] < 3 < figures["high"] <= 6
