"""A trained separator: sound in, four stems out that sum to it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn import functional

from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.systems.separator.bands import Bands
from gantools.systems.separator.config import RATE_HZ, SOURCES, SeparatorConfig
from gantools.systems.separator.networks import MaskNet, build_network, describe_mix
from gantools.training.precision import autocast, choose_precision

#: Exponent of the masks: on a song that training has not seen the network is surer than it should be. Chosen on
#: networks that were trained without rubidium, where it gained .05 to .15 dB.
_SOFTENING = 0.8
_SEGMENT_FRAMES = 512  # 12 s; the masks of a frame depend on 1.1 s around it


class TinySeparator:
    """Masks on bands of the mix's own spectrum, and the inverse transform.

    Parameters
    ----------
    config : SeparatorConfig
    network : MaskNet
    device : torch.device or str

    Attributes
    ----------
    sources : tuple of str
        Stems in the order of the output.
    rate_hz : int
    segment_samples : int
        Length that it is best given at a time; any length works.

    Notes
    -----
    The masks of a bin are positive and sum to one, and the inverse of the transform is exact and linear, so the stems
    sum to the mix up to rounding: the last stem is the mix without the others.
    """

    sources = SOURCES
    rate_hz = RATE_HZ

    def __init__(self, config: SeparatorConfig, network: MaskNet, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.bands = Bands(config)
        self.network = network.to(self.device).eval().requires_grad_(False)
        self.segment_samples = _SEGMENT_FRAMES * config.hop_samples
        self._precision = choose_precision("auto", self.device)
        self._window = self.bands.window.to(self.device)
        self._of_bin = self.bands.of_bin.to(self.device)

    @torch.inference_mode()
    def separate(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the stems of a mix.

        Parameters
        ----------
        wave : torch.Tensor
            float32 (batch, 2, n), full scale 1, at `rate_hz`.

        Returns
        -------
        torch.Tensor
            float32 (batch, 4, 2, n) in the order of `sources`.

        Raises
        ------
        ValueError
            Another shape.
        """
        if wave.ndim != 3 or wave.shape[1] != 2:
            raise ValueError(f"a wave of shape {tuple(wave.shape)}; it must be (batch, 2, n)")
        wave = wave.to(self.device, torch.float32)
        if wave.shape[-1] == 0:
            return wave.new_zeros(len(wave), len(SOURCES), 2, 0)
        # So many zeros that every sample lies under as many frames as any other.
        n, n_fft, hop = wave.shape[-1], self.bands.n_fft, self.bands.hop
        frames = -(-(n + n_fft - hop) // hop)
        lead = n_fft - hop
        padded = functional.pad(wave, (lead, self.bands.samples(frames) - lead - n))
        spectra = self.bands.spectra(padded).transpose(-1, -2).contiguous()  # (batch, 2, frame, bin)
        masks = self._masks(spectra)
        stems = wave.new_empty(len(wave), len(SOURCES), 2, n)
        for source in range(len(SOURCES) - 1):
            stems[:, source] = self._inverse(spectra * masks[:, source])[..., lead : lead + n]
        stems[:, -1] = wave - stems[:, :-1].sum(1)
        return stems

    def _masks(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the masks of all bins, float32 (batch, source, 2, frame, bin)."""
        parts = torch.view_as_real(spectra)
        energy = parts.square().sum(-1)
        product = (parts[:, 0] * parts[:, 1]).sum(-1)
        energy, product = (self.bands.sums(values) for values in (energy, product))
        with autocast(self._precision, self.device):
            masks = self.network(describe_mix(energy.transpose(-1, -2), product.transpose(-1, -2)))
        # A power breaks the sum of one, on which it rests that the stems sum to the mix.
        masks = masks**_SOFTENING
        masks /= masks.sum(1, keepdim=True)
        return masks.transpose(-1, -2)[..., self._of_bin]

    def _inverse(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the waves whose windowed frames these are: overlap-add over the overlap-added squared window."""
        n_fft, hop = self.bands.n_fft, self.bands.hop
        frames = torch.fft.irfft(spectra, n=n_fft) * self._window
        count, steps = frames.shape[-2], n_fft // hop
        made = frames.new_zeros(*frames.shape[:-2], count + steps - 1, hop)
        for step in range(steps):
            made[..., step : step + count, :] += frames[..., step * hop : (step + 1) * hop]
        # Every sample lies under equally many frames, so that the envelope repeats with the hop.
        envelope = self._window.square().reshape(steps, hop).sum(0)
        return (made / envelope).flatten(-2)


def load(folder: Path, device: torch.device | str = "cpu") -> TinySeparator:
    """Open a model folder of `train separator`, or the one that ships with gantools.

    Raises
    ------
    ModelError
        No model folder of the separator, or weights that are missing or do not fit.
    """
    model = read_model(folder, "separator")
    config = trained_with(SeparatorConfig, model, folder)
    network = open_network(folder, "mask", lambda: build_network(config))
    return TinySeparator(config, network, device)
