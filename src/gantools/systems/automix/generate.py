"""Mixing whole songs with a trained automix network, or with a baseline, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.audio.formats import SourceFormat, deepest
from gantools.audio.io import AudioReader, decoded_frames
from gantools.audio.loudness import Meter
from gantools.audio.resample import resample_blocks
from gantools.audio.truepeak import TruePeak
from gantools.audio.writing import AudioWriter
from gantools.chunks.item import Item
from gantools.chunks.multitrack import Multitrack
from gantools.errors import InputError
from gantools.files.atomic import scratch_folder
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.systems.automix.baselines import GainMixer
from gantools.systems.automix.config import AutomixConfig, MixConfig
from gantools.systems.automix.networks import build_network
from gantools.systems.automix.streams import StemStream, sum_files

_FADE_S = 0.75
_BLOCK = 1 << 18


@dataclass
class Mixer:
    """A network that mixes, with what it needs to know of its training.

    Attributes
    ----------
    network : nn.Module
        (batch, 2 x roles, time) to (batch, 2, time).
    config : AutomixConfig
        The configuration of the training.
    features : dict
        What stems are normalised to, as JSON values.
    device : torch.device
    """

    network: nn.Module
    config: AutomixConfig
    features: dict[str, Any]
    device: torch.device


class SongMixer(LoadedModel):
    """A mixer that writes the mixes of whole songs; ``item.given`` is the `Multitrack` of a song."""

    roles = ("mix",)

    def __init__(self, mixer: Mixer, folder: Path, description: dict[str, Any], config: MixConfig) -> None:
        self.mixer, self.config, self.description = mixer, config, description
        self.files, self.extension = model_files(folder, description), config.format

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write the mix of one song; see `mix_song`."""
        return mix_song(item.given, outputs[0], self.mixer, self.config, seed, tick)


def load(folder: Path, config: MixConfig, device: str) -> SongMixer:
    """Open a model folder for mixing.

    Raises
    ------
    ModelError
        No model folder of automix, or weights that are missing or do not fit.
    """
    model = read_model(folder, "automix")
    trained, data = trained_with(AutomixConfig, model, folder), model["data"]
    if config.mixer == "network":
        network = open_network(folder, "M", lambda: build_network(trained), raw=not config.ema)
    else:
        gains_db = data["gains_db"] if config.mixer == "gains" else {}
        network = GainMixer([gains_db.get(role, 0.0) for role in trained.role_names])
    mixer = Mixer(network.to(device).eval(), trained, data["features"], torch.device(device))
    return SongMixer(mixer, folder, model, config)


def mix_song(
    track: Multitrack, path: Path, mixer: Mixer, config: MixConfig, seed: int = 0, tick: Tick = lambda share: None
) -> dict[str, Any]:
    """Write the mix of one song, at the rate and with the length of its longest stem.

    Instruments that the model does not know are added to ``other``, as is an accompaniment beside vocals alone; stems
    that are missing are silent.

    Parameters
    ----------
    track : Multitrack
    path : Path
        Where to write; the ending chooses the format.
    mixer : Mixer
    config : MixConfig
    seed : int
        Seed of the normalisation.
    tick : callable
        Progress callback, called with the completed fraction, 0 to 1.

    Returns
    -------
    dict
        ``lufs``, ``true_peak_db``, ``gain_db``, ``tp_limited``, ``roles``, ``duration_s``; for the record.

    Raises
    ------
    InputError
        No stems, stems of different sample rates, or a mix that is silent.
    """
    groups = _groups(track, mixer.config.role_names)
    with scratch_folder(path.parent) as folder:
        share = 0.0 if config.normalised else 0.5
        files, rate_hz, frames = _prepare(groups, mixer, config, folder, seed, lambda done: tick(share * done))
        meter, peak = Meter(rate_hz, 2), TruePeak(rate_hz, 2)
        # In float and to a file first: the gain is known only once all of it has been heard.
        raw = folder / "mix.wav"
        with AudioWriter(raw, rate_hz, 2, "32f") as writer:
            for block in mix_blocks(files, mixer, rate_hz, frames, config.segment_seconds):
                meter.push(block)
                peak.push(block)
                writer.append(block.T)
                tick(share + (0.97 - share) * writer.frames / frames)
        loudness, ceiling = meter.loudness(), 10 ** (config.true_peak_db / 20)
        if not math.isfinite(loudness.integrated_lufs()):
            raise InputError("the mix is silent; give stems with sound", path)
        gain = loudness.gain_to(config.lufs)
        # Lowered as a whole and not limited: the ceiling takes loudness, never dynamics.
        limited = gain * peak.peak > ceiling
        if limited:
            gain = ceiling / peak.peak
        with AudioReader(raw) as reader, AudioWriter(path, rate_hz, 2, config.bits, like=_deepest(groups)) as writer:
            for block in reader.blocks():
                writer.append(block * np.float32(gain))
    return {
        "lufs": round(loudness.integrated_lufs(gain), 3),
        "true_peak_db": round(20 * math.log10(gain * peak.peak), 3),
        "gain_db": round(20 * math.log10(gain), 3),
        "tp_limited": limited,
        "roles": sorted(groups),
        "duration_s": round(frames / rate_hz, 3),
    }


