"""Endless music: the same however it is cut, from any place on, in loops; never above full scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from small_musika import tiny_musika
from sounds import stem

from gantools.systems.latents.scaling import LatentScale
from gantools.systems.latents.sound import soften
from gantools.systems.musika.stream import LatentMaker, Piece, SoundMaker


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> SoundMaker:
    """Return a maker with random weights."""
    folder: Path = tmp_path_factory.mktemp("songs")
    soundfile.write(folder / "one.wav", stem("drums", 3.0, 8000, 1), 8000)
    system = tiny_musika(folder)
    return SoundMaker(LatentMaker(system.networks["G"], system.scale, system.config), system.codec)


def whole(sound: SoundMaker, piece: Piece, start: int, samples: int) -> np.ndarray:
    """Return the sound of a piece in one array."""
    return np.concatenate(list(sound.blocks(piece, start, samples)))


def test_blocks_are_what_the_codec_makes_of_all_latents_at_once(sound: SoundMaker) -> None:
    piece = Piece(3)
    patches = 12
    made = whole(sound, piece, 0, patches * sound.patch_samples)
    latents = sound.maker.latents(piece, 0, patches)
    mid, side = sound.codec.decode(latents).numpy()
    expected = soften(np.stack([mid + side, mid - side])).T
    assert made.shape == expected.shape
    # Behind the last patch the piece goes on, so that the codec's last chunk (from latent 80 on) has more to look at.
    inner = (patches - 3) * sound.patch_samples
    np.testing.assert_allclose(made[:inner], expected[:inner], atol=1e-5)


def test_patches_do_not_depend_on_how_many_are_made_at_a_time(sound: SoundMaker) -> None:
    piece = Piece(3, walk_to=9, walk_latents=50)
    together = sound.maker.latents(piece, 2, 5)
    apart = torch.cat([sound.maker.latents(piece, number, 1) for number in range(2, 7)], 2)
    torch.testing.assert_close(together, apart, atol=1e-5, rtol=0)


def test_lengths_are_to_the_sample(sound: SoundMaker) -> None:
    for samples in (1, 777, sound.patch_samples, sound.patch_samples + 1):
        assert whole(sound, Piece(1), 0, samples).shape == (samples, 2)


def test_a_later_start_is_the_same_latents(sound: SoundMaker) -> None:
    piece, start = Piece(5), 3 * sound.patch_samples + 100
    later = whole(sound, piece, start, 2000)
    full = whole(sound, piece, 0, start + 2000)[start:]
    # Phases of an inversion depend on what came before; levels do not.
    assert later.shape == full.shape
    assert np.std(later) == pytest.approx(float(np.std(full)), rel=0.2)


@pytest.mark.parametrize(("latents", "samples"), [(24, 24 * 128), (29, 29 * 128 - 40), (5, 700)])
def test_a_loop_goes_round(sound: SoundMaker, latents: int, samples: int) -> None:
    piece = Piece(2, loop_latents=latents, loop_samples=samples)
    margin = sound.maker.generator.margin
    coordinates = sound.maker.coordinates(piece, 0, 2 * latents)[..., margin : margin + 2 * latents]
    torch.testing.assert_close(coordinates[..., :latents], coordinates[..., latents:], atol=1e-5, rtol=0)
    made = sound.maker.loop(piece)
    assert made.shape == (2, 6, latents)
    if latents == 24:  # whole patches do not overlap
        torch.testing.assert_close(made, sound.maker.latents(piece, 0, 3), atol=1e-5, rtol=0)
    loop = sound.loop(piece)
    assert loop.shape == (samples, 2)
    steps = np.abs(np.diff(np.concatenate([loop, loop[:1]]), axis=0)).max(1)
    assert steps[-1] <= 1.5 * steps[:-1].max()


def test_seeds_and_styles_tell_pieces_apart(sound: SoundMaker) -> None:
    one, other = (sound.maker.latents(Piece(seed), 0, 1) for seed in (1, 2))
    assert not torch.allclose(one, other)
    walked = sound.maker.latents(Piece(1, walk_to=2, walk_latents=8), 0, 4)
    torch.testing.assert_close(walked[..., :1], one[..., :1], atol=0.2, rtol=0)
    assert not torch.allclose(walked[..., 16:], sound.maker.latents(Piece(1), 0, 4)[..., 16:])


def test_loud_samples_are_bent_and_quiet_ones_stay() -> None:
    wave = np.array([0.5, -0.9, 1.0, -3.0], np.float32)
    bent = soften(wave)
    assert bent[:2].tolist() == wave[:2].tolist()
    assert bent[2] == pytest.approx(0.9 + 0.1 * np.tanh(1.0))
    assert -1 <= bent[3] < -0.99


def test_scaling_goes_there_and_back() -> None:
    scale = LatentScale(3, "importance")
    latents = torch.tanh(torch.randn(3, 400) * torch.tensor([[0.2], [0.5], [1.0]]) + 0.1)
    scale.fit([latents], torch.tensor([4.0, 1.0, 0.0]))
    scaled = scale.scaled(latents)
    # Weights are roots of importance: 1, a half, and at least a tenth.
    torch.testing.assert_close(scaled.std(1), torch.tensor([1.0, 0.5, 0.1]), atol=1e-4, rtol=0)
    torch.testing.assert_close(scale.latents(scaled), latents, atol=1e-4, rtol=0)
