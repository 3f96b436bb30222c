"""WaveGAN of latents: where clips begin, what is cut, what is made, what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy.stats import wasserstein_distance
from small_wavegan import tiny, tiny_latents
from sounds import stem

from gantools.errors import ConfigError
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.wavegan.beginnings import find_beginnings
from gantools.systems.wavegan.build import build_networks
from gantools.systems.wavegan.config import PRESETS, WaveGANConfig, resolve
from gantools.systems.wavegan.data import PlacedClips, single_hit
from gantools.systems.wavegan.latent_movement import BandLevels, Movement, _edges
from gantools.systems.wavegan.sampling import draw_items
from gantools.systems.wavegan.sound import LatentDecoding
from gantools.training.loop import train
from gantools.training.system import Step

RATE_HZ = 8000


def clicks(seconds: float, every: float) -> np.ndarray:
    """Return bursts of noise that decay, (1, n), the first after `every` seconds."""
    wave, random = np.zeros((1, round(seconds * RATE_HZ)), np.float32), np.random.default_rng(1)
    for place in np.arange(every, seconds - 0.1, every):
        start = round(place * RATE_HZ)
        wave[0, start : start + 400] += random.standard_normal(400) * np.exp(-np.arange(400) / 80)
    return 0.3 * wave


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs of 4 s; the last has hits each half second."""
    folder = tmp_path_factory.mktemp("songs")
    for number, kind in enumerate(("bass", "other")):
        soundfile.write(folder / f"song{number}.wav", stem(kind, 4.0, RATE_HZ, number), RATE_HZ)
    soundfile.write(folder / "song2.wav", clicks(4.0, 0.5)[0], RATE_HZ)
    return folder


def test_clips_begin_shortly_before_onsets() -> None:
    found = find_beginnings(clicks(4.0, 0.5), RATE_HZ, "onset") / RATE_HZ
    hits = np.arange(0.5, 3.9, 0.5)
    assert len(found) == len(hits)
    assert ((hits - found > 0) & (hits - found < 0.03)).all()


def test_bars_have_four_beats() -> None:
    found = find_beginnings(clicks(16.0, 0.5), RATE_HZ, "bar") / RATE_HZ
    assert np.allclose(np.diff(found), 2.0, atol=0.02)


def test_a_clip_comes_from_the_take_that_begins_last_before_it(songs: Path) -> None:
    clips = tiny_latents(songs).clips
    spl = clips.codec.samples_per_latent
    takes = [torch.full((1, 40), 100.0 * n) + torch.arange(40) for n in range(2)]
    # Take 1 begins half a latent later: its latent 1 begins at 1.5 latents.
    assert clips._cut(takes, round(1.6 * spl))[0, 0] == 101
    assert clips._cut(takes, round(1.4 * spl))[0, 0] == 1
    assert clips._cut(takes, 2 * spl)[0, 0] == 2


def test_short_songs_are_followed_by_silence_and_named(songs: Path, tmp_path: Path) -> None:
    for path in songs.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    soundfile.write(tmp_path / "hit.wav", clicks(0.2, 0.05)[0], RATE_HZ)
    system = tiny_latents(tmp_path, split="100/0/0", begin="onset")
    assert system.clips.padded == ["hit"]
    assert system.batch(0, range(4))["real"].shape == (4, 12, 16)


def test_the_latents_of_the_codec_come_back_as_its_sound(songs: Path) -> None:
    system = tiny_latents(songs)
    real = system.batch(0, range(2))["real"][0]
    wave = LatentDecoding(system.codec, system.scale, 2)(system.scale.scaled(real))
    mid, side = system.codec.decode(system.scale.latents(system.scale.scaled(real)).view(2, 6, 16)).numpy()
    sides = np.stack([mid + side, mid - side])
    calm = np.abs(sides) < 0.9  # what is louder is bent below 1
    np.testing.assert_allclose(wave[calm], sides[calm], atol=1e-6)
    assert np.abs(wave).max() <= 1
    assert wave.shape == (2, 16 * system.codec.samples_per_latent)


