"""What lies below 20 Hz is taken away: nobody hears it, and a short analysis window takes it for bass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

LOWEST_HZ = 20.0
_ORDER = 4


class HighPass:
    """A Butterworth high-pass of fourth order at 20 Hz, for sound that comes in blocks.

    It begins as if the first sample had always been there, so that an offset makes no thump.

    Parameters
    ----------
    rate_hz : float
        Above 40 Hz.

    Notes
    -----
    Songs with an offset that drifts are no rarity. In windows of 23 ms that is a level in the lowest bins, and what is
    made of such levels, whose phases are unknown, is a rumble of 20 to 40 Hz that can be louder than the music.
    """

    def __init__(self, rate_hz: float) -> None:
        self._sos = butter(_ORDER, LOWEST_HZ, "highpass", fs=rate_hz, output="sos")
        self._state: np.ndarray | None = None

    def push(self, block: np.ndarray) -> np.ndarray:
        """Return float32 samples of the shape of `block`, (n, channels)."""
        if not len(block):
            return block
        if self._state is None:
            self._state = sosfilt_zi(self._sos)[..., None] * block[0]
        made, self._state = sosfilt(self._sos, block, axis=0, zi=self._state)
        return made.astype(np.float32)


def without_infrasound(blocks: Iterable[np.ndarray], rate_hz: float) -> Iterator[np.ndarray]:
    """Yield blocks (n, channels) of a sound without what lies below 20 Hz."""
    high_pass = HighPass(rate_hz)
    for block in blocks:
        yield high_pass.push(block)
