"""Overlap-add against what it must preserve, and against Demucs' own `apply_model`."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from small_demucs import SOURCES, small_net

from gantools.errors import DeviceError
from gantools.runtime.seeds import item_seed
from gantools.separation.demucs_models import StemModel
from gantools.separation.mix import Mix
from gantools.separation.networks import DemucsNetwork
from gantools.separation.overlap import Pass, Segmenting, average, triangle
from gantools.separation.separator import Separator

CPU = torch.device("cpu")


class Halves:
    """A network whose two stems are a quarter and three quarters of what it hears."""

    normalised = False

    def __init__(self, segment_samples: int = 1000, most_samples: int = 1 << 30) -> None:
        self.segment_samples, self.most_samples = segment_samples, most_samples

    def heard_samples(self, n: int, segment_samples: int) -> int:
        return segment_samples

    def __call__(self, wave: torch.Tensor) -> torch.Tensor:
        if wave.shape[0] * wave.shape[-1] > self.most_samples:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return torch.stack([0.25 * wave, 0.75 * wave], dim=1)


def reader(wave: torch.Tensor):
    def read(start: int, n: int) -> torch.Tensor:
        first, last = max(start, 0), min(start + n, wave.shape[-1])
        out = torch.zeros(2, n)
        if last > first:
            out[:, first - start : last - start] = wave[:, first:last]
        return out

    return read


def through(wave: torch.Tensor, passes: list[Pass], segmenting: Segmenting) -> torch.Tensor:
    return torch.cat(list(average(passes, reader(wave), segmenting)), dim=-1)


@pytest.mark.parametrize("n", [1, 3, 441, 999, 1000, 1001, 7777])
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.7])
def test_a_network_that_only_scales_comes_out_exactly(n: int, overlap: float) -> None:
    wave = torch.randn(2, n, generator=torch.Generator().manual_seed(0))
    one = Pass(Halves(), torch.ones(2), [0, 1], 0, n)
    stems = through(wave, [one], Segmenting(CPU, 44100, overlap, batch=3))
    assert stems.shape == (2, 2, n)
    torch.testing.assert_close(stems[1], 0.75 * wave, rtol=0, atol=1e-6)
    torch.testing.assert_close(stems.sum(0), wave, rtol=0, atol=1e-6)


def test_shifted_passes_and_bags_are_averaged_source_by_source() -> None:
    wave = torch.randn(2, 5000, generator=torch.Generator().manual_seed(0))

    class Silence(Halves):
        def __call__(self, wave: torch.Tensor) -> torch.Tensor:
            return torch.zeros(wave.shape[0], 2, *wave.shape[1:])

    passes = [
        Pass(Halves(), torch.tensor([1.0, 3.0]), [0, 1], -400, 5000),
        Pass(Silence(700), torch.tensor([1.0, 0.0]), [0, 1], -7, 5000),
        Pass(Halves(320), torch.tensor([0.0, 1.0]), [0, 1], 0, 5000),
    ]
    stems = through(wave, passes, Segmenting(CPU, 44100))
    torch.testing.assert_close(stems[0], 0.125 * wave, rtol=0, atol=1e-6)
    torch.testing.assert_close(stems[1], 0.75 * wave, rtol=0, atol=1e-6)


def test_out_of_memory_lowers_the_batch_then_the_segment_and_goes_on() -> None:
    wave = torch.randn(2, 300_000, generator=torch.Generator().manual_seed(0))
    segmenting = Segmenting(CPU, 44100, batch=4)
    one = Pass(Halves(176_400, most_samples=50_000), torch.ones(2), [0, 1], 0, 300_000)
    stems = through(wave, [one], segmenting)
    torch.testing.assert_close(stems.sum(0), wave, rtol=0, atol=1e-6)
    assert [notice.split(": ")[1] for notice in segmenting.notices] == [
        "going on with 2 segments at a time",
        "going on with 1 segments at a time",
        "segments halved to 2.0 s",
        "segments halved to 1.0 s",
    ]
    hopeless = Pass(Halves(176_400, most_samples=10), torch.ones(2), [0, 1], 0, 300_000)
    with pytest.raises(DeviceError, match="out of memory"):
        through(wave, [hopeless], Segmenting(CPU, 44100))


def test_threads_change_nothing() -> None:
    wave = torch.randn(2, 5500, generator=torch.Generator().manual_seed(0))
    stems = [
        through(
            wave, [Pass(Halves(), torch.ones(2), [0, 1], 0, 5500)], Segmenting(CPU, 44100, batch=3, threads=threads)
        )
        for threads in (1, 3)
    ]
    assert torch.equal(stems[0], stems[1])
    torch.set_num_threads(1)


def test_triangle_by_hand() -> None:
    torch.testing.assert_close(triangle(5, CPU), torch.tensor([1, 2, 3, 2, 1]) / 3)
    torch.testing.assert_close(triangle(4, CPU), torch.tensor([1, 2, 2, 1]) / 2)


def song(tmp_path: Path, n: int) -> tuple[Mix, np.ndarray]:
    wave = np.random.default_rng(0).standard_normal((2, n)).astype(np.float32) * 0.1 + 0.01
    path = tmp_path / "mix.f32"
    path.write_bytes(np.ascontiguousarray(wave.T).tobytes())
    mono = wave.mean(0, dtype=np.float64)
    return Mix(path, path, n, float(mono.mean()), float(mono.std(ddof=1)), 44100, 2, n, None, None), wave


def expected(model, wave: np.ndarray, **options) -> np.ndarray:
    """Demucs' own path: normalise by the mono mix, apply, and back."""
    from demucs.apply import apply_model

    mono = torch.from_numpy(wave).mean(0)
    mean, std = mono.mean(), mono.std() + 1e-8
    made = apply_model(model, ((torch.from_numpy(wave) - mean) / std)[None], overlap=0.25, **options)
    return (made * std + mean)[0].numpy()


