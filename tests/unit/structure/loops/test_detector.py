"""The loop detector: scores, threshold and percentiles by hand, and folders that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gantools.errors import ConfigError, ModelError
from gantools.files.atomic import write_json
from gantools.files.containers import write_state
from gantools.models.folder import describe
from gantools.structure.loops.correlation import roll_correlation
from gantools.structure.loops.detector import DIMENSIONS, LoopDetector, LoopNetwork, one_sigma, open_detector
from gantools.structure.loops.patterns import draw_patterns
from gantools.structure.loops.repeats import distinct, find_loops, inner_likeness, repeating
from gantools.systems.loopdetector.config import PRESETS
from gantools.systems.loopdetector.networks import LoopEncoder


def test_score_and_threshold_by_hand() -> None:
    first, second = np.zeros((14, 6)), np.zeros((14, 14))
    first[0, 0], first[1, 1] = 2.0, 1.0
    second[0, 0], second[1, 1] = 1.0, 1.0
    last = np.zeros((DIMENSIONS, 14))
    last[0, 0], last[1, 1] = 1.0, 10.0
    centre = np.full(DIMENSIONS, 0.5)
    network = LoopNetwork([first, second, last], centre, {"midi": np.array([1.0, np.e, np.e**2]), "audio": np.zeros(0)})
    # x = (1, -1, ...): 2 and -1; LeakyReLU twice leaves 2 and -.01; the last layer 2 and -.1.
    x = np.array([[1.0, -1.0, 5.0, 0.0, 0.0, 0.0]])
    squares = (2 - 0.5) ** 2 + (-0.1 - 0.5) ** 2 + 5 * 0.25
    np.testing.assert_allclose(network.scores(x), squares / 7)
    detector = LoopDetector("grid", {"midi_4": network})
    # Logarithms 0, 1 and 2: mean 1, deviation sqrt(2/3).
    assert detector.threshold(4, "midi") == pytest.approx(np.exp(1 + np.sqrt(2 / 3)))
    # What was calibrated on MIDI alone judges audio too, and says so.
    assert detector.threshold(4, "audio") == detector.threshold(4, "midi")
    assert not detector.is_calibrated(4, "audio")
    assert detector.percentile(np.array([0.5, 2.0, 100.0]), 4, "midi").tolist() == pytest.approx([0, 100 / 3, 100])
    with pytest.raises(ConfigError, match="no network for 8 bars, only for 4"):
        detector.scores(x, 8)


def test_one_sigma_accepts_84_percent_of_lognormal_scores() -> None:
    scores = np.exp(np.random.default_rng(1).normal(-3, 2, 100_000))
    assert np.mean(scores <= one_sigma(scores)) == pytest.approx(0.841, abs=0.005)


def saved(folder: Path, **changes: torch.Tensor) -> Path:
    """Write an untrained detector for 4 bars with a centre, and with other tensors."""
    torch.manual_seed(1)
    net = LoopEncoder(4, {"midi": 20})
    net.midi_loops.copy_(torch.rand(20, 6))
    net.set_centre(torch.rand(50, 6))
    tensors = {f"midi_4.{key}": t for key, t in net.state_dict().items()} | changes
    write_state(folder / "detector.safetensors", tensors, {})
    model = describe("loopdetector", PRESETS["small"], {}, {"detector": 1})
    write_json(folder / "config.json", model)
    return folder


def test_numpy_and_torch_agree(tmp_path: Path) -> None:
    detector = open_detector(saved(tmp_path))
    torch.manual_seed(1)
    net = LoopEncoder(4, {"midi": 20})
    net.midi_loops.copy_(torch.rand(20, 6))
    net.set_centre(torch.rand(50, 6))
    x = torch.rand(30, 6)
    np.testing.assert_allclose(detector.scores(x.numpy(), 4), net.scores(x).detach().numpy(), rtol=1e-4, atol=1e-7)
    assert detector.lengths == (4,)
    assert float(net.centre.detach().abs().min()) >= 0.1 - 1e-6


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"midi_4.centre": torch.zeros(7)}, "no centre"),
        ({"midi_4.f.2.weight": torch.zeros(14, 13)}, "other weights"),
        ({"midi_4.f.0.weight": torch.full((14, 6), torch.nan)}, "other weights"),
        ({"vocals_4.centre": torch.ones(7)}, "no networks of a loop detector"),
    ],
)
def test_what_is_no_detector_is_refused(tmp_path: Path, changes: dict[str, torch.Tensor], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        open_detector(saved(tmp_path, **changes))


@pytest.mark.parametrize("bars", [4, 8, 16])
def test_the_shipped_one_tells_loops_from_their_bars_in_disorder(bars: int) -> None:
    """On generated loops of another seed than it learnt from; docs/loops.md has real music."""
    detector = open_detector()
    sounding, onsets = draw_patterns(60, bars, 99)
    assert sounding.shape == (60, 16 * bars, 57)
    assert not (onsets & ~sounding).any()
    assert (draw_patterns(5, bars, 99)[0] == sounding[:5]).all()
    scores = detector.roll_scores(sounding, bars)
    random = np.random.default_rng(2)
    other = sounding[random.permutation(60)].reshape(60, bars, -1)
    # Bars of as many loops as there are bars.
    mixed = np.stack([other[(i + np.arange(bars) * 7) % 60, np.arange(bars)] for i in range(60)])
    unlike = detector.scores(roll_correlation(mixed, detector.kind), bars)
    assert np.median(scores) < 0.1 * np.median(unlike)
    assert np.mean(scores <= detector.threshold(bars, "midi")) > 0.7
    assert np.mean(unlike <= detector.threshold(bars, "midi")) < 0.05
    # No collapse: scores differ, over orders of magnitude.
    everything = np.concatenate([scores, unlike])
    assert len(np.unique(np.round(everything, 12))) > 0.9 * len(everything)
    assert np.percentile(everything, 95) > 10 * np.percentile(everything, 5)
    for domain in ("audio", "midi"):
        assert detector.is_calibrated(bars, domain)  # type: ignore[arg-type]


def test_loops_are_found_where_a_piece_repeats() -> None:
    """A B A' B | A B A' B | eight other bars: a loop of four bars at 0, and no others."""
    random = np.random.default_rng(3)
    a, b, *others = random.random((10, 200)) < 0.2
    close = a.copy()
    close[:8] ^= True
    piece = np.stack([a, b, close, b] * 2 + others)
    likeness = np.eye(16)
    rows, columns = np.triu_indices(16, 1)
    likeness[rows, columns] = roll_correlation(piece[None], "grid")[0]
    likeness = np.maximum(likeness, likeness.T)
    usable = np.ones(16, bool)
    assert repeating(likeness, usable, 4).tolist() == [0]
    assert inner_likeness(likeness, np.array([0, 8]), 4)[0] > 0.8
    assert inner_likeness(likeness, np.array([0, 8]), 4)[1] == -1
    assert find_loops(likeness, usable, 4).tolist() == [0]
    usable[5] = False
    assert find_loops(likeness, usable, 4).tolist() == []
    assert find_loops(likeness[:7, :7], usable[:7], 4).tolist() == []
    correlations = np.array([[1.0, 0.0], [0.99, 0.0], [0.5, 0.5], [0.5, 0.49]])
    assert distinct(correlations).tolist() == [0, 2]
