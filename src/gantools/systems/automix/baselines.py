"""What a network has to beat: the plain sum of the normalised stems, and one gain for each stem type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from gantools.systems.automix.bands import BandMixer
    from gantools.systems.automix.data import Crops, SongStems

#: Largest difference of a band's mean gain from that of its stem.
MOST_DB = 15.0
_CROPS = 12


def mean_gains(songs: Sequence[SongStems]) -> dict[str, float]:
    """Return the mean gain of each role that gives back its loudness in the mix, in dB."""
    roles = sorted({role for song in songs for role in song.gains_db})
    return {role: float(np.mean([s.gains_db[role] for s in songs if role in s.gains_db])) for role in roles}


def mean_curves(network: BandMixer, crops: Crops) -> torch.Tensor:
    """Return the level that mid and side of each stem lost to normalisation in each band, as far as songs agree on it.

    From crops spread evenly over the training part of each song. A band's mean distance m from the gain of its stem,
    of n songs with variance s^2, counts m^2 / (m^2 + s^2 / n): four songs do not make an average, and what is left of
    their own sound would be laid over every other song. Each curve is then moved as a whole, so that it changes the
    loudness of the songs' stems by the mean gain.

    Returns
    -------
    torch.Tensor
        (stems, 2, bands) in units of 10 dB.
    """
    curves = torch.zeros(len(crops.config.role_names), 2, network.bands)
    powers = [_stem_powers(network, crops, song) for song in crops.songs]
    hearing = network.hearing.cpu()
    for index, role in enumerate(crops.config.role_names):
        songs = [number for number, song in enumerate(crops.songs) if role in song.gains_db]
        if not songs:
            continue
        gains_db = torch.tensor([crops.songs[number].gains_db[role] for number in songs])
        before = torch.stack([powers[number][0, index] for number in songs])
        after = torch.stack([powers[number][1, index] for number in songs])
        # What each band lost beyond the loudness of the stem as a whole.
        own = 10 * torch.log10((after + 1e-12) / (before + 1e-12)) - gains_db[:, None, None]
        # A band 60 dB below the whole stem is noise, of which the ratio says nothing.
        heard = before > 1e-6 * before.sum((1, 2), keepdim=True)
        own = torch.where(heard, own.clamp(-MOST_DB, MOST_DB), torch.zeros(()))
        mean = own.mean(0)
        # One song alone has no variance: its shape then counts half.
        doubt = own.var(0) / len(songs) if len(songs) > 1 else mean.square()
        shape = mean * mean.square() / (mean.square() + doubt + 1e-3)
        # K-weighted power with the shape and without, for the shift that keeps the loudness at the mean gain.
        loud, was = ((before * hearing * 10 ** (x / 10)).sum((1, 2)) for x in (shape, torch.zeros(())))
        curves[index] = gains_db.mean() + shape - (10 * torch.log10((loud + 1e-12) / (was + 1e-12))).mean()
    return curves / 10


def _stem_powers(network: BandMixer, crops: Crops, song: SongStems) -> torch.Tensor:
    """Return the mean power of the normalised and the wet stems, (2, stems, 2, bands)."""
    total = torch.zeros(2, len(crops.config.role_names), 2, network.bands)
    with torch.no_grad():
        for crop in crops.spread(song, _CROPS):
            for index, name in enumerate(("stems", "wet")):
                wave = crop[name][None].to(network.start.device)
                total[index] += network.levels(network.spectra(wave))[0].mean(-1).cpu()
    return total / _CROPS


class GainMixer(nn.Module):
    """Stems (batch, 2 x stems, time) times a gain each, summed to (batch, 2, time).

    Parameters
    ----------
    gains_db : sequence of float
        All 0 is the plain sum.
    """

    stride_samples = 1
    warmup_samples = reach_samples = 0

    def __init__(self, gains_db: Sequence[float]) -> None:
        super().__init__()
        gains = 10 ** (torch.tensor(list(gains_db), dtype=torch.float32) / 20)
        self.register_buffer("gains", gains[None, :, None, None], persistent=False)

    def forward(self, stems: torch.Tensor) -> torch.Tensor:
        """Mix."""
        return (stems.unflatten(1, (-1, 2)) * self.gains).sum(1)
