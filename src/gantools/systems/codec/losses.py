"""What the codec is trained by: errors of levels, the multi-scale spectral distance, the hinge."""

from __future__ import annotations

import numpy as np
import torch

from gantools.systems.codec.frontend import FrontEnd, spectra_of

#: Hops of the multi-scale spectral distance (section 4.1); windows are four times as long.
HOPS = (64, 128, 256, 512)
_WINDOWS_PER_HOP = 4


def ear_weights(bins: int, rate_hz: int, share: float) -> torch.Tensor:
    """Return how much each bin counts, float32 (bins,) with a mean of 1.

    Parameters
    ----------
    bins : int
        From 0 to half the rate.
    rate_hz : int
    share : float
        1 gives each band of hearing the same weight, 0 each bin; between, powers of the former.

    Notes
    -----
    The equivalent rectangular bandwidth of Glasberg and Moore 1990: 24.7 (4.37 f / 1000 + 1) Hz.
    """
    hz = np.linspace(0, rate_hz / 2, bins)
    density = (1 / (24.7 * (4.37 * hz / 1000 + 1))) ** share
    return torch.from_numpy((density / density.mean()).astype(np.float32))


def level_error(made: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error of levels (batch, bin, frame), bins weighted: L_rec, sections 3.1.1 and 3.1.2."""
    return ((made - wanted).abs() * weights[:, None]).mean()


def magnitude_error(made: torch.Tensor, wanted: torch.Tensor, weights: torch.Tensor, front: FrontEnd) -> torch.Tensor:
    """Return the mean absolute error of the square roots of magnitudes, in which loud bins count more.

    The floor is not taken off first, as in `FrontEnd.magnitudes`: near it the slope of a root would have no bound.
    """
    a, b = (torch.pow(10.0, (levels * front.range_db + front.middle_db) / 40) for levels in (made, wanted))
    return ((a - b).abs() * weights[:, None]).mean()


def band_error(made: torch.Tensor, wanted: torch.Tensor, bands: torch.Tensor, front: FrontEnd) -> torch.Tensor:
    """Return the mean absolute error of the levels of bands, in units of s.

    Parameters
    ----------
    made, wanted : torch.Tensor
        Levels s, (batch, bin, frame).
    bands : torch.Tensor
        Weights, (bin, band); see `hearing_bands`.
    front : FrontEnd

    Notes
    -----
    Where music is noise the best guess of a bin's level lies below its mean power, and all bins together would lose
    2 dB; of a band the two are nearly one.
    """
    a, b = (
        torch.log10(torch.einsum("bft,fk->bkt", torch.pow(10.0, (s * front.range_db + front.middle_db) / 10), bands))
        for s in (made, wanted)
    )
    return (a - b).abs().mean() * (10 / front.range_db)


def multi_scale(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return L_ms of waves (batch, n): the log of the L1 distance of magnitudes, summed over four resolutions.

    Notes
    -----
    Section 3.1.2 prints the logarithm inside its parentheses and the norm outside. It is read as in RAVE, which the
    paper cites for it: the logarithm of the norm, of each sound, averaged over the batch.
    """
    total = made.new_zeros(())
    for hop in HOPS:
        size = _WINDOWS_PER_HOP * hop
        if made.shape[-1] < size:
            continue
        window = torch.hann_window(size, device=made.device)
        difference = _safe_abs(spectra_of(made, size, hop, window)) - _safe_abs(spectra_of(wanted, size, hop, window))
        total = total + torch.log(difference.abs().sum((1, 2)) + 1e-5).mean()
    return total


def _safe_abs(spectra: torch.Tensor) -> torch.Tensor:
    # The slope of a magnitude at 0 is not a number.
    return (torch.view_as_real(spectra).square().sum(-1) + 1e-9).sqrt()


def convergence(made: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return the spectral convergence norm(A - B) / norm(A) of waves (batch, n), a mean over the four resolutions."""
    shares = []
    for hop in [hop for hop in HOPS if _WINDOWS_PER_HOP * hop <= wanted.shape[-1]]:
        window = torch.hann_window(_WINDOWS_PER_HOP * hop, device=made.device)
        real = spectra_of(wanted, _WINDOWS_PER_HOP * hop, hop, window).abs()
        error = spectra_of(made, _WINDOWS_PER_HOP * hop, hop, window).abs() - real
        shares.append(float(error.norm() / real.norm().clamp_min(1e-9)))
    return sum(shares) / max(1, len(shares))


def spectral_distance_db(made: torch.Tensor, wanted: torch.Tensor, front: FrontEnd) -> float:
    """Return the log-spectral distance of waves (batch, n): per frame the root mean square over bins, in dB."""
    a, b = (front.levels(front.transform(wave)) * front.range_db for wave in (made, wanted))
    return float((a - b).square().mean(1).sqrt().mean())
