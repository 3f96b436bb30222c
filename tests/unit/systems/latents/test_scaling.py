"""What is heard of each latent."""

import torch

from gantools.systems.latents.scaling import importance_of


class TwoBands:
    """Its first channel is the level of the lowest of 513 bins, its second that of the highest."""

    rate_hz, channels = 44100, 2

    def levels(self, latents):
        levels = torch.zeros(1, 513, latents.shape[2])
        levels[:, 0], levels[:, -1] = torch.atanh(latents[:, 0]), torch.atanh(latents[:, 1])
        return levels, None


def test_a_bin_counts_by_the_part_of_the_mel_scale_that_it_covers():
    latents = 0.1 * torch.randn(1, 64, generator=torch.Generator().manual_seed(1)).expand(2, -1)
    low, high = importance_of(TwoBands(), [latents], [1.0])
    # d mel / d f is 1 / (700 + f).
    assert torch.isclose((low / high) ** 2, torch.tensor((700 + 22050) / 700), rtol=1e-4)


def test_a_channel_of_the_sound_counts_by_its_loudness():
    latents = 0.1 * torch.randn(1, 64, generator=torch.Generator().manual_seed(1)).expand(4, -1)
    middle, _, side, _ = importance_of(TwoBands(), [latents], [1.0, 0.25])
    assert torch.isclose(side / middle, torch.tensor(0.25), rtol=1e-4)
