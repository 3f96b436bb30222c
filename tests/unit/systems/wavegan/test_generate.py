"""Making clips: seeds, arcs between latents, truncation, longer clips, latents in files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from small_wavegan import tiny

from gantools.errors import InputError, ModelError
from gantools.files.containers import write_tensors
from gantools.systems.wavegan.generate import (
    ClipMaker,
    Request,
    path_requests,
    read_latents,
    seed_requests,
    slerp,
    write_latents,
)
from gantools.systems.wavegan.generate_config import WaveGANGenerateConfig
from gantools.systems.wavegan.objective import WaveGAN
from gantools.training.loop import train
from gantools.training.songs import SongClips

PLAIN = WaveGANGenerateConfig()


@pytest.fixture(scope="module")
def model(crate: list[tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A style model of one step, with noise gains that are not 0."""
    config = dataclasses.replace(tiny("style"), steps=1)
    system = WaveGAN(config, SongClips(crate, config))
    with torch.no_grad():
        for style in system.networks["G"].styles:
            style.noise_gain.fill_(0.3)
    folder = tmp_path_factory.mktemp("models") / "style"
    train(system, folder)
    return folder


def test_an_arc_keeps_its_length_and_its_ends() -> None:
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0])
    assert torch.equal(slerp(a, b, 0.0), a)
    assert torch.equal(slerp(a, b, 1.0), b)
    middle = slerp(a, b, 0.5)
    torch.testing.assert_close(middle, torch.full((2,), 3.0 / 2**0.5))
    torch.testing.assert_close(slerp(a, 3 * a, 0.5), torch.tensor([4.0, 0.0]))


def test_a_clip_follows_from_its_latent_alone(model: Path) -> None:
    maker = ClipMaker(model, PLAIN, "cpu")
    first, second = (maker.latent(request) for request in seed_requests([1, 2]))
    clip = maker.make(first)
    assert clip.shape == (1, 1024)
    maker.make(second)
    np.testing.assert_array_equal(maker.make(first), clip)
    np.testing.assert_array_equal(ClipMaker(model, PLAIN, "cpu").make(first), clip)


def test_truncation_0_is_one_clip_and_1_is_none(model: Path) -> None:
    still = ClipMaker(model, WaveGANGenerateConfig(truncation=0.0), "cpu")
    clips = [still.make(still.latent(request)) for request in seed_requests(range(3))]
    assert all(np.array_equal(clips[0], clip) for clip in clips)
    spread = {}
    for psi in (0.3, 0.7, 1.0):
        maker = ClipMaker(model, WaveGANGenerateConfig(truncation=psi), "cpu")
        made = np.stack([maker.make(maker.latent(request)) for request in seed_requests(range(6))])
        spread[psi] = float(made.std(axis=0).mean())
    assert 0 < spread[0.3] < spread[0.7] < spread[1.0]


def test_fixed_noise_is_the_same_for_all(model: Path) -> None:
    z = torch.linspace(-1, 1, 8)
    moved = z + 1e-6
    fixed = ClipMaker(model, WaveGANGenerateConfig(fixed_noise=True), "cpu")
    assert np.abs(fixed.make(z) - fixed.make(moved)).max() < 1e-3
    free = ClipMaker(model, PLAIN, "cpu")
    assert np.abs(free.make(z) - free.make(moved)).max() > 1e-2


def test_longer_clips_begin_with_their_own_and_have_the_asked_length(model: Path) -> None:
    z = ClipMaker(model, PLAIN, "cpu").latent(Request("a", 5))
    clip = ClipMaker(model, PLAIN, "cpu").make(z)
    for samples, pieces in ((500, 1), (1024, 1), (1025, 2), (4000, 5)):
        maker = ClipMaker(model, WaveGANGenerateConfig(seconds=samples / 8000), "cpu")
        wave = maker.make(z)
        assert (wave.shape, maker.pieces()) == ((1, samples), pieces)
        own = wave[0, : min(samples, 768)]
        assert np.dot(own, clip[0, : len(own)]) / np.linalg.norm(own) / np.linalg.norm(
            clip[0, : len(own)]
        ) == pytest.approx(1.0, abs=1e-4)


def test_latents_come_back(model: Path, tmp_path: Path) -> None:
    maker, requests = ClipMaker(model, PLAIN, "cpu"), path_requests(3, 9, 4)
    latents = [maker.latent(request) for request in requests]
    assert torch.equal(latents[-1], maker.latent(Request("b", 9)))
    write_latents(tmp_path / "z.safetensors", requests, latents)
    stored = ClipMaker(model, WaveGANGenerateConfig(latents=str(tmp_path / "z.safetensors")), "cpu")
    assert all(torch.equal(stored.latent(Request("z", row)), z) for row, z in enumerate(latents))
    write_tensors(tmp_path / "five.safetensors", {"z": np.zeros((2, 5), np.float32)}, {})
    with pytest.raises(ModelError, match="latents of 8 numbers, not 5"):
        ClipMaker(model, WaveGANGenerateConfig(latents=str(tmp_path / "five.safetensors")), "cpu")
    write_tensors(tmp_path / "other.safetensors", {"w": np.zeros(3, np.float32)}, {})
    with pytest.raises(InputError, match="no latents"):
        read_latents(tmp_path / "other.safetensors")
