"""The codec's spectrogram: log-power in, the least-squares inverse out, whole or as a stream."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional

from gantools.systems.codec import passes
from gantools.systems.codec.config import CodecConfig

#: Smallest power, beside that of the floor.
LEAST = 1e-8


class FrontEnd:
    """The STFT that a codec sees, its levels, and the way back.

    Frame t is centred on the middle of samples ``t hop`` to ``(t + 1) hop``, so that R frames stand for R hops of
    sound and see (n_fft - hop) / 2 samples more on either side; before and behind the sound there is silence.

    Parameters
    ----------
    config : CodecConfig

    Attributes
    ----------
    n_fft, hop, bins : int
    lead : int
        Samples that the first frame sees before the sound.
    window : torch.Tensor
        Periodic Hann window, float32 (n_fft,).

    Notes
    -----
    Pasini and Schlueter 2022, section 3.1.2: s = log(\\|STFT(w)\\|^2 + eps). Here in dB, and scaled so that `floor_db`,
    the level of eps, becomes -1 and `top_db` becomes 1.
    """

    def __init__(self, config: CodecConfig) -> None:
        self.n_fft, self.hop, self.bins = config.n_fft, config.hop_samples, config.n_fft // 2 + 1
        self.lead = (self.n_fft - self.hop) // 2
        self.middle_db, self.range_db = (config.top_db + config.floor_db) / 2, (config.top_db - config.floor_db) / 2
        self._floor = 10 ** (config.floor_db / 10)
        self.window = torch.hann_window(self.n_fft)

    def samples(self, frames: int) -> int:
        """Return how many samples so many frames see."""
        return self.n_fft + (frames - 1) * self.hop

    def analyse(self, wave: torch.Tensor, frames: int) -> torch.Tensor:
        """Return complex64 spectra (batch, bins, frames) of waves (batch, n), followed by silence as far as needed."""
        behind = self.samples(frames) - self.lead - wave.shape[-1]
        return self.transform(functional.pad(wave, (self.lead, behind)))

    def transform(self, wave: torch.Tensor) -> torch.Tensor:
        """Return complex64 spectra (batch, bins, frames) of all whole frames of waves (batch, n)."""
        return spectra_of(wave, self.n_fft, self.hop, self.window)

    def levels(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return s, float32 of the shape of `spectra`: about -1 to 1."""
        parts = torch.view_as_real(spectra)
        power = parts.square().sum(-1)
        return (10 * torch.log10(power + self._floor) - self.middle_db) / self.range_db

    def magnitudes(self, levels: torch.Tensor, least: float = LEAST) -> torch.Tensor:
        r"""Return \|X\| of levels s; what is not above the floor is silence.

        `least` is the smallest power beside that of the floor: the slope of a root at 0 is infinite, so that training
        takes a larger one.
        """
        power = torch.pow(10.0, (levels.float() * self.range_db + self.middle_db) / 10) - self._floor
        return power.clamp_min(least * self._floor).sqrt()

    def spectra(self, levels: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
        """Return complex64 spectra (batch, bin, frame) of levels s and phases in half turns."""
        if levels.device.type != "cpu":
            return torch.polar(self.magnitudes(levels), torch.pi * turns.float())
        rows, phases = (passes.array(x.transpose(1, 2).flatten(0, 1)) for x in (levels, turns))
        made = torch.empty(rows.shape, dtype=torch.complex64)
        octaves = math.log2(10.0) / 10  # in a dB of power
        slope, offset = self.range_db * octaves, self.middle_db * octaves
        passes.spectra(rows, phases, slope, offset, self._floor, LEAST * self._floor, made.numpy())
        return made.unflatten(0, (len(levels), -1)).transpose(1, 2)

    def synthesise(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the waves (batch, frames * hop) whose windowed frames these complex64 (batch, bins, frames) are."""
        inverse = OverlapAdd(self)
        return torch.cat([inverse.push(spectra), inverse.finish()], -1)


def spectra_of(wave: torch.Tensor, n_fft: int, hop: int, window: torch.Tensor) -> torch.Tensor:
    """Return the spectra of all whole frames of waves (batch, n), complex64 (batch, bins, frames)."""
    return torch.stft(wave, n_fft, hop, window=window.to(wave.device), center=False, return_complex=True)


class OverlapAdd:
    """The inverse of `FrontEnd.analyse`, frames by frames.

    Overlap-add of windowed frames over the overlap-added squared window (Griffin and Lim 1984, equation 6). No sample
    that it gives out lies under less than the middle of one frame, so that nothing is blown up.

    Parameters
    ----------
    front : FrontEnd
    """

    def __init__(self, front: FrontEnd) -> None:
        self.front = front
        self._steps = -(-front.n_fft // front.hop)
        self._skip = front.lead
        self._window = functional.pad(front.window, (0, self._steps * front.hop - front.n_fft))
        self._tail: torch.Tensor | None = None
        self._weight = torch.zeros((self._steps - 1) * front.hop)
        self._counted = 0, self._weight

    def push(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the samples (batch, n) that no later frame adds to, after these frames (batch, bins, frames)."""
        front, frames = self.front, spectra.shape[-1]
        if not frames:
            return torch.zeros(len(spectra), 0, device=spectra.device)
        window = self._window.to(spectra.device)
        pieces = torch.fft.irfft(spectra.transpose(-1, -2), n=front.n_fft)
        if len(window) > front.n_fft:
            pieces = functional.pad(pieces, (0, len(window) - front.n_fft))
        pieces = pieces * window if pieces.requires_grad else pieces.mul_(window)
        wave, weight = self._added(pieces), self._weights(frames).to(pieces.device, copy=True)
        if self._tail is not None:
            wave[:, : self._tail.shape[1]] += self._tail
            weight[: len(self._weight)] += self._weight
        done = frames * front.hop
        self._tail, self._weight = wave[:, done:].clone(), weight[done:].clone()
        return self._given_out(wave[:, :done], weight[:done])

    def _added(self, pieces: torch.Tensor) -> torch.Tensor:
        """Return the sum of pieces (batch, frame, n), each a hop behind the one before it."""
        hop, steps = self.front.hop, self._steps
        batch, frames, _ = pieces.shape
        made = pieces.new_zeros(batch, (frames + steps - 1) * hop)
        if pieces.device.type == "cpu" and not pieces.requires_grad:
            passes.overlap(pieces.numpy(), hop, made.numpy())
            return made
        blocks = made.unflatten(1, (-1, hop))
        for step in range(steps):
            blocks[:, step : step + frames] += pieces[..., step * hop : (step + 1) * hop]
        return made

    def _weights(self, frames: int) -> torch.Tensor:
        """Return the overlap-added squared window of so many frames."""
        if frames != self._counted[0]:
            squared = self._window.square().expand(1, frames, -1)
            self._counted = frames, self._added(squared)[0]
        return self._counted[1]

    def finish(self) -> torch.Tensor:
        """Return the samples up to the end of the last frame's own hop."""
        assert self._tail is not None
        behind = self.front.lead
        return self._given_out(self._tail[:, :behind], self._weight[:behind])

    def _given_out(self, wave: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        skipped = min(self._skip, wave.shape[1])
        self._skip -= skipped
        return wave[:, skipped:] / weight[skipped:].clamp_min(1e-8)


def hearing_bands(bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return triangular bands, a bin wide at first and a tenth of their frequency higher up, and the way back.

    Returns
    -------
    tuple of float32 arrays
        (bin, band), the weights of each band summing to one; and (band, bin), those of each bin summing to one.
    """
    edges = [0.0]
    while edges[-1] < bins - 1:
        edges.append(min(bins - 1.0, edges[-1] + max(2.0, edges[-1] / 10)))
    place = np.interp(np.arange(bins), edges, np.arange(len(edges)))
    spread = np.maximum(0, 1 - np.abs(place - np.arange(len(edges))[:, None])).astype(np.float32)
    return np.ascontiguousarray((spread / spread.sum(1, keepdims=True)).T), spread
