"""The decoder of a codec without anything of Python: plain functions of tensors, and a stream that can be scripted."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from gantools.systems.codec.codec import GRID, Codec
from gantools.systems.codec.frontend import LEAST, hearing_bands

#: Latents that go through the networks at a time, beside their neighbours: at most, and where phases are looked for.
_CHUNK, _CHUNK_FOR_PHASES = 64, 8
#: Frames whose phases are found at a time, and frames behind them that are looked at.
_BLOCK, _AHEAD = 16, 8
#: Passes of fast Griffin-Lim, and its momentum.
PASSES, _MOMENTUM = 12, 0.99
#: A Hann window of n samples is nearest to the Gaussian exp(-pi t^2 / gamma) with gamma = 0.25645 n^2.
_GAMMA_PER_SQUARE = 0.25645
_TINY = 1e-20


class Decoded(nn.Module):
    """Latents to magnitudes (batch, bin, frame), and with a head to phases in half turns below them, as one tensor.

    Parameters
    ----------
    codec : Codec
    head : bool
        Whether phases are wanted.
    """

    def __init__(self, codec: Codec, head: bool) -> None:
        super().__init__()
        self.decoder2, self.decoder1 = codec.networks["decoder2"], codec.networks["decoder1"]
        self.middle_db, self.range_db = codec.front.middle_db, codec.front.range_db
        self.floor, self.head = 10 ** (codec.config.floor_db / 10), head

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Decode latents (batch, channel, n), brought to the grid of the files of latents as `DecoderStream` does."""
        latents = (latents * GRID).round() / GRID
        levels, turns = self.decoder1.heads(self.decoder2(latents))  # type: ignore[operator]
        power = torch.pow(10.0, (levels * self.range_db + self.middle_db) / 10) - self.floor
        magnitudes: torch.Tensor = power.clamp_min(LEAST * self.floor).sqrt()
        return torch.cat([magnitudes, turns], 1) if self.head else magnitudes


