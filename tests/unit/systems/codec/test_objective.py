"""What the codec learns by: principal components, losses by hand, stages."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from sklearn.decomposition import PCA
from small_codec import STAGED, tiny_codec, tiny_codec_config
from sounds import stem

from gantools.systems.codec import losses
from gantools.systems.codec.linear import start_from_components
from gantools.systems.codec.networks import build_coders
from gantools.systems.codec.small import unbounded
from gantools.training.system import Step


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    for number, kind in enumerate(("drums", "bass", "other")):
        soundfile.write(tmp_path / f"{kind}.wav", stem(kind, 3.0, 8000, number), 8000)
    return tmp_path


def test_it_begins_with_the_principal_components() -> None:
    config = tiny_codec_config(lapped=False)
    random = torch.Generator().manual_seed(0)
    mixing = torch.randn(20, 65, generator=random)
    levels = [torch.einsum("bkt,kf->bft", torch.randn(2, 20, 32, generator=random), mixing) / 20 for _ in range(40)]
    networks = build_coders(config)
    start_from_components(networks, levels, torch.ones(65), 4)
    frames = torch.cat([part.transpose(1, 2).flatten(0, 1) for part in levels]).numpy()
    pca = PCA(12, svd_solver="full").fit(frames)
    codes = networks["encoder1"](levels[0])
    first = networks["decoder1"](codes)[0].detach()
    wanted = pca.inverse_transform(pca.transform(levels[0][0].T.numpy())).T
    assert np.allclose(first[0].numpy(), wanted, atol=1e-3)
    made = unbounded(torch.cat([networks["encoder1"](part) for part in levels])).detach()
    assert float(made.std()) == pytest.approx(0.5, rel=0.02)
    # The second level: components of four frames of what the first keeps.
    blocks = pca.transform(frames).reshape(-1, 48)
    pca2 = PCA(6, svd_solver="full").fit(blocks)
    both = networks["decoder1"](networks["decoder2"](networks["encoder2"](codes)))[0].detach()
    kept = pca2.inverse_transform(pca2.transform(blocks[:8])).reshape(32, 12)
    # All frames of a block share one bias, where the components have a mean for each.
    wanted2 = pca.inverse_transform(kept).T
    assert np.mean((both[0].numpy() - wanted2) ** 2) < 0.01 * np.mean(wanted2**2)


def test_a_lapped_decoder_is_the_least_squares_estimate_from_three_latents() -> None:
    config = tiny_codec_config()
    random = torch.Generator().manual_seed(0)
    # Frames that resemble those before and behind them, so that neighbours know something of a block.
    mixing = torch.randn(12, 65, generator=random)
    noise = torch.randn(40, 2, 12, 39, generator=random).unfold(3, 8, 1).mean(4)
    levels = list(torch.einsum("nbkt,kf->nbft", noise, mixing) / 4)
    networks = build_coders(config)
    start_from_components(networks, levels, torch.ones(65), 4)
    latents = [unbounded(networks["encoder2"](networks["encoder1"](part))).detach() for part in levels]
    codes = [unbounded(networks["encoder1"](part)).detach() for part in levels]
    made = [unbounded(networks["decoder2"](torch.tanh(part))).detach() for part in latents]
    known = np.concatenate([np.concatenate([z[:, :, n - 1 : n + 2].flatten(1) for n in range(1, 7)]) for z in latents])
    blocks, answer = (
        np.concatenate([np.concatenate([x[:, :, 4 * n : 4 * n + 4].flatten(1) for n in range(1, 7)]) for x in parts])
        for parts in (codes, made)
    )
    best = np.linalg.lstsq(np.column_stack([known, np.ones(len(known))]), blocks, rcond=None)[0]
    wanted = np.column_stack([known, np.ones(len(known))]) @ best
    assert np.mean((answer - wanted) ** 2) < 0.01 * np.mean((blocks - wanted) ** 2)
    assert np.mean((answer - blocks) ** 2) < 1.01 * np.mean((wanted - blocks) ** 2)


def test_weights_of_bins_follow_the_bands_of_hearing() -> None:
    weights = losses.ear_weights(1025, 44100, 1.0)
    assert float(weights.mean()) == pytest.approx(1)
    # 24.7 (4.37 f + 1) Hz at 1 kHz is 132.6 Hz, at 10 kHz 1104 Hz.
    low, high = (round(hz / 22050 * 1024) for hz in (1000, 10000))
    assert float(weights[low] / weights[high]) == pytest.approx(1104 / 132.6, rel=0.02)
    assert losses.ear_weights(65, 8000, 0.0).eq(1).all()


def test_the_multi_scale_distance_is_the_log_of_an_l1_norm() -> None:
    a, b = torch.randn(2, 3000, generator=torch.Generator().manual_seed(1)).split(1)
    total = 0.0
    for hop in (64, 128, 256, 512):
        window = np.hanning(4 * hop + 1)[:-1]
        difference = 0.0
        for start in range(0, 3000 - 4 * hop + 1, hop):
            one, two = (np.abs(np.fft.rfft(x[0, start : start + 4 * hop].numpy() * window)) for x in (a, b))
            difference += np.abs(one - two).sum()
        total += math.log(difference)
    assert float(losses.multi_scale(a, b)) == pytest.approx(total, rel=1e-4)


def test_levels_are_compared_by_their_mean_difference() -> None:
    made, wanted = torch.tensor([[[1.0, 2.0], [0.0, 4.0]]]), torch.zeros(1, 2, 2)
    assert float(losses.level_error(made, wanted, torch.ones(2))) == 7 / 4
    # A bin that counts three times as much as the other: (3 * 1.5 + 2 * 0.5) / 4.
    assert float(losses.level_error(made, wanted, torch.tensor([1.5, 0.5]))) == pytest.approx(6.5 / 4)


def test_the_decoder_s_loss_is_the_sum_of_three(songs: Path) -> None:
    weights = {"reconstruction_weight": 1.0, "spectral_weight": 4.0, "adversarial_weight": 0.5}
    system = tiny_codec(songs, **STAGED | weights | {"magnitude_weight": 0.0, "band_weight": 0.0})
    items = range(4)
    loss, terms = system.losses("sound1", system.batch(20, items), Step(20, 60, items))
    reconstruction = float(terms["level_db"]) / system.front.range_db
    expected = reconstruction + 4.0 * float(terms["spectral"]) + 0.5 * float(terms["adversarial"])
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)


def test_stages_follow_one_another_and_freeze_what_is_done(songs: Path) -> None:
    system = tiny_codec(songs, **STAGED)
    runs = [[phase.name for phase in system.phases if phase.when and phase.when(step, 60)] for step in range(60)]
    assert runs[0] == ["level1"]
    assert runs[10] == runs[29] == ["sound1", "discriminator1"]
    assert runs[30] == ["level2"]
    assert runs[59] == ["sound2", "discriminator2"]
    trained = {phase.name: phase.networks for phase in system.phases}
    assert trained["sound1"] == ("decoder1",)
    assert trained["level2"] == ("encoder2", "decoder2")


def test_level_two_is_judged_beside_level_one(songs: Path) -> None:
    system = tiny_codec(songs, **STAGED)
    step = Step(50, 60, range(4))
    batch = system.batch(50, range(4))
    loss, _ = system.losses("sound2", batch, step)
    assert torch.isfinite(loss)
    real, fake = step.shared["judged"]
    sound = batch["wave"][:, system.front.lead : system.front.lead + 32 * 32]
    # Real is not the sound itself but what the first level makes of it.
    assert not torch.allclose(real, system._judged(sound), atol=1e-2)
    assert real.shape == fake.shape
    judged, terms = system.losses("discriminator2", batch, step)
    scores = system.networks["discriminator2"](real), system.networks["discriminator2"](fake)
    assert float(judged.detach()) == pytest.approx(
        float(((1 - scores[0]).relu().mean() + (1 + scores[1]).relu().mean()).detach()), abs=0.05
    )
    assert set(terms) == {"real", "fake"}


def test_a_window_does_not_see_the_one_that_it_is_joined_with(songs: Path) -> None:
    system = tiny_codec(songs)
    levels = torch.randn(3, 65, 32)
    windows = system._windows(levels)
    assert windows.shape == (6, 65, 16)
    assert torch.equal(windows[1], levels[0, :, 16:])
    assert torch.equal(system._joined(windows), levels)
