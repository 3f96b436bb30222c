"""The separator as a system for the training loop: remixed songs in, the energy of the error out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.chunks.multitrack import Multitrack
from gantools.systems.separator.bands import Bands, sum_bands
from gantools.systems.separator.config import RATE_HZ, SOURCES, SeparatorConfig
from gantools.systems.separator.data import Remixer, equaliser_db
from gantools.systems.separator.networks import build_network, describe_mix
from gantools.training.schedule import cosine
from gantools.training.system import Phase, Step, System, adam

Tensors = dict[str, torch.Tensor]
_WARMUP_STEPS = 100
_VALIDATION_FRAMES = 430  # 10 s
_SILENT_SHARE = 1e-6


class SeparatorObjective(System):
    """A mask network on frequency bands that learns from remixed songs.

    Parameters
    ----------
    config : SeparatorConfig
    tracks : list of Multitrack
        Songs with stems named vocals, drums, bass, other; those that lack some are remixed with the rest.
    device : torch.device

    Raises
    ------
    ConfigError
        A role is missing, or a validation song is.
    """

    name = "separator"
    config: SeparatorConfig

    def __init__(self, config: SeparatorConfig, tracks: list[Multitrack], device: torch.device | str = "cpu") -> None:
        self.config, self.device = config, torch.device(device)
        self.bands = Bands(config)
        self.remixer = Remixer(config, tracks)
        self._bin_hz = np.arange(config.n_fft // 2 + 1) * RATE_HZ / config.n_fft
        # A band reaches from its edge to the bin before the next one: its middle is half the sum of these two.
        middles_hz = (self.bands.edges[:-1] + self.bands.edges[1:] - 1) * RATE_HZ / (2 * config.n_fft)
        # Factors for energies, in proportion to the frequency from 20 Hz to 8 kHz and 1 at 1 kHz.
        emphasis = np.clip(middles_hz / 1000.0, 0.02, 8.0).astype(np.float32)
        self._emphasis = torch.from_numpy(emphasis)[:, None].to(self.device)
        self.networks = {"mask": build_network(config).to(self.device)}
        self.ema_networks = ("mask",)
        optimizer = adam(config.lr, weight_decay=config.weight_decay)
        schedule = cosine(warmup_steps=_WARMUP_STEPS)
        self.phases = (Phase("mask", ("mask",), optimizer, schedule, clip_norm=config.clip_norm),)
        self.data = {
            "sources": list(SOURCES),
            "rate_hz": RATE_HZ,
            "songs": {song: sorted(stems) for song, stems in self.remixer.songs.items()},
            "held_out": [song for song, *_ in self.remixer.held_out],
            "sounds": self.remixer.sounds,
        }
        self.songs = {"train": list(self.remixer.songs), "val": self.data["held_out"]}
        self.notes, self.left_out = self.remixer.notes, self.remixer.left_out.lines
        self.epoch_items = self.remixer.side_by_side(self.bands.samples(config.segment_frames))
        self._validation: list[Tensors] | None = None
        self._heard_part = 1.0

    def batch(self, step: int, items: Sequence[int]) -> Tensors:
        """Return the sums of the items (`bands.sum_bands`), each tensor with the items first."""
        samples = self.bands.samples(self.config.segment_frames)
        return _stack([self._sums(*self.remixer.item(step, item, samples)) for item in items])

    def _sums(self, stems: np.ndarray, colours: np.ndarray | None = None) -> Tensors:
        spectra = self.bands.spectra(torch.from_numpy(stems)).transpose(-1, -2).contiguous()
        if colours is not None:
            # Equalised here, where there are spectra anyway: that costs a product and no filter.
            gains = (10 ** (equaliser_db(colours, self._bin_hz) / 20)).astype(np.float32)
            spectra *= torch.from_numpy(gains)[:, None, None]
        return sum_bands(spectra, self.bands.edges)

    def losses(self, phase: str, batch: Tensors, step: Step) -> tuple[torch.Tensor, Mapping[str, Any]]:
        """Return the error of the stems in bels: the plain one, and that of the emphasised treble.

        Most of the energy is below 200 Hz, and so would be all of the learning.
        """
        mask = self.networks["mask"](describe_mix(batch["energy"], batch["product"]))
        plain = error_bels(mask, batch, self.config.threshold_db).mean()
        emphasised = {name: tensor * self._emphasis for name, tensor in batch.items()}
        treble = error_bels(mask, emphasised, self.config.threshold_db).mean()
        return plain + self.config.treble_weight * treble, {"plain": plain, "treble": treble}

    def validate(self, networks: dict[str, nn.Module], step: int) -> dict[str, float]:
        """Return the SDR of each stem in dB over what training does not see; ``score`` is minus their mean.

        Errors and stems are summed over all songs, and over bands instead of samples. A stem that is silent there has
        no figure; where nothing is held out there is no score, and the newest weights are the model.
        """
        # Read and transformed once, unless the part that is heard has changed.
        if self._validation is None or self._heard_part != self.validation_part:
            self._validation, self._heard_part = self._held_out(), self.validation_part
        # Sums over all songs, not means of their figures: a song where a stem hardly plays would decide those.
        errors, owns = torch.zeros(len(SOURCES)), torch.zeros(len(SOURCES))
        for made in self._validation:
            sums = {name: tensor.to(self.device) for name, tensor in made.items()}
            mask = networks["mask"](describe_mix(sums["energy"], sums["product"])).float()
            errors += band_errors(mask, sums).sum((0, 2, 3, 4)).cpu()
            owns += sums["own"].sum((0, 2, 3, 4)).cpu()
        heard = owns > _SILENT_SHARE * owns.sum()
        values = {
            source: float(10 * torch.log10(own / error.clamp_min(1e-9)))
            for source, own, error, is_heard in zip(SOURCES, owns, errors, heard, strict=True)
            if is_heard
        }
        return {"score": -sum(values.values()) / len(values), **values} if values else {}

    def _held_out(self) -> list[Tensors]:
        """Return stretches of about 10 s, evenly spread over what is held out of each song."""
        samples, found = self.bands.samples(_VALIDATION_FRAMES), []
        count = max(1, round(self.validation_part * self.config.validation_seconds * RATE_HZ / samples))
        for _, recordings, first, last in self.remixer.held_out:
            fitting = min(count, max(1, (last - first) // samples))
            for start in np.linspace(first, max(first, last - samples), fitting).astype(int).tolist():
                stems = np.zeros((len(SOURCES), 2, samples), np.float32)
                for stem, source in zip(stems, SOURCES, strict=True):
                    if source in recordings:
                        stem[:] = recordings[source].crop(start, samples)
                found.append(_stack([self._sums(stems)]))
        return found

    def sample(self, networks: dict[str, nn.Module], folder: Path, step: int) -> None:
        """Write nothing: the figures say more than a picture."""


def _stack(rows: list[Tensors]) -> Tensors:
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def band_errors(mask: torch.Tensor, sums: Tensors) -> torch.Tensor:
    """Return the energy |M X - S|^2 of the error in each band, (batch, source, channel, band, frame).

    A mask M that is one number per band needs no spectra: the energy is M^2 |X|^2 - 2 M Re(S conj X) + |S|^2, summed
    over the bins of the band.
    """
    return (mask * mask * sums["energy"][:, None] - 2 * mask * sums["shared"] + sums["own"]).clamp_min(0)


def error_bels(mask: torch.Tensor, sums: Tensors, threshold_db: float) -> torch.Tensor:
    """Return log10((error + t mix) / (stem + t mix)) of each item and stem, (batch, source), in energies.

    Notes
    -----
    The negative SNR with the soft threshold of Wisdom et al. 2020 ("Unsupervised sound separation using mixture
    invariant training", equation 2): without it a stem that is silent, or already far below `threshold_db` under the
    mix, would outweigh all others.
    """
    threshold = 10 ** (threshold_db / 10) * sums["energy"].sum((1, 2, 3)) + 1e-3
    error, own = band_errors(mask.float(), sums).sum((2, 3, 4)), sums["own"].sum((2, 3, 4))
    return torch.log10((error + threshold[:, None]) / (own + threshold[:, None]))
