"""Training material and the training of automix."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from registry import AUTOMIX_BANDS as SMALL
from registry import AUTOMIX_PAPER as PAPER
from registry import LOST_DB

from gantools.chunks.multitrack import Multitrack
from gantools.errors import ConfigError
from gantools.systems.automix.data import Crops, load_songs
from gantools.systems.automix.objective import Automix, pieces
from gantools.training.system import Step

Songs = tuple[list[Multitrack], list[Multitrack]]


def test_targets_are_the_wet_stems_at_one_loudness(songs: Songs) -> None:
    config = dataclasses.replace(SMALL, remix_share=0.0, swap=False, eq_db=6.0)
    loaded = load_songs(config, *songs)
    crops = Crops(config, loaded)
    for item in range(4):
        crop = crops.train(0, item)
        wet, stems = (crop[name].unflatten(0, (4, 2)) for name in ("wet", "stems"))
        torch.testing.assert_close(wet.sum(0), crop["target"], rtol=0, atol=1e-5)
        assert not stems[3].any()  # no "other" anywhere
        for song in loaded:
            expected = {role: LOST_DB[role] + 20 * np.log10(song.gain) for role in song.wet}
            assert song.gains_db == pytest.approx(expected, abs=0.02)
        level = 20 * np.log10(float(wet[1].norm() / stems[1].norm()))
        assert min(abs(level - song.gains_db["drums"]) for song in loaded) < 0.1
    assert torch.equal(crops.train(3, 1)["target"], crops.train(3, 1)["target"])
    assert not torch.equal(crops.train(3, 1)["target"], crops.train(3, 2)["target"])


def test_swap_exchanges_input_and_target(songs: Songs) -> None:
    loaded = load_songs(SMALL, *songs)
    plain, swapped = (Crops(dataclasses.replace(SMALL, swap=swap), loaded) for swap in (False, True))
    seen = set()
    for item in range(8):
        a, b = plain.train(0, item), swapped.train(0, item)
        straight = torch.equal(a["target"], b["target"])
        seen.add(straight)
        if not straight:
            assert torch.equal(a["target"].flip(0), b["target"])
            assert torch.equal(a["stems"].unflatten(0, (4, 2)).flip(1).flatten(0, 1), b["stems"])
    assert seen == {True, False}


def test_songs_that_do_not_fit(songs: Songs) -> None:
    normalised, wet = songs
    with pytest.raises(ConfigError, match="name the folders alike"):
        load_songs(SMALL, [Multitrack("three", normalised[0].stems)], wet)
    with pytest.raises(ConfigError, match="one of the two folders"):
        load_songs(SMALL, [Multitrack("two", normalised[0].stems)], wet)
    with pytest.raises(ConfigError, match="--roles vocals,drums"):
        load_songs(dataclasses.replace(SMALL, roles="vocals,drums"), *songs)
    with pytest.raises(ConfigError, match="lower --crop"):
        Automix(dataclasses.replace(SMALL, crop=4096 * 40), *songs, {})
    with pytest.raises(ConfigError, match="no multiple"):
        Automix(dataclasses.replace(SMALL, crop=10_000), *songs, {})


def test_band_mixer_starts_from_what_was_lost(songs: Songs) -> None:
    system = Automix(SMALL, *songs, {})
    start = 10 * system.networks["M"].start  # type: ignore[operator]
    for index, role in enumerate(("vocals", "drums", "bass")):
        assert start[index, 0].median() == pytest.approx(system.data["gains_db"][role], abs=1.0)
    figures = system.validate({"M": system.networks["M"].eval()}, 0)
    assert figures["score"] < 0.5 * figures["sum"]


def test_the_filters_learn_alone_before_the_mix(songs: Songs) -> None:
    """Half of the steps each; the factors of the program's 310 epochs are those of the second half."""
    system = Automix(dataclasses.replace(PAPER, pretrain_share=0.5), *songs, {})
    filters, mix = system.phases
    assert [[phase.name for phase in system.phases if phase.when and phase.when(step, 4)] for step in range(4)] == [
        ["filters"], ["filters"], ["mix"], ["mix"]
    ]  # fmt: skip
    assert [mix.schedule(310 + epoch, 620) for epoch in (0, 149, 150, 200, 250, 275, 300, 309)] == [
        1.0, 1.0, 0.33, 0.1, 0.033, 0.01, 0.001, 0.001
    ]  # fmt: skip
    network = system.networks["M"]
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer, batch, values = filters.optimizer(trained), system.batch(0, [0, 1]), []
    for _ in range(30):
        loss, _ = system.losses("filters", batch, Step(0, 4, [0, 1]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    changed = {
        name.split(".")[0] for name, weight in network.state_dict().items() if not torch.equal(weight, before[name])
    }
    assert changed == {"front"}
    assert values[-1] < 0.8 * values[0]
    assert optimizer.defaults["amsgrad"]


def test_pieces_are_stretches_of_the_crops() -> None:
    waves = torch.arange(2 * 3 * 10.0).view(2, 3, 10)
    cut = pieces(waves, 5, 2)
    assert cut.shape == (4, 3, 4)
    assert torch.equal(cut[1], waves[0, :, 4:8])
    assert torch.equal(cut[2], waves[1, :, :4])


@pytest.mark.parametrize("loss", ["default", "la", "lb"])
def test_paper_network_overfits_one_crop(songs: Songs, loss: str) -> None:
    system = Automix(dataclasses.replace(PAPER, loss=loss, dropout=0.0), *songs, {})
    batch = system.batch(0, [0])
    optimizer = torch.optim.Adam(system.networks["M"].parameters(), 1e-2)
    values = []
    for _ in range(60):
        value, _ = system.losses("mix", batch, Step(0, 10, [0]))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] <= 0.5 * values[0]
