"""How like the clips draws are in spectrum: a loss, the figures that choose weights, and a filter that corrects.

None of it is part of Catch-A-Waveform. A discriminator takes thousands of steps to notice that draws are too even; the
sliced Wasserstein distance between frames says so from the first step on: frames of log spectra are projected on many
directions, and on each of them the sorted values of the draw are compared with those of the clip. Single bins are among
the directions, so that level and modulation of every bin count. Rabin et al. 2011 for the distance, Heitz et al. 2021
("A Sliced Wasserstein Loss for Neural Texture Synthesis") for its use as a loss.

The figures are named as in `gantools.metrics.novelty.figures` and mean the same, but come from windows of 256 samples
at every rate, level included: the numbers of the two do not compare.
"""

from __future__ import annotations

import re

import torch

#: (window, hop) in samples: at each rate a fine and a coarse view.
VIEWS = ((64, 16), (256, 64))
_FRAME_FLOOR_DB = -50.0
_DIRECTIONS = 20
#: Frames of the clips, and of each earlier piece, that are compared; sorting more would cost more than the networks.
_MOST_REAL, _MOST_KEPT = 1024, 64


class FrameStatistics:
    """Frames of the clips, to compare draws with.

    A piece of a draw is not like the whole clip, but many pieces together should be: frames of earlier pieces are kept,
    and a new one is compared as a part of all of them.

    Parameters
    ----------
    real : list of Tensor
        (channels, n) of each clip, or stretch of one.
    pieces : int
        Earlier pieces to keep.
    length : int, optional
        Samples of a draw; a view that is too long for it, or for all of `real`, is left out.
    """

    def __init__(self, real: list[torch.Tensor], pieces: int, length: int = 1 << 40) -> None:
        self.pieces = pieces
        self.views, self.floors, self.frames = [], [], []
        for view in VIEWS:
            least = view[0] + 2 * view[1]
            if length < least or all(clip.shape[-1] < least for clip in real):
                continue
            self.views.append(view)
            power = torch.cat([_frame_power(clip, view) for clip in real if clip.shape[-1] >= least], 0)
            floor = power.mean() * 10 ** (_FRAME_FLOOR_DB / 10) + 1e-20
            self.floors.append(floor)
            self.frames.append(_level(power, floor))
        #: For each item of the batch and view, the frames of its earlier pieces.
        self.kept: dict[tuple[int, int], torch.Tensor] = {}

    def distance(self, fake: torch.Tensor, item: int, random: torch.Generator) -> torch.Tensor:
        """Return the distance of (batch, channel, time), in units of 10 dB, and keep its frames.

        Parameters
        ----------
        fake : Tensor
        item : int
            Number of the first item, under which the frames are kept.
        random : Generator
            Source of the directions.
        """
        total = torch.zeros((), device=fake.device)
        # Each step has directions of its own: in time all are seen. The kept frames are thinned, and each counts for as
        # many as it stands for.
        for index, (view, floor, real) in enumerate(zip(self.views, self.floors, self.frames, strict=True)):
            own = torch.cat([_level(_frame_power(row, view), floor) for row in fake.float()], 0)
            kept = self.kept.get((item, index), own.detach()[:0])
            real = real[:: -(-len(real) // _MOST_REAL)]
            directions = _directions(own.shape[1] // 2, random).to(own)
            thinning = -(-len(own) // _MOST_KEPT)
            total = total + sliced_distance(own @ directions.T, real @ directions.T, kept @ directions.T, thinning)
            new = own.detach()[::thinning]
            if self.pieces and bool(torch.isfinite(new).all()):
                self.kept[item, index] = torch.cat([kept, new], 0)[-self.pieces * len(new) :]
        return total / max(1, len(self.views))

    def state(self) -> dict[str, torch.Tensor]:
        """Return the frames of earlier pieces, by names that a checkpoint can hold."""
        return {f"item{item}/frames{index}": frames for (item, index), frames in self.kept.items()}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Take back the frames that `state` returned."""
        self.kept = {}
        for key, frames in state.items():
            if found := re.fullmatch(r"item(\d+)/frames(\d+)", key):
                self.kept[int(found[1]), int(found[2])] = frames.to(self.frames[0].device)


def sliced_distance(own: torch.Tensor, other: torch.Tensor, beside: torch.Tensor, weight: int = 1) -> torch.Tensor:
    """Return how far values are from where they should be for all of them to be distributed like others.

    Parameters
    ----------
    own : Tensor
        (n, k).
    other : Tensor
        (m, k): values with the wanted distribution, in each column.
    beside : Tensor
        (l, k): values that are counted with `own` but stay. With none, the result is the Wasserstein-1 distance,
        averaged over the columns.
    weight : int
        How many values each one in `beside` stands for.
    """
    # In one dimension the optimal transport goes from rank to rank. A value's rank is counted among its own kind and
    # those beside it; where that rank lies among the wanted values is where it should be. Ranks have no gradient.
    ranked = own.T.sort(1).values
    with torch.no_grad():
        rank = torch.arange(ranked.shape[1], device=own.device).expand_as(ranked)
        rank = rank + weight * torch.searchsorted(beside.T.sort(1).values.contiguous(), ranked.detach().contiguous())
        count = own.shape[0] + weight * beside.shape[0]
        place = ((rank + 0.5) / count * other.shape[0] - 0.5).clamp(0, other.shape[0] - 1)
        low = place.floor().long()
        values = other.T.sort(1).values
        above = values.gather(1, (low + 1).clamp(max=other.shape[0] - 1))
        wanted = torch.lerp(values.gather(1, low), above, (place - low).to(values))
    return (ranked - wanted).abs().mean()


def _directions(size: int, random: torch.Generator) -> torch.Tensor:
    """Return unit vectors (count, 2 * size) for pairs of frames half a window apart.

    A quarter each: single bins; a bin and one up to four bins above (peaks and gaps); a bin and itself later (what
    lasts and what flutters); random ones.
    """
    chosen = torch.randint(size, (3, _DIRECTIONS), generator=random)
    above = (chosen[1] + torch.randint(1, 5, (_DIRECTIONS,), generator=random)) % size
    axes = torch.eye(2 * size)
    spread = (axes[chosen[1]] - axes[above]) / 2**0.5
    later = (axes[chosen[2]] - axes[chosen[2] + size]) / 2**0.5
    drawn = torch.randn(_DIRECTIONS, 2 * size, generator=random)
    return torch.cat([axes[chosen[0]], spread, later, drawn / drawn.norm(dim=1, keepdim=True)])


def _frame_power(signal: torch.Tensor, view: tuple[int, int]) -> torch.Tensor:
    """Return the power (frame, channel * bin) of (channels, n), whole frames only."""
    n_fft, hop = view
    window = torch.hann_window(n_fft, device=signal.device)
    spectrum = torch.stft(signal, n_fft, hop, window=window, center=False, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square()).flatten(0, 1).T


def _level(power: torch.Tensor, floor: torch.Tensor) -> torch.Tensor:
    """Return log levels of pairs of frames half a window (two hops) apart, (frame, 2 * bins)."""
    level = torch.log10(power + floor)
    return torch.cat([level[:-2], level[2:]], 1)


#: Window and hop of the figures and of the equaliser.
_N_FFT, _HOP = 256, 64
_FLOOR_DB = -60.0
_MOST_FRAMES = 600


class Likeness:
    """Figures of how a draw differs in spectrum from one clip.

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
        """Return how a draw differs from the clip.

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
        """Return levels in dB, above the floor of 60 dB below the loudest bin of the clip."""
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
