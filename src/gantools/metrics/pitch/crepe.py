"""CREPE: pitch from a convolutional network, with the weights that torchcrepe brings along.

Kim et al., "CREPE: a convolutional representation for pitch estimation", ICASSP 2018. torchcrepe (MIT) gives the
network and its weights. Reading files, framing and decoding are done here: its decoders add random dither to each
pitch, and its package wants torchaudio, of which it uses one function that nothing here calls.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from gantools.errors import DependencyError

RATE_HZ = 16000
WINDOW_SAMPLES = 1024
#: Pitch of bin i: 10 Hz * 2 ** ((1997.38 + 20 i) / 1200), 31.7 Hz to 2005.5 Hz.
BIN_CENTS = 1997.3794084376191 + 20.0 * np.arange(360)
#: Bins on each side of the strongest that its pitch is averaged over (section 2 of the paper's code: 9 bins).
_REACH_BINS = 4
_BATCH_FRAMES = 128


@contextlib.contextmanager
def _without_torchaudio() -> Iterator[None]:
    """Let an import of torchaudio succeed: its wheel needs CUDA libraries, and importing it fails on CPU builds."""
    if "torchaudio" in sys.modules:
        yield
        return
    sys.modules["torchaudio"] = types.ModuleType("torchaudio")
    try:
        yield
    finally:
        del sys.modules["torchaudio"]


class Crepe:
    """The network at one size on one device.

    Parameters
    ----------
    model : {"tiny", "full"}
        486,552 or 22,239,976 weights. On one core tiny takes 0.2 s and full 3.5 s for a second of sound.
    device : torch.device or str

    Raises
    ------
    DependencyError
        If torchcrepe is not installed.
    """

    def __init__(self, model: str = "tiny", device: torch.device | str = "cpu") -> None:
        try:
            with _without_torchaudio():
                import torchcrepe
        except ImportError as error:
            raise DependencyError("CREPE needs torchcrepe; pip install torchcrepe, or take --tracker yin") from error
        torchcrepe.load.model("cpu", model)
        self.device = torch.device(device)
        self._network: Any = torchcrepe.infer.model.to(self.device, memory_format=torch.channels_last)
        del torchcrepe.infer.model  # the package keeps one model for all; this one is ours

    def track(self, wave: np.ndarray, hop_samples: int = 160) -> tuple[np.ndarray, np.ndarray]:
        """Return the pitch of each frame and how periodic it is.

        Parameters
        ----------
        wave : float32 array (n,)
            Mono samples at 16 kHz.
        hop_samples : int
            Distance between frames, which are centred on multiples of it.

        Returns
        -------
        hz, periodicity : float64 arrays (1 + n // hop_samples,)
            31.7 to 2005.5 Hz; 0 to 1.
        """
        padded = np.pad(wave.astype(np.float32), WINDOW_SAMPLES // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::hop_samples]
        blocks = range(0, len(frames), _BATCH_FRAMES)
        parts = [decode(self.activations(frames[first : first + _BATCH_FRAMES])) for first in blocks]
        return np.concatenate([hz for hz, _ in parts]), np.concatenate([periodicity for _, periodicity in parts])

    def activations(self, frames: np.ndarray) -> np.ndarray:
        """Return what the network says of each pitch in frames (n, 1024), each brought to unit variance: (n, 360)."""
        batch = torch.tensor(frames, device=self.device)
        batch -= batch.mean(dim=1, keepdim=True)
        # Silence has no variance to divide by.
        batch /= batch.std(dim=1, keepdim=True).clamp(min=1e-10)
        with torch.inference_mode():
            return self._network(batch).cpu().numpy()


def decode(activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pitch in Hz and periodicity of activations (frames, 360).

    The mean of the strongest bin and four on each side, in cents, weighted by their activations; the periodicity is the
    highest activation. Frame by frame: no smoothing, which would draw a melody through noise.
    """
    best = activations.argmax(axis=1)
    near = best[:, None] + np.arange(-_REACH_BINS, _REACH_BINS + 1)
    weights = np.take_along_axis(activations, np.clip(near, 0, 359), axis=1).astype(np.float64)
    weights[(near < 0) | (near > 359)] = 0.0
    cents = (weights * BIN_CENTS[np.clip(near, 0, 359)]).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-30)
    periodicity = activations.max(axis=1).astype(np.float64)
    # Where all is zero, which takes an exact underflow, the lowest bin stands for "nothing".
    cents = np.where(periodicity > 0, cents, BIN_CENTS[0])
    return 10.0 * 2.0 ** (cents / 1200.0), periodicity
