from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from small_songs import small_config, write_song

from gantools.chunks.multitrack import Multitrack, find_multitracks
from gantools.errors import ModelError
from gantools.systems.separator.bands import Bands, band_edges, sum_bands
from gantools.systems.separator.config import PRESETS, SeparatorConfig
from gantools.systems.separator.generate import TinySeparator, load
from gantools.systems.separator.networks import build_network, describe_mix
from gantools.systems.separator.objective import SeparatorObjective, band_errors, error_bels
from gantools.systems.separator.shipping import ship
from gantools.training.loop import train

TINY = Path(__file__).parents[4] / "src/gantools/models/shipped/tiny"


def _separator(config: SeparatorConfig | None = None) -> TinySeparator:
    config = config or small_config()
    network = build_network(config)
    torch.manual_seed(1)  # the outermost layer starts small, and blocks as identities: make all of it count
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn_like(weight)
    return TinySeparator(config, network)


def test_bands_cover_all_bins_once() -> None:
    for config in (SeparatorConfig(), small_config()):
        edges = band_edges(config)
        assert edges[0] == 0
        assert np.all(np.diff(edges) >= 1)
        assert (len(edges) - 1) % 8 == 0
        bands = Bands(config)
        assert bands.of_bin.shape == (config.n_fft // 2 + 1,)
        assert bands.of_bin[-1] == bands.count - 1
        assert np.all(np.bincount(bands.of_bin.numpy())[:-1] == np.diff(edges)[:-1])


def test_errors_from_band_sums_equal_those_of_spectra() -> None:
    config = small_config()
    bands, random = Bands(config), torch.Generator().manual_seed(0)
    spectra = torch.randn(4, 2, 5, config.n_fft // 2 + 1, dtype=torch.complex64, generator=random)
    sums = {name: tensor[None] for name, tensor in sum_bands(spectra, bands.edges).items()}
    mask = torch.rand(1, 4, 2, bands.count, 5, generator=random)
    mix = spectra.sum(0)
    error = (mask[0][:, :, bands.of_bin].transpose(-1, -2) * mix - spectra).abs().square()
    torch.testing.assert_close(band_errors(mask, sums)[0], bands.sums(error).transpose(-1, -2), rtol=1e-3, atol=1e-2)
    left, right = mix[..., : bands.top]
    torch.testing.assert_close(sums["product"].sum(), (left * right.conj()).real.sum(), rtol=1e-3, atol=1e-1)
    # Of one level everywhere: left = right = L has mid 2 L and side 0, all in bels over two.
    level = torch.full((1, 2, 1, 1), 100.0)
    np.testing.assert_allclose(describe_mix(level, level[:, 0]).flatten(), [1, 1, 0.5 * np.log10(200), -2.5], atol=1e-4)


def test_error_in_bels_by_hand() -> None:
    # Two stems of energy 4 and 0 in a mix of 4; the mask gives each half: errors 1 and 1. Threshold -20 dB: 0.04.
    shape = (1, 2, 2, 1, 1)
    sums = {"energy": torch.full((1, 2, 1, 1), 2.0), "own": torch.zeros(shape), "shared": torch.zeros(shape)}
    sums["own"][:, 0] = sums["shared"][:, 0] = 2.0
    bels = error_bels(torch.full(shape, 0.5), sums, -20.0)
    np.testing.assert_allclose(bels[0], np.log10([1.041 / 4.041, 1.041 / 0.041]), rtol=1e-5)


def test_network_gives_masks_that_sum_to_one() -> None:
    network = build_network(SeparatorConfig()).eval()
    masks = network(torch.randn(2, 4, 120, 9))
    assert masks.shape == (2, 4, 2, 120, 9)
    assert masks.min() >= 0
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 2, 120, 9))
    assert sum(weight.numel() for weight in network.parameters()) == 2_432_048
    same = build_network(SeparatorConfig()).state_dict()
    assert all(torch.equal(same[key], value) for key, value in network.state_dict().items())


@pytest.mark.parametrize("n", [0, 1, 255, 1024, 30_001])
def test_stems_have_the_length_of_the_mix_and_sum_to_it(n: int) -> None:
    mix = torch.randn(3, 2, n, generator=torch.Generator().manual_seed(n))
    stems = _separator().separate(mix)
    assert stems.shape == (3, 4, 2, n)
    assert stems.dtype == torch.float32
    torch.testing.assert_close(stems.sum(1), mix, atol=1e-5, rtol=0)
    assert n < 1000 or stems[:, 0].abs().max() > 0.01


