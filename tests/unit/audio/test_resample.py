"""Resampling: block by block it gives what it gives at once, and nothing else in the house calls soxr."""

from pathlib import Path

import numpy as np
import pytest

import gantools
from gantools.audio.resample import Quality, Resampler, resample, resample_blocks

WAVE = np.random.default_rng(3).uniform(-0.5, 0.5, (2, 20000)).astype(np.float32)


@pytest.mark.parametrize("quality", ["fine", "finest", "rough"])
@pytest.mark.parametrize("rates", [(44100, 22050), (16000, 24000)])
def test_blocks_join_to_what_the_whole_gives(rates: tuple[int, int], quality: Quality) -> None:
    whole = resample(WAVE, *rates, quality)
    blocks = [WAVE.T[start : start + 3001] for start in range(0, WAVE.shape[1], 3001)]
    joined = np.concatenate(list(resample_blocks(blocks, *rates, 2, quality)))
    assert whole.shape == (2, WAVE.shape[1] * rates[1] // rates[0])
    assert np.abs(joined.T - whole).max() < 2e-6


def test_channels_do_not_mix_and_one_axis_stays_one():
    both = resample(WAVE, 44100, 16000)
    assert np.array_equal(both[1], resample(WAVE[1], 44100, 16000))
    blocks = list(resample_blocks([WAVE[1]], 44100, 16000, 1))
    assert {block.ndim for block in blocks} == {1}


def test_a_sine_below_both_limits_stays_a_sine():
    time = np.arange(44100) / 44100
    sine = np.sin(2 * np.pi * 1000 * time)
    expected = np.sin(2 * np.pi * 1000 * np.arange(22050) / 22050)
    for quality, error in (("finest", 1e-7), ("fine", 1e-5)):
        made = resample(sine, 44100, 22050, quality)
        assert np.abs(made - expected)[2000:-2000].max() < error


def test_equal_rates_change_nothing():
    assert resample(WAVE, 44100, 44100) is WAVE
    block = WAVE.T[:7]
    assert Resampler(44100, 44100, 2).push(block) is block
    assert next(resample_blocks([block], 44100, 44100, 2)) is block


def test_nothing_else_calls_soxr():
    root = Path(gantools.__file__).parent
    callers = [path.relative_to(root).as_posix() for path in root.rglob("*.py") if "import soxr" in path.read_text()]
    assert callers == ["audio/resample.py"]
