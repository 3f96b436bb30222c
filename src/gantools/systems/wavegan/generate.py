"""A trained WaveGAN as a maker of clips: from seeds, from stored latents, between two of them, or longer than one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gantools.audio.writing import write_audio
from gantools.chunks.item import Item
from gantools.errors import ConfigError, InputError, ModelError
from gantools.files.containers import read_tensors, write_tensors
from gantools.files.hashing import hash_bytes
from gantools.models.folder import model_files, read_model, trained_with
from gantools.models.loaded import LoadedModel, Tick
from gantools.models.weights import open_network
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.systems.latents.carried import open_carried
from gantools.systems.latents.scaling import LatentScale
from gantools.systems.wavegan.build import build_generator, build_networks
from gantools.systems.wavegan.config import WaveGANConfig
from gantools.systems.wavegan.generate_config import DEFAULT_COUNT, WaveGANGenerateConfig
from gantools.systems.wavegan.latent_networks import LatentGenerator, build_latent_networks
from gantools.systems.wavegan.networks import UpConv
from gantools.systems.wavegan.sampling import draw_items, draw_latent, draw_noise, make_clips
from gantools.systems.wavegan.sound import (
    SCALING,
    SHOWN_LATENTS,
    SHOWN_WAVES,
    LatentDecoding,
    as_wave,
    in_a_row,
)
from gantools.systems.wavegan.style import StyleGenerator

_OVERLAP = 4  # neighbours of a longer clip share a quarter of one
_PIECES_PER_ANCHOR = 4
_STYLE_DRAWS = 1024
#: The latents of a batch, beside its clips.
LATENTS = "z.safetensors"


@dataclass(frozen=True)
class Request:
    """One clip to make.

    Attributes
    ----------
    name : str
        Name of its file, without ending.
    seed : int
        Its seed, or its row in a file of latents.
    other : int, optional
        Seed of the clip at the other end of an interpolation.
    share : float
        Place between the two, 0 to 1.
    """

    name: str
    seed: int
    other: int | None = None
    share: float = 0.0


def seed_requests(seeds: Sequence[int]) -> list[Request]:
    """Return a request for each seed."""
    return [Request(f"seed-{seed:05d}", seed) for seed in seeds]


def path_requests(first: int, last: int, steps: int) -> list[Request]:
    """Return the requests of an interpolation, the clips of both seeds included."""
    return [Request(f"seeds-{first:05d}-{last:05d}-{n:03d}", first, last, n / (steps - 1)) for n in range(steps)]


def slerp(a: torch.Tensor, b: torch.Tensor, share: float) -> torch.Tensor:
    """Return the point between two latents on the arc from one to the other; exactly `a` at 0 and `b` at 1.

    Between random normal latents the straight line leads through lengths that the generator has never seen; the
    length along the arc goes evenly from one to the other.
    """
    if share in (0.0, 1.0):
        return b if share else a
    lengths = a.norm(), b.norm()
    cosine = torch.clamp(torch.dot(a, b) / (lengths[0] * lengths[1]), -1, 1)
    angle = torch.arccos(cosine)
    if float(angle.sin()) < 1e-4:
        return torch.lerp(a, b, share)
    weights = torch.sin((1 - share) * angle) / lengths[0], torch.sin(share * angle) / lengths[1]
    return (weights[0] * a + weights[1] * b) / angle.sin() * torch.lerp(lengths[0], lengths[1], share)


class ClipMaker(LoadedModel):
    """Makes clips with the generator of a model folder, one at a time, so that a clip never depends on its neighbours.

    `write` makes the clip of ``item.given``, a `Request` of `requests`, or else that of the seed.

    Parameters
    ----------
    folder : Path
    config : WaveGANGenerateConfig
        With ``latents``, requests name rows of that file in place of seeds.
    device : str

    Raises
    ------
    ModelError
        No model folder of WaveGAN, or weights that are missing or do not fit.
    """

    beside = (LATENTS,)
    remedy = "train longer, or another engine: gantools train musika learns the same songs by a codec"

    def __init__(self, folder: Path, config: WaveGANGenerateConfig, device: str) -> None:
        model = read_model(folder, "wavegan")
        self.model = trained_with(WaveGANConfig, model, folder)
        latents = read_latents(Path(config.latents)) if config.latents else None
        self.config, self.device, self.latents = config, torch.device(device), latents
        if latents is not None and latents.shape[1] != self.model.latent:
            raise ModelError(f"takes latents of {self.model.latent} numbers, not {latents.shape[1]}", folder)
        self.samples, self.rate_hz, self.channels = (
            self.model.samples,
            self.model.sample_rate_hz,
            self.model.channels,
        )
        self._sound: Callable[[torch.Tensor], np.ndarray] = as_wave
        build: Callable[[], nn.Module] = lambda: build_generator(self.model)  # noqa: E731
        if self.model.domain == "latent":
            codec = open_carried(folder, model, self.device)
            size = self.channels * codec.channels
            scale = open_network(folder, "scale", lambda: LatentScale(size, SCALING)).to(self.device)
            self._sound = LatentDecoding(codec, scale, self.channels)
            self.samples, self.rate_hz = self.model.clip_latents * codec.samples_per_latent, codec.rate_hz
            build = lambda: LatentGenerator(self.model, size)  # noqa: E731
            self._latent_channels = size
        self.generator = open_network(folder, "G", build, raw=not config.ema)
        self.generator.to(self.device).eval()
        for module in self.generator.modules():
            if isinstance(module, UpConv):
                module.freeze()  # else most of the time of a single clip
        self._centre: torch.Tensor | None = None
        self.description, self.extension = model, config.format
        self.files = [*model_files(folder, model), *([Path(config.latents)] if config.latents else [])]
        # How many points a path has tells where each of them is.
        self.facts = [self.pieces(), config.path_points if config.interpolate else 0]

    def requests(self, first: int) -> list[Request]:
        """Return the clips that the options ask for; `first` is the seed from which ``count`` counts.

        Raises
        ------
        ConfigError
            Several options say which clips to make, or one says it in a way that cannot be read.
        """
        config = self.config
        asked = {"interpolate": config.interpolate, "latents": config.latents, "seeds": config.seeds}
        given = [f"--{name}" for name, value in {**asked, "count": config.count}.items() if value]
        if len(given) > 1:
            raise ConfigError(f"{' and '.join(given)} each say which clips to make; give one of them")
        if config.interpolate:
            start, end = parsed(config, "interpolate")
            return path_requests(start, end, config.path_points)
        if self.latents is not None:
            return [Request(f"z-{row:05d}", row) for row in range(len(self.latents))]
        if config.seeds:
            return seed_requests(parsed(config, "seeds"))
        return seed_requests(range(first, first + (config.count or DEFAULT_COUNT)))

    def untrained_sample(self, path: Path) -> None:
        """Write the clips that training shows, of a generator with its initial weights."""
        c, latent = self.model, self.model.domain == "latent"
        networks = build_latent_networks(c, self._latent_channels) if latent else build_networks(c)
        fresh = networks["G"].to(self.device).eval()
        count = SHOWN_LATENTS if latent else SHOWN_WAVES
        seeds = [item_seed(c.seed, "validation", number) for number in range(count)]
        made = make_clips(fresh, draw_items(seeds, fresh, c.latent, c.latent_kind)).to(self.device)
        write_audio(path, in_a_row([self._sound(clip) for clip in made], self.rate_hz), self.rate_hz)

    def write_beside(self, items: Sequence[Item], folder: Path) -> None:
        """Write the latents of the clips."""
        requests: list[Request] = [item.given for item in items]
        write_latents(folder / LATENTS, requests, [self.latent(request) for request in requests])

    def write(self, item: Item, outputs: Sequence[Path], seed: int, tick: Tick) -> dict[str, Any]:
        """Write one clip; the fields say which seed, or row of the latents, it was made of."""
        request = item.given or Request(item.stem, seed)
        wave = self.make(self.latent(request))
        outputs[0].parent.mkdir(parents=True, exist_ok=True)
        writer = write_audio(outputs[0], wave, self.rate_hz, self.config.bits)
        fields: dict[str, Any] = {"warning": writer.notice} if writer.notice else {}
        fields |= {"rate_hz": self.rate_hz, "audio_seconds": wave.shape[1] / self.rate_hz}
        fields["seed" if self.latents is None else "row"] = request.seed
        if request.other is not None:
            fields |= {"other_seed": request.other, "share": request.share}
        if self.pieces() > 1:
            fields["stitched"] = self.pieces()  # neighbouring clips, not one
        return fields

    def latent(self, request: Request) -> torch.Tensor:
        """Return the latent of a clip, before truncation."""
        first = self._one_latent(request.seed)
        return first if request.other is None else slerp(first, self._one_latent(request.other), request.share)

    def _one_latent(self, number: int) -> torch.Tensor:
        if self.latents is not None:
            return torch.from_numpy(self.latents[number])
        return draw_latent(item_seed(number, "clip"), self.model.latent, self.model.latent_kind)

    def make(self, z: torch.Tensor) -> np.ndarray:
        """Return the clip of a latent, float32 (channels, samples), or a longer one where `seconds` asks for it.

        Everything random in it follows from the latent: noise inputs, and the path of a longer clip.
        """
        wanted = round(self.config.seconds * self.rate_hz)
        if not wanted:
            return self._clip(z)
        return self._stitched(z, wanted) if wanted > self.samples else self._clip(z)[:, :wanted]

    def pieces(self) -> int:
        """Return how many clips are joined to make one of the length asked for."""
        wanted, hop = round(self.config.seconds * self.rate_hz), self._hop
        return 1 + max(0, math.ceil((wanted - self.samples) / hop))

    @property
    def _hop(self) -> int:
        return self.samples - self.samples // _OVERLAP

    @torch.inference_mode()
    def _clip(self, z: torch.Tensor) -> np.ndarray:
        generator, psi = self.generator, self.config.truncation
        styles, noise, samples = None, None, int(generator.noise_samples)  # type: ignore[arg-type]
        if samples:
            noise = min(psi, 1.0) * self.noise(z)[None].to(self.device)
        if psi == 1.0:
            return self._run(z, noise)
        # Truncation in W, towards the mean style (Karras et al. 2019, appendix B).
        if isinstance(generator, StyleGenerator | LatentGenerator):
            centre = self.style_centre()
            styles = centre + psi * (generator.mapping(z[None].to(self.device)) - centre)
        return self._run(psi * z, noise, styles)

    def noise(self, z: torch.Tensor) -> torch.Tensor:
        """Return the noise inputs of a clip, before truncation: of its latent, or the same for all clips."""
        seed = 0 if self.config.fixed_noise else _hash(z)
        return draw_noise(item_seed(seed, "noise"), int(self.generator.noise_samples))  # type: ignore[arg-type]

    def _run(self, z: torch.Tensor, noise: torch.Tensor | None, styles: torch.Tensor | None = None) -> np.ndarray:
        more = {} if styles is None else {"styles": styles}
        return self._sound(self.generator(z[None].to(self.device), noise, **more)[0])

    def style_centre(self) -> torch.Tensor:
        """Return the mean style (1, 6, width), from which truncation measures."""
        if self._centre is None:
            draws = [draw_latent(n, self.model.latent, self.model.latent_kind) for n in range(_STYLE_DRAWS)]
            self._centre = self.generator.mapping(torch.stack(draws).to(self.device)).mean(0, keepdim=True)  # type: ignore[operator]
        return self._centre

    def _stitched(self, z: torch.Tensor, wanted: int) -> np.ndarray:
        """Join clips of neighbouring latents, each fading into the next over a quarter, at equal power."""
        size, hop, seed = self.samples, self._hop, _hash(z)
        fade = np.sin(0.5 * np.pi * (np.arange(size - hop) + 0.5) / (size - hop)).astype(np.float32)
        wave = np.zeros((self.channels, hop * (self.pieces() - 1) + size), np.float32)
        for number in range(self.pieces()):
            # Every fourth piece is at a latent of its own, those between on the arc from one to the next.
            anchor, part = divmod(number, _PIECES_PER_ANCHOR)
            first, second = (self._anchor(z, seed, anchor + n) for n in (0, 1))
            piece = self._clip(slerp(first, second, part / _PIECES_PER_ANCHOR))
            if number:
                piece[:, : size - hop] *= fade
            if number < self.pieces() - 1:
                piece[:, hop:] *= fade[::-1]
            wave[:, number * hop : number * hop + size] += piece
        wave = wave[:, :wanted]
        # At equal power two pieces that are alike add up to more than either.
        return wave / max(1.0, float(np.abs(wave).max()))

    def _anchor(self, z: torch.Tensor, seed: int, number: int) -> torch.Tensor:
        return draw_latent(item_seed(seed, "path", number), len(z), self.model.latent_kind) if number else z


def load(folder: Path, config: WaveGANGenerateConfig, device: str) -> ClipMaker:
    """Open a model folder for generating; see `ClipMaker`."""
    return ClipMaker(folder, config, device)


def _hash(z: torch.Tensor) -> int:
    return int(hash_bytes(z.numpy().tobytes())[:12], 16)


def write_latents(path: Path, requests: Sequence[Request], latents: Sequence[torch.Tensor]) -> None:
    """Write the latents of clips beside them: ``z`` (clip, latent), and the names and seeds as metadata."""
    seeds = [r.seed if r.other is None else [r.seed, r.other, r.share] for r in requests]
    stacked = np.stack([z.numpy() for z in latents])
    write_tensors(path, {"z": stacked}, {"kind": "latents", "names": [r.name for r in requests], "seeds": seeds})


def read_latents(path: Path) -> np.ndarray:
    """Return the ``z`` of a file of latents, float32 (clip, latent).

    Raises
    ------
    InputError
        The file cannot be read, or holds no such tensor.
    """
    tensors, _ = read_tensors(path)
    z = tensors.get("z")
    if z is None or z.ndim != 2 or not len(z) or not np.isfinite(z).all():
        raise InputError("holds no latents: a finite tensor z of shape (clips, numbers)", path)
    return np.ascontiguousarray(z, np.float32)
