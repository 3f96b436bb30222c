"""A trained codec in use: sound to latents, latents to sound, whole or as a stream in constant memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gantools.audio.compiled import block_threads
from gantools.models.folder import read_model, trained_with
from gantools.models.weights import open_network
from gantools.systems.codec.config import CodecConfig
from gantools.systems.codec.frontend import FrontEnd, OverlapAdd
from gantools.systems.codec.networks import CODERS, build_coders
from gantools.systems.codec.phases import PhaseStream
from gantools.systems.codec.products import as_products
from gantools.training.precision import autocast, choose_precision

#: Latents that go through the decoder at a time, beside their neighbours: few at first, so that sound comes soon.
_FIRST, _DECODED, _DECODED_SMALL = 16, 128, 64
#: Frames that become sound at a time, so that all of it stays in a CPU's cache.
_FRAMES = 64
#: Blocks that go through the encoder at a time.
_ENCODED = 64
#: Steps of a latent from 0 to 1.
GRID = 2048.0
#: Iterations of the inversion: more than two are hardly heard.
ITERATIONS = 2


class Codec:
    """An autoencoder with its weights.

    Parameters
    ----------
    config : CodecConfig
    networks : mapping of str to nn.Module
        ``encoder1``, ``decoder1``, ``encoder2``, ``decoder2``.
    device : torch.device or str
    phase : str
        ``head`` or ``inversion``; by default what the configuration says.
    iterations : int
        Of fast Griffin-Lim, with ``inversion``: each makes the sound a little truer to its magnitudes, and slower.
    precision : str
        Of the networks; the linear paths of small and everything behind the networks are float32.

    Attributes
    ----------
    rate_hz : int
    samples_per_latent : int
    channels : int
        Numbers in a latent of one channel of sound.
    config : CodecConfig
    front : FrontEnd
    halo : int
        Latents on either side that the sound of one depends on.

    Notes
    -----
    Latent k is made of the samples ``k * samples_per_latent`` to ``(k + 1) * samples_per_latent`` and of what their
    frames see beside them, (n_fft - hop) / 2 samples on either side, and of nothing else. The decoders run without
    windows of their own: each latent is decoded with so many neighbours that more would change nothing.
    """

    def __init__(
        self,
        config: CodecConfig,
        networks: Mapping[str, nn.Module],
        device: torch.device | str = "cpu",
        phase: str = "",
        iterations: int = ITERATIONS,
        precision: str = "auto",
    ) -> None:
        self.precision = choose_precision(precision, torch.device(device))
        self.config, self.device = config, torch.device(device)
        self.networks = {name: networks[name].to(self.device) for name in CODERS}
        self.front = FrontEnd(config)
        self.rate_hz, self.channels = config.sample_rate_hz, config.latent_channels
        self.block = config.frames_per_latent
        self.samples_per_latent = self.block * config.hop_samples
        self.phase, self.iterations = phase or config.phase, iterations
        first = int(getattr(self.networks["decoder1"], "halo_frames"))  # noqa: B009
        self.halo = int(getattr(self.networks["decoder2"], "halo")) + math.ceil(first / self.block)  # noqa: B009
        self._beside = first

    @property
    def has_head(self) -> bool:
        """Whether the decoder makes phases."""
        return self.config.variant != "small" or self.config.phase == "head"

    def latents(self, samples: int) -> int:
        """Return how many latents so many samples become; silence fills up the last."""
        return -(-samples // self.samples_per_latent)

    @torch.inference_mode()
    def encode(self, wave: torch.Tensor) -> torch.Tensor:
        """Return latents in (-1, 1), float32 (batch, channels, T), of waves float32 (batch, n) at `rate_hz`.

        Stereo is two rows of the batch. T is the least number of blocks that cover n samples.
        """
        if wave.ndim != 2 or not wave.shape[1]:
            raise ValueError(f"a wave of shape {tuple(wave.shape)}; it must be (batch, n)")
        wave, lead, made = wave.to(self.device, torch.float32), self.front.lead, []
        total, size = self.latents(wave.shape[1]), self.samples_per_latent
        seen = torch.nn.functional.pad(wave, (lead, total * size + lead - wave.shape[1]))
        for start in range(0, total, _ENCODED):
            stop = min(total, start + _ENCODED)
            spectra = self.front.transform(seen[:, start * size : stop * size + 2 * lead])
            levels = self.front.levels(spectra)
            with autocast(self.precision, self.device):
                made.append(self.networks["encoder2"](self.networks["encoder1"](levels)))
        return torch.cat(made, -1)

    def decode(self, latents: torch.Tensor, *, linked: bool = False, seed: int = 0) -> torch.Tensor:
        """Return the waves, float32 (batch, T * samples_per_latent), of latents (batch, channels, T).

        Parameters
        ----------
        latents : torch.Tensor
        linked : bool
            The rows are channels of one sound; see `PhaseStream`.
        seed : int
            Seed of the phases of what is nearly silent.
        """
        stream = self.stream(linked=linked, seed=seed)
        return torch.cat([stream.push(latents), stream.finish()], -1)

    def stream(self, *, linked: bool = False, seed: int = 0) -> DecoderStream:
        """Return a decoder that takes latents in any pieces and gives the samples of `decode`."""
        return DecoderStream(self, linked, seed)

    @torch.inference_mode()
    def levels(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the levels s and the phases of the head, if there is one, (batch, bin, T * R), of latents."""
        levels, turns = self._heads(latents, 0, latents.shape[-1])
        return levels.float(), None if turns is None else torch.pi * turns.float()

    def _heads(self, latents: torch.Tensor, start: int, stop: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return levels and phases, in half turns, of the latents from `start` on, before `stop`.

        What lies beside them is seen.
        """
        decoder2, decoder1 = self._decoders
        with autocast(self.precision, self.device):
            codes = decoder2(latents.to(self.device))
            # What the first level does not look at is left out, where nothing but time follows from it.
            beside = self._beside if self.has_head else codes.shape[-1]
            first = max(0, start * self.block - beside)
            levels, turns = decoder1.heads(codes[..., first : stop * self.block + beside])
        kept = slice(start * self.block - first, stop * self.block - first)
        return levels[..., kept], None if turns is None else turns[..., kept]

    @property
    def _by_products(self) -> bool:
        """Whether the decoders run as products of matrices, each row for itself."""
        return self.device.type == "cpu" and self.config.variant != "small"

    @cached_property
    def _decoders(self) -> tuple[nn.Module, Any]:
        """The decoders in the form that is fastest here."""
        found = self.networks["decoder2"], self.networks["decoder1"]
        if not self._by_products:
            return found
        dtype = torch.bfloat16 if self.precision == "bfloat16" else torch.float32
        return as_products(found[0], dtype), as_products(found[1], dtype)


class DecoderStream:
    """Decodes latents as they come; memory does not grow with the length.

    However the latents are cut into pieces, they go through the networks in the same chunks, so that the samples are
    the same bit for bit.

    Parameters
    ----------
    codec : Codec
    linked : bool
    seed : int
    """

    def __init__(self, codec: Codec, linked: bool, seed: int) -> None:
        self.codec = codec
        self._inverses: list[OverlapAdd] = []
        self._phases = None
        if codec.phase == "inversion":
            self._phases = PhaseStream(codec.front, linked, codec.iterations, seed)
        self._held: torch.Tensor | None = None
        # Latent number of the first that is held, of the first that is not decoded, and behind the last that came.
        self._first = self._next = self._end = 0

    @torch.inference_mode()
    def push(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the samples (batch, n) that are ready after these latents (batch, channels, k); n may be 0."""
        if latents.ndim != 3 or latents.shape[1] != self.codec.channels:
            raise ValueError(f"latents of shape {tuple(latents.shape)}; it must be (batch, {self.codec.channels}, T)")
        # To the grid of the files of latents: phases follow from which bin is louder, and what another order of sums
        # changes in the last place must not decide that.
        latents = (latents.to(self.codec.device, torch.float32) * GRID).round() / GRID
        self._held = latents if self._held is None else torch.cat([self._held, latents], -1)
        self._end += latents.shape[-1]
        made = []
        while self._next + self._size + self.codec.halo < self._end:
            made.append(self._chunk(self._next + self._size))
        return self._joined(made)

    @torch.inference_mode()
    def finish(self) -> torch.Tensor:
        """Return all samples that are left."""
        made = []
        while self._next < self._end:
            made.append(self._chunk(min(self._end, self._next + self._size)))
        if self._end:
            if self._phases is not None:
                made.append(self._inverses[0].push(self._phases.finish()))
            made.append(torch.cat([inverse.finish() for inverse in self._inverses]))
        return self._joined(made)

    @property
    def _size(self) -> int:
        """Latents of the next chunk."""
        if not self._next:
            return _FIRST
        return _DECODED_SMALL if self.codec.config.variant == "small" else _DECODED

    def _chunk(self, stop: int) -> torch.Tensor:
        """Decode up to latent `stop`, with the neighbours on both sides."""
        codec, start = self.codec, self._next
        assert self._held is not None
        last = min(self._end, stop + codec.halo)
        seen = self._held[..., : last - self._first]
        rows = seen.split(1) if codec._by_products else (seen,)
        if not self._inverses:
            self._inverses = [OverlapAdd(codec.front) for _ in (rows if self._phases is None else "a")]
        made = _of_each(lambda n: self._row(n, rows[n], start - self._first, stop - self._first), len(rows))
        self._next = stop
        drop = max(self._first, stop - codec.halo)
        self._held, self._first = self._held[..., drop - self._first :].clone(), drop
        joined = torch.cat(made)
        if self._phases is None:
            return joined
        return self._inverses[0].push(self._phases.push(codec.front.magnitudes(joined)))

    @torch.inference_mode()
    def _row(self, number: int, latents: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        """Return the samples of some of the latents of a row, or their levels if phases are still to be found."""
        levels, turns = self.codec._heads(latents, start, stop)
        if self._phases is not None:
            return levels
        if turns is None:
            raise ValueError("the codec has no head for phases; decode with inversion")
        pieces = zip(levels.split(_FRAMES, -1), turns.split(_FRAMES, -1), strict=True)
        inverse, front = self._inverses[number], self.codec.front
        return torch.cat([inverse.push(front.spectra(*piece)) for piece in pieces], -1)

    def _joined(self, made: list[torch.Tensor]) -> torch.Tensor:
        if made:
            return torch.cat(made, -1)
        return torch.zeros(0 if self._held is None else len(self._held), 0, device=self.codec.device)


def _of_each(task: Callable[[int], torch.Tensor], count: int) -> list[torch.Tensor]:
    """Return what a task makes of each of some rows, side by side, with the threads of torch shared out among them.

    Rows know nothing of each other: their threads never wait, as they do where each step is cut into parts.
    """
    threads, made = torch.get_num_threads(), [torch.empty(0)] * count
    together = min(count, threads)

    def run(row: int) -> None:
        if together > 1:  # a setting of the thread that it is called in
            torch.set_num_threads(threads // together)
        made[row] = task(row)

    try:
        with block_threads(together) as run_rows:
            run_rows(run, count)
    finally:
        if together > 1:
            torch.set_num_threads(threads)
    return made


def open_codec(
    folder: str | Path,
    device: torch.device | str = "cpu",
    phase: str = "",
    iterations: int = ITERATIONS,
    *,
    raw: bool = False,
) -> Codec:
    """Open a model folder of ``train codec``, with its averaged weights unless `raw`.

    Raises
    ------
    ModelError
        No model folder of a codec, or weights that are missing or do not fit.
    """
    model = read_model(folder, "codec")
    return codec_of(folder, trained_with(CodecConfig, model, folder), device, phase, iterations, raw=raw)


def codec_of(
    folder: str | Path,
    config: CodecConfig,
    device: torch.device | str = "cpu",
    phase: str = "",
    iterations: int = ITERATIONS,
    *,
    raw: bool = False,
) -> Codec:
    """Open the codec whose networks lie in a model folder, which may be that of another system that carries them.

    Raises
    ------
    ModelError
        Weights are missing or do not fit the configuration.
    """
    planned: dict[str, Any] = {}
    for name in CODERS:
        network = open_network(folder, name, lambda name=name: build_coders(config)[name], raw=raw)  # type: ignore[misc]
        planned[name] = network.eval().requires_grad_(False)
    return Codec(config, planned, device, phase, iterations)