@pytest.mark.parametrize("kind", ["HTDemucs", "HDemucs", "Demucs"])
def test_equal_to_demucs(tmp_path: Path, kind: str) -> None:
    mix, wave = song(tmp_path, 150_000)
    net = small_net(kind)
    model = StemModel("x", "demucs", (), tuple(SOURCES), weights=((1.0,) * 4,))
    separator = Separator(model, [DemucsNetwork(net)], CPU, batch=2)
    got = np.concatenate(list(separator.separate(mix, SOURCES)), axis=-1)
    reference = expected(net, wave, shifts=0)
    assert 10 * np.log10((reference**2).sum() / ((got - reference) ** 2).sum()) > 90


def test_equal_to_demucs_with_shifts_and_a_weighted_bag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from demucs.apply import BagOfModels

    mix, wave = song(tmp_path, 100_000)
    nets = [small_net(seed=seed) for seed in (0, 1)]
    rows = ((1.0, 0.0, 0.5, 0.0), (0.0, 1.0, 0.5, 1.0))
    model = StemModel("x", "demucs", (), tuple(SOURCES), weights=rows)
    separator = Separator(model, [DemucsNetwork(net) for net in nets], CPU, shifts=2)
    got = np.concatenate(list(separator.separate(mix, ["vocals", "other"], seed=5)), axis=-1)
    offsets = iter([22050 - item_seed(5, "shift", row, shift) % 22051 for row in (0, 1) for shift in (0, 1)])
    monkeypatch.setattr(random, "randint", lambda low, high: next(offsets))
    reference = expected(BagOfModels(nets, [list(row) for row in rows]), wave, shifts=2)[[3, 2]]
    assert 10 * np.log10((reference**2).sum() / ((got - reference) ** 2).sum()) > 90


def test_a_shorter_segment_costs_less_and_not_only_sounds_different(tmp_path: Path) -> None:
    net = small_net()
    heard = []
    network = DemucsNetwork(net, 1.0)
    assert network.segment_samples == 44100
    net.register_forward_pre_hook(lambda module, args: heard.append((args[0].shape[-1], module.use_train_segment)))
    mix, _ = song(tmp_path, 60_000)
    model = StemModel("x", "demucs", (), tuple(SOURCES), weights=((1.0,) * 4,))
    blocks = list(Separator(model, [network], CPU).separate(mix, ["bass"]))
    assert sum(block.shape[-1] for block in blocks) == 60_000
    assert set(heard) == {(44100, False)}
