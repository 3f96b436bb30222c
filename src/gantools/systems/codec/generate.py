"""What ``generate codec`` writes: latents of songs, the sound of latents, or songs as the codec gives them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gantools.audio.formats import SourceFormat
from gantools.audio.infrasound import without_infrasound
from gantools.audio.io import AudioReader
from gantools.audio.latentfile import SUFFIX, LatentFile, LatentWriter, read_latents
from gantools.audio.resample import resample_blocks
from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.errors import ConfigError, InputError
from gantools.files.atomic import scratch_folder
from gantools.models.folder import hash_weights, model_files, read_model
from gantools.models.loaded import LoadedModel, Tick
from gantools.systems.codec.codec import Codec, open_codec
from gantools.systems.codec.config import CodecGenerateConfig
from gantools.systems.codec.networks import CODERS

#: Latents that are made, or read, at a time.
_PIECE = 256


class CodecUser(LoadedModel):
    """A codec that writes files.

    Parameters
    ----------
    folder : Path
    config : CodecGenerateConfig
    device : str
    """

    remedy = "listen to what was coded; train longer, or take the codec that ships: gantools generate codec codec"

    def __init__(self, folder: Path, config: CodecGenerateConfig, device: str) -> None:
        self.description, self.config = read_model(folder, "codec"), config
        self.codec = open_codec(folder, device, config.phase, config.iterations, raw=not config.ema)
        if self.codec.phase == "head" and not self.codec.has_head:
            raise ConfigError("--phase head: this codec has no head for phases; leave it to the inversion")
        self.files = model_files(folder, self.description)
        averaged = self.description["ema"] if config.ema else []
        self.hash = hash_weights(folder, [f"{name}.ema" if name in averaged else name for name in CODERS])
        self.extension = SUFFIX[1:] if config.encode else config.format

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the result of one audio file or file of latents.

        Returns
        -------
        dict
            ``duration_s`` and ``latents``, how many there are; ``warning`` where samples lie above full scale.
        """
        if self.config.encode:
            return self._encode(item, outputs[0], tick)
        if item.path.name.endswith(SUFFIX):
            latents = read_latents(item.path)
            self._check(latents)
            return self._decode(latents, outputs[0], latents.rate_hz, latents.samples, None, seed, tick)
        with AudioReader(item.path) as reader:
            rate_hz, like = reader.rate_hz, SourceFormat.of(reader)
        with scratch_folder(outputs[0].parent) as scratch:
            made = scratch / f"sound{SUFFIX}"
            self._encode(item, made, lambda share: tick(0.3 * share))
            latents = read_latents(made)
            frames = int(latents.meta["source_frames"])
            return self._decode(latents, outputs[0], rate_hz, frames, like, seed, lambda s: tick(0.3 + 0.7 * s))

    def _check(self, latents: LatentFile) -> None:
        codec = self.codec
        if latents.channels != codec.channels or latents.samples_per_latent != codec.samples_per_latent:
            here = f"{codec.channels} numbers for {codec.samples_per_latent} samples"
            there = f"{latents.channels} for {latents.samples_per_latent}"
            raise InputError(f"latents of {there}, but this codec has {here}; decode them with their own", latents.path)
        if latents.codec != self.hash:
            raise InputError("its latents are of another codec; decode them with that one", latents.path)

    def _encode(self, item: Item, path: Path, tick: Tick) -> dict[str, Any]:
        codec = self.codec
        with AudioReader(item.path) as reader:
            channels = min(reader.channels, 2)
            expected = max(1, reader.expected_frames)
            with LatentWriter(path, channels, codec.channels) as writer:
                samples = made = 0
                read = [0]
                for piece, last in _pieces(_heard(reader, codec.rate_hz, read), codec):
                    samples = piece.samples
                    latents = codec.encode(torch.from_numpy(piece.wave))
                    latents = latents[..., piece.first : None if last else piece.first + _PIECE]
                    writer.append(latents.cpu().numpy())
                    made += latents.shape[-1]
                    tick(min(1.0, samples * reader.rate_hz / codec.rate_hz / expected))
                meta = {"song": item.song, "source": item.path.name, "source_frames": read[0]}
                writer.close(self.hash, codec.rate_hz, samples, codec.samples_per_latent, meta)
        return {"duration_s": round(samples / codec.rate_hz, 3), "latents": made}

    def _decode(
        self,
        latents: LatentFile,
        path: Path,
        rate_hz: int,
        frames: int,
        like: SourceFormat | None,
        seed: int,
        tick: Tick,
    ) -> dict[str, Any]:
        """Write `frames` samples of the sound of latents at `rate_hz`."""
        codec = self.codec

        def decoded() -> Iterator[np.ndarray]:
            stream, done = codec.stream(linked=True, seed=seed), 0
            for start in range(0, latents.frames, _PIECE):
                block = stream.push(torch.from_numpy(latents.rows(start, min(start + _PIECE, latents.frames))))
                yield block.T.cpu().numpy()[: latents.samples - done]
                done += block.shape[1]
                tick(start / latents.frames)
            yield stream.finish().T.cpu().numpy()[: max(0, latents.samples - done)]

        with AudioWriter(path, rate_hz, latents.sound_channels, self.config.bits, like=like) as writer:
            for block in resample_blocks(decoded(), codec.rate_hz, rate_hz, latents.sound_channels):
                writer.append(np.ascontiguousarray(block[: frames - writer.frames]))
            # A resampler may end some samples early.
            if writer.frames < frames:
                writer.append(np.zeros((frames - writer.frames, latents.sound_channels), np.float32))
        fields = {"duration_s": round(frames / rate_hz, 3), "latents": latents.frames}
        return fields | ({"warning": writer.notice} if writer.notice else {})


