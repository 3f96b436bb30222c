"""Phase recovery by alternating projections: fast Griffin-Lim and relaxed reflections, mel-consistent.

Two sets are at play: spectra that a wave has (reached by `Stft.step`), and spectra with the wanted magnitude. Frames
that are already known count as a third condition: they keep their complex values throughout.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gantools.audio.compiled import compiled
from gantools.audio.melinverse import BankTable
from gantools.audio.stft import Stft

_TINY = np.float32(1e-30)
#: Step of the relaxed reflections; .5 to 1 do about as well.
RELAXATION = 0.8


@compiled
def _pull_fast(
    spectra: np.ndarray, previous: np.ndarray, magnitude: np.ndarray, momentum: np.float32, result: np.ndarray
) -> None:
    """Extrapolate from the previous spectra to these and take the wanted magnitude; a negative one leaves it free."""
    # Spectra are float32 (frames, 2 bins) in these loops, real and imaginary parts in turn.
    for i in range(magnitude.shape[0]):
        for k in range(magnitude.shape[1]):
            re, im = spectra[i, 2 * k], spectra[i, 2 * k + 1]
            ahead_re = re + momentum * (re - previous[i, 2 * k])
            ahead_im = im + momentum * (im - previous[i, 2 * k + 1])
            previous[i, 2 * k] = re
            previous[i, 2 * k + 1] = im
            wanted = magnitude[i, k]
            # The floor keeps an empty bin from 0 / 0: NaN would spread over the whole frame.
            scale = wanted / np.sqrt(ahead_re * ahead_re + ahead_im * ahead_im + _TINY)
            if wanted < 0:
                scale = np.float32(1)
            result[i, 2 * k] = ahead_re * scale
            result[i, 2 * k + 1] = ahead_im * scale


@compiled
def _relax(spectra: np.ndarray, state: np.ndarray, magnitude: np.ndarray, relaxation: np.float32) -> None:
    """Move the state by relaxation * (spectra - P state), P taking the wanted magnitude."""
    for i in range(magnitude.shape[0]):
        for k in range(magnitude.shape[1]):
            re, im, wanted = state[i, 2 * k], state[i, 2 * k + 1], magnitude[i, k]
            scale = wanted / np.sqrt(re * re + im * im + _TINY)
            if wanted < 0:
                scale = np.float32(1)
            state[i, 2 * k] += relaxation * (spectra[i, 2 * k] - scale * re)
            state[i, 2 * k + 1] += relaxation * (spectra[i, 2 * k + 1] - scale * im)


@compiled
def _blend(state: np.ndarray, magnitude: np.ndarray, share: np.float32, result: np.ndarray) -> None:
    """Return state + share * (P state - state), P taking the wanted magnitude: 2 reflects, 1 projects."""
    for i in range(magnitude.shape[0]):
        for k in range(magnitude.shape[1]):
            re, im, wanted = state[i, 2 * k], state[i, 2 * k + 1], magnitude[i, k]
            scale = wanted / np.sqrt(re * re + im * im + _TINY)
            if wanted < 0:
                scale = np.float32(1)
            scale = 1 + share * (scale - 1)
            result[i, 2 * k] = re * scale
            result[i, 2 * k + 1] = im * scale


@compiled
def _fit_magnitude(
    spectra: np.ndarray,
    mel: np.ndarray,
    first_bin: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray,
    first_band: np.ndarray,
    share: np.ndarray,
    magnitude: np.ndarray,
) -> None:
    """Set the wanted magnitude to that of the spectra after one multiplicative update towards the mel power."""
    n_bins = magnitude.shape[1]
    power = np.empty(n_bins, np.float32)
    ratio = np.zeros(offsets.size - 1, np.float32)
    for i in range(magnitude.shape[0]):
        for k in range(n_bins):
            power[k] = spectra[i, 2 * k] ** 2 + spectra[i, 2 * k + 1] ** 2
        for j in range(mel.shape[1]):
            # M / F X, as in `kl_power`, with the power of these spectra for X.
            total = np.float32(0)
            shift = first_bin[j] - offsets[j]
            for q in range(offsets[j], offsets[j + 1]):
                total += weights[q] * power[shift + q]
            ratio[j] = mel[i, j] / (total + _TINY)
        for k in range(n_bins):
            # A negative magnitude stays: the bin is free, and no band tells what it should be.
            if magnitude[i, k] >= 0:
                j = first_band[k]
                magnitude[i, k] = math.sqrt(power[k] * (share[k, 0] * ratio[j] + share[k, 1] * ratio[j + 1]))


@dataclass(frozen=True)
class MelTarget:
    """Mel power that spectra should have: float32 (frames, n_mels), and the bank that it came from."""

    power: np.ndarray
    table: BankTable

    def fit(self, rows: slice, spectra: np.ndarray, magnitude: np.ndarray) -> None:
        """Set `magnitude` of these frames to that of `spectra`, one multiplicative update nearer to the mel power."""
        table = self.table
        _fit_magnitude(
            spectra,
            self.power[rows],
            table.first_bin,
            table.offsets,
            table.weights,
            table.first_band,
            table.share,
            magnitude,
        )


class Recovery:
    """Spectra on their way to a phase.

    Parameters
    ----------
    stft : Stft
    magnitude : float32 array (frames, bins)
        Wanted magnitude; a negative value leaves the bin free. With `target` it is only the start, and is changed in
        place: it follows the spectra as far as their mel power is the given one. This joint recovery of magnitude and
        phase is in the spirit of Masuyama et al. (2023); the update is that of `kl_power`.
    spectra : complex64 array (frames, bins)
        Where to start.
    target : MelTarget, optional
        The mel power to be met.
    known : complex64 array (k, bins), optional
        Spectra of the first k frames that must stay as they are.
    """

    def __init__(
        self,
        stft: Stft,
        magnitude: np.ndarray,
        spectra: np.ndarray,
        target: MelTarget | None = None,
        known: np.ndarray | None = None,
    ) -> None:
        self.stft, self.magnitude, self.target = stft, magnitude, target
        self.known = np.zeros((0, stft.n_bins), np.complex64) if known is None else known
        self._spectra = spectra
        self.wave = stft.synthesise(spectra)

    def fast_griffin_lim(self, iterations: int, momentum: float, fit_every: int = 1) -> None:
        """Run fast Griffin-Lim iterations.

        Perraudin, Balazs and Sondergaard, "A fast Griffin-Lim algorithm" (2013), algorithm 2: the magnitude is wanted
        of t + momentum * (t - t_previous), t being the consistent spectra; .99 is their choice.

        Parameters
        ----------
        iterations : int
        momentum : float
            0 is Griffin and Lim (1984); above 1 it diverges.
        fit_every : int
            The magnitude is fitted to the target every so many iterations.
        """
        previous = np.zeros((self.stft.n_frames, 2 * self.stft.n_bins), np.float32)
        for iteration in range(iterations):
            # Before the first consistent spectra there are none to extrapolate from.
            factor = np.float32(momentum if iteration else 0)
            fit = iteration % fit_every == fit_every - 1

            def change(rows: slice, block: np.ndarray, factor: np.float32 = factor, fit: bool = fit) -> np.ndarray:
                if fit and self.target is not None:
                    self.target.fit(rows, block, self.magnitude[rows])
                result = np.empty_like(block)
                _pull_fast(block, previous[rows], self.magnitude[rows], factor, result)
                return result

            self._step(change)

    def reflections(self, iterations: int, relaxation: float = RELAXATION) -> None:
        """Run relaxed reflections, x <- x + relaxation * (C(2 P x - x) - P x), and project on the magnitude at last.

        C projects on consistent spectra, P on the wanted magnitude: Elser, "The complexity of bit retrieval" (2018),
        RRR; with relaxation 1 it is Douglas-Rachford and ADMM. Unlike Griffin-Lim it leaves local optima, but does not
        settle: follow it by `fast_griffin_lim`. The magnitude stays: fitted to the target on the way, it would follow
        the search and end it.
        """
        state = self._spectra.copy().view(np.float32)

        def reflect(rows: slice, block: np.ndarray, move: bool, share: float) -> np.ndarray:
            if move:
                _relax(block, state[rows], self.magnitude[rows], np.float32(relaxation))
            result = np.empty_like(block)
            _blend(state[rows], self.magnitude[rows], np.float32(share), result)
            return result

        for iteration in range(iterations):
            # What arrives is C of what the step before gave out, so that the state moves one step late: not yet in the
            # first, and once more behind the last.
            self._step(lambda rows, block, move=iteration > 0: reflect(rows, block, move, 2.0))  # type: ignore[misc]
        if iterations:
            self._step(lambda rows, block: reflect(rows, block, True, 1.0))

    def _step(self, change: Callable[[slice, np.ndarray], np.ndarray]) -> None:
        n_known = len(self.known)

        def update(first: int, block: np.ndarray) -> np.ndarray:
            rows = slice(first, first + len(block))
            result = change(rows, block.view(np.float32)).view(np.complex64)
            if first < n_known:
                fixed = self.known[first : first + len(block)]
                result[: len(fixed)] = fixed
            return result

        self.wave = self.stft.step(self.wave, update)
