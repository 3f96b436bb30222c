"""The similarity meter never indexes by what a sample says unchecked."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from gantools.effects.similarity import _LEVELS, PanMeter, _add_similarity


@pytest.mark.parametrize("row", [-(2**63), -1, _LEVELS, 2**63 - 1])
def test_rows_outside_the_table_are_left_out(row: int) -> None:
    sums = np.zeros((_LEVELS, 5))
    # As Python, where an index out of bounds is an IndexError or another row, and not another object's memory.
    plain: Any = _add_similarity
    plain.py_func(np.ones((2, 1, 10), np.float32), np.array([row]), sums)
    assert not sums.any()


@pytest.mark.parametrize("value", [1e20, -3e38, np.inf, np.nan])
@pytest.mark.parametrize("rate_hz", [1000, 44100, 768_000])
def test_no_sample_leads_out_of_the_table(value: float, rate_hz: int) -> None:
    wave = np.random.default_rng(0).standard_normal((2, 90_000)).astype(np.float32)
    meter = PanMeter(rate_hz)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        meter.push(wave)
        wave[:, 4000] = value
        meter.push(wave)
        assert meter.result().active_frames > 0