def load(folder: Path, config: CodecGenerateConfig, device: str) -> CodecUser:
    """Open a model folder of a codec; see `CodecUser`."""
    return CodecUser(folder, config, device)


def _heard(reader: AudioReader, rate_hz: int, read: list[int]) -> Iterator[np.ndarray]:
    """Yield blocks (n, channels) at the codec's rate: mono, left and right, or the first two of more channels.

    What lies below 20 Hz is not among it.

    `read` counts the samples of the file.
    """

    def shaped() -> Iterator[np.ndarray]:
        for block in reader.blocks():
            read[0] += len(block)
            yield block[:, :2]

    blocks = resample_blocks(shaped(), reader.rate_hz, rate_hz, min(reader.channels, 2))
    return without_infrasound(blocks, rate_hz)


class _Piece:
    """A stretch of sound (channels, n) whose latents from `first` on are wanted; `samples` came so far in all."""

    def __init__(self, wave: np.ndarray, first: int, samples: int) -> None:
        self.wave, self.first, self.samples = wave, first, samples


def _pieces(blocks: Iterator[np.ndarray], codec: Codec) -> Iterator[tuple[_Piece, bool]]:
    """Yield stretches that overlap by what the frames at their ends see, and whether each is the last one."""
    size, lead = codec.samples_per_latent, codec.front.lead
    margin = -(-lead // size)  # latents at either end of a stretch that see silence where there is sound
    held, first, samples = np.zeros((0, 0), np.float32), 0, 0
    for block in blocks:
        held = np.concatenate([held, block.T], axis=1) if held.size else np.ascontiguousarray(block.T)
        samples += len(block)
        # Latents that are made of a whole stretch: those before `first` are its start, and known already.
        while held.shape[1] > (first + _PIECE + margin) * size:
            cut = (first + _PIECE + margin) * size
            yield _Piece(np.ascontiguousarray(held[:, :cut]), first, samples), False
            held = held[:, (first + _PIECE - margin) * size :]
            first = margin
    yield _Piece(np.ascontiguousarray(held), first, samples), True
