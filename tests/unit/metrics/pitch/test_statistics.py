"""Pitch of sounds whose pitch is known, the decoder against its definition, and statistics by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.errors import DependencyError, InputError
from gantools.metrics.metric import Conditions
from gantools.metrics.pitch.comparison import compare_pitch
from gantools.metrics.pitch.config import PitchConfig
from gantools.metrics.pitch.crepe import BIN_CENTS, Crepe, decode
from gantools.metrics.pitch.metric import PAPER_NOTE
from gantools.metrics.pitch.statistics import PitchTrack, averaged, spectral_centroid_hz, statistics
from gantools.metrics.pitch.yin import HIGHEST_HZ, LOWEST_HZ, difference, track_yin
from gantools.report.clip import Clip

RATE = 16000
TIME = np.arange(RATE) / RATE
Tracker = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def crepe() -> Crepe:
    return Crepe("tiny")


@pytest.fixture(params=["crepe", "yin"])
def tracker(request: pytest.FixtureRequest, crepe: Crepe) -> Tracker:
    return crepe.track if request.param == "crepe" else track_yin


def sine(hz: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * TIME)).astype(np.float32)


@pytest.mark.parametrize("hz", [82.4, 440.0, 1318.5])
def test_a_sine_has_its_pitch(tracker: Tracker, hz: float) -> None:
    pitch, periodicity = tracker(sine(hz))
    assert pitch.shape == periodicity.shape == (101,)
    voiced = periodicity >= 0.5
    assert voiced.mean() > 0.9
    geometric = 2 ** np.log2(pitch[voiced]).mean()
    assert geometric == pytest.approx(hz, abs=5 if hz == 440 else 0.02 * hz)


def test_noise_is_not_voiced_and_all_lies_in_the_range(tracker: Tracker) -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    for wave in (noise, np.zeros(RATE, np.float32), sine(20.0), sine(5000.0)):
        pitch, periodicity = tracker(wave)
        assert LOWEST_HZ - 0.1 <= pitch.min() <= pitch.max() <= HIGHEST_HZ + 0.1
        assert 0 <= periodicity.min() <= periodicity.max() <= 1
    assert (tracker(noise)[1] >= 0.5).mean() < 0.2
    assert (tracker(np.zeros(RATE, np.float32))[1] >= 0.5).mean() == 0


def test_decoding_is_the_weighted_mean_around_the_strongest_bin() -> None:
    rng = np.random.default_rng(0)
    activations = rng.uniform(0, 0.3, (50, 360)).astype(np.float32)
    for row, peak in enumerate(rng.integers(0, 360, 50)):
        activations[row, peak] = 0.9
    activations[0, [0, 1]] = 0.95, 0.1  # at the edge, only bins that exist count
    pitch, periodicity = decode(activations)
    for row, values in enumerate(activations.astype(np.float64)):
        best = int(values.argmax())
        near = slice(max(0, best - 4), best + 5)
        cents = np.average(BIN_CENTS[near], weights=values[near])
        assert pitch[row] == pytest.approx(10 * 2 ** (cents / 1200), rel=1e-9)
        assert periodicity[row] == pytest.approx(values.max())
    assert 10 * 2 ** (BIN_CENTS[[0, -1]] / 1200) == pytest.approx([31.7, 2005.5], abs=0.05)


def test_activations_are_those_of_torchcrepe(crepe: Crepe) -> None:
    import torch
    import torchcrepe

    wave = sine(300.0)[:4000] + 0.1 * np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    (frames,) = torchcrepe.preprocess(torch.tensor(wave)[None], RATE, 160)
    with torch.no_grad():
        expected = torchcrepe.infer(frames, "tiny").numpy()
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(wave, 512), 1024)[::160]
    assert np.abs(crepe.activations(windows) - expected).max() < 1e-4
    assert np.allclose(crepe.track(wave)[1], expected.max(axis=1), atol=1e-4)


def test_yin_difference_equals_its_equations() -> None:
    frame = np.random.default_rng(0).standard_normal(120)
    window, longest = 80, 40
    d = [sum((frame[j] - frame[j + lag]) ** 2 for j in range(window)) for lag in range(longest + 1)]
    expected = [1.0] + [d[lag] * lag / sum(d[1 : lag + 1]) for lag in range(1, longest + 1)]
    assert difference(frame[None], longest)[0] == pytest.approx(expected, rel=1e-9)


def test_statistics_by_hand() -> None:
    track = PitchTrack(np.array([100.0, 400.0, 1000.0]), np.array([0.9, 0.5, 0.1]), np.array([500.0, 700.0]))
    values = statistics([track], 0.5)
    assert values["geo_mean_hz"] == pytest.approx(200)
    assert values["spread_oct"] == pytest.approx(1)
    assert values["voiced"] == pytest.approx(2 / 3)
    assert values["log10_mean"] == pytest.approx(np.log10([100, 400, 1000]).mean())
    assert values["log10_sd"] == pytest.approx(np.log10([100, 400, 1000]).std())
    assert (values["hz_mean"], values["centroid_mean_hz"], values["centroid_sd_hz"]) == pytest.approx((500, 600, 100))
    unvoiced = statistics([PitchTrack(track.hz, np.zeros(3), track.centroid_hz)], 0.5)
    assert np.isnan(unvoiced["geo_mean_hz"])
    mean = averaged([values, values | {"geo_mean_hz": 800.0, "spread_oct": 0.0}, unvoiced])
    assert mean["geo_mean_hz"] == pytest.approx(400)
    assert mean["spread_oct"] == pytest.approx(0.5)
    assert mean["voiced"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_centroid_of_a_sine_and_of_white_noise() -> None:
    assert spectral_centroid_hz(sine(3000.0), RATE) == pytest.approx(3000, abs=5)
    noise = np.random.default_rng(0).standard_normal(4 * RATE)
    assert spectral_centroid_hz(noise, RATE).mean() == pytest.approx(4000, rel=0.02)
    assert len(spectral_centroid_hz(np.zeros(RATE), RATE)) == 0


def test_bhatia_davis_bound_of_the_note() -> None:
    bound = np.sqrt((HIGHEST_HZ - 66.21) * (66.21 - LOWEST_HZ))
    assert bound == pytest.approx(258.7, abs=0.1)
    assert "258.7" in PAPER_NOTE


def test_files_that_cannot_be_measured_fail_alone(tmp_path: Path) -> None:
    waves = {"low": sine(220.0), "high": sine(880.0), "short": sine(440.0)[:500]}
    clips = []
    for name, wave in waves.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, RATE)
        clips.append(Clip(tmp_path / f"{name}.wav", name, "mix", name))
    failed: list[str] = []
    config = PitchConfig(tracker="yin")
    result = compare_pitch(clips, clips[:1], config, Conditions(lambda path, error: failed.append(str(error))))
    assert len(failed) == 1
    assert "short.wav" in failed[0]
    assert result["geo_mean_hz"] == pytest.approx(440, rel=0.01)
    assert result["spread_oct"] == pytest.approx(1, abs=0.05)
    assert result["per_file"]["spread_oct"] < 0.2
    assert result["real"]["geo_mean_hz"] == pytest.approx(220, rel=0.01)
    assert [row["file"] for row in result["rows"]] == ["low", "high"]
    with pytest.raises(InputError, match="none of the files"):
        compare_pitch(clips[2:], [], config, Conditions(lambda path, error: None))


def test_without_torchcrepe_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchcrepe", None)
    with pytest.raises(DependencyError, match="--tracker yin"):
        Crepe("tiny")
    assert "torchaudio" not in sys.modules