def test_a_clip_is_a_function_of_its_latent_and_noise(songs: Path) -> None:
    generator = tiny_latents(songs).networks["G"].eval()
    drawn = draw_items([3, 4, 5], generator, 8, "normal")
    made = generator(drawn["z"], drawn["noise"])
    alone = generator(drawn["z"][1:2], drawn["noise"][1:2])
    torch.testing.assert_close(made[1:2], alone)
    torch.testing.assert_close(
        generator(drawn["z"] * 0, drawn["noise"], generator.mapping(drawn["z"])).shape, made.shape
    )
    assert (made[0] - made[2]).abs().max() > 0.01


def test_both_phases_judge_the_same_clips(songs: Path) -> None:
    system = tiny_latents(songs, penalty_weight=0.0, movement_weight=0.0)
    step, batch = Step(0, 10, range(4)), system.batch(0, range(4))
    lost, _ = system.losses("generator", batch, step)
    won, terms = system.losses("discriminator", batch, step)
    # softplus(-x) - softplus(x) = -x: the two losses differ by the heads' mean differences of real and fake.
    reals, fakes = zip(*[s.tensor_split(2) for s in system.networks["D"](
        torch.cat([step.shared["real"], step.shared["made"]]))], strict=True)  # fmt: skip
    apart = sum((real - fake).mean() for real, fake in zip(reals, fakes, strict=True))
    torch.testing.assert_close(lost - won, apart, rtol=1e-4, atol=1e-5)
    assert set(terms) == {"real", "fake", "penalty"}


class StraightCodec:
    """Levels of 25 bins, four frames a latent, that are a linear function of three latents without their tanh."""

    rate_hz, channels, frames = 8000, 6, 4

    def __init__(self) -> None:
        self.taps = torch.randn(25 * self.frames, 6, 3, generator=torch.Generator().manual_seed(2))

    def levels(self, latents: torch.Tensor) -> tuple[torch.Tensor, None]:
        made = torch.nn.functional.conv1d(torch.atanh(latents), self.taps, padding=1) + 5.0
        return made.unflatten(1, (25, self.frames)).transpose(2, 3).flatten(2), None


def test_levels_in_bands_are_those_of_the_codec() -> None:
    codec, latents = StraightCodec(), 0.9 * torch.rand(12, 500, generator=torch.Generator().manual_seed(3)) - 0.4
    scale = LatentScale(12, "importance")
    scale.fit([latents], torch.rand(12, generator=torch.Generator().manual_seed(4)) + 0.1)
    levels = BandLevels(12, 2, codec.frames)
    levels.fit(codec, [latents], scale)
    made = levels(scale.scaled(latents[None]))[0]
    for rows, one in zip(latents.chunk(2), made.chunk(2), strict=True):
        # The highest band is the mean of three bins.
        assert _edges(25, codec.rate_hz)[-1] == (22, 25)
        wanted = codec.levels(rows[None])[0][0][22:25].mean(0)
        both = torch.stack([one[-1], wanted])[:, 8:-8].unflatten(1, (-1, codec.frames))
        # Each frame of a latent has a mean of 0.
        assert torch.corrcoef((both - both.mean(1, keepdim=True)).flatten(1))[0, 1] > 0.9999
    assert abs(float(made.mean())) < 0.1
    assert abs(float(made.std()) - 1) < 0.2


def test_movement_is_matched_as_distributions() -> None:
    levels = BandLevels(4, 2, 3)
    levels.weight.normal_(generator=torch.Generator().manual_seed(1))
    movement = Movement(levels, 60.0)  # 3 frames before, 1 after
    real, made = torch.randn(2, 5, 4, 16, generator=torch.Generator().manual_seed(2))
    wanted = sum(0.1 * wasserstein_distance(*(x[:, c].diff().flatten() for x in (real, made))) for c in range(4))
    for channel in range(2):
        rises = []
        for x in (real, made):
            level = levels(x)[:, 20 * channel : 20 * channel + 20].mean(1)
            moments = range(3, level.shape[1])
            rises.append(torch.cat([level[:, t] - level[:, t - 3 : t].mean(1) for t in moments]))
        wanted += 5 * wasserstein_distance(*rises)
    assert float(movement(made, real)) == pytest.approx(wanted, rel=1e-5)
    assert float(movement(real.flip(0), real)) == 0


