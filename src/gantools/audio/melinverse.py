"""From mel power back to linear power: Kullback-Leibler multiplicative updates, gradient steps, and least squares.

A bank of triangles with shared edges has at most two weights per bin and is stored by band and by bin (`BankTable`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gantools.audio.compiled import BlockMap, compiled
from gantools.audio.mel import MelParams, diagonal_blocks, filter_bank

#: Frames side by side in the innermost loop: one vector register.
_LANES = 16
_BLOCK_FRAMES = 8 * _LANES
#: Bins outside all bands but this near to one share its energy through the main lobe of the Hann window.
_MAIN_LOBE_BINS = 2
_TINY = np.float32(1e-30)


@dataclass(frozen=True)
class BankTable:
    """A mel filter bank in sparse form.

    Attributes
    ----------
    first_bin : int64 array (n_mels,)
        First bin of each band.
    offsets : int64 array (n_mels + 1,)
        Where the weights of a band begin in `weights`.
    weights : float32 array (n_weights,)
        Weights band by band, bins ascending.
    first_band : int64 array (bins,)
        First of the two bands that a bin may lie in.
    share : float32 array (bins, 2)
        Weights of a bin in these two bands, divided by its column sum; 0 for a bin in no band.
    band_gain : float32 array (n_mels,)
        1 / sum of the weights of a band.
    nearest : int64 array (bins,)
        A bin in no band, but within 2 bins of one that is, is given the level of that one, and iterations leave its
        magnitude free; else a bin refers to itself. Bin 0 is such a bin: forcing it to 0 costs 3-4 dB of spectral
        convergence in music with a sub-bass (measured).
    """

    first_bin: np.ndarray
    offsets: np.ndarray
    weights: np.ndarray
    first_band: np.ndarray
    share: np.ndarray
    band_gain: np.ndarray
    nearest: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """Bins that no band covers but that lie in the main lobe of one that is covered, bool (bins,)."""
        return self.nearest != np.arange(self.nearest.size)


@lru_cache(maxsize=16)
def bank_table(params: MelParams, n_bins: int | None = None) -> BankTable:
    """Return the sparse form of `filter_bank`, or of the bands that its lowest `n_bins` bins lie in."""
    bank = filter_bank(params)
    if n_bins is not None:
        bank = bank[:, :n_bins]
        # Bands without a weight down there go, as in `low_mel_power`: its columns and these bands must agree.
        bank = bank[bank.any(axis=1)]
    n_bins = bank.shape[1]
    while len(bank) < 2:  # the tables refer to two bands
        bank = np.concatenate([bank, np.zeros_like(bank)])
    # A band narrower than the distance of two bins may hold none: it gets an empty span.
    spans = [(int(used[0]), int(used[-1]) + 1) if (used := np.flatnonzero(row)).size else (0, 0) for row in bank]
    column_sums, row_sums = bank.sum(axis=0), bank.sum(axis=1)
    covered = column_sums > 0
    # The loops always read two bands: a bin of the last band alone names the one before, with a share of 0.
    first_band = np.minimum(np.argmax(bank > 0, axis=0), len(bank) - 2)
    share = np.stack([bank[first_band, np.arange(n_bins)], bank[first_band + 1, np.arange(n_bins)]], axis=1)
    # F / F^T 1 is divided once here and not in every iteration; 1 stands in for bins of no band.
    share /= np.where(covered, column_sums, 1)[:, None]
    nearest = np.arange(n_bins)
    if covered.any():
        candidates = np.flatnonzero(covered)
        for k in np.flatnonzero(~covered):
            closest = candidates[np.argmin(np.abs(candidates - k))]
            nearest[k] = closest if abs(closest - k) <= _MAIN_LOBE_BINS else k
    return BankTable(
        first_bin=np.array([start for start, _ in spans]),
        offsets=np.concatenate([[0], np.cumsum([stop - start for start, stop in spans])]).astype(np.int64),
        weights=np.concatenate([row[start:stop] for row, (start, stop) in zip(bank, spans, strict=True)]),
        first_band=first_band,
        share=np.ascontiguousarray(share, np.float32),
        band_gain=np.where(row_sums > 0, 1 / np.maximum(row_sums, _TINY), 0).astype(np.float32),
        nearest=nearest,
    )


@compiled
def _spread(ratio: np.ndarray, first_band: np.ndarray, share: np.ndarray, power: np.ndarray) -> None:
    """Multiply power (bins, lanes) by F^T ratio / column sums."""
    for k in range(power.shape[0]):
        j, low, high = first_band[k], share[k, 0], share[k, 1]
        for i in range(_LANES):
            power[k, i] *= low * ratio[j, i] + high * ratio[j + 1, i]


@compiled
def _iterate(
    mel: np.ndarray,
    first_bin: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray,
    first_band: np.ndarray,
    share: np.ndarray,
    band_gain: np.ndarray,
    iterations: int,
    result: np.ndarray,
) -> None:
    n_frames, n_mels = mel.shape
    n_bins = first_band.size
    target = np.zeros((offsets.size - 1, _LANES), np.float32)
    ratio = np.zeros((offsets.size - 1, _LANES), np.float32)
    power = np.ones((n_bins, _LANES), np.float32)
    for start in range(0, n_frames, _LANES):
        # All lanes run in the last group too: copies of its last frame fill it and are not stored.
        used = min(_LANES, n_frames - start)
        for j in range(n_mels):
            for i in range(_LANES):
                target[j, i] = mel[start + min(i, used - 1), j]
                ratio[j, i] = target[j, i] * band_gain[j]
        # From X = 1, where F X is the sum of a band's weights, one update gives the start of `kl_power`.
        power[:] = 1
        _spread(ratio, first_band, share, power)
        for _ in range(iterations):
            for j in range(n_mels):
                # F X for this band, in the row that then takes M / F X; the floor keeps a silent band from 0 / 0.
                row = ratio[j]
                row[:] = 0
                shift = first_bin[j] - offsets[j]
                for q in range(offsets[j], offsets[j + 1]):
                    weight = weights[q]
                    column = power[shift + q]
                    for i in range(_LANES):
                        row[i] += weight * column[i]
                for i in range(_LANES):
                    row[i] = target[j, i] / (row[i] + _TINY)
            _spread(ratio, first_band, share, power)
        for i in range(used):
            for k in range(n_bins):
                result[start + i, k] = power[k, i]


def kl_power(mel_power: np.ndarray, params: MelParams, iterations: int, run_blocks: BlockMap) -> np.ndarray:
    """Return the linear power spectra that explain mel power, by multiplicative updates.

    X <- X * F^T (M / F X) / F^T 1 from X = (F / F^T 1)^T (M / F 1): Lee and Seung (2001), eq. 5, with the bank F held
    fixed (Richardson-Lucy). It needs no solver, never leaves the non-negative numbers, and works on banks without full
    rank, as the paper's is (252 of 256). The divergence falls in every iteration.

    Parameters
    ----------
    mel_power : float32 array (frames, n_mels)
        Linear power, at least 0.
    params : MelParams
        How the mel-spectrogram was made.
    iterations : int
        10 leave about 0.1 dB of log-mel error on music (measured).
    run_blocks : BlockMap
        See `block_threads`.

    Returns
    -------
    float32 array (frames, n_fft // 2 + 1)
        Bins that no band covers, such as bin 0, get the level of their neighbour if it is near, else 0.
    """
    table = bank_table(params)
    power = np.empty((len(mel_power), params.n_fft // 2 + 1), np.float32)

    def task(block: int) -> None:
        rows = slice(block * _BLOCK_FRAMES, (block + 1) * _BLOCK_FRAMES)
        _iterate(
            np.ascontiguousarray(mel_power[rows], np.float32),
            table.first_bin,
            table.offsets,
            table.weights,
            table.first_band,
            table.share,
            table.band_gain,
            iterations,
            power[rows],
        )

    run_blocks(task, -(-len(power) // _BLOCK_FRAMES))
    free = table.free
    # Updates leave these bins at 0, because no band has a weight for them; see `BankTable.nearest`.
    power[:, free] = power[:, table.nearest[free]]
    return power


@lru_cache(maxsize=8)
def gradient_step(params: MelParams) -> float:
    """Return the step of `gradient_power`: 1 / ||F||^2, with which no step leads away from the solution."""
    return float(1 / np.linalg.norm(filter_bank(params).astype(np.float64), 2) ** 2)


def gradient_momenta(iterations: int) -> list[float]:
    """Return how far each step goes on from the one before it: (t_k - 1) / t_(k + 1) of Beck and Teboulle (2009)."""
    momenta, t = [], 1.0
    for _ in range(iterations):
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        momenta.append((t - 1) / following)
        t = following
    return momenta


def gradient_power(mel_power: np.ndarray, params: MelParams, iterations: int) -> np.ndarray:
    """Return the linear power, at least 0, whose mel power is nearest in the Euclidean norm, by gradient steps.

    Minimises ||F x - m||^2 over x >= 0 for each frame: x <- max(0, y - F^T (F y - m) / ||F||^2), y going on from the
    last two x by a growing momentum (Beck and Teboulle, "A fast iterative shrinkage-thresholding algorithm", 2009,
    with a constant step). It starts from silence, so that bins of no band stay 0.

    Parameters
    ----------
    mel_power : float32 array (frames, n_mels)
    params : MelParams
    iterations : int

    Returns
    -------
    float32 array (frames, n_fft // 2 + 1)
    """
    blocks, step = diagonal_blocks(params), np.float32(gradient_step(params))
    x = np.zeros((len(mel_power), params.n_fft // 2 + 1), np.float32)
    y, residual = x.copy(), np.empty((len(mel_power), params.n_mels), np.float32)
    for momentum in gradient_momenta(iterations):
        for bands, bins, weights in blocks:
            residual[:, bands] = mel_power[:, bands] - y[:, bins] @ weights
        residual *= step
        for bands, bins, weights in blocks:
            y[:, bins] += residual[:, bands] @ weights.T
        np.maximum(y, 0, out=y)
        x, y = y, y + np.float32(momentum) * (y - x)
    return x


@lru_cache(maxsize=8)
def _pseudo_inverse(params: MelParams) -> np.ndarray:
    return np.linalg.pinv(filter_bank(params).astype(np.float64), rcond=1e-6)


def least_squares_power(mel_power: np.ndarray, params: MelParams) -> np.ndarray:
    """Return the linear power nearest to mel power in the least squares, clipped at 0.

    The minimum-norm solution by singular values, which is what torchaudio's ``InverseMelScale(driver="gelsd")``
    computes. Its default driver, ``gels``, fails on the paper's own bank, which lacks full rank.

    Parameters
    ----------
    mel_power : float32 array (frames, n_mels)
    params : MelParams

    Returns
    -------
    float32 array (frames, n_fft // 2 + 1)
    """
    return np.maximum(mel_power @ _pseudo_inverse(params).T, 0).astype(np.float32)
