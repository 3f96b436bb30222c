"""Training items of the separator: stems of random songs, places, gains and colours, remixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gantools.audio.compiled import compiled
from gantools.audio.fingerprint import describe_twins
from gantools.chunks.multitrack import Multitrack, Recording
from gantools.errors import ConfigError
from gantools.options import parsed
from gantools.runtime.seeds import item_seed
from gantools.systems.separator.config import RATE_HZ, SOURCES, SeparatorConfig
from gantools.training.remarks import LeftOut, on_stems, prints_of, read_stems, songs_of_twins

_BLOCK = RATE_HZ // 2
_SOUND = 10 ** (-50 / 20)


@dataclass(frozen=True)
class TrainingStem:
    """One recorded stem, as far as training may use it.

    Attributes
    ----------
    recording : Recording
    frames : int
        Samples from the start that belong to training.
    blocks : numpy.ndarray
        Numbers of the half seconds that sound, int64.
    rms : float
        Root mean square of these.
    """

    recording: Recording
    frames: int
    blocks: np.ndarray
    rms: float


def read_stem(recording: Recording, frames: int) -> TrainingStem:
    """Return the stem with its blocks that sound (above -50 dB)."""
    levels = [
        float(np.sqrt(np.mean(np.square(recording.crop(start, _BLOCK), dtype=np.float64))))
        for start in range(0, max(frames - _BLOCK, 0) + 1, _BLOCK)
    ]
    sounding = np.flatnonzero(np.array(levels) > _SOUND)
    rms = float(np.sqrt(np.mean(np.square(np.array(levels)[sounding])))) if len(sounding) else 0.0
    return TrainingStem(recording, frames, sounding, rms)


class Remixer:
    """Draws training items from songs, each a pure function of its seed.

    Parameters
    ----------
    config : SeparatorConfig
    tracks : list of Multitrack
        Songs need not have all four stems: any drum loop is a song with drums alone. Guitars and keys are other.

    Attributes
    ----------
    songs : dict
        Song -> role -> TrainingStem, of the songs that training may use.
    complete : list of str
        Those with all four stems.
    left_out : LeftOut
        Files that cannot be read.
    notes : list of str
        What a user has to know of the songs.
    sounds : dict
        ``song/role`` -> hash of the sound.

    Raises
    ------
    ConfigError
        A role has no stem that sounds and can be read, or a song held out for validation is not there.
    """

    def __init__(self, config: SeparatorConfig, tracks: Sequence[Multitrack]) -> None:
        self.config = config
        names = parsed(config, "val_songs")
        for name in names:
            if name not in {track.song for track in tracks}:
                songs = ", ".join(track.song for track in tracks[:8])
                raise ConfigError(f"val_songs: no song {name!r} among {songs}")
        self.songs: dict[str, dict[str, TrainingStem]] = {}
        self.held_out: list[tuple[str, dict[str, Recording], int, int]] = []
        self.left_out = LeftOut()
        read = {track.song: self._read(track) for track in (track.within(SOURCES) for track in tracks)}
        read = {song: recordings for song, recordings in read.items() if recordings}
        prints = {name: own for song, recordings in read.items() for name, own in prints_of(song, recordings).items()}
        self.sounds = {name: own.digest for name, own in sorted(prints.items())}
        twins = songs_of_twins(prints)
        twins_of = {song: group for group in twins for song in group}
        for song, recordings in read.items():
            same = twins_of.get(song, [song])
            frames = max(recording.frames for recording in recordings.values())
            whole = len(recordings) == len(SOURCES)
            # What one of its twins holds out, a song without all stems must not train on.
            spared = not names and any(len(read[twin]) == len(SOURCES) for twin in same)
            kept = round((1 - config.validation_share) * frames) if spared else frames
            # A song that is held out by name takes its copies under other names with it.
            if any(twin in names for twin in same):
                self.held_out.append((song, recordings, 0, frames))
                continue
            # Only where all four stems are known can a separation be judged.
            if whole and kept < frames:
                self.held_out.append((song, recordings, kept, frames))
            stems = {role: read_stem(recording, min(kept, recording.frames)) for role, recording in recordings.items()}
            self.songs[song] = stems
        self.complete = [song for song, stems in self.songs.items() if len(stems) == len(SOURCES)]
        self._choices = {role: self._weigh(role) for role in SOURCES}
        self.notes = [*describe_twins(twins, "validation hears what training does not"), *self._notes(read)]

    def _read(self, track: Multitrack) -> dict[str, Recording]:
        stems = {role: track.stems[role] for role in SOURCES if role in track.stems}
        return read_stems(stems, RATE_HZ, self.left_out)

    def _notes(self, read: Mapping[str, Mapping[str, Recording]]) -> list[str]:
        lengths = {song: {role: r.frames / RATE_HZ for role, r in stems.items()} for song, stems in read.items()}
        notes = on_stems(lengths, SOURCES)
        if not self.held_out:
            return [*notes, "nothing is held out, as no song has all four stems: the newest weights are the model"]
        held_out = [song for song, *_ in self.held_out]
        if set(held_out) <= set(self.songs):
            share = f"the last {100 * self.config.validation_share:.0f} %"
            which = "the one song" if len(self.songs) == 1 else "songs that are trained on"
            notes.append(f"validation hears the training: {share} of {which}; --val-songs holds out whole songs")
        return notes

    def _weigh(self, role: str) -> tuple[list[TrainingStem], np.ndarray, float]:
        """Return the stems of a role, the chance of each (by how long it sounds), and their usual level."""
        found = [(stems[role], len(stems) == len(SOURCES)) for stems in self.songs.values() if role in stems]
        found = [(stem, complete) for stem, complete in found if len(stem.blocks)]
        if not found:
            raise ConfigError(
                f"no training song has {role} that sound; the separator needs all of {', '.join(SOURCES)}"
                f"{self.left_out.first()}"
            )
        stems = [stem for stem, _ in found]
        seconds = np.array([len(stem.blocks) for stem in stems], np.float64)
        loose = np.array([not complete for _, complete in found])
        # Songs without all stems, such as loops, get their share of the draws together, however many they are.
        for group, share in ((loose, self.config.loose_share), (~loose, 1 - self.config.loose_share)):
            if loose.any() and not loose.all():
                seconds[group] *= share / seconds[group].sum()
        chances = seconds / seconds.sum()
        return stems, chances, float(np.exp(np.average(np.log([stem.rms for stem in stems]), weights=chances)))

    def side_by_side(self, samples: int) -> int:
        """Return how many items of so many samples the songs hold, each as long as its longest stem; at least 1."""
        frames = (max(stem.frames for stem in song.values()) for song in self.songs.values())
        return max(1, sum(frames) // samples)

    def item(self, step: int, item: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the stems of one item and their equalisers.

        Returns
        -------
        stems : numpy.ndarray
            float32 (4, 2, samples).
        colours : numpy.ndarray
            float32 (4, 6): parameters of `equaliser_db` of each stem.
        """
        random = np.random.default_rng(item_seed(self.config.seed, "remix", step, item))
        if self.complete and random.random() < self.config.aligned_share:
            stems = self._aligned(random, samples)
        else:
            stems = np.stack([self._remixed(random, role, samples) for role in SOURCES])
        stems *= np.float32(10 ** (random.normal(0, 4.0) / 20))
        if random.random() < 0.5:
            stems = np.ascontiguousarray(stems[:, ::-1])
        return stems, draw_colours(random, self.config.eq_spread_db)

    def _speed(self, random: np.random.Generator) -> float:
        shift = random.uniform(-1, 1) * self.config.shift_semitones if random.random() < 0.5 else 0.0
        return float(2 ** (shift / 12))

    def _aligned(self, random: np.random.Generator, samples: int) -> np.ndarray:
        song = self.songs[self.complete[random.integers(len(self.complete))]]
        frames = max(stem.frames for stem in song.values())
        speed = self._speed(random)
        start = int(random.integers(max(1, frames - int(samples * speed))))
        return np.stack([_stretch(song[role], start, samples, speed) for role in SOURCES])

    def _remixed(self, random: np.random.Generator, role: str, samples: int) -> np.ndarray:
        c = self.config
        if random.random() < c.silent_share:
            return np.zeros((2, samples), np.float32)
        stems, chances, level = self._choices[role]
        stem = stems[random.choice(len(stems), p=chances)]
        speed = self._speed(random)
        # Some place that sounds lies somewhere in the item.
        block = int(stem.blocks[random.integers(len(stem.blocks))])
        start = block * _BLOCK + int(random.integers(_BLOCK)) - int(random.uniform(0, 0.9) * samples * speed)
        wave = _stretch(stem, min(max(start, 0), max(0, stem.frames - int(samples * speed))), samples, speed)
        # First to the usual level of its role, so that the spread alone decides how loud it is.
        gain = level / stem.rms * 10 ** (random.normal(0, c.gain_spread_db) / 20)
        if random.random() < 0.2:
            # At equal power; in the middle both channels keep their level.
            angle = random.uniform(0.15, np.pi / 2 - 0.15)
            wave = wave.mean(0) * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(np.sqrt(2))
        if random.random() < 0.5:
            wave = wave[::-1]
        return wave * np.float32(gain * (1 if random.random() < 0.5 else -1))