def _deepest(groups: dict[str, list[Path]]) -> SourceFormat | None:
    """Return the deepest sample format of the stems; a sum has more bits than the 16 of its parts."""
    formats = []
    for path in (path for paths in groups.values() for path in paths):
        with AudioReader(path) as reader:
            formats.append(SourceFormat.of(reader).for_parts())
    found = deepest(formats)
    return SourceFormat(found.path, found.container, "PCM_24") if found and found.subtype == "PCM_16" else found


def _groups(track: Multitrack, roles: list[str]) -> dict[str, list[Path]]:
    """Return role of the model -> files."""
    if not track.stems:
        raise InputError("no stems, only a mix; separate it first (gantools separate)", track.mixture or track.song)
    groups = {role: list(paths) for role, paths in track.within(roles).stems.items()}
    for role in set(groups) - set(roles):
        paths = groups.pop(role)
        if "other" not in roles:
            raise InputError(f"the model mixes {', '.join(roles)}, not {role}", paths[0])
        if not set(groups) - {"vocals"}:
            groups["other"] = paths  # an accompaniment beside the vocals; beside drums and bass it would be heard twice
    return groups


def _prepare(
    groups: dict[str, list[Path]], mixer: Mixer, config: MixConfig, folder: Path, seed: int, tick: Tick
) -> tuple[dict[str, Path], int, int]:
    """Return one normalised file for each role, their rate and the length of the longest."""
    files: dict[str, Path] = {}
    rate_hz, frames = _common_rate([path for paths in groups.values() for path in paths])
    for number, (role, paths) in enumerate(sorted(groups.items())):
        path = paths[0]
        if len(paths) > 1:
            path = sum_files(paths, folder / f"{role}.sum.wav", rate_hz)
        if not config.normalised:
            path = _normalise(path, folder / f"{role}.wav", mixer.features, role, config.dry, seed)
        files[role] = path
        tick((number + 1) / len(groups))
    return files, rate_hz, frames


def _normalise(path: Path, out: Path, features: dict[str, Any], role: str, dry: bool, seed: int) -> Path:
    from gantools.effects.config import ChainConfig
    from gantools.effects.features import read_features
    from gantools.effects.stemfile import normalise_file
    from gantools.files.atomic import write_json

    write_json(out.parent / "features.json", features)
    target = read_features(out.parent / "features.json")
    chain = ChainConfig(reverb="pre" if dry else "off")
    # An intermediate file: floats hold any level and need no dither.
    normalise_file(path, [out], target, chain, role=role, seed=seed, dither=False, bits="32f")
    return out


def _common_rate(paths: list[Path]) -> tuple[int, int]:
    rates, frames = {}, 0
    for path in paths:
        with AudioReader(path) as reader:
            rates[reader.rate_hz] = path
        frames = max(frames, decoded_frames(path))
    if len(rates) > 1:
        different = ", ".join(f"{path.name} {rate_hz} Hz" for rate_hz, path in sorted(rates.items()))
        raise InputError(f"stems of one song differ in sample rate ({different}); convert them", paths[0])
    return next(iter(rates)), frames


def mix_blocks(
    files: dict[str, Path], mixer: Mixer, rate_hz: int, frames: int, segment_seconds: float
) -> Iterator[np.ndarray]:
    """Yield the mix as float32 blocks (2, n), `frames` samples in all, from normalised stems (role -> file).

    The network hears each chunk with what it needs before (recurrent state) and behind it; at the ends of the song the
    sound is reflected. Neighbouring chunks are cross-faded over 0.75 s, which changes nothing where they agree: the
    band mixer's do to rounding, the paper's network averages over what it is given and differs slightly.
    """
    own = mixer.config.sample_rate_hz
    inner = frames if own == rate_hz else math.ceil(frames * own / rate_hz)
    blocks = _network_blocks(files, mixer, inner, segment_seconds)
    if own == rate_hz:
        yield from blocks
        return
    done = 0
    for block in resample_blocks((block.T for block in blocks), own, rate_hz, 2):
        out = np.ascontiguousarray(block.T)[:, : frames - done]
        done += out.shape[1]
        yield out
    # The resampler may end some samples early; a mix is as long as its longest stem.
    if done < frames:
        yield np.zeros((2, frames - done), np.float32)


def _network_blocks(files: dict[str, Path], mixer: Mixer, frames: int, segment_seconds: float) -> Iterator[np.ndarray]:
    network, rate_hz = mixer.network, mixer.config.sample_rate_hz
    stride, before, behind = (
        int(getattr(network, name)) for name in ("stride_samples", "warmup_samples", "reach_samples")
    )
    aligned = lambda n: -(-n // stride) * stride  # noqa: E731
    fade, chunk = aligned(int(_FADE_S * rate_hz)), aligned(int(segment_seconds * rate_hz))
    before, behind = aligned(before), aligned(behind)
    streams = [StemStream(files.get(role), rate_hz, frames) for role in mixer.config.role_names]
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    tail = np.zeros((2, 0), np.float32)
    for start in range(0, frames, chunk):
        # The chunk, the stretch that fades into the next one, and what the network needs on both sides of them.
        heard = np.concatenate([s.window(start - before, start + chunk + fade + behind) for s in streams])
        with torch.inference_mode():
            made = network(torch.from_numpy(heard)[None].to(mixer.device))[0].float().cpu().numpy()
        made = made[:, before : before + chunk + fade].copy()
        if tail.shape[1]:
            made[:, :fade] = tail * (1 - ramp) + made[:, :fade] * ramp
        tail = made[:, chunk:]
        yield np.ascontiguousarray(made[:, : min(chunk, frames - start)])
