"""Random networks in whose spaces sets of phrases are compared (Han et al., section 4.3, after Naeem et al. 2020).

Nobody trained them: features that are drawn at random judge without any data, and several networks show how much the
verdict depends on the draw. The weights are fixed, so that figures of different runs can be compared.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from gantools.files.hashing import hash_bytes
from gantools.runtime.seeds import item_seed
from gantools.symbolic.roll import BAR_STEPS, PITCHES

NAME = "loop-cnn-v1"
CHANNELS, OUTPUTS, SLOPE = 8, 128, 0.2
#: Strides of the two convolutions.
STRIDES = (2, 4)
#: A batch norm that has seen nothing divides by the root of 1 and this.
_NORM_EPSILON = 1e-5
_BATCH = 512


class RandomNetworks:
    """Two strided convolutions over time with batch norm and leaky ReLU, and a linear layer to 128 values, untrained.

    The authors' network for 8 bars: 57 to 8 channels with stride 2, 8 to 8 with stride 4, 128 values flat, all kernels
    of 3. Weights are drawn as PyTorch initialises them, uniform within the inverse root of the fan-in, by NumPy.

    Parameters
    ----------
    bars : int
    count : int
        Of networks.

    Attributes
    ----------
    digest : str
        Hash of all weights.
    """

    def __init__(self, bars: int, count: int) -> None:
        flat = CHANNELS * bars * BAR_STEPS // (STRIDES[0] * STRIDES[1])
        shapes = ((CHANNELS, PITCHES, 3), (CHANNELS, CHANNELS, 3), (OUTPUTS, flat), (OUTPUTS,))
        fans = (3 * PITCHES, 3 * CHANNELS, flat, flat)
        drawn = []
        for index in range(count):
            random = np.random.default_rng(item_seed(0, NAME, index))
            drawn.append([
                random.uniform(-(fan**-0.5), fan**-0.5, shape).astype(np.float32)
                for shape, fan in zip(shapes, fans, strict=True)
            ])  # fmt: skip
        self.count = count
        self.digest = hash_bytes(b"".join(weight.tobytes() for weights in drawn for weight in weights))
        first, second, linear, bias = (torch.as_tensor(np.stack(one)) for one in zip(*drawn, strict=True))
        # All networks in one pass: side by side in the channels, and in groups from there on.
        self._first, self._second = first.flatten(0, 1), second.flatten(0, 1)
        self._linear, self._bias = linear, bias

    def embed(self, sounding: np.ndarray) -> np.ndarray:
        """Embed what sounds in phrases, bool (n, steps, 57), as float32 (networks, n, 128)."""
        with torch.inference_mode():
            parts = [
                self._forward(torch.as_tensor(sounding[at : at + _BATCH])) for at in range(0, len(sounding), _BATCH)
            ]
            return torch.cat(parts, dim=1).numpy()

    def _forward(self, sounding: torch.Tensor) -> torch.Tensor:
        values = sounding.float().transpose(1, 2)
        for weight, stride, groups in ((self._first, STRIDES[0], 1), (self._second, STRIDES[1], self.count)):
            values = functional.conv1d(values, weight, stride=stride, padding=1, groups=groups)
            values = functional.leaky_relu(values / (1 + _NORM_EPSILON) ** 0.5, SLOPE)
        flat = values.unflatten(1, (self.count, CHANNELS)).flatten(2).transpose(0, 1)
        return torch.baddbmm(self._bias[:, None], flat, self._linear.transpose(1, 2))
