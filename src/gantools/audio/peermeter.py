"""Integrated loudness as pyloudnorm reads it: the meter that the paper used, and one that is not ours.

Steinmetz and Reiss, "pyloudnorm: A simple yet flexible loudness meter in Python", AES 150 (2021). An extra
(`pip install 'gantools[pyloudnorm]'`), imported here alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from gantools.audio.loudness import Loudness
from gantools.errors import DependencyError


def require_pyloudnorm() -> None:
    """Say what to do where pyloudnorm is not installed; it is looked for and not loaded.

    Raises
    ------
    DependencyError
    """
    if find_spec("pyloudnorm") is None:
        raise DependencyError("the meter pyloudnorm needs its package; pip install 'gantools[pyloudnorm]'")


@dataclass(frozen=True, eq=False)
class PeerLoudness(Loudness):
    """`Loudness` whose integrated reading is pyloudnorm's; all others are ours.

    Attributes
    ----------
    peer_lufs : float
        The reading; -inf for silence. Below 400 ms, where pyloudnorm refuses, it is our ungated one.

    Notes
    -----
    A gain moves the reading by just so many dB, as pyloudnorm's own normalisation has it: the absolute gate is not
    evaluated anew.
    """

    peer_lufs: float

    def integrated_lufs(self, gain: float = 1.0) -> float:
        """Return the reading in LUFS."""
        return self.peer_lufs + 20 * math.log10(gain)

    def gain_to(self, target_lufs: float) -> float:
        """Return the linear gain to a loudness; 1 for silence."""
        return 10 ** ((target_lufs - self.peer_lufs) / 20) if math.isfinite(self.peer_lufs) else 1.0


def by_pyloudnorm(wave: np.ndarray, rate_hz: int, own: Loudness, dual_mono: bool = False) -> PeerLoudness:
    """Return the loudness of a wave with the integrated reading of pyloudnorm.

    Parameters
    ----------
    wave : array (channels, n) of float32
        One or two channels; held whole, in float64.
    rate_hz : int
    own : Loudness
        What our meter reads of it.
    dual_mono : bool
        A single channel counts as two equal ones.

    Raises
    ------
    DependencyError
        pyloudnorm is not installed.
    """
    require_pyloudnorm()
    import pyloudnorm

    meter = pyloudnorm.Meter(rate_hz)  # its default filter, as the paper's program calls it
    if wave.shape[1] < meter.block_size * rate_hz:
        lufs = own.ungated_lufs()
    else:
        channels = [0, 0] if dual_mono and len(wave) == 1 else list(range(len(wave)))
        lufs = float(meter.integrated_loudness(np.asarray(wave[channels].T, np.float64)))
    return PeerLoudness(**vars(own), peer_lufs=lufs)
