from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gantools.audio import inversion
from gantools.audio.compiled import block_threads
from gantools.audio.config import MelParams
from gantools.audio.effort import EFFORTS, find_effort
from gantools.audio.fidelity import mel_errors
from gantools.audio.inversion import invert_mel, invert_stream
from gantools.audio.io import load_mono
from gantools.audio.mel import mel_db
from gantools.audio.segment import Segment, mel_power, solve_segment
from gantools.audio.stft import Stft
from gantools.errors import ConfigError, DeviceError, InputError

SMALL = MelParams(n_fft=1024, hop_samples=256, n_mels=128)
CLIPS = {
    "stems2/metal-madness/band.ogg": 5,
    "stems2/feelings/guitar.ogg": 5,
    "songs/jazz/vibe-ace.ogg": 10,
    "songs/electronic/awakening.ogg": 30,
    "songs/folk/lets-go-fishin.ogg": 20,
}


def song(seconds: float, rate_hz: int = 22050) -> np.ndarray:
    """Notes with overtones, and noise bursts on the beat."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    beat = np.exp(-6 * (time % 0.5))
    note_hz = 55 * 2 ** (np.floor(time / 0.5) * 5 % 12 / 12)
    angle = 2 * np.pi * np.cumsum(note_hz) / rate_hz
    tone = sum(np.sin(k * angle) / k for k in range(1, 8))
    hiss = np.random.default_rng(0).standard_normal(len(time))
    return (0.2 * beat * tone + 0.05 * beat**3 * hiss).astype(np.float32)


def errors(wave: np.ndarray, given_db: np.ndarray, params: MelParams) -> tuple[float, float]:
    return mel_errors(given_db, mel_db(wave, params))


@pytest.mark.parametrize("effort", ["default", "best"])
@pytest.mark.parametrize("name", CLIPS)
def test_quality_on_real_music(recording: Callable[[str], Path], name: str, effort: str) -> None:
    most = {"default": (-29.0, 0.55), "best": (-32.0, 0.30)}[effort]
    params = MelParams()
    wave = load_mono(recording(name), 22050)[CLIPS[name] * 22050 :][: 5 * 22050]
    given_db = mel_db(wave, params)
    back = invert_mel(given_db, params, len(wave), effort, threads=1)
    assert len(back) == len(wave)
    convergence_db, mae_db = errors(back, given_db, params)
    assert convergence_db <= most[0]
    assert mae_db <= most[1]


def test_presets_are_ordered_by_quality() -> None:
    wave = song(4)
    given_db = mel_db(wave, MelParams())
    found = [errors(invert_mel(given_db, MelParams(), len(wave), p, threads=1), given_db, MelParams()) for p in EFFORTS]
    draft, default, best, paper, torchaudio = found
    # In convergence, "best" and "default" differ here by a tenth of a dB, which the width of vectors can turn round.
    assert paper[0] > torchaudio[0] > draft[0] > max(default[0], best[0])
    assert min(paper[1], torchaudio[1]) > draft[1] > default[1] > best[1]
    assert max(default[0], best[0]) < -29


@pytest.mark.parametrize("n_samples", [1, 100, 512, 513, 700, 5000, 20000])
def test_length_is_exact(n_samples: int) -> None:
    frames = 1 + n_samples // SMALL.hop_samples
    level_db = np.random.default_rng(0).uniform(-60, 0, (frames, SMALL.n_mels)).astype(np.float32)
    back = invert_mel(level_db, SMALL, n_samples, "draft", threads=1)
    assert back.dtype == np.float32
    assert back.shape == (n_samples,)
    assert np.isfinite(back).all()


@pytest.mark.parametrize("effort", list(EFFORTS))
def test_silence_stays_silent(effort: str) -> None:
    assert not invert_mel(np.full((40, 128), -100, np.float32), SMALL, None, effort, threads=1).any()


def test_silence_around_a_sound_stays_silent() -> None:
    wave = np.concatenate([np.zeros(20000), song(1), np.zeros(20000)]).astype(np.float32)
    back = invert_mel(mel_db(wave, SMALL), SMALL, len(wave), threads=1)
    assert np.abs(back[:15000]).max() < 1e-6
    assert np.abs(back[-15000:]).max() < 1e-6


def test_seed_decides_and_threads_do_not() -> None:
    wave = song(2)
    given_db = mel_db(wave, SMALL)
    first, second, other = (
        invert_mel(given_db, SMALL, len(wave), "draft", seed=seed, threads=threads)
        for seed, threads in ((1, 1), (1, 3), (2, 1))
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-3


def test_joins_are_as_good_as_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion, "_SEGMENT_FRAMES", 128)
    wave = song(16)
    given_db = mel_db(wave, SMALL)
    read: list[tuple[int, int]] = []

    def frames(start: int, stop: int) -> np.ndarray:
        read.append((start, stop))
        return given_db[start:stop]

    blocks = list(invert_stream(frames, len(given_db), SMALL, len(wave), threads=1))
    back = np.concatenate(blocks)
    assert len(back) == len(wave)
    assert len(read) == len(blocks) > 10
    assert max(stop - start for start, stop in read) < 128 + 32
    near = np.zeros(len(given_db), bool)
    for start, _ in read[1:]:
        near[start : start + 20] = True
    target, found = 10 ** (given_db / 20), 10 ** (mel_db(back, SMALL) / 20)

    def convergence_db(rows: np.ndarray) -> float:
        return float(20 * np.log10(np.linalg.norm((found - target)[rows]) / np.linalg.norm(target[rows])))

    assert convergence_db(near) < convergence_db(~near) + 1
    monkeypatch.undo()
    whole = invert_mel(given_db, SMALL, len(wave), threads=1)
    assert errors(back, given_db, SMALL)[0] < errors(whole, given_db, SMALL)[0] + 1.5


@pytest.mark.parametrize("effort", ["draft", "default", "paper", "torchaudio"])
@pytest.mark.parametrize("continued", [False, True])
def test_torch_path_equals_the_compiled_one(effort: str, continued: bool) -> None:
    from gantools.audio.inversion_torch import solve_segment_torch

    wave = song(3)
    given_db = mel_db(wave, SMALL)
    with block_threads(1) as run:
        known = Stft(1024, 256, 12, run).analyse(np.pad(wave, 512, mode="reflect")[: 11 * 256 + 1024])
        segment = Segment(mel_power(given_db), SMALL, EFFORTS[effort], 0, True, len(wave), known if continued else None)
        compiled, by_torch = (
            padded[512 : 512 + len(wave)]
            for padded in (solve_segment(segment, run), solve_segment_torch(segment, run, "cpu"))
        )
    one, other = errors(compiled, given_db, SMALL), errors(by_torch, given_db, SMALL)
    # Reflections are chaotic: rounding alone leads to another wave, of equal quality.
    assert np.corrcoef(compiled, by_torch)[0, 1] > (0.9999 if effort in ("paper", "torchaudio") else 0.8)
    assert abs(one[0] - other[0]) < 3
    assert abs(one[1] - other[1]) < 0.02
    if continued:
        np.testing.assert_allclose(compiled[1024:2500], wave[1024:2500], atol=1e-4)


@pytest.mark.parametrize("level_db", [np.nan, np.inf, 500.0])
def test_levels_that_are_no_levels_are_refused(level_db: float) -> None:
    mel = np.zeros((10, 128), np.float32)
    mel[3, 3] = level_db
    with pytest.raises(InputError, match="NaN, infinite or absurd"):
        invert_mel(mel, SMALL, threads=1)


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"10 frames do not fit 5000 samples.* 20 frames"):
        invert_mel(np.zeros((10, 128), np.float32), SMALL, 5000)
    with pytest.raises(InputError, match=r"not \(frames, 128\)"):
        invert_mel(np.zeros((10, 64), np.float32), SMALL)


def test_unknown_preset_and_device_are_refused() -> None:
    with pytest.raises(ConfigError, match="unknown effort 'beste'; use draft, default, best, paper, torchaudio"):
        find_effort("beste")
    with pytest.raises(DeviceError, match="cuda:99"):
        invert_mel(np.zeros((10, 128), np.float32), SMALL, device="cuda:99")
