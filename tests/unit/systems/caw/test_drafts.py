"""Starting from drafts: bands that sum to the signal, networks that correct it, and the clip that comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from small_caw import RATES_HZ, small_stack
from sounds import tone

from gantools.audio.midside import from_mid_side
from gantools.errors import ConfigError, InputError
from gantools.models.clips import read_clips
from gantools.systems.caw.clips import read_clip
from gantools.systems.caw.config import PRESETS, CawConfig
from gantools.systems.caw.drafts import Drafts
from gantools.systems.caw.model import load_model
from gantools.systems.caw.rates import bands, resample_clip
from gantools.systems.caw.run import CawRun
from gantools.systems.caw.sampler import Sampler
from gantools.systems.caw.scale_data import prepare
from gantools.systems.caw.stack import Stack
from gantools.systems.caw.training import train_caw

#: Rounding of float32 at peak 1.
TOLERANCE = 2e-6


def silent_stack(channels: int = 1) -> Stack:
    """Return a stack whose networks add nothing."""
    stack = small_stack(channels=channels, equaliser=False)
    for scale in stack.scales:
        scale.generator.silence()
    return stack


@pytest.mark.parametrize("channels", [1, 2])
def test_networks_that_add_nothing_give_the_draft(channels: int) -> None:
    wave = tone(2.0, RATES_HZ[-1], channels).T.copy()
    draft = bands(wave, RATES_HZ[-1], RATES_HZ, 2.0)
    assert [band.shape for band in draft] == [(channels, 2 * rate) for rate in RATES_HZ]
    # The coarsest band is the signal at its rate, and each sum is the signal at that of the next.
    np.testing.assert_array_equal(draft[0].numpy(), resample_clip(wave, RATES_HZ[-1], RATES_HZ[0]))
    for made in (silent_stack(channels).draw([0], 2.0, draft), Sampler(silent_stack(channels)).draw([0], 2.0, draft)):
        torch.testing.assert_close(made[0], torch.from_numpy(wave), rtol=0, atol=TOLERANCE)


def test_bands_reach_the_sampler_at_their_place_whatever_the_pieces() -> None:
    stack = small_stack()
    draft = bands(tone(3.0, RATES_HZ[-1]).T, RATES_HZ[-1], RATES_HZ, 3.0)
    plain = stack.draw([1, 2], 3.0, draft)
    assert (plain - stack.draw([1, 2], 3.0)).abs().max() > 0.1
    for chunk in (64, 777, 1 << 20):
        torch.testing.assert_close(Sampler(stack, chunk).draw([1, 2], 3.0, draft), plain, rtol=0, atol=TOLERANCE)


def test_a_draft_is_a_function_of_its_seed_and_clip() -> None:
    waves = [tone(2.0, 4000, 2, hz=hz).T.copy() for hz in (110.0, 330.0)]
    drafts, others = (Drafts(waves, 4000, RATES_HZ, 0.6) for _ in range(2))
    first = drafts.draw(1.5, 3)
    assert [band.shape for band in first] == [(2, round(1.5 * rate)) for rate in RATES_HZ]
    assert all(torch.equal(a, b) for a, b in zip(first, others.draw(1.5, 3), strict=True))
    assert not torch.equal(first[0], drafts.draw(1.5, 4)[0])
    # Which clip a seed starts from: both come up.
    chosen = [drafts.draw(0.5, seed)[0] for seed in range(8)]
    from_each = [[torch.equal(c, drafts.draw(0.5, s, clip)[0]) for clip in (0, 1)] for s, c in enumerate(chosen)]
    assert all(sum(found) == 1 for found in from_each)
    assert {found.index(True) for found in from_each} == {0, 1}
    assert drafts.keep(1.0, 0, 1, 2) is drafts.keep(1.0, 0, 1, 2)
    assert torch.equal(drafts.keep(1.0, 0, 1, 2)[0], others.keep(1.0, 0, 1, 2)[0])
    with pytest.raises(InputError, match="at least 1 s"):
        Drafts([waves[0][:, :2000]], 4000, RATES_HZ, 0.6)


def test_the_reconstruction_of_what_adds_nothing_is_the_clip(tiny: Callable[..., CawConfig]) -> None:
    config = tiny(start="patches")
    clips = [tone(2.0, 4000, hz=hz).T.copy() for hz in (110.0, 330.0)]
    below = Stack(silent_stack().scales[1:3])
    found = prepare(clips, 4000, 4000, below, config, torch.device("cpu"))
    for previous, noise, clip in zip(found.rec_previous, found.rec_noise, clips, strict=True):
        torch.testing.assert_close(previous, torch.from_numpy(clip), rtol=0, atol=TOLERANCE)
        assert not noise.any()
    assert not found.amplitude.any()


def test_training_starts_from_the_draft_and_keeps_the_clip(
    tiny: Callable[..., CawConfig], clip_file: Path, tmp_path: Path
) -> None:
    # A learning rate of 0 leaves the networks as they begin: draws are drafts, the reconstruction is the clip.
    config = tiny(start="patches", lr=0.0, steps=1, channels=2, match_eq_db=0.0)
    train_caw(CawRun(config, [read_clip(clip_file, config)]), tmp_path / "m")
    model = load_model(tmp_path / "m")
    assert model.config.start == "patches"
    clips, rate_hz = read_clips(tmp_path / "m")
    for made in (model.stack.reconstruct(), Sampler(model.stack).reconstruct()):
        torch.testing.assert_close(from_mid_side(made)[0], torch.from_numpy(clips[0]), rtol=0, atol=1e-5)
    assert rate_hz == 4000
    # Another start has other networks: neither begins with the weights of the other.
    with pytest.raises(ConfigError, match="--start patches"):
        train_caw(CawRun(tiny(channels=2), [read_clip(clip_file, config)]), tmp_path / "n", base_model=tmp_path / "m")


def test_what_drafts_cannot_start() -> None:
    for task, holes in (("denoise", ""), ("inpaint", "1-2")):
        with pytest.raises(ConfigError, match="start: patches makes new music"):
            CawConfig(task=task, holes=holes, start="patches")
    assert PRESETS["paper"].start == "noise"


def test_auto_starts_from_drafts_where_there_can_be_some(tiny: Callable[..., CawConfig], clip_file: Path) -> None:
    def start(**changes: object) -> str:
        config = tiny(start="auto", rates="2000,4000", **changes)
        return CawRun(config, [read_clip(clip_file, config)]).config.start

    assert PRESETS["small"].start == "auto"
    assert start() == "patches"
    assert start(max_seconds=0.9) == start(task="speech") == start(task="denoise") == "noise"
    assert start(task="inpaint", holes="1.0-1.1") == "noise"


def test_a_model_of_an_earlier_version_does_not_go_on_from_drafts(
    tiny: Callable[..., CawConfig], clip_file: Path, tmp_path: Path
) -> None:
    config = tiny(steps=1)
    train_caw(CawRun(config, [read_clip(clip_file, config)]), tmp_path / "m")
    path = tmp_path / "m" / "config.json"
    kept = json.loads(path.read_text())
    del kept["config"]["start"]
    path.write_text(json.dumps(kept))
    assert load_model(tmp_path / "m").config.start == "noise"
    config = tiny(steps=1, start="auto")
    with pytest.raises(ConfigError, match="the run was started with 'noise'"):
        train_caw(CawRun(config, [read_clip(clip_file, config)]), tmp_path / "m")
