"""Drafts without training: nearest patches of a clip from coarse to fine, played with the phase of the clip.

Granot et al., "Drop the GAN: In defense of patches nearest neighbors as single image generative models" (CVPR 2022),
brought to sound. Averaging patches of waveforms cancels them, so what is matched and averaged are levels in mel bands,
from patches of two seconds, or of four where partials last, down to an eighth of a second. The result only decides what
to play: for each of several frequency bands the cheapest path through the clip that avoids the places where the other
bands play, with cross-fades where the waveforms agree and all bands attack together. Every sound is of the clip with
its own phase, and yet no moment of it is in the clip. Where the clip has a beat, the metre is one of the features, and
the draw keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from threadpoolctl import threadpool_limits

from gantools.audio.config import MelParams
from gantools.audio.mel import mel_db
from gantools.errors import ConfigError, InputError
from gantools.runtime.seeds import item_seed
from gantools.structure.beats import BeatGrid, find_beats
from gantools.structure.splice import chain, cross_fade, settled
from gantools.systems.patches import choosing
from gantools.systems.patches.attacks import Attacks
from gantools.systems.patches.bands import Sustained, crossings_hz, split_bands
from gantools.systems.patches.matching import PATCH_FRAMES, synthesise
from gantools.systems.patches.path import cheapest_path, doubled_products

_FRAME_SECONDS = 0.016
_RANGE_DB = 50.0
_LOWEST_HZ, _PITCH_HZ = 40.0, 2000.0
_FADE_SECONDS, _ALIGN_SECONDS = 0.03, 0.012
_AVOID_SECONDS = 0.3
_RISE_BANDS, _HIGHEST_RISE = 32, 4.0
#: Shortest clip to draw from.
LEAST_SECONDS = 1.0
#: A draw from a longer clip is made of so much of it.
_MOST_SECONDS = 60.0
#: Patches grow with the partials of the clip up to this.
_MOST_PATCH_SECONDS = 4.0


@dataclass(frozen=True)
class PatchSettings:
    """Levers of the patch engine; the defaults fit music of 10 to 60 s.

    Attributes
    ----------
    bands : int
        Frequency bands that are drawn each from its own place, 1 to 8: 1 gives a collage of the real clip, more are
        newer and less clean.
    longest_seconds, shortest_seconds : float
        Length of the patches at the coarsest and finest level; the first sets how long structure lasts, and is doubled
        for a clip with longer partials.
    alpha : float
        Completeness (Granot, equation 2): the smaller, the more of the clip comes up.
    noise : float
        Noise on the shuffled start, in standard deviations of the features.
    iterations : int
        Rounds at each level but the last.
    jump_cost : float
        What a jump to elsewhere in the clip must gain, in squared deviations: the higher, the longer the pieces.
    avoid_cost : float
        What a band must gain to play within 0.3 s of what another band plays.
    pitch_weight : float
        Weight of 256 ms windows below 2 kHz beside the 64 ms windows of all.
    metre_weight : float
        Weight of beat and bar; 0 ignores them.
    onset_weight : float
        Weight of how much levels rise at a moment; 0 ignores it. With it bands from different places attack together.
    """

    bands: int = 4
    longest_seconds: float = 2.0
    shortest_seconds: float = 0.125
    alpha: float = 0.01
    noise: float = 0.75
    iterations: int = 4
    jump_cost: float = 1.0
    avoid_cost: float = 0.35
    pitch_weight: float = 2.0
    metre_weight: float = 3.0
    onset_weight: float = 6.0

    def __post_init__(self) -> None:
        if not 1 <= self.bands <= 8:
            raise ConfigError(f"bands: {self.bands} is not within 1 to 8")
        if not 0.1 <= self.shortest_seconds <= self.longest_seconds:
            raise ConfigError("shortest_seconds must be at least 0.1 and at most longest_seconds")


def settings_of(variety: float) -> PatchSettings:
    """Return the levers for a variety of 0 (whole stretches of the clip) over 0.5 (the defaults) to 1."""
    plain = PatchSettings()
    turn = 2 * variety - 1
    return replace(
        plain,
        bands=round(float(np.interp(variety, [0, 0.5, 1], [1, plain.bands, 8]))),
        noise=plain.noise * 2**turn,
        jump_cost=plain.jump_cost * 4.0**-turn,
        avoid_cost=plain.avoid_cost * 3.0**turn,
    )


class PatchEngine:
    """Analysis of one clip, done once for many draws.

    Parameters
    ----------
    clip : float32 array (channels, n)
        At least 1 s. The draws keep its channels and rate, and its level as far as its peak allows.
    rate_hz : int
    settings : PatchSettings
    grid : BeatGrid, optional
        Beats of the clip; found when not given.

    Attributes
    ----------
    clip, rate_hz, settings
    grid : BeatGrid
        Used for the metre where it is clear.

    Raises
    ------
    InputError
        The clip is shorter than 1 s.
    """

    def __init__(
        self,
        clip: np.ndarray,
        rate_hz: int,
        settings: PatchSettings = PatchSettings(),
        grid: BeatGrid | None = None,
    ) -> None:
        if clip.shape[1] < LEAST_SECONDS * rate_hz:
            raise InputError(f"{clip.shape[1] / rate_hz:.2f} s are too short to draw from; give at least 1 s")
        self.clip, self.rate_hz, self.settings = clip, rate_hz, settings
        self.hop = round(_FRAME_SECONDS * rate_hz)
        mono = clip.mean(0, dtype=np.float32)
        self._frames = level_features(mono, rate_hz, self.hop, settings.pitch_weight)
        if settings.onset_weight > 0:
            rises = settings.onset_weight * level_rises(mono, rate_hz, self.hop)
            self._frames = np.concatenate([self._frames, rises[:, None]], axis=1)
        self._beat_frames, self._beats_per_bar = 0.0, 1
        self.grid = grid or find_beats(clip, rate_hz)
        if self.grid.clear and settings.metre_weight > 0:
            # Where there is a beat, the place in beat and bar is a feature like the levels: patches match in metre.
            edges = self.grid.edges
            self._beat_frames = 60 * rate_hz / self.grid.bpm / self.hop
            self._beats_per_bar = self.grid.beats_per_bar
            beats = beat_positions(edges, np.arange(len(self._frames)) * self.hop) - self.grid.downbeat
            self._frames = np.concatenate([self._frames, self._metre(beats)], axis=1)
        sustained = Sustained.of(clip, rate_hz)
        self._longest_seconds = settings.longest_seconds
        # Patches that are shorter than the partials break them.
        while self._longest_seconds < min(sustained.longest_seconds(), _MOST_PATCH_SECONDS):
            self._longest_seconds *= 2
        self._bands = split_bands(clip, rate_hz, sustained.crossings_hz(crossings_hz(settings.bands)))
        self._attacks = Attacks(clip, self._bands, rate_hz)

    def bar_seconds(self) -> float:
        """Return the length of a bar.

        Raises
        ------
        InputError
            The clip has no clear beat.
        """
        if not self.grid.clear:
            raise InputError(
                f"has no clear beat ({self.grid.note}), so that bars are no length; add --bpm, or give seconds"
            )
        return 60 / self.grid.bpm * self.grid.beats_per_bar

    def draw(self, seconds: float, seed: int, loop: bool = False, tries: int = 1) -> np.ndarray:
        """Return a new piece of any length; where the clip has a beat, it begins at a downbeat.

        Parameters
        ----------
        seconds : float
        seed : int
            Each gives another draw; equal seeds give equal draws.
        loop : bool
            The end fades into what comes before the beginning in the clip, so that the piece goes round.
        tries : int
            Draws at most, until one attacks and sounds on like the clip and copies little of it; the best of them is
            kept, see `choosing`. Of pieces under 4 s the first is.

        Returns
        -------
        float32 array (channels, round(seconds * rate_hz))
        """
        samples = round(seconds * self.rate_hz)
        count = -(-samples // self.hop)
        if count < 1:
            raise ConfigError(f"seconds: {seconds:g} is no length")
        tries = tries if seconds >= choosing.LEAST_SECONDS else 1
        best, least = None, np.inf
        for number in range(tries):
            random = np.random.default_rng(item_seed(seed, "patch", number) if number else item_seed(seed, "patch"))
            first, frames = self._excerpt(random)
            # Products this small take ten times as long in several threads of NumPy's as in one, where others work too.
            with threadpool_limits(1, user_api="blas"):
                paths, leader = self._paths(frames, count, random)
            wave = self._played([first + path for path in paths], leader, samples, loop)
            if tries == 1:
                return wave
            fault = self._judge.fault(wave, first * self.hop / self.rate_hz)
            if best is None or fault < least:
                best, least = wave, fault
            if least <= choosing.GOOD:
                break
        assert best is not None
        return best

    @cached_property
    def _judge(self) -> choosing.Judge:
        return choosing.Judge(self.clip, self.rate_hz)

    def _played(self, paths: list[np.ndarray], leader: int, samples: int, loop: bool) -> np.ndarray:
        """Return what paths of the bands sound like together; all attack where the leading one does."""
        out = np.zeros((self.clip.shape[0], samples), np.float32)
        fade, align = round(_FADE_SECONDS * self.rate_hz), round(_ALIGN_SECONDS * self.rate_hz)
        heard = np.zeros(0, np.float32)
        for number in sorted(range(len(paths)), key=lambda number: number != leader):
            band, path = self._bands[number], paths[number]
            # Frames that follow each other in the clip are one piece; -9 makes the first frame begin one.
            jumps = np.flatnonzero(np.diff(path, prepend=-9) != 1)
            lengths = np.diff(np.append(jumps, len(path))) * self.hop
            # Each band may be moved to meet in phase at its seams, but not away from where the others attack.
            meeting = None if number == leader else partial(self._attacks.meeting, number, heard, align=align)
            starts = settled(band, path[jumps] * self.hop, lengths, fade, align, meeting)
            if number == leader:
                heard = self._attacks.heard(starts, lengths)
            part = chain(band, starts, lengths, fade)[:, :samples]
            begin = max(0, int(starts[0]))
            lead = band[:, max(0, begin - fade) : begin]
            if loop and 0 < lead.shape[1] <= samples // 2:
                part[:, -lead.shape[1] :] = cross_fade(part[:, -lead.shape[1] :], lead)
            out += part
        # Bands from different places can meet in higher peaks than the clip has.
        peak = float(np.abs(out).max())
        highest = float(np.abs(self.clip).max())
        return out * np.float32(highest / peak if peak > highest else 1.0)

    def _excerpt(self, random: np.random.Generator) -> tuple[int, np.ndarray]:
        """Return the frames to draw from and the number of their first: all of them, or a minute of a longer clip."""
        most = round(_MOST_SECONDS / _FRAME_SECONDS)
        first = int(random.integers(0, len(self._frames) - most + 1)) if len(self._frames) > most else 0
        return first, self._frames[first : first + most]

    def _paths(self, frames: np.ndarray, count: int, random: np.random.Generator) -> tuple[list[np.ndarray], int]:
        """Return for each band which frame to play at each moment, and the band whose path the others go after."""
        levers = self.settings
        clock = self._metre(np.arange(count) / self._beat_frames) if self._beat_frames else None
        wanted = synthesise(frames, count, self._pools(), random, alpha=levers.alpha, noise=levers.noise,
                            iterations=levers.iterations, clock=clock)  # fmt: skip
        products = doubled_products(frames)
        paths = [cheapest_path(wanted, frames, levers.jump_cost, products=products)]
        # Sharper than the averages: what the first path plays, on the beat.
        target = frames[paths[0]]
        if clock is not None:
            target[:, -clock.shape[1] :] = clock
        around = round(_AVOID_SECONDS / _FRAME_SECONDS)
        for _ in self._bands[1:]:
            others = np.stack(paths)
            paths.append(cheapest_path(target, frames, levers.jump_cost, others, levers.avoid_cost, around, products))
        # The first path is free and later ones avoid it: without a draw the lowest band would always play the first.
        order = random.permutation(len(paths))
        return [paths[place] for place in order], int(np.argmin(order))

    def _pools(self) -> list[int]:
        """Return the frames averaged to one at each level, from the longest patches to the shortest, by halves."""
        levels = 1 + int(np.log2(self._longest_seconds / self.settings.shortest_seconds) + 1e-9)
        lengths = self._longest_seconds / 2.0 ** np.arange(levels)
        return [max(1, round(length / _FRAME_SECONDS / PATCH_FRAMES)) for length in lengths]

    def _metre(self, beats: np.ndarray) -> np.ndarray:
        """Return where in beat and bar positions lie, on circles: float32 (n, 4)."""
        turns = [2 * np.pi * beats / length for length in (1, self._beats_per_bar)]
        rows = [wave(turn) for turn in turns for wave in (np.cos, np.sin)]
        return (self.settings.metre_weight * np.stack(rows, axis=1)).astype(np.float32)


def level_features(wave: np.ndarray, rate_hz: int, hop_samples: int, pitch_weight: float) -> np.ndarray:
    """Return levels every hop: 32 mel bands in 64 ms windows, and 64 bands below 2 kHz in 256 ms windows for pitch.

    Parameters
    ----------
    wave : float32 array (n,)

    Returns
    -------
    float32 array (n // hop_samples, 96)
        In dB above a floor of -50 dB, each kind of mean 0 and of deviation 1 and `pitch_weight`.
    """
    kinds = []
    for bands, hops, top_hz, weight in ((32, 4, rate_hz / 2, 1.0), (64, 16, _PITCH_HZ, pitch_weight)):
        params = MelParams(sample_rate_hz=rate_hz, n_fft=hops * hop_samples, hop_samples=hop_samples, n_mels=bands,
                           fmin_hz=_LOWEST_HZ, fmax_hz=min(top_hz, rate_hz / 2))  # fmt: skip
        levels = mel_db(np.ascontiguousarray(wave), params)[: len(wave) // hop_samples]
        # What is 50 dB down is not heard beside the rest, and must not outweigh it by its large swings in decibels.
        levels = np.maximum(levels, levels.max() - np.float32(_RANGE_DB))
        deviation = max(float(levels.std()), 1e-3)
        kinds.append((levels - levels.mean()) * np.float32(weight / deviation))
    return np.concatenate(kinds, axis=1)


def level_rises(wave: np.ndarray, rate_hz: int, hop_samples: int) -> np.ndarray:
    """Return by how much levels rise to each hop: the mean over 32 mel bands in windows of two hops.

    Parameters
    ----------
    wave : float32 array (n,)

    Returns
    -------
    float32 array (n // hop_samples,)
        Of mean 0 and deviation 1, and at most 4: one loud hit must not outweigh all others.
    """
    params = MelParams(sample_rate_hz=rate_hz, n_fft=2 * hop_samples, hop_samples=hop_samples, n_mels=_RISE_BANDS,
                       fmin_hz=_LOWEST_HZ, fmax_hz=rate_hz / 2)  # fmt: skip
    levels = mel_db(np.ascontiguousarray(wave), params)[: len(wave) // hop_samples]
    levels = np.maximum(levels, levels.max() - np.float32(_RANGE_DB))
    rises = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0).mean(1)
    rises = (rises - rises.mean()) / max(float(rises.std()), 1e-3)
    return np.asarray(np.minimum(rises, _HIGHEST_RISE), np.float32)


def beat_positions(edges: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return at which beat each sample lies, with fractions; the tempo of the ends goes on beyond them."""
    step = float(np.median(np.diff(edges)))
    inside = np.interp(samples, edges, np.arange(len(edges)))
    return inside + np.minimum(samples - edges[0], 0) / step + np.maximum(samples - edges[-1], 0) / step