def test_movement_is_matched_of_latents_alone(songs: Path) -> None:
    assert resolve(PRESETS["small"]).movement_weight == 1
    for changes in ({"domain": "wave"}, {"variant": "baseline"}, {"recipe": "paper"}):
        assert resolve(dataclasses.replace(PRESETS["small"], **changes)).movement_weight == 0
    assert resolve(PRESETS["paper"]).movement_weight == 0
    with pytest.raises(ConfigError, match="domain latent"):
        WaveGANConfig(movement_weight=1.0)
    losses = []
    for weight in (0.0, 1.0, 2.0):
        system = tiny_latents(songs, movement_weight=weight)
        losses.append(system.losses("generator", system.batch(0, range(4)), Step(0, 10, range(4))))
    (plain, none), (once, terms), (twice, _) = losses
    assert none == {}
    torch.testing.assert_close(once - plain, terms["movement"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(twice - plain, 2 * terms["movement"], rtol=1e-4, atol=1e-5)


def test_a_discriminator_that_breaks_away_is_a_symptom(songs: Path) -> None:
    system = tiny_latents(songs)
    system.load_extra_state({"item0/watch": torch.tensor(2.0)})
    assert "discriminator" in system.symptoms(system.networks, 1)
    system.load_extra_state({})
    assert "discriminator" not in system.symptoms(system.networks, 1)


def test_a_model_of_latents_is_trained_anew_in_its_folder(songs: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        assert train(tiny_latents(songs, steps=1, seed=seed), tmp_path / "m", resume="never").step == 1
    assert '"seed": 1' in (tmp_path / "m" / "config.json").read_text()


def test_only_the_style_variant_learns_latents() -> None:
    assert resolve(WaveGANConfig(domain="auto", variant="style")).domain == "latent"
    assert resolve(WaveGANConfig(domain="auto", variant="baseline")).domain == "wave"
    assert resolve(WaveGANConfig(domain="auto", recipe="paper")).domain == "wave"
    assert (resolve(WaveGANConfig(domain="latent")).channels, resolve(WaveGANConfig()).channels) == (2, 1)
    for wrong in ({"variant": "baseline"}, {"recipe": "paper"}, {"clip_latents": 20}, {"loss": "bce"}):
        with pytest.raises(ConfigError):
            WaveGANConfig(domain="latent", **wrong)
    with pytest.raises(ConfigError, match="begin onset"):
        WaveGANConfig(normalise="hit")


def test_a_hit_ends_before_the_next_and_is_as_loud_as_can_be() -> None:
    hit = single_hit(np.full((1, 1000), 0.25, np.float32), 600)
    assert hit.max() == 1.0
    assert (hit[:, 600:] == 0).all()
    assert (np.diff(hit[0, 400:600]) <= 0).all()
    assert hit[0, 599] == 0
    np.testing.assert_array_equal(single_hit(np.zeros((1, 8), np.float32), 8), np.zeros((1, 8)))


def test_hits_begin_with_their_onset(songs: Path) -> None:
    changes = {"sample_rate_hz": RATE_HZ, "samples": 4096, "width": 2, "val_songs": "song0", "test_songs": "song1"}
    config = resolve(dataclasses.replace(PRESETS["hits"], **changes))
    clips = PlacedClips([(path.stem, path) for path in sorted(songs.iterdir())], config)
    for seed in range(5):
        hit = clips.draw(np.random.default_rng(seed))[0]
        assert np.abs(hit).max() == 1.0
        assert np.flatnonzero(np.abs(hit) > 0.1)[0] < 0.03 * RATE_HZ
        assert np.abs(hit[: round(0.3 * RATE_HZ)]).max() == 1.0  # one hit, not the next


def test_spectrograms_are_judged_too() -> None:
    judge = build_networks(tiny("style", spectra=True, samples=4096))["D"]
    plain = build_networks(tiny("style", samples=4096))["D"]
    assert len(judge.spectra) == 3
    assert set(plain.state_dict()) < set(judge.state_dict())
    silence = torch.zeros(2, 1, 4096, requires_grad=True)
    (slope,) = torch.autograd.grad(judge(silence).sum(), silence, create_graph=True)
    slope.square().sum().backward()
    assert torch.isfinite(slope).all()
    assert torch.isfinite(silence.grad).all()
