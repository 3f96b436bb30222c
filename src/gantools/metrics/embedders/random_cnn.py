"""Ten random convolutional networks as an embedder.

Random features judge without any training data, and ten networks show how much the verdict depends on the draw. The
numbers are comparable among themselves only, never with those of another embedder.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.audio.quantise import DbRange
from gantools.errors import InputError
from gantools.files.hashing import hash_bytes
from gantools.runtime.seeds import item_seed

NETWORKS = 10
WINDOW_FRAMES = 256
HOP_FRAMES = 128
_WIDTHS = (1, 16, 32, 64, 64)
_OUTPUTS = 128
_SLOPE = 0.2
_RANGE = DbRange(-50.0, 40.0)
_BATCH = 8


class RandomCNN:
    """Mel windows through four strided convolutions that nobody trained.

    Input: the project's mel spectrogram (22050 Hz, 256 HTK bands), windows of 256 frames (5.9 s), half overlapped,
    -50 to 40 dB brought to [-1, 1]. Convolutions 3x3 of stride 2 to 16, 32, 64 and 64 channels with He initialisation
    and leaky ReLU; mean and standard deviation over the plane; a linear layer to 128 values. Seeds are fixed.

    Parameters
    ----------
    device : torch.device or str
        Where to compute.
    """

    name = "rand-cnn-v1"
    layer = "linear128"

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._params = MelParams()
        networks = [_draw(index) for index in range(NETWORKS)]
        self.digest = hash_bytes(b"".join(weight.tobytes() for weights in networks for weight in weights))
        self._networks = [[torch.as_tensor(w, device=self._device) for w in weights] for weights in networks]
        self.rate_hz = self._params.sample_rate_hz
        self.window_s = WINDOW_FRAMES * self._params.hop_samples / self.rate_hz
        self.hop_s = HOP_FRAMES * self._params.hop_samples / self.rate_hz

    def embed(self, wave: np.ndarray) -> np.ndarray:
        """Embed mono 22050 Hz samples (n,) as float32 (10 networks, windows, 128).

        Raises
        ------
        InputError
            If the audio is shorter than one window.
        """
        unit = _RANGE.to_unit(mel_db(wave, self._params))
        if len(unit) < WINDOW_FRAMES:
            raise InputError(f"{len(wave) / self.rate_hz:.2f} s of audio, need at least {self.window_s:.2f} s")
        planes = torch.as_tensor(unit).unfold(0, WINDOW_FRAMES, HOP_FRAMES)[:, None]  # (windows, 1, mel, frame)
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            parts = []
            for batch in planes.split(_BATCH):
                batch = batch.contiguous().to(self._device)
                parts.append(torch.stack([_forward(batch, weights) for weights in self._networks]))
            return torch.cat(parts, 1).cpu().numpy()


def _draw(index: int) -> list[np.ndarray]:
    """Weights of one network; NumPy draws them, so that they do not change with torch."""
    random = np.random.default_rng(item_seed(0, "rand-cnn-v1", index))
    weights = []
    for inputs, outputs in itertools.pairwise(_WIDTHS):
        # He et al. 2015 for a leaky ReLU and a fan-in of 9 x inputs: the variance stays the same from layer to layer.
        gain = np.sqrt(2.0 / (1.0 + _SLOPE**2) / (9 * inputs))
        weights.append(random.standard_normal((outputs, inputs, 3, 3)) * gain)
    weights.append(random.standard_normal((_OUTPUTS, 2 * _WIDTHS[-1])) * np.sqrt(1.0 / (2 * _WIDTHS[-1])))
    return [weight.astype(np.float32) for weight in weights]


def _forward(planes: Tensor, weights: list[Tensor]) -> Tensor:
    """(batch, 1, mel, frame) to (batch, 128)."""
    features = planes
    for weight in weights[:-1]:
        features = functional.leaky_relu(functional.conv2d(features, weight, stride=2, padding=1), _SLOPE)
    flat = features.flatten(2)
    return functional.linear(torch.cat([flat.mean(2), flat.std(2)], 1), weights[-1])
