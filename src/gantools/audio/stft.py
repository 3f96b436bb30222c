"""Short-time Fourier transform and its least-squares inverse, in blocks of frames on several threads.

Spectra are (frames, bins), the phase of a frame being counted from its first sample. Waves are padded: they begin
n_fft / 2 samples before the sound, as frame 0 does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from gantools.audio.compiled import BlockMap, compiled
from gantools.audio.mel import hann_window

#: Samples under analysis at once: the frames and spectra of a block stay in a core's own cache.
_BLOCK_SAMPLES = 1 << 16

#: Replaces a block of spectra: (first frame, spectra (k, bins)) -> spectra (k, bins).
Update = Callable[[int, np.ndarray], np.ndarray]


@compiled
def _add_frames(frames: np.ndarray, window: np.ndarray, hop: int, wave: np.ndarray) -> None:
    wave[:] = 0
    for i in range(frames.shape[0]):
        start = i * hop
        for j in range(frames.shape[1]):
            wave[start + j] += frames[i, j] * window[j]


@compiled
def _join_blocks(parts: np.ndarray, step: int, wave: np.ndarray) -> None:
    wave[:] = 0
    for b in range(parts.shape[0]):
        start = b * step
        for j in range(min(parts.shape[1], wave.size - start)):
            wave[start + j] += parts[b, j]


class Stft:
    """STFT of a fixed number of frames with a periodic Hann window, and the projection on consistent spectra.

    Parameters
    ----------
    n_fft, hop_samples, n_frames : int
    run_blocks : BlockMap
        See `block_threads`. Results do not depend on the number of threads.
    reflect_start : bool
        The wave begins with the sound: what lies before is its reflection, as `mel_db` pads it.
    n_sound : int, optional
        The sound ends after so many samples and is reflected there; by default it goes on.

    Notes
    -----
    The inverse is that of Griffin and Lim (1984), eq. 6: overlap-add of windowed frames over the overlap-added squared
    window. At a reflected end a sample has a mirror image; both are estimates of it and are added before the division,
    which is the least-squares answer among reflected waves.
    """

    def __init__(
        self,
        n_fft: int,
        hop_samples: int,
        n_frames: int,
        run_blocks: BlockMap,
        reflect_start: bool = False,
        n_sound: int | None = None,
    ) -> None:
        self.n_fft, self.hop, self.n_frames, self.n_bins = n_fft, hop_samples, n_frames, n_fft // 2 + 1
        self.window = hann_window(n_fft)
        self.n_wave = (n_frames - 1) * hop_samples + n_fft
        self._run_blocks = run_blocks
        self._block = max(1, _BLOCK_SAMPLES // n_fft)
        self._n_blocks = -(-n_frames // self._block)
        # A wave for each block, added up in order afterwards: no two threads add to one sample, and the sum, to its
        # rounding, does not depend on which of them was first.
        self._parts = np.zeros((self._n_blocks, (self._block - 1) * hop_samples + n_fft), np.float32)
        self._mirrors = self._find_mirrors(reflect_start, n_sound)
        envelope = np.zeros(self.n_wave, np.float32)
        for frame in range(n_frames):
            envelope[frame * self.hop : frame * self.hop + n_fft] += self.window**2
        self._fold(envelope)
        # The outermost samples of an open end lie under almost no window; they must not be blown up.
        self._gain = (1 / np.maximum(envelope, 1e-2 * envelope.max())).astype(np.float32)

    def analyse(self, wave: np.ndarray) -> np.ndarray:
        """Return the complex64 spectra (n_frames, bins) of a padded wave."""
        spectra = np.empty((self.n_frames, self.n_bins), np.complex64)

        def task(b: int) -> None:
            spectra[b * self._block : (b + 1) * self._block] = self._spectra(wave, b)

        self._run_blocks(task, self._n_blocks)
        return spectra

    def synthesise(self, spectra: np.ndarray) -> np.ndarray:
        """Return the padded float32 wave (n_wave,) whose STFT is nearest to `spectra` in the least squares."""

        def task(b: int) -> None:
            self._add(b, spectra[b * self._block : (b + 1) * self._block])

        self._run_blocks(task, self._n_blocks)
        return self._join()

    def step(self, wave: np.ndarray, update: Update) -> np.ndarray:
        """Analyse a padded wave, change its spectra by `update`, and synthesise; the spectra never leave the cache."""

        def task(b: int) -> None:
            self._add(b, update(b * self._block, self._spectra(wave, b)))

        self._run_blocks(task, self._n_blocks)
        return self._join()

    def _spectra(self, wave: np.ndarray, b: int) -> np.ndarray:
        windows = sliding_window_view(wave, self.n_fft)[:: self.hop][b * self._block : (b + 1) * self._block]
        return fft.rfft(windows * self.window, axis=1)

    def _add(self, b: int, spectra: np.ndarray) -> None:
        _add_frames(fft.irfft(spectra, n=self.n_fft, axis=1), self.window, self.hop, self._parts[b])

    def _join(self) -> np.ndarray:
        wave = np.empty(self.n_wave, np.float32)
        _join_blocks(self._parts, self._block * self.hop, wave)
        self._fold(wave)
        # Divided first, then reflected: the image gets the sound as it is in the end.
        wave *= self._gain
        for image, source in self._mirrors:
            wave[image] = wave[source]
        return wave

    def _find_mirrors(self, reflect_start: bool, n_sound: int | None) -> list[tuple[slice, slice]]:
        """Return (mirror image, what it mirrors) as slices of the padded wave."""
        mirrors, pad = [], self.n_fft // 2
        if reflect_start:
            # The outermost sample stands once, as `MelStream` pads: the image begins beside it.
            mirrors.append((slice(0, pad), slice(2 * pad, pad, -1)))
        if n_sound is not None:
            last = pad + n_sound - 1
            count = self.n_wave - 1 - last
            if count > 0:
                mirrors.append((slice(last + 1, last + 1 + count), slice(last - 1, last - 1 - count, -1)))
        return mirrors

    def _fold(self, sums: np.ndarray) -> None:
        for image, source in self._mirrors:
            sums[source] += sums[image]
