"""How far latents, and the levels that they are decoded to, move from one to the next, matched as distributions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gantools.audio.mel import hz_to_mel, mel_to_hz
from gantools.systems.latents.encoding import LatentCodec
from gantools.systems.latents.scaling import LatentScale

_BANDS = 20
#: A frame follows from so many latents in a row, its own in their middle.
_SEEN = 3
#: Latents, evenly spread over the music, that the map is fitted to, in pieces of so many.
_FITTED, _PIECE = 2048, 128
#: Diagonal that is added, as a share of the mean one: channels that are always alike must not divide by nothing.
_RIDGE = 1e-3
_MOST = 0.999
#: A rise is the mean level of what follows a moment over that of what lies before it, as in `evaluate texture`.
_BEFORE_SECONDS, _AFTER_SECONDS = 0.05, 0.015
#: Weights of the steps of a channel, and of the rises of a channel of the sound.
_STEPS_WEIGHT, _RISES_WEIGHT = 0.1, 5.0


class BandLevels(nn.Module):
    """Levels in 20 bands of the mel scale, frame by frame, as a linear function of latents.

    The decoder of a codec is deep, and costs more than the GAN; that the levels it makes follow from three latents
    in a row is nearly linear. They are brought to a mean of 0 and a deviation of 1.

    Parameters
    ----------
    channels : int
        Channels of all latents.
    sound_channels : int
    frames : int
        Frames that the codec makes of a latent.
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, channels: int, sound_channels: int, frames: int) -> None:
        super().__init__()
        self.sound_channels, self.frames = sound_channels, frames
        self.channels = sound_channels * _BANDS
        made = self.channels * frames
        self.register_buffer("weight", torch.zeros(made, channels // sound_channels, _SEEN))
        self.register_buffer("bias", torch.zeros(made))

    @torch.no_grad()
    def fit(self, codec: LatentCodec, latents: Sequence[torch.Tensor], scale: LatentScale) -> None:
        """Set the map by least squares from what a codec makes of latents (channels, T)."""
        joined = torch.cat(list(latents), 1)
        pieces = _pieces(joined)
        square, product, levels = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64), []
        for piece in pieces:
            for rows in piece.chunk(self.sound_channels):
                seen, made = _seen(rows), self._bands(codec, rows)
                square, product = square + seen.T @ seen, product + seen.T @ made
                levels.append(made)
        square.diagonal().add_(_RIDGE * float(square.diagonal().mean()))
        known = torch.linalg.solve(square, product)
        flat = torch.cat(levels)
        known[-1] -= flat.mean(0)
        known /= flat.std(0).mean().clamp(min=1e-6)
        # From latents without their tanh to what the GAN sees: u = x std / weight + mean.
        taps = known[:-1].T.unflatten(1, (_SEEN, -1)).transpose(1, 2).repeat(self.sound_channels, 1, 1)
        means, sizes = ([part[:, 0] for part in value.double().cpu().chunk(self.sound_channels)]
                        for value in (scale.mean, scale.std / scale.weight))  # fmt: skip
        rows_of = taps.chunk(self.sound_channels)
        bias = [known[-1] + part.sum(2) @ mean for part, mean in zip(rows_of, means, strict=True)]
        self.weight.copy_(torch.cat([part * size[:, None] for part, size in zip(rows_of, sizes, strict=True)]))
        self.bias.copy_(torch.cat(bias))

    def _bands(self, codec: LatentCodec, rows: torch.Tensor) -> torch.Tensor:
        """Return the levels of latents (C, T) that have neighbours on both sides, (T - 2, bands frames)."""
        levels = codec.levels(rows[None])[0][0].double().cpu()
        edges = _edges(len(levels), codec.rate_hz)
        bands = torch.stack([levels[low:high].mean(0) for low, high in edges])
        return bands.unflatten(1, (-1, self.frames)).transpose(0, 1).flatten(1)[1:-1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return levels (batch, sound_channels bands, T frames) of what the GAN sees, (batch, channels, T)."""
        with torch.autocast(x.device.type, enabled=False):
            made = functional.conv1d(x.float(), self.weight, self.bias, padding=1, groups=self.sound_channels)
        return made.unflatten(1, (self.channels, self.frames)).transpose(2, 3).flatten(2)


class Movement(nn.Module):
    """How differently the latents of made and of real clips move: the distance of two distributions.

    Real latents mostly stay near the one before, and now and then leap; attacks are leaps upwards. After minutes a GAN
    lets all steps be of one size instead. So the steps of each channel, and the rises of the level that the latents are
    decoded to, are matched as distributions over the clips of a batch, whichever clip they are of.

    Parameters
    ----------
    levels : BandLevels
    frame_hz : float
        Frames a second that the codec makes.
    """

    def __init__(self, levels: BandLevels, frame_hz: float) -> None:
        super().__init__()
        self.levels = levels
        self.before, self.after = (max(1, round(seconds * frame_hz)) for seconds in (_BEFORE_SECONDS, _AFTER_SECONDS))

    def forward(self, made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Return the distance of as many clips, both (batch, channels, T) as the GAN sees them; 0 for equal ones."""
        steps = [x.float().diff(dim=2).transpose(0, 1).flatten(1) for x in (made, real)]
        rises = [self._rises(x) for x in (made, real)]
        return _STEPS_WEIGHT * wasserstein(*steps).sum() + _RISES_WEIGHT * wasserstein(*rises).sum()

    def _rises(self, x: torch.Tensor) -> torch.Tensor:
        """Return by how much levels rise from the 50 ms before to the 15 ms after, (sound_channels, moments)."""
        levels = self.levels(x).unflatten(1, (self.levels.sound_channels, -1)).mean(2)
        after = functional.avg_pool1d(levels, self.after, 1)[:, :, self.before :]
        before = functional.avg_pool1d(levels, self.before, 1)[:, :, : after.shape[2]]
        return (after - before).transpose(0, 1).flatten(1)


def wasserstein(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Return the Wasserstein-1 distance of as many samples, (n,) of (n, samples): that of the sorted ones."""
    return (made.sort(-1).values - real.sort(-1).values).abs().mean(-1)


def _pieces(latents: torch.Tensor) -> list[torch.Tensor]:
    """Return pieces of latents (channels, T) in a row, evenly spread; all where there are few."""
    total = latents.shape[1]
    if total <= _FITTED:
        return [latents]
    starts = np.linspace(0, total - _PIECE, _FITTED // _PIECE).astype(int)
    return [latents[:, start : start + _PIECE] for start in starts.tolist()]


def _seen(rows: torch.Tensor) -> torch.Tensor:
    """Return three latents in a row without their tanh, and a 1, for each of (C, T) but the ends, (T - 2, 3 C + 1)."""
    plain = torch.atanh(rows.clamp(-_MOST, _MOST)).T.double().cpu()
    return torch.cat([plain[:-2], plain[1:-1], plain[2:], torch.ones(len(plain) - 2, 1, dtype=torch.float64)], 1)


def _edges(bins: int, rate_hz: int) -> list[tuple[int, int]]:
    """Return the first bin of each band, and that behind its last: equal parts of the mel scale, a bin at least."""
    edges_hz = mel_to_hz(np.linspace(0, float(hz_to_mel(rate_hz / 2)), _BANDS + 1))
    edges = np.round(np.asarray(edges_hz) / (rate_hz / 2) * bins).astype(int)
    lows = np.minimum(edges[:-1], bins - 1)
    return list(zip(lows.tolist(), np.maximum(edges[1:], lows + 1).tolist(), strict=True))
