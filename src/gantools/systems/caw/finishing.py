"""What follows the training of a scale: batch statistics measured anew, a correction of its spectrum, one file."""

from __future__ import annotations

import torch

from gantools.systems.caw.scale import CawScale, calibrated
from gantools.systems.caw.stack import Scale

_N_FFT, _DRAWS = 256, 4


@torch.no_grad()
def finish(system: CawScale) -> Scale:
    """Return the finished scale of a system whose generator has the weights to keep."""
    config, material, generator = system.config, system.material, system.generator
    if config.recalibrate:
        calibrated(generator, system, config.recalibrate, into=generator)
    generator = generator.eval().requires_grad_(False)
    equaliser = None
    if config.match_eq_db:
        count = max(_DRAWS, len(material.real))
        drawn = [system.draw(generator, i % len(material.real), "calibration", i) for i in range(count)]
        equaliser = fit_equaliser(material.stretches(), drawn, config.match_eq_db)
    return Scale(material.rate_hz, generator, material.amplitude, material.rec_noise[0], equaliser)


def fit_equaliser(real: list[torch.Tensor], drawn: list[torch.Tensor], most_db: float) -> torch.Tensor:
    """Return a linear-phase filter (channels, 257) that brings the average spectrum of draws to that of the clips.

    Parameters
    ----------
    real, drawn : list of Tensor
        (channels, n).
    most_db : float
        Largest gain, up or down.
    """
    limit = 10.0 ** (most_db / 20)
    wanted, there = average_power(real), average_power(drawn)
    floor = 1e-9 * wanted.amax(1, keepdim=True) + 1e-20
    gain = ((wanted + floor) / (there + floor)).sqrt().clamp(1 / limit, limit)
    # The response of the window of the analysis is wider than a bin: more detail than that is noise.
    taps = torch.fft.irfft(torch.complex(gain, torch.zeros_like(gain)), dim=1)
    taps = torch.cat([taps[:, _N_FFT // 2 :], taps[:, : _N_FFT // 2 + 1]], 1)
    window = torch.hann_window(_N_FFT + 1, periodic=False, device=taps.device)
    return (taps * window).contiguous()


def average_power(signals: list[torch.Tensor]) -> torch.Tensor:
    """Return the mean power (channels, bins) over time and signals."""
    window = torch.hann_window(_N_FFT, device=signals[0].device)
    total, frames = torch.zeros(signals[0].shape[0], _N_FFT // 2 + 1, device=signals[0].device), 0
    for signal in signals:
        power = torch.stft(signal, _N_FFT, window=window, pad_mode="constant", return_complex=True).abs().square()
        total += power.sum(-1)
        frames += power.shape[-1]
    return total / frames
