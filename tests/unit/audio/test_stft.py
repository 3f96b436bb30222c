from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from gantools.audio.compiled import block_threads, cache_folder, compiled
from gantools.audio.stft import Stft


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


@pytest.mark.parametrize(("n_fft", "hop"), [(256, 64), (256, 128), (200, 50), (64, 20)])
def test_spectra_are_librosas_and_invert_exactly(n_fft: int, hop: int) -> None:
    sound = noise(3001)
    padded = np.pad(sound, n_fft // 2, mode="reflect")
    with block_threads(1) as run:
        stft = Stft(n_fft, hop, 1 + len(sound) // hop, run, reflect_start=True, n_sound=len(sound))
        spectra = stft.analyse(padded)
        reference = librosa.stft(sound, n_fft=n_fft, hop_length=hop, pad_mode="reflect").T
        np.testing.assert_allclose(spectra, reference, atol=2e-4)
        # Beyond the last whole frame the padded wave is the shorter of the two.
        np.testing.assert_allclose(stft.synthesise(spectra), padded[: stft.n_wave], atol=2e-5)


def test_step_is_an_orthogonal_projection_among_reflected_waves() -> None:
    rng = np.random.default_rng(1)
    with block_threads(1) as run:
        stft = Stft(64, 16, 40, run, reflect_start=True, n_sound=630)
        start = (rng.standard_normal((40, 33)) + 1j * rng.standard_normal((40, 33))).astype(np.complex64)
        start[:, [0, -1]] = start[:, [0, -1]].real
        nearest = stft.analyse(stft.synthesise(start))
        again = stft.analyse(stft.synthesise(nearest))
        other = stft.analyse(np.pad(noise(630), 32, mode="reflect")[: stft.n_wave])
    np.testing.assert_allclose(again, nearest, atol=2e-5)
    # The inner product over all 64 bins counts the inner ones twice.
    weights = np.r_[1, np.full(31, 2), 1]
    overlap = (weights * (start - nearest) * other.conj()).sum().real
    assert abs(overlap) < 1e-4 * np.linalg.norm(start) * np.linalg.norm(other)


def test_threads_change_nothing() -> None:
    wave = noise(255 * 64 + 256)
    results = []
    for threads in (1, 3):
        with block_threads(threads) as run:
            results.append(Stft(256, 64, 256, run).step(wave, lambda first, block: block * np.float32(0.5)))
    np.testing.assert_array_equal(*results)


def test_an_error_in_a_thread_is_raised() -> None:
    def task(block: int) -> None:
        if block == 5:
            raise ValueError("block 5")

    with block_threads(2) as run, pytest.raises(ValueError, match="block 5"):
        run(task, 8)


def test_compiles_where_no_cache_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    original = numba.njit

    def refuse(cache: bool = False, **options: Any) -> object:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return original(**options)

    with monkeypatch.context() as patch:  # numba itself uses njit when it first compiles
        patch.setattr(numba, "njit", refuse)

        @compiled
        def double(values: np.ndarray) -> None:
            for i in range(values.size):
                values[i] *= 2

    values = np.ones(3, np.float32)
    double(values)
    assert values.tolist() == [2, 2, 2]


def test_loops_are_cached_where_the_user_has_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    config: Any = numba.config
    before = config.CACHE_DIR

    @compiled
    def triple(values: np.ndarray) -> None:
        for i in range(values.size):
            values[i] *= 3

    triple(np.ones(2, np.float32))
    assert list((tmp_path / "gantools/numba").rglob("*triple*.nbi"))
    assert before == config.CACHE_DIR  # others in this process keep their place
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "other"))
    assert cache_folder() == str(tmp_path / "other")
