"""Opening a separator, and a song through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from gantools.runtime.allocation import keep_freed_memory
from gantools.runtime.seeds import item_seed
from gantools.separation.demucs_models import StemModel
from gantools.separation.mix import Mix
from gantools.separation.networks import Network, load_networks
from gantools.separation.overlap import Pass, Segmenting, average

#: Songs are shifted by up to this much (Défossez et al. 2021, Music Source Separation in the Waveform Domain, 5.2).
_SHIFT_S = 0.5
_SILENCE = 1e-8


class Separator:
    """A model and how it is applied.

    Parameters
    ----------
    model : StemModel
    networks : sequence of Network
        One per row of ``model.weights``.
    device : torch.device
    shifts : int
        Passes with random shifts that are averaged; 0: one pass, not shifted.
    overlap : float
        Share of a segment.
    batch : int
        Segments at a time; 0: one per core, at most 4, on a CPU, 8 elsewhere.
    threads : int
        On a CPU; see `gantools.separation.overlap.Segmenting`.

    Attributes
    ----------
    sources : tuple of str
    rate_hz : int
    channels : int
        Always 2.
    sums_to_mix : bool
        Whether all stems together are the song.
    segmenting : Segmenting
        Its `notices` tell what was lowered for want of memory.
    """

    channels = 2

    def __init__(
        self,
        model: StemModel,
        networks: Sequence[Network],
        device: torch.device,
        *,
        shifts: int = 0,
        overlap: float = 0.25,
        batch: int = 0,
        threads: int = 1,
    ) -> None:
        self.sources, self.rate_hz = model.sources, model.rate_hz
        self.sums_to_mix = model.kind == "own"
        self._model, self._networks, self._shifts = model, networks, shifts
        on_cpu = device.type == "cpu"
        self.segmenting = Segmenting(device, model.rate_hz, overlap, threads=threads if on_cpu else 1)
        self.segmenting.batch = batch or (self.segmenting.workers if on_cpu else 8)

    def separate(self, mix: Mix, sources: Sequence[str], seed: int = 0) -> Iterator[np.ndarray]:
        """Yield the stems of a song, float32 blocks (sources, 2, k), in memory that does not grow with its length.

        Parameters
        ----------
        mix : Mix
        sources : sequence of str
            Which stems; networks of the bag that add nothing to them are not run.
        seed : int
            Seed of the random shifts.
        """
        numbers = [self.sources.index(source) for source in sources]
        scale, offset = (mix.std + _SILENCE, mix.mean) if self._networks[0].normalised else (1.0, 0.0)
        passes = self._passes(mix.n, numbers, seed)

        def read(start: int, n: int) -> torch.Tensor:
            wave = mix.read(start, n)
            if scale != 1.0 or offset:
                # Outside the song is silence, which normalising would turn into a constant.
                inside = slice(max(0, -start), max(0, min(n, mix.n - start)))
                wave[:, inside] = (wave[:, inside] - np.float32(offset)) / np.float32(scale)
            return torch.from_numpy(wave)

        for block in average(passes, read, self.segmenting):
            yield (block * scale + offset).numpy()

    def _passes(self, n: int, numbers: Sequence[int], seed: int) -> list[Pass]:
        furthest = int(_SHIFT_S * self.rate_hz)
        passes = []
        for row, network in enumerate(self._networks):
            weights = torch.tensor([(self._model.weights[row] or (1.0,) * len(self.sources))[k] for k in numbers])
            if not weights.any():
                continue
            for shift in range(max(self._shifts, 1)):
                start = -(item_seed(seed, "shift", row, shift) % (furthest + 1)) if self._shifts else 0
                passes.append(Pass(network, weights, numbers, start, n))
        return passes


def open_separator(
    model: StemModel,
    device: torch.device,
    *,
    shifts: int = 0,
    segment_seconds: float = 0.0,
    overlap: float = 0.25,
    batch: int = 0,
    threads: int = 1,
) -> Separator:
    """Load a model; see `Separator` for the parameters.

    Raises
    ------
    ModelError
        The weights do not fit.
    ConfigError
        The segment is longer than the network can hear.
    """
    # torch's fused encoder layer multiplies out all attention weights; without it the flash kernel is taken.
    torch.backends.mha.set_fastpath_enabled(False)
    if device.type == "cpu":
        keep_freed_memory()
    networks = load_networks(model, device, segment_seconds)
    separator = Separator(model, networks, device, shifts=shifts, overlap=overlap, batch=batch, threads=threads)
    if device.type == "cpu":
        torch.set_num_threads(threads // separator.segmenting.workers)  # of each that takes a segment
    return separator
