"""Phases for decoded magnitudes: our own inversion, piece by piece, with equal results however the pieces come."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import uniform_filter1d

from gantools.audio.compiled import block_threads
from gantools.audio.griffinlim import Recovery
from gantools.audio.phase import heap_phases, spectra_of
from gantools.audio.stft import Stft
from gantools.runtime.seeds import item_seed
from gantools.systems.codec.frontend import FrontEnd, hearing_bands

#: Frames that a piece solves again because it then knows what follows them, and frames that it keeps and continues.
AHEAD = 8
_KNOWN = 4
#: What is lost is measured over so many frames; no more than this is given back, and nothing to less than this.
_SMOOTH_FRAMES, _MOST_GAIN, _LEAST = 5, 4.0, 1e-6


class PhaseStream:
    """Spectra from magnitudes by phase-gradient heap integration, and by fast Griffin-Lim iterations behind it.

    Rows that belong together share their phases, those of their mean power: a sound in the middle of a stereo picture
    stays there, and the work is done once.

    Parameters
    ----------
    front : FrontEnd
    linked : bool
        The rows of the batch are channels of one sound.
    iterations : int
        Of fast Griffin-Lim, for each piece.
    seed : int
    """

    def __init__(self, front: FrontEnd, linked: bool, iterations: int, seed: int) -> None:
        self.front, self.linked, self.iterations, self.seed = front, linked, iterations, seed
        self._bands, self._spread = hearing_bands(front.bins)
        self._waiting: torch.Tensor | None = None
        self._known: list[np.ndarray] = []
        self._done = 0

    def push(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """Return the spectra, complex64 (batch, bin, frame), of all but the last frames of float32 magnitudes."""
        joined = magnitudes if self._waiting is None else torch.cat([self._waiting, magnitudes], -1)
        return self._solve(joined, max(0, joined.shape[-1] - AHEAD))

    def finish(self) -> torch.Tensor:
        """Return the spectra of the frames that waited for what follows them."""
        assert self._waiting is not None
        return self._solve(self._waiting, self._waiting.shape[-1])

    def _solve(self, magnitudes: torch.Tensor, count: int) -> torch.Tensor:
        """Solve the given frames, keep the spectra of the first `count`, and let the others wait."""
        self._waiting = magnitudes[..., count:].clone()
        device = magnitudes.device
        if not count:
            return magnitudes.new_zeros((*magnitudes.shape[:-1], 0), dtype=torch.complex64)
        guides = magnitudes.square().mean(0, keepdim=True).sqrt() if self.linked else magnitudes
        rows = np.ascontiguousarray(guides.transpose(1, 2).cpu().numpy())
        known = self._known or [np.zeros((0, self.front.bins), np.complex64)] * len(rows)
        made = np.empty((len(rows), count, self.front.bins), np.complex64)

        def solve(row: int) -> None:
            made[row] = self._row(rows[row], known[row])[:count]

        # Rows know nothing of each other.
        with block_threads(min(len(rows), torch.get_num_threads())) as run_rows:
            run_rows(solve, len(rows))
        found = torch.from_numpy(made).transpose(1, 2).to(device)
        # Copies of a few frames: a view would keep all of them.
        self._known = [np.concatenate([k, m[-_KNOWN:]])[-_KNOWN:] for k, m in zip(known, made, strict=True)]
        self._done += count
        # What the guide became, in size and turn, becomes of each channel.
        return magnitudes[..., :count] * (found / guides[..., :count].clamp_min(_LEAST))

    def _row(self, magnitude: np.ndarray, known: np.ndarray) -> np.ndarray:
        front = self.front
        whole = np.concatenate([np.abs(known), magnitude]).astype(np.float32)
        with block_threads(1) as run_blocks:
            seed = item_seed(self.seed, "phase", self._done)
            phase = heap_phases(whole, front.n_fft, front.hop, seed, run_blocks, known if len(known) else None)
            spectra = spectra_of(whole, phase)
            spectra[: len(known)] = known
            if self.iterations:
                stft = Stft(front.n_fft, front.hop, len(whole), run_blocks)
                recovery = Recovery(stft, whole, spectra, known=known if len(known) else None)
                recovery.fast_griffin_lim(self.iterations, 0.99)
                spectra = stft.analyse(recovery.wave)
                spectra *= self._restored(np.abs(spectra), whole)
        return spectra[len(known) :]

    def _restored(self, made: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Return gains that give back the power that was lost, float32 (frame, bin), smooth in both directions.

        Phases that do not fit each other cancel, most of all in noise. Taking the wanted magnitude bin by bin would
        bring it back for this spectrogram and not for its sound; so the power of bands is compared.
        """
        power = [np.square(x, dtype=np.float32) @ self._bands for x in (wanted, made)]
        smooth = [uniform_filter1d(x, _SMOOTH_FRAMES, axis=0, mode="nearest") for x in power]
        gains = np.sqrt((smooth[0] + _LEAST) / (smooth[1] + _LEAST)).clip(1 / _MOST_GAIN, _MOST_GAIN)
        return gains @ self._spread
