"""MusiCNN (Pons et al., ISC licence) as an embedder: 3 s of music to one vector.

The weights of two trainings (Million Song Dataset, MagnaTagATune) come with the package, see
``weights/LICENSE-musicnn.txt``. The network is described in Pons and Serra, "musicnn: Pre-trained
convolutional neural networks for music audio tagging", ISMIR late-breaking 2019.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from gantools.errors import InputError, ModelError
from gantools.files.hashing import hash_file
from gantools.metrics.embedders.musicnn_mel import HOP_SAMPLES, N_MELS, SAMPLE_RATE_HZ, log_mel

#: ``all`` is the other four side by side, in the order of `LAYERS`, for the price of one.
Layer = Literal["mean_pool", "max_pool", "penultimate", "tags", "all"]

PATCH_FRAMES = 187
DEFAULT_HOP_FRAMES = 92  # half a patch, rounded so that 6 s of audio (a 256-frame mel chunk) holds three
EDGE_FRAMES = 3
NORM_EPS = 1e-3
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
LAYERS: tuple[Layer, ...] = ("mean_pool", "max_pool", "penultimate", "tags")
#: Values of each layer.
WIDTH = {"mean_pool": 753, "max_pool": 753, "penultimate": 200, "tags": 50, "all": 1756}
_BATCH_PATCHES = 16
_PIECE_FRAMES = 192  # longer results of the wide convolutions fall out of a CPU's cache


class _Pooled:
    """Convolution over (time, mel), ReLU, batch norm and maximum over mel, without storing the middle.

    ReLU is monotone and the norm is affine, so the maximum over mel can be taken first, where the norm's
    scale is positive; where it is negative the minimum counts, which is the maximum for the negated filter.
    """

    def __init__(self, kernel: Tensor, bias: Tensor, scale: Tensor, shift: Tensor) -> None:
        self.sign = torch.where(scale < 0, -1.0, 1.0)[:, None]
        self.kernel = kernel * self.sign[:, :, None, None]
        self.bias = bias * self.sign[:, 0]
        self.scale, self.shift = scale[:, None], shift[:, None]

    def __call__(self, padded: Tensor) -> Tensor:
        """(batch, 1, time + kernel - 1, mel) to (batch, filters, time)."""
        before = self.kernel.shape[2] - 1
        pieces = []
        for start in range(0, padded.shape[2] - before, _PIECE_FRAMES):
            piece = padded[:, :, start : start + _PIECE_FRAMES + before]
            pieces.append(functional.conv2d(piece, self.kernel, self.bias).amax(3))
        extreme = torch.cat(pieces, 2) * self.sign
        return extreme.clamp_min(0.0) * self.scale + self.shift


class MusiCNN:
    """The network, in evaluation mode, without gradients.

    Parameters
    ----------
    weights : dict of str to torch.Tensor
        Tensors under TensorFlow's names and axis order.
    name : str
        What results call this network.
    digest : str
        Hash of the weights, quoted in every result.
    device : torch.device or str
        Where to compute.

    Raises
    ------
    ModelError
        If a tensor is missing or the shapes are not those of a MusiCNN.
    """

    def __init__(self, weights: dict[str, Tensor], name: str, digest: str, device: torch.device | str = "cpu") -> None:
        self.name, self.digest, self.device = name, digest, torch.device(device)
        self._weights = {key: value.to(self.device, torch.float32) for key, value in weights.items()}
        try:
            self.input_norm = self._norm(0)
            self.timbral = [_Pooled(*self._conv(0), *self._norm(1)), _Pooled(*self._conv(1), *self._norm(2))]
            self.temporal = [_Pooled(*self._conv(2 + i), *self._norm(3 + i)) for i in range(3)]
            self.middle = [(*self._conv(5 + i), *self._norm(6 + i)) for i in range(3)]
            self.back = (self._norm(9), self._dense("dense"), self._norm(10), self._dense("dense_1"))
            # One run, so that weights of other shapes are refused here and not in the middle of an evaluation.
            self.embed_patches(torch.zeros(1, PATCH_FRAMES, N_MELS), "tags")
        except (KeyError, IndexError, RuntimeError) as error:
            raise ModelError(f"not the weights of a MusiCNN ({error}); give a file with its tensors") from error
        del self._weights

    @classmethod
    def load(cls, source: str | Path = "msd", device: torch.device | str = "cpu") -> MusiCNN:
        """Read a bundled network (``msd``, ``mtt``) or a safetensors file with the same tensors.

        A safetensors file holds numbers only: nothing in it is ever executed.

        Raises
        ------
        ModelError
            If the file cannot be read or is not a MusiCNN.
        """
        bundled = str(source) in ("msd", "mtt")
        path = WEIGHTS_FOLDER / f"{source}_musicnn.safetensors" if bundled else Path(source)
        try:
            weights = load_file(path)
        except (OSError, SafetensorError) as error:
            raise ModelError(f"cannot read the network ({error}); give a safetensors file", path) from error
        return cls(weights, f"musicnn-{source}" if bundled else f"file:{path.name}", hash_file(path), device)

    def _conv(self, index: int) -> tuple[Tensor, Tensor]:
        prefix = f"conv2d_{index}" if index else "conv2d"
        # TensorFlow has (time, mel, in, out), torch (out, in, time, mel).
        return self._weights[f"{prefix}/kernel"].permute(3, 2, 0, 1).contiguous(), self._weights[f"{prefix}/bias"]

    def _norm(self, index: int) -> tuple[Tensor, Tensor]:
        """Scale and shift of a batch norm in evaluation mode."""
        prefix = f"batch_normalization_{index}" if index else "batch_normalization"
        gamma, beta, mean, variance = (
            self._weights[f"{prefix}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / torch.sqrt(variance + NORM_EPS)
        return scale, beta - mean * scale

    def _dense(self, name: str) -> tuple[Tensor, Tensor]:
        return self._weights[f"{name}/kernel"].T.contiguous(), self._weights[f"{name}/bias"]

    def embed(self, wave: np.ndarray, hop_frames: int = DEFAULT_HOP_FRAMES, layer: Layer = "mean_pool") -> np.ndarray:
        """Embed audio, one vector for each patch of 187 frames (3 s).

        Parameters
        ----------
        wave : numpy.ndarray
            Mono samples at 16 kHz, shape (n,).
        hop_frames : int
            Frames of 16 ms between the starts of patches; the rest at the end is left out.
        layer : {"mean_pool", "max_pool", "penultimate", "tags", "all"}
            What to return: 753, 753, 200 or 50 values, or all 1756.

        Returns
        -------
        numpy.ndarray
            float32 (patches, d).

        Raises
        ------
        InputError
            If the audio is shorter than one patch, or holds values that are not finite.
        """
        if not np.isfinite(wave).all():
            raise InputError("the audio holds NaN or infinite samples; repair or leave out the file")
        frames = log_mel(wave, self.device)
        if len(frames) < PATCH_FRAMES:
            shortest_s = (PATCH_FRAMES - 1) * HOP_SAMPLES / SAMPLE_RATE_HZ
            raise InputError(f"{len(wave) / SAMPLE_RATE_HZ:.2f} s of audio, need at least {shortest_s:.2f} s")
        count = 1 + (len(frames) - PATCH_FRAMES) // hop_frames
        parts = []
        # TF32 keeps ten bits of the mantissa, and results would depend on the GPU.
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            for first in range(0, count, _BATCH_PATCHES):
                last = min(first + _BATCH_PATCHES, count) - 1
                # The frames of the whole batch once; the patches are views that overlap in it.
                span = frames[first * hop_frames : last * hop_frames + PATCH_FRAMES] * self.input_norm[0]
                span += self.input_norm[1]
                patches = span.unfold(0, PATCH_FRAMES, hop_frames).transpose(1, 2)[:, None]
                timbral = [self._shared(branch, span, patches, hop_frames) for branch in self.timbral]
                parts.append(self._network(patches, timbral, layer))
            return torch.cat(parts).cpu().numpy()

    def embed_patches(self, patches: Tensor, layer: Layer = "mean_pool") -> np.ndarray:
        """Embed log-mel patches that need not follow each other, (n, 187, 96) to float32 (n, d)."""
        parts = [np.zeros((0, WIDTH[layer]), np.float32)]
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            for batch in patches.split(_BATCH_PATCHES):
                normed = (batch.to(self.device) * self.input_norm[0] + self.input_norm[1])[:, None]
                edges = functional.pad(normed, (0, 0, EDGE_FRAMES, EDGE_FRAMES))
                timbral = [branch(edges) for branch in self.timbral]
                parts.append(self._network(normed, timbral, layer).cpu().numpy())
        return np.concatenate(parts)

    @staticmethod
    def _shared(branch: _Pooled, span: Tensor, patches: Tensor, hop_frames: int) -> Tensor:
        """One timbral branch for overlapping patches, (n, filters, 187).

        Patches that overlap share their frames, so the branch runs once over all of `span` (frames, 96). Only
        the three frames at either end of a patch, which see zeros beyond it, are computed for each patch.
        """
        whole = branch(functional.pad(span, (0, 0, EDGE_FRAMES, EDGE_FRAMES))[None, None])[0]
        features = whole.unfold(1, PATCH_FRAMES, hop_frames).transpose(0, 1).contiguous()
        near = 2 * EDGE_FRAMES
        features[:, :, :EDGE_FRAMES] = branch(functional.pad(patches[:, :, :near], (0, 0, EDGE_FRAMES, 0)))
        features[:, :, -EDGE_FRAMES:] = branch(functional.pad(patches[:, :, -near:], (0, 0, 0, EDGE_FRAMES)))
        return features

    def _network(self, normed: Tensor, timbral: list[Tensor], layer: Layer) -> Tensor:
        """Normalised patches (n, 1, 187, 96) and their two timbral branches to (n, d)."""
        front = list(timbral)
        for branch in self.temporal:
            before = (branch.kernel.shape[2] - 1) // 2  # TensorFlow's 'same': the odd frame goes to the right
            after = branch.kernel.shape[2] - 1 - before
            padded = functional.pad(normed, (0, 0, before, after))
            front.append(torch.cat([branch(part) for part in padded.split(2)]))
        stages = [torch.cat(front, 1)]
        for index, (kernel, bias, gain, offset) in enumerate(self.middle):
            rows = kernel[:, 0].transpose(1, 2)  # (filters, channels, 7): a convolution over time alone
            out = functional.conv1d(stages[-1], rows, bias, padding=EDGE_FRAMES).clamp_min(0.0)
            out = out * gain[:, None] + offset[:, None]
            # Residual from the second layer on; the first one changes the number of channels.
            stages.append(out + stages[-1] if index else out)
        return self._back_end(torch.cat(stages, 1), layer)

    def _back_end(self, features: Tensor, layer: Layer) -> Tensor:
        """(batch, 753, 187) to (batch, d)."""
        highest, mean = features.amax(2), features.mean(2)
        if layer in ("max_pool", "mean_pool"):
            return highest if layer == "max_pool" else mean
        (scale, shift), hidden, (gain, offset), output = self.back
        # Maximum and mean of each channel stand side by side: the order that the dense layer was trained on.
        pooled = torch.stack([highest, mean], 2).flatten(1) * scale + shift
        penultimate = functional.linear(pooled, *hidden).clamp_min(0.0) * gain + offset
        if layer == "penultimate":
            return penultimate
        tags = functional.linear(penultimate, *output).sigmoid()
        return tags if layer == "tags" else torch.cat([mean, highest, penultimate, tags], 1)
