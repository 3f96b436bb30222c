from __future__ import annotations

import itertools

import librosa
import numpy as np
import pytest
import torch
from peers import torchaudio_transforms

from gantools.audio import mel_torch
from gantools.audio.config import MelParams
from gantools.audio.mel import MelStream, filter_bank, hz_to_mel, mel_db, mel_to_hz
from gantools.errors import InputError

RATE_HZ = 22050


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n_samples)).astype(np.float32)


@pytest.mark.parametrize(("scale", "norm"), list(itertools.product(("htk", "slaney"), ("none", "slaney"))))
@pytest.mark.parametrize(("n_mels", "fmin", "fmax"), [(256, 0.0, 0.0), (64, 30.0, 8000.0)])
def test_filter_bank_equals_librosa(scale: str, norm: str, n_mels: int, fmin: float, fmax: float) -> None:
    ours = filter_bank(MelParams(n_mels=n_mels, fmin_hz=fmin, fmax_hz=fmax, mel_scale=scale, norm=norm))
    theirs = librosa.filters.mel(
        sr=RATE_HZ,
        n_fft=2048,
        n_mels=n_mels,
        fmin=fmin,
        fmax=fmax or None,
        htk=scale == "htk",
        norm="slaney" if norm == "slaney" else None,
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_papers_filter_bank_has_the_known_shape() -> None:
    bank = filter_bank(MelParams())
    assert np.count_nonzero(bank > 1e-9) == 2035  # the tip of a triangle may be 1e-14 or 0
    assert np.count_nonzero(bank, axis=0).max() == 2
    assert np.linalg.matrix_rank(bank.astype(np.float64)) == 252


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_mel_scale_inverts(scale: str) -> None:
    hz = np.array([0.0, 1.0, 440.0, 999.0, 1000.0, 1001.0, 11025.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz, scale), scale), hz, atol=1e-9)


def test_htk_scale_by_hand() -> None:
    assert hz_to_mel(700.0) == pytest.approx(2595 * np.log10(2))


def test_mel_equals_librosa() -> None:
    wave = noise(3 * RATE_HZ + 17)
    power = librosa.feature.melspectrogram(
        y=wave, sr=RATE_HZ, n_fft=2048, hop_length=512, n_mels=256, htk=True, norm=None, pad_mode="reflect"
    )
    reference = librosa.power_to_db(power, amin=1e-10, top_db=None).T
    ours = mel_db(wave, MelParams())
    assert ours.dtype == np.float32
    assert ours.shape == (1 + len(wave) // 512, 256)
    # The two lowest bands see almost nothing but bin 1 through a weight of .07: float32 shows there first.
    np.testing.assert_allclose(ours, reference, atol=2e-3)


def test_full_scale_sine_reaches_54_db() -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    assert mel_db(wave, MelParams()).max() == pytest.approx(54.2, abs=1.0)


def test_silence_is_at_the_floor() -> None:
    np.testing.assert_allclose(mel_db(np.zeros(5000, np.float32), MelParams()), -100.0, rtol=1e-6)


@pytest.mark.parametrize("n_samples", [1025, 1536, 2048, 40000])
@pytest.mark.parametrize("hop", [256, 512, 1024])
def test_stream_equals_the_whole(n_samples: int, hop: int) -> None:
    params, wave = MelParams(hop_samples=hop), noise(n_samples)
    whole = mel_db(wave, params)
    assert len(whole) == 1 + n_samples // hop
    rng, stream, frames, start = np.random.default_rng(1), MelStream(params), [], 0
    while start < n_samples:
        size = int(rng.choice([0, 1, 100, 3000, 9000]))
        frames.append(stream.push(wave[start : start + size]))
        start += size
    frames.append(stream.finish())
    np.testing.assert_allclose(np.concatenate(frames), whole, atol=1e-4)


def test_stream_holds_little() -> None:
    stream = MelStream(MelParams())
    for _ in range(50):
        stream.push(np.zeros(20000, np.float32))
    assert len(stream._held) < 2 * 2048


@pytest.mark.parametrize("n_samples", [0, 1, 220, 1024])
def test_too_short_a_wave_is_refused(n_samples: int) -> None:
    with pytest.raises(InputError, match=f"too short: {n_samples} samples .* needs 1025"):
        mel_db(np.zeros(n_samples, np.float32), MelParams())


@pytest.mark.parametrize("params", [MelParams(), MelParams(n_fft=512, hop_samples=128, n_mels=40, norm="slaney")])
def test_torch_equals_numpy(params: MelParams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mel_torch, "_BLOCK_FRAMES", 50)
    time = np.arange(4 * RATE_HZ) / RATE_HZ
    wave = (np.exp(-time) * (np.sin(2 * np.pi * 220 * time) + 0.01 * noise(len(time)))).astype(np.float32)
    expected = mel_db(wave, params)
    stream = mel_torch.TorchMelStream(params, "cpu")
    parts = [stream.push(wave[:100]), stream.push(wave[100:30000]), stream.push(wave[30000:]), stream.finish()]
    found = np.concatenate(parts)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    below_db = expected.max() - expected
    assert np.abs(found - expected)[below_db < 60].max() < 0.001
    assert np.abs(found - expected)[below_db < 100].max() < 0.02


def test_it_equals_torchaudios() -> None:
    wave = noise(2 * RATE_HZ)
    transform = torchaudio_transforms().MelSpectrogram(RATE_HZ, 2048, hop_length=512, n_mels=256)
    power = transform(torch.from_numpy(wave)).numpy().T
    np.testing.assert_allclose(mel_db(wave, MelParams()), 10 * np.log10(np.maximum(power, 1e-10)), atol=2e-3)
