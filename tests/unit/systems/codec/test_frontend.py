"""The front end and its inverse: true phases give the sound back, at any hop, whole or in pieces."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_codec import tiny_codec_config
from sounds import stem

from gantools.systems.codec.frontend import FrontEnd, OverlapAdd


@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 512), (1024, 256), (1024, 300), (1024, 344), (128, 32)])
def test_true_phases_give_the_sound_back(n_fft: int, hop: int) -> None:
    front = FrontEnd(tiny_codec_config(n_fft=n_fft, hop_samples=hop, frame_channels=12))
    wave = torch.from_numpy(np.float32(3.0) * stem("drums", 2.0, 44100, 1)).reshape(1, -1)[:, :88000]
    frames = wave.shape[1] // hop
    spectra = front.analyse(wave, frames)
    made = front.synthesise(torch.polar(front.magnitudes(front.levels(spectra)), spectra.angle()))
    sound = wave[:, : frames * hop]
    assert made.shape == sound.shape
    assert 10 * torch.log10(sound.square().sum() / (sound - made).square().sum()) > 80


def test_levels_span_the_range() -> None:
    front = FrontEnd(tiny_codec_config(n_fft=1024, hop_samples=256, floor_db=-100.0, top_db=50.0))
    tone = torch.sin(2 * torch.pi * 100 / 1024 * torch.arange(4096))[None]
    levels = front.levels(front.transform(tone))
    # A full-scale sine peaks at half the window's sum, 20 log10(256) = 48.2 dB: (48.2 + 25) / 75.
    assert float(levels.max()) == pytest.approx((48.165 + 25) / 75, abs=1e-4)
    assert float(front.levels(torch.zeros(1, 513, 4, dtype=torch.complex64)).max()) == -1
    assert float(front.magnitudes(torch.full((1, 513, 4), -1.0)).max()) < 1e-6


def test_pieces_of_frames_are_the_whole() -> None:
    front = FrontEnd(tiny_codec_config(n_fft=128, hop_samples=48))
    spectra = torch.randn(2, 65, 23, dtype=torch.complex64)
    inverse = OverlapAdd(front)
    parts = [inverse.push(part) for part in spectra.split([1, 2, 9, 11], -1)]
    joined = torch.cat([*parts, inverse.finish()], -1)
    assert joined.shape == (2, 23 * 48)
    assert torch.allclose(joined, front.synthesise(spectra), atol=1e-5)
