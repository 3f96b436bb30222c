"""Half-overlapping frames of a sound that arrives in blocks of any size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


class FrameBuffer:
    """Collects samples until a batch of frames is full; the second half of its last frame begins the next batch.

    Parameters
    ----------
    channels : int
    n_fft : int
        Length of a frame; the hop is half of it.
    batch : int
        Frames at a time.

    Attributes
    ----------
    samples : array (channels, (batch + 1) hops) of float32
    filled : int
        Samples in it.
    fresh : int
        Those among them that no batch has had yet.
    """

    def __init__(self, channels: int, n_fft: int, batch: int) -> None:
        self._hop = n_fft // 2
        self.samples = np.zeros((channels, (batch + 1) * self._hop), np.float32)
        self.filled = self.fresh = 0

    def push(self, block: np.ndarray) -> Iterator[None]:
        """Take samples (channels, n); yield whenever the batch in `samples` is full."""
        position = 0
        while position < block.shape[1]:
            size = min(self.samples.shape[1] - self.filled, block.shape[1] - position)
            self.samples[:, self.filled : self.filled + size] = block[:, position : position + size]
            self.filled += size
            self.fresh += size
            position += size
            if self.filled == self.samples.shape[1]:
                # The caller reads `samples` while this waits; only then may the second half move to the front.
                yield
                self.samples[:, : self._hop] = self.samples[:, -self._hop :].copy()
                self.filled, self.fresh = self._hop, 0

    def close(self) -> None:
        """Fill the rest of the batch with silence."""
        self.samples[:, self.filled :] = 0