def test_last_stem_is_masked_like_the_others() -> None:
    separator, n = _separator(), 20_480  # whole hops, so that the zeros below are those of `separate`
    mix = torch.randn(1, 2, n, generator=torch.Generator().manual_seed(0))
    lead = separator.bands.n_fft - separator.bands.hop
    spectra = separator.bands.spectra(torch.nn.functional.pad(mix, (lead, lead))).transpose(-1, -2).contiguous()
    masked = separator._inverse(spectra * separator._masks(spectra)[:, 3])[..., lead : lead + n]
    torch.testing.assert_close(separator.separate(mix)[:, 3], masked, atol=1e-5, rtol=0)


def test_a_stretch_far_from_its_ends_does_not_know_where_it_was_cut() -> None:
    separator = _separator()
    separator._precision = "float32"
    hop, mix = separator.bands.hop, torch.randn(1, 2, 100_000, generator=torch.Generator().manual_seed(0))
    whole, part = separator.separate(mix), separator.separate(mix[..., 40 * hop : 240 * hop])
    # 1 + 3 + 7 + 3 + 1 frames of convolution around 1 block of the middle, and the 4 of the window.
    margin = 24 * hop
    inner = part[..., margin:-margin]
    torch.testing.assert_close(inner, whole[..., 40 * hop + margin : 240 * hop - margin], atol=1e-5, rtol=0)


def test_swapped_channels_in_batches_do_not_mix() -> None:
    separator = _separator()
    mix = torch.randn(2, 2, 9000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(separator.separate(mix)[1:], separator.separate(mix[1:]), atol=1e-3, rtol=0)
    with pytest.raises(ValueError, match="must be"):
        separator.separate(mix[0])


def test_batches_follow_from_their_numbers_alone(tracks: list[Multitrack]) -> None:
    system, other = SeparatorObjective(small_config(), tracks), SeparatorObjective(small_config(), tracks)
    expected = [system.batch(step, (0, 1)) for step in range(3)]
    for step in (2, 0, 1):  # out of order: nothing that was made ahead is taken for something else
        both = other.batch(step, (0,)), other.batch(step, (1,))
        for name, tensor in expected[step].items():
            assert torch.equal(torch.cat([part[name] for part in both]), tensor)


def test_training_learns_the_small_songs(tracks: list[Multitrack], tmp_path: Path) -> None:
    config = small_config(steps=60, aligned_share=1.0, validate_every=60, width=8, body_width=32, lr=0.01)
    train(SeparatorObjective(config, tracks), tmp_path / "model")
    lines = (tmp_path / "model" / "metrics.jsonl").read_text().splitlines()
    scores = [float(line.split('"score": ')[1].split(",")[0]) for line in lines if '"validation"' in line]
    assert scores[-1] < scores[0] - 3.0  # dB
    separator = load(tmp_path / "model")
    assert separator.sources == ("vocals", "drums", "bass", "other")
    assert separator.separate(torch.zeros(1, 2, 5000)).abs().max() == 0


@torch.no_grad()
def test_validation_leaves_out_silent_stems_and_needs_something_held_out(tmp_path: Path) -> None:
    write_song(tmp_path / "one", 0)
    write_song(tmp_path / "two", 1)
    soundfile.write(tmp_path / "two" / "vocals.wav", np.zeros(1000), 44100)
    tracks = find_multitracks([tmp_path])
    system = SeparatorObjective(small_config(val_songs="two"), tracks)
    assert set(system.validate(system.networks, 0)) == {"score", "drums", "bass", "other"}
    system = SeparatorObjective(small_config(validation_share=0.0), tracks)
    assert system.validate(system.networks, 0) == {}


def test_shipping_keeps_the_sound(tracks: list[Multitrack], tmp_path: Path) -> None:
    train(SeparatorObjective(small_config(steps=3), tracks), tmp_path / "model")
    ship(tmp_path / "model", tmp_path / "small", "me\n")
    assert sorted(path.name for path in (tmp_path / "small").iterdir()) == [
        "CREDITS.txt", "config.json", "mask.safetensors"
    ]  # fmt: skip
    mix = 0.3 * torch.randn(1, 2, 20_000, generator=torch.Generator().manual_seed(0))
    stems = [load(tmp_path / name).separate(mix) for name in ("model", "small")]
    assert (stems[0] - stems[1]).square().mean() < 1e-4 * mix.square().mean()


def test_shipped_weights() -> None:
    if not TINY.exists():
        pytest.skip("no shipped weights")
    assert sum(path.stat().st_size for path in TINY.iterdir()) <= 8_000_000
    separator = load(TINY)
    mix = 0.1 * torch.randn(1, 2, 50_000, generator=torch.Generator().manual_seed(0))
    assert (separator.separate(mix).sum(1) - mix).square().mean() < 1e-4 * mix.square().mean()
    assert PRESETS["default"].n_fft == separator.bands.n_fft


def test_refuses_other_models(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"schema": 2, "system": "toy", "config": {}, "data": {}, "networks": {}, "ema": []}'
    )
    with pytest.raises(ModelError, match="of toy"):
        load(tmp_path)
