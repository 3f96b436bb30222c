"""Training material: songs as normalised stems beside the wet stems and the mix that they shall become."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from gantools.audio.fingerprint import describe_twins
from gantools.audio.loudness import Loudness, Meter
from gantools.chunks.multitrack import Multitrack, Recording
from gantools.errors import ConfigError, InputError
from gantools.runtime.seeds import item_seed
from gantools.systems.automix.config import AutomixConfig
from gantools.training.remarks import LeftOut, listed, on_stems, prints_of, read_stems, songs_of_twins

_TRIES = 8
_SILENT_LU = -30.0  # a tenth of a second so far below the song's loudness counts as silent
_BLOCK = 1 << 20


@dataclass
class SongStems:
    """One song in memory.

    Attributes
    ----------
    name : str
    normalised, wet : dict of str to Recording
        Role -> stem, before and after mixing; equal roles.
    mixture : Recording or None
        The song's own mix. Where it is None, the sum of the wet stems takes its place.
    gain : float
        Brings the mix to the configured loudness.
    active : array (hops,) of bool
        Tenths of a second in which the mix sounds.
    gains_db : dict
        Role -> loudness of the wet stem, times `gain`, less that of the normalised one, in LU.
    """

    name: str
    normalised: dict[str, Recording]
    wet: dict[str, Recording]
    mixture: Recording | None
    gain: float
    active: np.ndarray
    gains_db: dict[str, float]

    @property
    def frames(self) -> int:
        """Length of the mix in samples."""
        recordings = [self.mixture] if self.mixture is not None else list(self.wet.values())
        return max(recording.frames for recording in recordings)

    def target(self, start: int, frames: int) -> np.ndarray:
        """Return the mix (2, frames) from a sample, at the level of training."""
        if self.mixture is not None:
            return self.mixture.crop(start, frames) * np.float32(self.gain)
        total = np.zeros((2, frames), np.float32)
        for recording in self.wet.values():
            total += recording.crop(start, frames)
        return total * np.float32(self.gain)


def load_songs(
    config: AutomixConfig,
    normalised: Sequence[Multitrack],
    wet: Sequence[Multitrack],
    left_out: LeftOut | None = None,
) -> list[SongStems]:
    """Read songs into memory: 10 MB a minute and stem at 44.1 kHz.

    A stem that cannot be read before or after mixing is left out, and so is a song that is silent or has no stem left;
    `left_out` takes note of them.

    Raises
    ------
    ConfigError
        No song is in both, a song lacks a stem in one of them, or has a stem that the network does not mix.
    ConfigError
        Or no stem of a role, or no song, can be used.
    """
    left_out = LeftOut() if left_out is None else left_out
    wet_of = {track.song: track for track in wet}
    known = config.role_names
    pairs = [(t.within(known), wet_of[t.song].within(known)) for t in normalised if t.song in wet_of]
    if not pairs:
        names = ", ".join(track.song for track in normalised[:3])
        raise ConfigError(f"none of the normalised songs ({names} ...) is among the mixes; name the folders alike")
    for before, after in pairs:
        _check_roles(config, before, after)
    with ThreadPoolExecutor(2) as pool:
        loaded = list(pool.map(lambda pair: _load(config, pair[0], pair[1], left_out), pairs))
    # Threads end in any order, messages must not.
    left_out.lines.sort()
    songs = [song for song in loaded if song is not None]
    for role in sorted({role for before, _ in pairs for role in before.stems}):
        if not any(role in song.wet for song in songs):
            raise ConfigError(f"no {role} of any song can be used{left_out.first()}")
    return songs


def _check_roles(config: AutomixConfig, before: Multitrack, after: Multitrack) -> None:
    unequal = sorted(set(before.stems) ^ set(after.stems))
    if unequal:
        raise ConfigError(
            f"{before.song}: {', '.join(unequal)} is in one of the two folders only; normalise "
            "all stems, or keep those out of both that cannot be normalised"
        )
    unknown = sorted(set(before.stems) - set(config.role_names))
    if unknown:
        wanted = ",".join([*config.role_names, *unknown])
        raise ConfigError(f"{before.song} has {', '.join(unknown)}, which no input takes; use --roles {wanted}")


def _load(config: AutomixConfig, before: Multitrack, after: Multitrack, left_out: LeftOut) -> SongStems | None:
    normalised = read_stems(dict(sorted(before.stems.items())), config.sample_rate_hz, left_out)
    wet = read_stems(dict(sorted(after.stems.items())), config.sample_rate_hz, left_out)
    normalised = {role: recording for role, recording in normalised.items() if role in wet}
    wet = {role: wet[role] for role in normalised}
    # Without its own mix, the sum of the stems is the song's.
    mixture = read_stems({"mix": after.mixture}, config.sample_rate_hz, left_out).get("mix") if after.mixture else None
    if not wet:
        return None
    song = SongStems(before.song, normalised, wet, mixture, 1.0, np.zeros(0, bool), {})
    loudness = _measure(song.target, song.frames, config.sample_rate_hz)
    if not math.isfinite(level := loudness.integrated_lufs()):
        left_out.note(InputError("the mix is silent", after.song), after.song)
        return None
    song.gain = loudness.gain_to(config.mixture_lufs)
    # Levels of tenths of a second on the scale of LUFS, -0.691 + 10 log10 of the weighted power (BS.1770).
    hops = loudness.weights @ loudness.hop_energy / loudness.hop_samples
    song.active = 10 * np.log10(hops + 1e-12) - 0.691 > level + _SILENT_LU
    for role in wet:
        pair = (wet[role], normalised[role])
        after_lufs, before_lufs = (_measure(r.crop, r.frames, config.sample_rate_hz).integrated_lufs() for r in pair)
        if math.isfinite(after_lufs) and math.isfinite(before_lufs):
            song.gains_db[role] = after_lufs + 20 * math.log10(song.gain) - before_lufs
    return song


def _measure(read: object, frames: int, rate_hz: int) -> Loudness:
    meter = Meter(rate_hz, 2)
    for start in range(0, frames, _BLOCK):
        meter.push(read(start, min(_BLOCK, frames - start)))  # type: ignore[operator]
    return meter.loudness()


class Crops:
    """Random crops of songs; each is a pure function of (seed, step, item)."""

    def __init__(self, config: AutomixConfig, songs: Sequence[SongStems]) -> None:
        self.config = config
        short = [song.name for song in songs if self._train_frames(song) <= config.crop]
        self.songs = [song for song in songs if song.name not in short]
        if not self.songs:
            raise ConfigError(
                f"{', '.join(short)}: shorter than a training crop of {config.crop} samples; lower --crop"
            )
        self.notes = self._notes(short)

    def _notes(self, short: list[str]) -> list[str]:
        """Return what a user has to know of the songs."""
        lengths = {s.name: {role: r.frames / r.rate_hz for role, r in s.normalised.items()} for s in self.songs}
        prints = [prints_of(song.name, song.wet) for song in self.songs]
        self.sounds = {name: own.digest for one in prints for name, own in sorted(one.items())}
        twins = songs_of_twins({name: own for one in prints for name, own in one.items()})
        share = f"validation hears the training: the last {100 * self.config.validation_share:.0f} % of"
        return [
            *([f"shorter than a training crop, left out: {listed(short)}; a lower --crop takes them"] if short else []),
            *describe_twins(twins, "both are trained on, and validated on their ends"),
            *on_stems(lengths, sorted({role for stems in lengths.values() for role in stems})),
            f"{share} {'the one song' if len(self.songs) == 1 else 'the songs that are trained on'}",
        ]

    def _train_frames(self, song: SongStems) -> int:
        return int(song.frames * (1 - self.config.validation_share))

    def side_by_side(self) -> int:
        """Return how many crops the training parts of the songs hold."""
        return sum(self._train_frames(song) // self.config.crop for song in self.songs)

    def train(self, step: int, item: int) -> dict[str, torch.Tensor]:
        """Return ``stems`` and ``wet`` (2 x roles, crop), zeros where a song lacks one, and ``target`` (2, crop)."""
        random = np.random.default_rng(item_seed(self.config.seed, "crop", step, item))
        song, start = self._place(random)
        # A share of the crops takes each stem from another song.
        mixed = random.random() < self.config.remix_share
        stems, wet = self._empty(), self._empty()
        rest = np.zeros((2, self.config.crop), np.float32)
        if song.mixture is not None and not mixed:
            # What a master is more than the sum of its stems.
            rest = song.target(start, self.config.crop) - self._sum_wet(song, start)
        for index, role in enumerate(self.config.role_names):
            if mixed:
                song, start = self._place(random)
            if role not in song.wet:
                continue
            pair = np.stack(
                [
                    song.normalised[role].crop(start, self.config.crop),
                    song.wet[role].crop(start, self.config.crop),
                ]
            )
            pair[1] *= np.float32(song.gain)
            stems[index], wet[index] = self._alter(pair, random)
        target = wet.sum(0) + rest
        if self.config.swap and random.random() < 0.5:
            stems, wet, target = stems[:, ::-1], wet[:, ::-1], target[::-1]
        return _tensors(stems, wet, target)

    def validation(self, number: int) -> dict[str, torch.Tensor]:
        """Return a fixed crop of the last part of a song, as `train` does but as it is."""
        song = self.songs[number % len(self.songs)]
        rounds = -(-self.config.validation_crops // len(self.songs))
        first, last = self._train_frames(song), max(self._train_frames(song), song.frames - self.config.crop)
        return self._plain(song, first + (last - first) * (number // len(self.songs)) // max(1, rounds - 1))

    def spread(self, song: SongStems, count: int) -> Iterator[dict[str, torch.Tensor]]:
        """Yield crops of a song as they are, evenly spread over its training part."""
        for start in np.linspace(0, self._train_frames(song) - self.config.crop, count).astype(int):
            yield self._plain(song, int(start))

    def _plain(self, song: SongStems, start: int) -> dict[str, torch.Tensor]:
        stems, wet = self._empty(), self._empty()
        for index, role in enumerate(self.config.role_names):
            if role in song.wet:
                stems[index] = song.normalised[role].crop(start, self.config.crop)
                wet[index] = song.wet[role].crop(start, self.config.crop) * np.float32(song.gain)
        return _tensors(stems, wet, song.target(start, self.config.crop))

    def _empty(self) -> np.ndarray:
        return np.zeros((len(self.config.role_names), 2, self.config.crop), np.float32)

    def _sum_wet(self, song: SongStems, start: int) -> np.ndarray:
        crops = [recording.crop(start, self.config.crop) for recording in song.wet.values()]
        return np.sum(crops, axis=0) * np.float32(song.gain)

    def _place(self, random: np.random.Generator) -> tuple[SongStems, int]:
        """Draw a song and a place where it sounds at least half of the time."""
        song = self.songs[int(random.integers(len(self.songs)))]
        hop = round(0.1 * self.config.sample_rate_hz)
        start = 0
        # More tries would hold the run up where a song is nearly all silence.
        for _ in range(_TRIES):
            start = int(random.integers(self._train_frames(song) - self.config.crop))
            if song.active[start // hop : (start + self.config.crop) // hop].mean() >= 0.5:
                break
        return song, start

    def _alter(self, pair: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Change a stem before and after mixing alike: what normalisation did to it stays the same."""
        gain, curve = random.uniform(-1, 1), random.uniform(-1, 1, 4) / np.array([1.0, 1.5, 2.0, 2.5])
        pair *= np.float32(10 ** (self.config.gain_db * gain / 20))
        if self.config.eq_db:
            # A smooth curve over the ten octaves from 20 Hz: four cosines, the finer the weaker.
            octaves = (
                np.log2(np.maximum(np.fft.rfftfreq(pair.shape[-1], 1 / self.config.sample_rate_hz), 20.0) / 20.0) / 10
            )
            filter_db = self.config.eq_db * (curve @ np.cos(np.pi * np.outer(np.arange(1, 5), octaves)))
            spectrum = torch.fft.rfft(torch.from_numpy(pair))
            spectrum *= torch.from_numpy((10 ** (filter_db / 20)).astype(np.float32))
            pair = torch.fft.irfft(spectrum, pair.shape[-1]).numpy()
        return pair


def _tensors(stems: np.ndarray, wet: np.ndarray, target: np.ndarray) -> dict[str, torch.Tensor]:
    flat = {"stems": stems.reshape(-1, stems.shape[-1]), "wet": wet.reshape(-1, wet.shape[-1]), "target": target}
    return {name: torch.from_numpy(np.ascontiguousarray(wave)) for name, wave in flat.items()}