class Sounding(nn.Module):
    """Latents to sound as one function: the inverse transform and the overlap-add are one transposed convolution."""

    def __init__(self, codec: Codec) -> None:
        super().__init__()
        front = codec.front
        self.decoded, self.hop, self.lead, self.bins = Decoded(codec, True), front.hop, front.lead, front.bins
        turns = 2 * math.pi * torch.arange(front.bins)[:, None].double() * torch.arange(front.n_fft) / front.n_fft
        # Bins between the ends stand for their mirror images too.
        twice = torch.full((front.bins, 1), 2.0 / front.n_fft, dtype=torch.float64)
        twice[0] = twice[-1] = 1.0 / front.n_fft
        waves = torch.cat([twice * turns.cos(), -twice * turns.sin()]) * front.window
        self.register_buffer("waves", waves[:, None].float())
        self.register_buffer("squared", front.window.square()[None, None])

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the sound (batch, n samples) of latents (batch, channel, n)."""
        magnitudes, turns = self.decoded(latents).split(self.bins, 1)
        parts = torch.cat([magnitudes * (math.pi * turns).cos(), magnitudes * (math.pi * turns).sin()], 1)
        wave = functional.conv_transpose1d(parts, self.waves, stride=self.hop)  # type: ignore[arg-type]
        weight = functional.conv_transpose1d(torch.ones_like(parts[:1, :1]), self.squared, stride=self.hop)  # type: ignore[arg-type]
        whole = wave[:, 0, self.lead : self.lead + parts.shape[2] * self.hop]
        return whole / weight[:, 0, self.lead : self.lead + parts.shape[2] * self.hop].clamp_min(1e-8)


class SoundStream(nn.Module):
    """Latents that come in blocks to the sound of the whole; made to be scripted.

    Where the codec has no head for phases they are found here, from block to block: integrated over time along the
    gradient of the log-magnitude (Prusa, Balazs and Sondergaard 2017, equation 16), then brought to fit each other by
    fast Griffin-Lim, the frames before staying as they are. That blows up what differs in the last place. So latents
    then go through the networks in chunks that are counted from the start of the sound, and it does not matter how
    they come.

    Parameters
    ----------
    codec : Codec
    net : nn.Module
        `Decoded`, or what was traced of it.
    head : bool
    """

    def __init__(self, codec: Codec, net: nn.Module, head: bool) -> None:
        super().__init__()
        front = codec.front
        self.net, self.head, self.halo, self.block = net, head, codec.halo, codec.block
        self.hop, self.n_fft, self.lead, self.bins = front.hop, front.n_fft, front.lead, front.bins
        self.steps = -(-front.n_fft // front.hop)
        # What is global to this file is not to a script.
        self.at_once, self.piece, self.ahead = _CHUNK if head else _CHUNK_FOR_PHASES, _BLOCK, _AHEAD
        self.passes, self.momentum, self.tiny = PASSES, _MOMENTUM, _TINY
        gamma = _GAMMA_PER_SQUARE * front.n_fft**2
        # Halved once for the central difference and once for the trapezoid.
        self.time_factor = 0.25 * front.hop * front.n_fft / gamma
        self.window: torch.Tensor
        self.signs: torch.Tensor
        self.turning: torch.Tensor
        self.start: torch.Tensor
        self.bands: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("window", functional.pad(front.window, (0, self.steps * front.hop - front.n_fft)))
        numbers = torch.arange(front.bins, dtype=torch.float32)
        # Phases are integrated as if counted from the middle of the window: half a turn per bin.
        self.register_buffer("signs", (1 - 2 * (numbers % 2))[:, None])
        self.register_buffer("turning", 2 * math.pi * (front.hop * numbers / front.n_fft % 1.0)[:, None])
        # Where a sound begins, neighbours differ by the golden section of a turn: no pulse, and nothing random.
        self.register_buffer("start", 2 * math.pi * (numbers * 0.6180339887 % 1.0)[:, None])
        bands, spread = hearing_bands(front.bins)
        self.register_buffer("bands", torch.from_numpy(bands))
        self.register_buffer("spread", torch.from_numpy(spread))
        self.held = self.tail = self.weight = self.waiting = self.known = self.slope = torch.zeros(0)
        self.first = self.next = self.end = 0
        self.skip = front.lead

    @torch.jit.export
    def reset(self) -> None:
        """Forget what was given."""
        nothing = torch.zeros(0)
        self.held, self.tail, self.weight = nothing, nothing, nothing
        self.waiting, self.known, self.slope = nothing, nothing, nothing
        self.first, self.next, self.end, self.skip = 0, 0, 0, self.lead

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the samples (batch, n) that are ready after these latents (batch, channel, k); n may be 0."""
        self.held = latents if self.end == 0 else torch.cat([self.held, latents], -1)
        self.end += latents.shape[-1]
        made = [latents.new_zeros([latents.shape[0], 0])]
        ready = self.end - self.halo
        while self.next < ready and (self.head or self.next + self.at_once <= ready):
            made.append(self.sound(self.chunk(min(ready, self.next + self.at_once)), False))
        return torch.cat(made, -1)

    @torch.jit.export
    def finish(self) -> torch.Tensor:
        """Return all samples that are left, and forget what was given."""
        made = [self.held.new_zeros([self.held.shape[0], 0])]
        while self.next < self.end:
            made.append(self.sound(self.chunk(min(self.end, self.next + self.at_once)), self.next == self.end))
        if self.tail.numel() > 0:
            made.append(self.given_out(self.tail[:, : self.lead], self.weight[: self.lead]))
        self.reset()
        return torch.cat(made, -1)

    @torch.jit.export
    def whole(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the sound (batch, n samples) of all latents (batch, channel, n)."""
        self.reset()
        return torch.cat([self.forward(latents), self.finish()], -1)

    def chunk(self, stop: int) -> torch.Tensor:
        """Decode up to latent `stop`, with the neighbours on both sides."""
        start, first = self.next, self.first
        seen = self.held[..., : min(self.end, stop + self.halo) - first]
        made = self.net(seen)[..., (start - first) * self.block : (stop - first) * self.block]
        self.next, self.first = stop, max(first, stop - self.halo)
        self.held = self.held[..., self.first - first :].clone()
        return made

    def sound(self, decoded: torch.Tensor, last: bool) -> torch.Tensor:
        """Return the samples that are ready after some frames."""
        if self.head:
            magnitudes, turns = decoded.split(self.bins, 1)
            return self.added(torch.polar(magnitudes, math.pi * turns))
        waiting = decoded if self.waiting.numel() == 0 else torch.cat([self.waiting, decoded], -1)
        made = [decoded.new_zeros([decoded.shape[0], 0])]
        while waiting.shape[-1] >= self.piece + self.ahead:
            made.append(self.added(self.solved(waiting[..., : self.piece + self.ahead], self.piece)))
            waiting = waiting[..., self.piece :]
        if last and waiting.shape[-1] > 0:
            made.append(self.added(self.solved(waiting, waiting.shape[-1])))
            waiting = waiting[..., :0]
        self.waiting = waiting.clone()
        return torch.cat(made, -1)

    def added(self, spectra: torch.Tensor) -> torch.Tensor:
        """Return the samples that no later frame adds to, after these spectra (batch, bin, frame)."""
        wave, weight = self.overlapped(spectra)
        if self.tail.numel() > 0:
            wave[:, : self.tail.shape[1]] += self.tail
            weight[: self.weight.shape[0]] += self.weight
        done = spectra.shape[-1] * self.hop
        self.tail, self.weight = wave[:, done:].clone(), weight[done:].clone()
        return self.given_out(wave[:, :done], weight[:done])

    def given_out(self, wave: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return samples over the weight of the windows on them, less those before the sound."""
        skipped = min(self.skip, wave.shape[1])
        self.skip -= skipped
        return wave[:, skipped:] / weight[skipped:].clamp_min(1e-8)

    def overlapped(self, spectra: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the sum of the windowed frames, and that of the squared windows."""
        pieces = torch.fft.irfft(spectra.transpose(1, 2), n=self.n_fft)
        pieces = functional.pad(pieces, [0, self.window.shape[0] - self.n_fft]) * self.window
        frames, squared = pieces.shape[1], self.window.square()
        wave = pieces.new_zeros([pieces.shape[0], frames + self.steps - 1, self.hop])
        weight = pieces.new_zeros([frames + self.steps - 1, self.hop])
        for step in range(self.steps):
            start, stop = step * self.hop, (step + 1) * self.hop
            wave[:, step : step + frames] += pieces[:, :, start:stop]
            weight[step : step + frames] += squared[start:stop]
        return wave.flatten(1), weight.flatten()

    def solved(self, magnitudes: torch.Tensor, count: int) -> torch.Tensor:
        """Return the spectra of the first `count` frames of magnitudes (batch, bin, frame), and go on from them."""
        spectra = torch.polar(magnitudes, self.guessed(magnitudes, count)) * self.signs
        # At the start there is silence before.
        known = self.known if self.known.numel() > 0 else torch.zeros_like(spectra[..., :0])
        before = known.shape[-1]
        fitting = previous = spectra
        for number in range(self.passes + 1):
            wave, weight = self.overlapped(torch.cat([known, spectra], -1))
            frames = (wave / weight.clamp_min(1e-8)).unfold(-1, self.window.shape[0], self.hop) * self.window
            fitting = torch.fft.rfft(frames[..., : self.n_fft]).transpose(1, 2)[..., before:]
            if number < self.passes:
                ahead = fitting + self.momentum * (fitting - previous) if number > 0 else fitting
                previous = fitting
                spectra = magnitudes * (ahead / ahead.abs().clamp_min(self.tiny))
        made = (fitting * self.restored(fitting.abs(), magnitudes))[..., :count]
        self.known = torch.cat([known, made], -1)[..., -self.steps :].clone()
        return made

    def guessed(self, magnitudes: torch.Tensor, count: int) -> torch.Tensor:
        """Return phases, counted from the middle of the window, integrated over time from the last known frame on."""
        logs = functional.pad(magnitudes.clamp_min(self.tiny).log().transpose(1, 2), [1, 1], "replicate").transpose(
            1, 2
        )
        slopes = logs[:, 2:] - logs[:, :-2]
        if self.slope.numel() > 0:
            begin = torch.angle(self.known[..., -1:] * self.signs)
            slopes = torch.cat([self.slope, slopes], -1)
        else:
            begin = self.start.expand(magnitudes.shape[0], -1, 1)
            slopes = torch.cat([slopes[..., :1], slopes], -1)
        changes = self.turning + self.time_factor * (slopes[..., 1:] + slopes[..., :-1])
        self.slope = slopes[..., count : count + 1].clone()
        return begin + changes.cumsum(-1)

    def restored(self, made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Return gains that give back what phases that do not fit each other took away, as `PhaseStream` does."""
        power: list[torch.Tensor] = []
        for magnitudes in [wanted, made]:
            banded = torch.matmul(magnitudes.square().transpose(1, 2), self.bands).transpose(1, 2)
            power.append(functional.avg_pool1d(functional.pad(banded, [2, 2], "replicate"), 5, 1))
        gains = ((power[0] + 1e-6) / (power[1] + 1e-6)).sqrt().clamp(0.25, 4.0)
        return torch.matmul(gains.transpose(1, 2), self.spread).transpose(1, 2)


class Whole(nn.Module):
    """A stream as a function of all latents."""

    def __init__(self, stream: SoundStream) -> None:
        super().__init__()
        self.stream = stream

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the sound (batch, n samples)."""
        return self.stream.whole(latents)
