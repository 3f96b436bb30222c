"""The codec in use: blocks depend on their own samples, pieces give the whole, nothing beyond the halo counts."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from small_codec import tiny_codec_config

from gantools.systems.codec.codec import Codec
from gantools.systems.codec.config import PRESETS, CodecConfig
from gantools.systems.codec.networks import build_coders

#: Of techno22 with 1024 samples to a window.
TECHNO = {"encoder1": 2_060_416, "decoder1": 7_399_370, "encoder2": 4_532_800, "decoder2": 6_677_637}
BASE44 = {"encoder1": 4_790_336, "decoder1": 12_673_291, "encoder2": 3_984_960, "decoder2": 6_639_303}
#: The second level of maestro22 is not published: ours halves and doubles once more.
MAESTRO = {"encoder1": 2_060_416, "decoder1": 7_399_370, "encoder2": 4_640_032, "decoder2": 8_940_934}


def opened(config: CodecConfig, **options: object) -> Codec:
    networks = build_coders(config)
    for network in networks.values():
        network.eval().requires_grad_(False)
    if config.variant == "small":
        # What begins at zero would not be seen.
        for network in networks.values():
            for parameter in network.parameters():
                torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(parameter.numel()))
    return Codec(config, networks, precision="float32", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("preset", "counts"), [("techno22", TECHNO), ("base44", BASE44), ("maestro22", MAESTRO)])
def test_parameters_are_those_of_the_published_networks(preset: str, counts: dict[str, int]) -> None:
    with torch.device("meta"):
        networks = build_coders(PRESETS[preset])
    assert {name: sum(p.numel() for p in net.parameters()) for name, net in networks.items()} == counts


@pytest.mark.parametrize("preset", ["techno22", "base44", "maestro22", "small"])
def test_a_latent_depends_on_its_own_samples_alone(preset: str) -> None:
    config = PRESETS[preset] if preset != "small" else tiny_codec_config()
    codec = opened(config)
    size, lead = codec.samples_per_latent, codec.front.lead
    wave = 0.1 * torch.randn(1, 4 * size - 5, generator=torch.Generator().manual_seed(1))
    latents = codec.encode(wave)
    assert latents.shape == (1, codec.channels, 4)
    assert float(latents.abs().max()) < 1
    other = torch.randn(wave.shape, generator=torch.Generator().manual_seed(2))
    other[:, 2 * size - lead : 3 * size + lead] = wave[:, 2 * size - lead : 3 * size + lead]
    made = codec.encode(other)
    assert torch.equal(made[..., 2], latents[..., 2])
    assert not torch.allclose(made[..., 1], latents[..., 1], atol=1e-5)


@pytest.mark.parametrize("preset", ["techno22", "base44", "maestro22", "small"])
def test_the_halo_is_all_that_counts(preset: str) -> None:
    config = PRESETS[preset] if preset != "small" else tiny_codec_config()
    codec = opened(config)
    latents = torch.rand(1, codec.channels, 2 * codec.halo + 5, generator=torch.Generator().manual_seed(3)) - 0.5
    whole = codec.levels(latents)[0]
    first = codec.halo + 2
    cut = codec.levels(latents[..., first - codec.halo : first + 1 + codec.halo])[0]
    kept = slice(codec.halo * codec.block, (codec.halo + 1) * codec.block)
    assert torch.allclose(cut[..., kept], whole[..., first * codec.block : (first + 1) * codec.block], atol=1e-5)


@pytest.mark.parametrize("phase", ["head", "inversion"])
@pytest.mark.parametrize("linked", [False, True])
def test_a_stream_gives_the_samples_of_the_whole(phase: str, linked: bool) -> None:
    codec = opened(tiny_codec_config(phase=phase), iterations=2)
    latents = torch.rand(2, 6, 237, generator=torch.Generator().manual_seed(4)) - 0.5
    whole = codec.decode(latents, linked=linked, seed=3)
    assert whole.shape == (2, 237 * codec.samples_per_latent)
    assert torch.isfinite(whole).all()
    stream = codec.stream(linked=linked, seed=3)
    parts = [stream.push(part) for part in latents.split([1, 3, 0, 60, 5, 168], -1)]
    assert stream._held is not None
    assert stream._held.shape[-1] <= 64 + 2 * codec.halo
    assert torch.equal(torch.cat([*parts, stream.finish()], -1), whole)


def test_channels_of_one_sound_share_their_phases() -> None:
    codec = opened(tiny_codec_config())
    latents = (torch.rand(1, 6, 40, generator=torch.Generator().manual_seed(5)) - 0.5).repeat(2, 1, 1)
    latents[1] = latents[1].roll(3, -1)
    apart, linked = codec.decode(latents), codec.decode(latents, linked=True)

    def alike(waves: torch.Tensor) -> float:
        return float(torch.corrcoef(waves)[0, 1].abs())

    assert alike(linked) > 2 * alike(apart)


def test_another_variant_of_blocks_is_refused() -> None:
    from gantools.errors import ConfigError

    with pytest.raises(ConfigError, match="base44 has 16, not 8"):
        dataclasses.replace(PRESETS["base44"], frames_per_latent=8)
