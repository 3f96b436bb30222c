"""Mid and side: there and back, for numpy and torch alike."""

import numpy as np
import torch

from gantools.audio.midside import from_mid_side, to_mid_side

STEREO = np.random.default_rng(5).uniform(-1, 1, (3, 2, 50)).astype(np.float32)


def test_mid_is_what_both_share_and_side_what_they_differ_in():
    signal = to_mid_side(STEREO)
    assert np.allclose(signal[:, 0], STEREO.mean(1), atol=1e-7)
    assert np.allclose(STEREO[:, 0] - STEREO[:, 1], 2 * signal[:, 1], atol=1e-6)
    assert np.allclose(from_mid_side(signal), STEREO, atol=1e-6)


def test_tensors_give_the_same_bits():
    tensor = torch.from_numpy(STEREO)
    assert np.array_equal(to_mid_side(tensor).numpy(), to_mid_side(STEREO))
    assert np.array_equal(from_mid_side(tensor).numpy(), from_mid_side(STEREO))


def test_mono_stays():
    mono = STEREO[:, :1]
    assert to_mid_side(mono) is mono
    assert from_mid_side(mono) is mono
