"""Sources, extension, variation and inpainting: each against what it must be by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import freqz
from small_caw import small_stack
from sounds import tone

from gantools.errors import ConfigError, InputError
from gantools.systems.caw.applications.extension import (
    crossover,
    log_spectral_distance,
    place_source,
    signal_to_noise_db,
    stitch,
)
from gantools.systems.caw.applications.inpainting import Filling, insert
from gantools.systems.caw.applications.source import file_source, lasting, wave_source
from gantools.systems.caw.applications.variation import scale_at, vary
from gantools.systems.caw.sampler import Sampler


def test_a_source_in_pieces_is_the_whole_at_another_rate(tmp_path: Path) -> None:
    wave = tone(3.0, 8000, 2)
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype="FLOAT")
    source = file_source(tmp_path / "a.wav")
    assert (source.frames, source.channels, source.seconds) == (24000, 2, 3.0)
    assert source.rms == pytest.approx(np.sqrt(np.mean(wave.mean(1) ** 2)), rel=1e-5)
    mono = torch.cat(list(source.signals(1000, 3001, 1, 2.0)), -1)
    assert mono.shape == (1, 1, 3001)
    assert mono[0, 0, -1] == 0  # filled up
    mid_side = torch.cat(list(source.signals(8000, 24000, 2)), -1)[0]
    np.testing.assert_allclose(mid_side[0], wave.mean(1), atol=1e-6)
    np.testing.assert_allclose(mid_side[1], (wave[:, 0] - wave[:, 1]) / 2, atol=1e-6)
    assert sum(block.shape[1] for block in lasting(source, 1.0).waves(2000, 2000)) == 2000


def test_silence_is_no_source(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    with pytest.raises(InputError, match="silent"):
        file_source(tmp_path / "a.wav")


def test_the_crossover_is_flat_then_linear_in_frequency() -> None:
    taps = crossover(2000.0, 16000)
    hz, response = freqz(taps, worN=16384, fs=16000)
    gain = np.abs(response)
    np.testing.assert_allclose(gain[hz < 1590], 1.0, atol=0.006)  # 0.05 dB
    np.testing.assert_allclose(gain[hz > 2010], 0.0, atol=0.006)
    slope = (hz > 1610) & (hz < 1990)
    np.testing.assert_allclose(gain[slope], (2000 - hz[slope]) / 400, atol=0.006)


@pytest.mark.parametrize("sizes", [(40_000,), (7, 30_000, 9_993), (100, 100, 39_800)])
def test_stitching_keeps_one_band_of_each(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    low, high = rng.standard_normal((2, 2, 40_000)).astype(np.float32)
    cuts = np.cumsum(sizes)[:-1]
    pieces = stitch(np.split(low, cuts, axis=1), [high], 40_000, 2000.0, 16000)
    out = np.concatenate(list(pieces), 1)
    assert out.shape == low.shape
    spectra = [np.fft.rfft(wave[:, 4000:-4000] * np.hanning(32_000)) for wave in (out, low, high)]
    hz = np.fft.rfftfreq(32_000, 1 / 16000)
    for band, kept in ((hz < 1590, spectra[1]), (hz > 2010, spectra[2])):
        error = np.abs(spectra[0] - kept)[:, band]
        assert 20 * np.log10(error.max() / np.abs(kept[:, band]).mean()) < -35
    same = np.concatenate(list(stitch([low], [low], 40_000, 2000.0, 16000)), 1)
    np.testing.assert_array_equal(same, low)


def test_log_spectral_distance_of_a_gain() -> None:
    noise = np.random.default_rng(0).standard_normal(20_000)
    # Twice the amplitude is ln 4 more power in every bin.
    assert log_spectral_distance(2 * noise, noise) == pytest.approx(np.log(4), rel=1e-6)
    assert signal_to_noise_db(noise * 1.1, noise) == pytest.approx(20)


@pytest.mark.parametrize(("rate_hz", "at_hz", "below"), [(1000, 0, 1), (1700, 0, 1), (2000, 0, 2), (44100, 1000, 1)])
def test_extension_enters_at_the_first_scale_above(rate_hz: int, at_hz: int, below: int) -> None:
    source = wave_source(tone(1.0, rate_hz).T, rate_hz)
    assert place_source(small_stack(), source, at_hz, 1.0).below == below


def test_extension_refuses_what_it_cannot_do() -> None:
    stack = small_stack()
    with pytest.raises(InputError, match="nothing is missing"):
        place_source(stack, wave_source(tone(1.0, 4000).T, 4000), 0, 1.0)
    with pytest.raises(InputError, match="coarsest"):
        place_source(stack, wave_source(tone(1.0, 400).T, 400), 0, 1.0)
    with pytest.raises(ConfigError, match="above the rate"):
        place_source(stack, wave_source(tone(1.0, 1000).T, 1000), 2000, 1.0)


def test_variations_keep_the_band_and_differ_by_seed() -> None:
    stack = small_stack()
    sampler = Sampler(stack)
    source = wave_source(tone(2.0, 4000).T, 4000)
    first, other = (torch.cat(list(vary(sampler, source, seed)), -1) for seed in (0, 1))
    assert first.shape == (1, 1, 8000)
    assert (first - other).abs().max() > 0.01
    without = [torch.cat(list(vary(sampler, source, seed, at=2, strength=0.0)), -1) for seed in (0, 1)]
    torch.testing.assert_close(without[0], without[1], rtol=0, atol=1e-6)
    assert [scale_at(stack, hz) for hz in (0, 500, 2000)] == [0, 0, 2]
    with pytest.raises(ConfigError, match="500, 1000, 2000"):
        scale_at(stack, 4000)


@pytest.mark.parametrize("size", [50, 333, 1000])
def test_holes_are_filled_and_nothing_else_changes(size: int) -> None:
    recording = np.random.default_rng(1).standard_normal((2, 1000)).astype(np.float32)
    made = np.random.default_rng(2).standard_normal((2, 1000)).astype(np.float32)
    holes = [(100, 160), (165, 170), (990, 1000)]
    fillings = []
    for start, stop in holes:
        before, behind = 20, min(20, 1000 - stop)
        fillings.append(Filling(start, made[:, start - before : stop + behind], before, behind))
    # A fade is never longer than half its hole.
    fillings[1] = Filling(165, made[:, 163:172], 2, 2)
    fillings[2] = Filling(990, made[:, 985:1000], 5, 0)
    blocks = (recording[:, start : start + size] for start in range(0, 1000, size))
    out = np.concatenate(list(insert(blocks, fillings)), 1)
    outside = np.ones(1000, bool)
    for start, stop in holes:
        outside[start:stop] = False
    np.testing.assert_array_equal(out[:, outside], recording[:, outside])
    np.testing.assert_array_equal(out[:, 120:140], made[:, 120:140])
    # The first sample of a hole goes on from the last one before it, by the difference that the model left there.
    step = recording[:, 99] - made[:, 99]
    np.testing.assert_allclose(out[:, 100], made[:, 100] + step * np.cos(np.pi / 80) ** 2, rtol=1e-5)


def test_a_reconstruction_that_is_right_at_the_edges_is_left_alone() -> None:
    recording = np.random.default_rng(1).standard_normal((1, 200)).astype(np.float32)
    out = np.concatenate(list(insert([recording * 1], [Filling(80, recording[:, 70:110], 10, 10)])), 1)
    np.testing.assert_array_equal(out, recording)