def _stretch(stem: TrainingStem, start: int, samples: int, speed: float) -> np.ndarray:
    """Return (2, samples) from `start`, played at `speed`; a short loop is repeated."""
    # Interpolation also reads the sample behind the last place.
    needed = int(samples * speed) + 2
    if stem.frames < needed:
        wave = stem.recording.crop(0, stem.frames)
        # From the beginning again: a loop is made for that.
        places = (start + np.arange(needed)) % stem.frames
        wave = wave[:, places]
    else:
        wave = stem.recording.crop(start, min(needed, stem.frames - start))
        wave = np.pad(wave, ((0, 0), (0, needed - wave.shape[1])))
    if speed == 1.0:
        return wave[:, :samples]
    played = np.empty((2, samples), np.float32)
    _interpolate(wave, speed, played)
    return played


@compiled
def _interpolate(wave: np.ndarray, speed: float, played: np.ndarray) -> None:
    for i in range(played.shape[1]):
        place = i * speed
        left = int(place)
        share = np.float32(place - left)
        for channel in range(played.shape[0]):
            first = wave[channel, left]
            played[channel, i] = first + share * (wave[channel, left + 1] - first)


def draw_colours(random: np.random.Generator, eq_db: float) -> np.ndarray:
    """Return random parameters of `equaliser_db` for each source, float32 (4, 6): half of them flat."""
    colours = np.zeros((len(SOURCES), 6), np.float32)
    for row in colours:
        if random.random() < 0.5:
            tilt, bumps = random.normal(0, eq_db / 8), random.normal(0, eq_db, 2)
            octaves = random.uniform(-4, 4, 2)
            row[:] = [tilt, bumps[0], octaves[0], bumps[1], octaves[1], random.uniform(0.6, 2.0)]
        else:
            row[5] = 1.0
    return colours


def equaliser_db(colours: np.ndarray, hz: np.ndarray) -> np.ndarray:
    """Return the gains in dB (..., frequency) of equalisers made of a tilt and two bells.

    Parameters
    ----------
    colours : numpy.ndarray
        (..., 6): tilt in dB per octave from 1 kHz, gain in dB and centre in octaves from 1 kHz of a bell, the same of
        another, and their width in octaves.
    hz : numpy.ndarray
        (frequency,).
    """
    octave = np.log2(np.maximum(hz, 20.0) / 1000.0).astype(np.float32)
    tilt, gain_1, place_1, gain_2, place_2, width = (colours[..., i, None] for i in range(6))
    bells = [g * np.exp(-0.5 * ((octave - p) / width) ** 2) for g, p in ((gain_1, place_1), (gain_2, place_2))]
    return np.clip(tilt * octave + bells[0] + bells[1], -18.0, 18.0)
