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
from gantools.systems.automix.objective import Automix
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
