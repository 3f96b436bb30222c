"""The recordings that a model folder keeps: read back as they were, and checked before use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantools.errors import ModelError
from gantools.files.containers import write_tensors
from gantools.models.clips import CLIPS_FILE, check_clips, read_clips, write_clips

DATA: dict[str, Any] = {
    "rates_hz": [500, 1000],
    "clips": [{"name": "riff.wav", "peak": 0.5, "seconds": 1.0}],
    "channels": 1,
    "seconds": 1.0,
}


def test_clips_come_back_in_order(tmp_path: Path) -> None:
    clips = [np.full((2, 3 + number), number, np.float32) for number in range(12)]
    write_clips(tmp_path, clips, 1000)
    found, rate_hz = read_clips(tmp_path)
    assert rate_hz == 1000
    for kept, clip in zip(found, clips, strict=True):
        np.testing.assert_array_equal(kept, clip)
    (tmp_path / CLIPS_FILE).write_bytes(b"no tensors")
    with pytest.raises(ModelError):
        read_clips(tmp_path)


CLIP = np.ones((1, 9), np.float32)


@pytest.mark.parametrize(
    ("arrays", "meta"),
    [
        ([], {"rate_hz": 1000}),
        ([CLIP, CLIP[0]], {"rate_hz": 1000}),
        ([np.repeat(CLIP, 3, axis=0)], {"rate_hz": 1000}),
        ([CLIP[:, :0]], {"rate_hz": 1000}),
        ([CLIP.astype(np.int64)], {"rate_hz": 1000}),
        ([CLIP], {}),
        ([CLIP], {"rate_hz": 0}),
        ([CLIP], {"rate_hz": True}),
        ([CLIP], {"rate_hz": "1000"}),
    ],
)
def test_tensors_that_are_no_clips_are_refused(arrays: list[np.ndarray], meta: dict[str, Any], tmp_path: Path) -> None:
    write_tensors(tmp_path / CLIPS_FILE, {str(number): array for number, array in enumerate(arrays)}, meta)
    with pytest.raises(ModelError, match="not the clips of a model"):
        read_clips(tmp_path)


@pytest.mark.parametrize(
    "broken",
    [
        {"rates_hz": []},
        {"rates_hz": ["500"]},
        {"clips": []},
        {"clips": [{"name": "a"}]},
        {"channels": 3},
        {"seconds": ""},
    ],
)
def test_what_is_not_said_of_clips_is_named(broken: dict[str, Any], tmp_path: Path) -> None:
    check_clips({"data": DATA}, tmp_path)
    with pytest.raises(ModelError, match="not the configuration of a model"):
        check_clips({"data": DATA | broken}, tmp_path)
