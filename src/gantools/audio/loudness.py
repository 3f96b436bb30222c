"""Loudness after ITU-R BS.1770-4 and EBU R 128: integrated, momentary, short-term, range.

One pass filters the sound (K-weighting) and stores the energy of every 100 ms hop. Each reading, and each reading
after a gain, is worked out from these energies; the sound is not needed again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gantools.audio.compiled import compiled_in_order
from gantools.errors import InputError

#: Loudness of a mean square of 1 (BS.1770-4, equation 2).
_OFFSET_LU = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_MOMENTARY_HOPS, _SHORT_TERM_HOPS = 4, 30
_LEAST_RATE_HZ = 4000
#: Channel weights (BS.1770-4, table 3), in the order of WAV files; the low-frequency channel does not count.
_CHANNEL_WEIGHTS = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
}


def k_weighting(rate_hz: int) -> np.ndarray:
    """Return the K-weighting filter at any sample rate.

    BS.1770-4 tabulates it for 48 kHz. Its two analogue prototypes are transformed bilinearly (B. De Man, Evaluation of
    Implementations of the EBU R128 Loudness Measurement, AES 145, 2018), and the cascade is scaled so that 997 Hz gains
    exactly 0.691 dB, as the standard's calibration says (a full-scale sine in one channel reads -3.01 LUFS).

    Parameters
    ----------
    rate_hz : int
        At least 4000.

    Returns
    -------
    sections : array (2, 5) of float64
        b0, b1, b2, a1, a2 of the shelf and of the high-pass.

    Raises
    ------
    InputError
        For a sample rate at which the shelf would lie above the Nyquist frequency.
    """
    if rate_hz < _LEAST_RATE_HZ:
        raise InputError(f"loudness is not defined at {rate_hz} Hz; resample to {2 * _LEAST_RATE_HZ} Hz or more")
    # The shelf for the head, about +4 dB above 1.7 kHz; tan() maps its corner exactly in spite of the bilinear warp.
    k, q = math.tan(math.pi * 1681.974450955533 / rate_hz), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band, a0 = high**0.4996667741545416, 1 + k / q + k * k
    a1, a2 = 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0
    b = (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k)
    shelf = [b[0] / a0, b[1] / a0, b[2] / a0, a1, a2]
    # The RLB high-pass at 38 Hz; its numerator is 1, -2, 1 at every rate, as in the standard's table.
    k, q = math.tan(math.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    sections = np.array([shelf, high_pass])
    # z^0, z^-1 and z^-2 at the calibration tone; what the cascade is off there, the shelf's numerator takes up.
    z = np.exp(-2j * np.pi * 997 / rate_hz * np.arange(3))
    gain = np.prod([s[:3] @ z / (1 + s[3:] @ z[1:]) for s in sections])
    sections[0, :3] *= 10 ** (-_OFFSET_LU / 20) / abs(gain)
    return sections


@compiled_in_order
def _weigh(
    left: np.ndarray,
    right: np.ndarray,
    sections: np.ndarray,
    state: np.ndarray,
    filled: int,
    hop: int,
    energy: np.ndarray,
) -> None:
    """Filter two channels and add their squares to `energy` (2, hops); `filled` samples of the first hop are behind.

    `state` (2, 6) holds the last two inputs, shelf outputs and high-pass outputs. Direct form I, the newest output
    last: a sample waits for one product of the sample before; and while one channel waits, the other is computed.
    """
    b0, b1, b2, a1, a2 = sections[0, 0], sections[0, 1], sections[0, 2], sections[0, 3], sections[0, 4]
    c1, c2 = sections[1, 3], sections[1, 4]
    x1, x2, y1, y2, z1, z2 = state[0, 0], state[0, 1], state[0, 2], state[0, 3], state[0, 4], state[0, 5]
    u1, u2, v1, v2, w1, w2 = state[1, 0], state[1, 1], state[1, 2], state[1, 3], state[1, 4], state[1, 5]
    position, number, stop = 0, 0, hop - filled
    while position < left.size:
        # A turn per hop. The first may have begun in the block before, and the last may end in the next.
        whole = stop <= left.size
        sum_left, sum_right = 0.0, 0.0
        for n in range(position, min(stop, left.size)):
            x, u = np.float64(left[n]), np.float64(right[n])
            y = (b0 * x + b1 * x1 + b2 * x2 - a2 * y2) - a1 * y1
            v = (b0 * u + b1 * u1 + b2 * u2 - a2 * v2) - a1 * v1
            z = (y - 2 * y1 + y2 - c2 * z2) - c1 * z1
            w = (v - 2 * v1 + v2 - c2 * w2) - c1 * w1
            x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
            u2, u1, v2, v1, w2, w1 = u1, u, v1, v, w1, w
            sum_left += z * z
            sum_right += w * w
        energy[0, number] += sum_left
        energy[1, number] += sum_right
        if whole:  # denormal numbers would make digital silence slow
            if abs(y1) + abs(y2) + abs(z1) + abs(z2) < 1e-100:
                y1 = y2 = z1 = z2 = 0.0
            if abs(v1) + abs(v2) + abs(w1) + abs(w2) < 1e-100:
                v1 = v2 = w1 = w2 = 0.0
        position, number, stop = stop, number + 1, stop + hop
    state[0, 0], state[0, 1], state[0, 2], state[0, 3], state[0, 4], state[0, 5] = x1, x2, y1, y2, z1, z2
    state[1, 0], state[1, 1], state[1, 2], state[1, 3], state[1, 4], state[1, 5] = u1, u2, v1, v2, w1, w2


def _lufs(mean_square: float) -> float:
    return _OFFSET_LU + 10 * math.log10(mean_square) if mean_square > 0 else -math.inf


def _mean_square(lufs: float) -> float:
    return 10 ** ((lufs - _OFFSET_LU) / 10)


@dataclass(frozen=True, eq=False)
class Loudness:
    """Energies of a K-weighted sound, and what BS.1770 and EBU R 128 read from them.

    Attributes
    ----------
    hop_energy : array (channels, hops) of float64
        Sum of squares of each whole hop.
    hop_samples : int
        100 ms.
    tail_energy : array (channels,)
        Sum of squares after the last whole hop.
    n_samples : int
        Length of the sound.
    weights : array (channels,)
        BS.1770 channel weights.

    Notes
    -----
    Every reading is -inf for silence and never NaN. `gain` is linear: the reading is that of the sound times `gain`.
    """

    hop_energy: np.ndarray
    hop_samples: int
    tail_energy: np.ndarray
    n_samples: int
    weights: np.ndarray

    def _windows(self, hops: int) -> np.ndarray:
        """Weighted mean square of every window of `hops` hops; of the whole sound where it is shorter."""
        energy = self.weights @ self.hop_energy
        # The standard defines no reading of a sound shorter than a window: it counts as one of its own length.
        if energy.size < hops:
            return np.array([self._total_mean_square])
        return np.lib.stride_tricks.sliding_window_view(energy, hops).sum(axis=1) / (hops * self.hop_samples)

    @property
    def _total_mean_square(self) -> float:
        total = self.weights @ (self.hop_energy.sum(axis=1) + self.tail_energy)
        return float(total) / max(self.n_samples, 1)

    @property
    def energy(self) -> np.ndarray:
        """Weighted mean square of every 400 ms block, 75 % overlapped (BS.1770-4, equation 3 summed over channels)."""
        return self._windows(_MOMENTARY_HOPS)

    def integrated_lufs(self, gain: float = 1.0) -> float:
        """Gated loudness (BS.1770-4, equations 5 to 7) in LUFS; ungated where the sound is shorter than 400 ms."""
        if self.hop_energy.shape[1] < _MOMENTARY_HOPS:
            return self.ungated_lufs(gain)
        return _gated(self.energy * gain**2)

    def ungated_lufs(self, gain: float = 1.0) -> float:
        """Loudness of the mean square of the whole sound."""
        return _lufs(self._total_mean_square * gain**2)

    def gain_to(self, target_lufs: float) -> float:
        """Return the linear gain after which the integrated loudness is `target_lufs`; 1 for silence.

        The absolute gate does not move with the gain, so the gate is evaluated anew after each of a few steps.
        """
        blocks = self.energy
        measured = self.integrated_lufs()
        if not math.isfinite(measured):
            return 1.0
        # Exact unless blocks cross the absolute gate on the way.
        gain = best = 10 ** ((target_lufs - measured) / 20)
        if self.hop_energy.shape[1] < _MOMENTARY_HOPS:
            return gain
        least = math.inf
        for _ in range(6):
            # Blocks that pass the gate at one gain may fail at the next, to and fro: the nearest of all steps is kept.
            error = target_lufs - _gated(blocks * gain**2)
            if abs(error) < least:
                best, least = gain, abs(error)
            if not 1e-9 < abs(error) < math.inf:
                break
            gain *= 10 ** (error / 20)
        return best

    def momentary_max_lufs(self) -> float:
        """Highest loudness of 400 ms (EBU Tech 3341)."""
        return _lufs(float(self.energy.max()))

    def short_term_max_lufs(self) -> float:
        """Highest loudness of 3 s (EBU Tech 3341); of the whole sound where it is shorter."""
        return _lufs(float(self._windows(_SHORT_TERM_HOPS).max()))

    def range_lu(self) -> float:
        """Loudness range (EBU Tech 3342): 95th less 10th percentile of the gated short-term loudness; 0 below 3 s."""
        blocks = self._windows(_SHORT_TERM_HOPS)
        # Two gates: -70 LUFS, then 20 LU below the mean power of what is left. The offset cancels in the difference.
        blocks = blocks[blocks > _mean_square(_ABSOLUTE_GATE_LUFS)]
        if not blocks.size:
            return 0.0
        blocks = blocks[blocks > blocks.mean() * 10 ** (_RANGE_GATE_LU / 10)]
        low, high = np.percentile(10 * np.log10(blocks), (10, 95))
        return float(high - low)


def _gated(blocks: np.ndarray) -> float:
    # Gated twice: at -70 LUFS, then 10 LU below the loudness of what that leaves.
    blocks = blocks[blocks > _mean_square(_ABSOLUTE_GATE_LUFS)]
    if not blocks.size:
        return -math.inf
    return _lufs(float(blocks[blocks > blocks.mean() * 10 ** (_RELATIVE_GATE_LU / 10)].mean()))


class Meter:
    """Measure a sound that arrives in blocks of any size.

    Parameters
    ----------
    rate_hz : int
        At least 4000.
    channels : int
        1, 2, 3, 5 (left, right, centre, surrounds) or 6 (with the low-frequency channel before the surrounds).
    dual_mono : bool
        A single channel counts as two equal ones, as it is played: 3.01 LU more.

    Raises
    ------
    InputError
        For a sample rate or a number of channels without a defined loudness.
    """

    def __init__(self, rate_hz: int, channels: int, dual_mono: bool = False) -> None:
        if channels not in _CHANNEL_WEIGHTS:
            raise InputError(f"loudness is not defined for {channels} channels; mix down to 2")
        self._sections = k_weighting(rate_hz)
        self._hop = round(0.1 * rate_hz)
        self._weights = np.array(_CHANNEL_WEIGHTS[channels]) * (2.0 if dual_mono and channels == 1 else 1.0)
        # Channels are filtered in pairs; the last of an odd number with itself.
        self._pairs = [(c, min(c + 1, channels - 1)) for c in range(0, channels, 2)]
        self._state = np.zeros((len(self._pairs), 2, 6))
        self._whole: list[np.ndarray] = []
        self._open = np.zeros(channels)
        self._n_samples = 0

    def push(self, block: np.ndarray) -> None:
        """Take the next samples: float32 (channels, n), finite."""
        rows = [np.ascontiguousarray(channel, np.float32) for channel in block]
        filled = self._n_samples % self._hop
        # A column per hop that this block touches: the last one stays open and goes on in the next block.
        energy = np.zeros((len(rows), 1 + (filled + block.shape[1]) // self._hop))
        for pair, state in zip(self._pairs, self._state, strict=True):
            both = np.zeros((2, energy.shape[1]))
            _weigh(rows[pair[0]], rows[pair[1]], self._sections, state, filled, self._hop, both)
            energy[list(pair)] = both
        energy[:, 0] += self._open
        self._whole.append(energy[:, :-1])
        self._open = energy[:, -1].copy()
        self._n_samples += block.shape[1]

    def loudness(self) -> Loudness:
        """Return the readings so far; more may be pushed afterwards."""
        whole = np.concatenate(self._whole, axis=1) if self._whole else np.zeros((len(self._open), 0))
        self._whole = [whole]
        return Loudness(whole, self._hop, self._open, self._n_samples, self._weights)


def measure_loudness(wave: np.ndarray, rate_hz: int, dual_mono: bool = False) -> Loudness:
    """Measure a whole sound, float32 (channels, n); see `Meter`."""
    meter = Meter(rate_hz, len(wave), dual_mono)
    for start in range(0, wave.shape[1], 1 << 20):
        meter.push(wave[:, start : start + (1 << 20)])
    return meter.loudness()
