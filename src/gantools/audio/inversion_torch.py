"""The inversion of `inversion`, in torch, for GPUs: the same steps in the same order, all frames of a segment at once.

Only the heap integration stays on the CPU: it is sequential by nature. Tests compare this path with the compiled one
on the CPU, where plain complex torch code is several times slower, so it is never chosen there.
"""

from __future__ import annotations

import numpy as np
import torch

from gantools.audio.compiled import BlockMap
from gantools.audio.griffinlim import RELAXATION
from gantools.audio.lowband import determines_bins, kept_bins, low_decimation, low_mel_power
from gantools.audio.mel import MelParams, filter_bank, hann_window
from gantools.audio.melinverse import bank_table, gradient_momenta, gradient_step, least_squares_power
from gantools.audio.phase import heap_phases, random_phases, spectra_of
from gantools.audio.segment import Segment
from gantools.errors import DeviceError

_TINY = 1e-30


class TorchStft:
    """`stft.Stft` on a torch device: padded waves (n_wave,), spectra (frames, bins)."""

    def __init__(
        self,
        n_fft: int,
        hop_samples: int,
        n_frames: int,
        device: torch.device,
        reflect_start: bool = False,
        n_sound: int | None = None,
    ) -> None:
        self.n_fft, self.hop = n_fft, hop_samples
        self.n_bins = n_fft // 2 + 1
        self.n_wave = (n_frames - 1) * hop_samples + n_fft
        self.window = torch.from_numpy(hann_window(n_fft)).to(device)
        self._start = n_fft // 2 if reflect_start else 0
        self._last = self.n_wave - 1 if n_sound is None else n_fft // 2 + n_sound - 1
        # As in `Stft`: the outermost samples of an open end lie under almost no window and must not be blown up.
        envelope = self._overlap((self.window**2).expand(n_frames, n_fft))
        self._gain = 1 / envelope.clamp(min=1e-2 * float(envelope.max()))

    def analyse(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the spectra of a padded wave."""
        return torch.fft.rfft(wave.unfold(0, self.n_fft, self.hop) * self.window)

    def synthesise(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the padded wave whose STFT is nearest."""
        wave = self._overlap(torch.fft.irfft(spectra, n=self.n_fft) * self.window) * self._gain
        beyond = self.n_wave - 1 - self._last
        if self._start:
            wave[: self._start] = wave[self._start + 1 : 2 * self._start + 1].flip(0)
        if beyond:
            wave[self._last + 1 :] = wave[self._last - beyond : self._last].flip(0)
        return wave

    def project(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the nearest spectra that a wave has."""
        return self.analyse(self.synthesise(spectra))

    def _overlap(self, frames: torch.Tensor) -> torch.Tensor:
        """Overlap-add frames (k, n_fft), and add what lies beyond reflected ends to what it mirrors."""
        # fold() is an overlap-add where an image one pixel high has a patch (1, n_fft) per frame.
        columns = frames.T[None]
        wave = torch.nn.functional.fold(columns, (1, self.n_wave), (1, self.n_fft), stride=(1, self.hop)).reshape(-1)
        beyond = self.n_wave - 1 - self._last
        if self._start:
            wave[self._start + 1 : 2 * self._start + 1] += wave[: self._start].flip(0)
        if beyond:
            wave[self._last - beyond : self._last] += wave[self._last + 1 :].flip(0)
        return wave


class _Bank:
    """A mel filter bank as a dense matrix on a device."""

    def __init__(self, params: MelParams, device: torch.device, n_bins: int | None = None) -> None:
        # With `n_bins`, only the bands that `low_mel_power` keeps.
        bank = filter_bank(params)[:, :n_bins]
        self.bank = torch.from_numpy(bank[bank.any(axis=1)] if n_bins else bank).to(device)
        columns, self.rows = self.bank.sum(0), self.bank.sum(1)
        self.columns = torch.where(columns > 0, columns, torch.ones_like(columns))
        table = bank_table(params)
        self.free = torch.from_numpy(table.free).to(device)
        self.nearest = torch.from_numpy(table.nearest).to(device)

    def factor(self, power: torch.Tensor, mel_power: torch.Tensor) -> torch.Tensor:
        """Return what one multiplicative update multiplies `power` by; see `melinverse.kl_power`."""
        return (mel_power / (power @ self.bank.T + _TINY)) @ self.bank / self.columns

    def kl_power(self, mel_power: torch.Tensor, iterations: int) -> torch.Tensor:
        start = torch.where(self.rows > 0, mel_power / self.rows.clamp(min=_TINY), torch.zeros_like(mel_power))
        power = start @ self.bank / self.columns
        for _ in range(iterations):
            power = power * self.factor(power, mel_power)
        return power[:, self.nearest]

    def gradient_power(self, mel_power: torch.Tensor, iterations: int, step: float) -> torch.Tensor:
        x = torch.zeros(len(mel_power), self.bank.shape[1], device=mel_power.device)
        y = x
        for momentum in gradient_momenta(iterations):
            before, x = x, (y + step * ((mel_power - y @ self.bank.T) @ self.bank)).clamp(min=0)
            y = x + momentum * (x - before)
        return x


def _with_magnitude(spectra: torch.Tensor, magnitude: torch.Tensor) -> torch.Tensor:
    # A negative magnitude leaves the bin free, as in the compiled loops; the floor keeps an empty one from 0 / 0.
    scale = magnitude / torch.sqrt(spectra.real**2 + spectra.imag**2 + _TINY)
    return spectra * torch.where(magnitude < 0, torch.ones_like(scale), scale)


class _Recovery:
    """`griffinlim.Recovery` on a device; `spectra` are those with the wanted magnitude."""

    def __init__(
        self, stft: TorchStft, magnitude: torch.Tensor, spectra: torch.Tensor, known: torch.Tensor | None
    ) -> None:
        self.stft, self.magnitude, self.spectra, self.known = stft, magnitude, spectra, known

    def _keep_known(self, spectra: torch.Tensor) -> torch.Tensor:
        if self.known is not None:
            spectra[: len(self.known)] = self.known
        return spectra

    def fast_griffin_lim(
        self, iterations: int, momentum: float, bank: _Bank | None, mel_power: torch.Tensor, fit_every: int
    ) -> None:
        previous = torch.zeros_like(self.spectra)
        for iteration in range(iterations):
            consistent = self.stft.project(self.spectra)
            if bank is not None and iteration % fit_every == fit_every - 1:
                power = consistent.real**2 + consistent.imag**2
                fitted = torch.sqrt(power * bank.factor(power, mel_power))
                self.magnitude = torch.where(self.magnitude < 0, self.magnitude, fitted)
            ahead = consistent + (momentum if iteration else 0.0) * (consistent - previous)
            self.spectra = self._keep_known(_with_magnitude(ahead, self.magnitude))
            previous = consistent

    def reflections(self, iterations: int) -> None:
        state = self.spectra
        for _ in range(iterations):
            projected = _with_magnitude(state, self.magnitude)
            reflected = self._keep_known(2 * projected - state)
            state = state + RELAXATION * (self.stft.project(reflected) - projected)
        self.spectra = self._keep_known(_with_magnitude(state, self.magnitude))


def _solve_low_band(
    segment: Segment, spectra: torch.Tensor, magnitude: torch.Tensor, known: torch.Tensor | None
) -> None:
    params, effort = segment.params, segment.effort
    # Step by step as `lowband.solve_low_band`, which says why.
    decimation = low_decimation(params)
    if decimation == 1 or not effort.low_reflections + effort.low_iterations:
        return
    device = spectra.device
    n_fft, hop = params.n_fft // decimation, params.hop_samples // decimation
    stft = TorchStft(n_fft, hop, len(spectra), device, segment.reflect_start)
    bins = slice(0, stft.n_bins)
    determined = determines_bins(params, stft.n_bins)
    bank = None if determined else _Bank(params, device, stft.n_bins)
    target = torch.from_numpy(low_mel_power(magnitude.cpu().numpy(), params, stft.n_bins)).to(device)
    known = None if known is None else known[:, bins]
    low = _Recovery(stft, magnitude[:, bins].clone(), spectra[:, bins].clone(), known)
    if determined:
        low.reflections(effort.low_reflections)
    low.fast_griffin_lim(effort.low_iterations, 0.99, bank, target, 1)
    kept = kept_bins(stft.n_bins)
    spectra[:, :kept] = stft.project(low.spectra)[:, :kept]
    magnitude[:, :kept] = low.magnitude[:, :kept]


@torch.inference_mode()
def solve_segment_torch(segment: Segment, run_blocks: BlockMap, device: str | torch.device) -> np.ndarray:
    """Return the padded wave of one segment, float32; `inversion.solve_segment` on a torch device.

    Parameters
    ----------
    segment : Segment
    run_blocks : BlockMap
        For the heap integration, which runs on the CPU.
    device : str or torch.device

    Raises
    ------
    DeviceError
        The device ran out of memory.
    """
    try:
        return _solve(segment, run_blocks, torch.device(device))
    except torch.cuda.OutOfMemoryError as error:
        raise DeviceError(f"out of memory on {device}; use --device cpu") from error


def _solve(segment: Segment, run_blocks: BlockMap, device: torch.device) -> np.ndarray:
    params, effort = segment.params, segment.effort
    bank = _Bank(params, device)
    mel_power = torch.from_numpy(np.ascontiguousarray(segment.mel_power)).to(device)
    if effort.kl_iterations:
        magnitude = torch.sqrt(bank.kl_power(mel_power, effort.kl_iterations))
    elif effort.gradient_iterations:
        magnitude = torch.sqrt(bank.gradient_power(mel_power, effort.gradient_iterations, gradient_step(params)))
    else:
        magnitude = torch.from_numpy(np.sqrt(least_squares_power(segment.mel_power, params))).to(device)
    # Phases are found or drawn on the CPU for this path too: both start from the same spectra.
    on_cpu = magnitude.cpu().numpy()
    if effort.heap:
        phase = heap_phases(on_cpu, params.n_fft, params.hop_samples, segment.seed, run_blocks, segment.known)
    else:
        phase = random_phases(on_cpu.shape, segment.seed)
    spectra = torch.from_numpy(spectra_of(on_cpu, phase)).to(device)
    known = None if segment.known is None else torch.from_numpy(segment.known).to(device)
    if known is not None:
        spectra[: len(known)] = known
    if effort.kl_iterations:
        # After the first spectra took a level from their neighbours; see `segment.solve_segment`.
        magnitude[:, bank.free] = -1
    _solve_low_band(segment, spectra, magnitude, known)
    stft = TorchStft(params.n_fft, params.hop_samples, len(magnitude), device, segment.reflect_start, segment.n_sound)
    recovery = _Recovery(stft, magnitude, spectra, known)
    recovery.fast_griffin_lim(
        effort.iterations, effort.momentum, bank if effort.fit_every else None, mel_power, effort.fit_every
    )
    return stft.synthesise(recovery.spectra).cpu().numpy()
