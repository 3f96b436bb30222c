"""How close a draw comes to a clip, at any rate and cheaply: what chooses a scale's weights.

The figures are named as in `gantools.metrics.novelty.figures` and mean the same, but come from windows of 256 samples
at every rate, level included: the numbers of the two do not compare.
"""

from __future__ import annotations

import torch

_N_FFT, _HOP = 256, 64
_FLOOR_DB = -60.0
_MOST_FRAMES = 600


class Likeness:
    """Compare draws with one clip.

    Parameters
    ----------
    real : Tensor
        (channels, n); the first channel (mid) is compared.
    """

    def __init__(self, real: torch.Tensor) -> None:
        power = self._power(real)
        self.floor = float(power.mean(0).amax()) * 10 ** (_FLOOR_DB / 10) + 1e-20
        self.spectrum = self._db(power.mean(0))
        frames = self._db(power)
        self.modulation = frames.std(0).mean()
        self.frames = _thin(frames)

    def measure(self, drawn: torch.Tensor) -> dict[str, float]:
        """Return how a draw differs.

        Returns
        -------
        dict
            ``ltas_db``: mean difference of the average spectra. ``recall_db``: root mean square difference of each
            frame of the clip from the nearest one of the draw, averaged. ``modulation_ratio``: standard deviation of
            the bins over time, the draw's over the clip's; noise has half.
        """
        power = self._power(drawn)
        ltas = (self._db(power.mean(0)) - self.spectrum).abs().mean()
        every = self._db(power)
        nearest = torch.cdist(self.frames, _thin(every)).amin(1) / self.frames.shape[1] ** 0.5
        modulation = every.std(0).mean() / self.modulation.clamp(min=1e-6)
        return {"ltas_db": float(ltas), "recall_db": float(nearest.mean()), "modulation_ratio": float(modulation)}

    def _db(self, power: torch.Tensor) -> torch.Tensor:
        return 10.0 * torch.log10(power + self.floor)

    @staticmethod
    def _power(signal: torch.Tensor) -> torch.Tensor:
        """Return the power of (frame, bin)."""
        window = torch.hann_window(_N_FFT, device=signal.device)
        spectrum = torch.stft(signal[0], _N_FFT, _HOP, window=window, pad_mode="constant", return_complex=True)
        return spectrum.abs().square().T


def _thin(frames: torch.Tensor) -> torch.Tensor:
    """Return at most so many frames, evenly spread."""
    count = frames.shape[0]
    if count <= _MOST_FRAMES:
        return frames
    return frames[torch.linspace(0, count - 1, _MOST_FRAMES, device=frames.device).long()]
