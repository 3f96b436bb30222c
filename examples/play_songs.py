#!/usr/bin/env python3
"""Play short songs, a bass line and a drum part each, from the recorded one-shots in examples/audio.

    python examples/play_songs.py OUT --songs 12 --seed 0 --seconds 45

writes OUT/song-01/bass.flac, OUT/song-01/drums.flac, OUT/song-02/... : mono, 44.1 kHz, sample-aligned, equally long.
Tempo, key, groove, drum kit and bass sound change from song to song. The same seed gives the same songs.

A song is made of 8-bar phrases, each of four 2-bar cells in the form A A B A, with a fill in the last bar. A bar has
16 steps. The bass shares the grid, beat one and about half of its notes with the kick, and plays around the rest.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

ONE_SHOTS = Path(__file__).resolve().parent / "audio" / "oneshots"
RATE_HZ = 44100
STEPS = 16  # per bar

# The bass one-shots that hold a pitch, with the MIDI number of that pitch.
BASSES = {
    "bass_thick_c": 36, "bass_trance_c": 36, "bass_woodsy_c": 36, "bass_hard_c": 24, "bass_dnb_f": 29,
    "bass_drop_c": 36, "bass_voxy_hit_c": 36, "glitch_bass_g": 31,
}  # fmt: skip
SCALES = {"minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10), "mixolydian": (0, 2, 4, 5, 7, 9, 10)}
PROGRESSIONS = ((0, 0, 3, 0), (0, 0, 5, 6), (0, 0, 5, 4), (0, 0, 6, 0), (0, 0, 2, 6))  # scale degree of each cell

# Which recording plays which part of a kit.
KITS: dict[str, dict[str, str]] = {
    "rock": {"kick": "drum_heavy_kick", "snare": "drum_snare_hard", "hat": "drum_cymbal_closed"},
    "house": {"kick": "bd_haus", "snare": "sn_dub", "hat": "drum_cymbal_closed"},
    "club": {"kick": "bd_klub", "snare": "sn_zome", "hat": "drum_cymbal_pedal"},
    "electro": {"kick": "bd_808", "snare": "elec_hi_snare", "hat": "elec_tick", "tom": "elec_bong"},
    "street": {"kick": "bd_fat", "snare": "perc_snap", "hat": "drum_cymbal_closed", "perc": "elec_wood"},
    "garage": {"kick": "drum_bass_hard", "snare": "sn_dolf", "hat": "drum_cymbal_pedal", "perc": "drum_cowbell"},
    "tabla": {"kick": "bd_tek", "snare": "drum_snare_hard", "hat": "tabla_te1", "perc": "tabla_na"},
}
EVERY_KIT = {"ghost": "drum_snare_soft", "open": "drum_cymbal_open", "tom": "drum_tom_mid_hard", "perc": "elec_pop",
             "low tom": "drum_tom_lo_hard", "high tom": "drum_tom_hi_hard"}  # fmt: skip
LEVELS = {"kick": 1.0, "snare": 0.8, "hat": 0.4, "open": 0.3, "ghost": 0.35, "perc": 0.3}  # toms: 0.7


@dataclass(frozen=True)
class Groove:
    """One bar of a beat. Digits are velocities 1-9 (of the bass: the chance of a note, in ninths); a dot is a rest."""

    name: str
    tempo_bpm: tuple[int, int]
    kits: tuple[str, ...]
    kick: str
    kick_b: str  # in the B cell and at random elsewhere
    snare: str
    hat: str
    bass: str
    extras: tuple[tuple[str, str], ...] = ()
    swing: float = 0.0  # delay of every second step, as a part of a step


GROOVES = (
    Groove("four on the floor", (116, 130), ("house", "club"), "9...9...9...9...", "9...9...9...9..6",
           "....8.......8...", "3.8.3.8.3.8.3.84", "9.26..63..62.462", (("open", "..6.......6....."),)),
    Groove("rock backbeat", (104, 140), ("rock", "garage"), "9.......9.7.....", "9.....7.9.7....5",
           "....9.......9...", "7.5.7.5.7.5.7.5.", "9.5.3.627.623.52", (("ghost", ".......4.4......"),)),
    Groove("break", (124, 140), ("rock", "street", "tabla"), "9.8.......87....", "9.8.......8..6..",
           "....9..4.4..9..4", "8.6.8.6.8.6.8.6.", "9.72.21.4.721.34", (("open", "..............5."),)),
    Groove("half-time", (126, 140), ("street", "club"), "9......6..7.....", "9.....7.....7.6.",
           "........9.......", "7.5.7.557.5.7.55", "9..2..72..612.52", (("perc", "...4......4....."),)),
    Groove("electro", (108, 126), ("electro", "club"), "9..7..8.....8...", "9..7..8...7.8.6.",
           "....9.......9..3", "6.4.6.4.6.4.6.4.", "9.27.27.13.17.42", (("perc", "..5..5..5..5..5."),)),
    Groove("shuffle", (90, 104), ("garage", "rock", "tabla"), "9......7..8.....", "9.7....7..8...5.",
           "....9.......9...", "8.4.8.448.4.8.44", "9.23..273.71.253", (("ghost", ".4.....4.4.....4"),), 0.28),
)  # fmt: skip
FILLS = (
    (("snare", "....9.......6789"), ("high tom", "........98......"), ("low tom", "..........89....")),
    (("high tom", "........8.8....."), ("tom", "..........8.88.."), ("low tom", "..............99")),
    (("snare", "....9.......8.89"), ("ghost", "..4..44.4.44....")),
    (("snare", "....9...56678899"),),
)

Hit = tuple[float, str, float]  # seconds, part, velocity 0-1
Note = tuple[float, float, int, float]  # seconds, length in seconds, semitones above the key, velocity 0-1


def load(name: str) -> np.ndarray:
    """Read a one-shot as float32 mono at RATE_HZ."""
    wave, rate_hz = sf.read(ONE_SHOTS / f"{name}.flac", dtype="float32")
    if rate_hz != RATE_HZ or wave.ndim != 1:
        raise SystemExit(f"{name}: expected mono at {RATE_HZ} Hz")
    return wave


def tuned(wave: np.ndarray, semitones: float) -> np.ndarray:
    """Play a recording faster or slower, as a sampler does."""
    factor = 2.0 ** (semitones / 12)
    at = np.arange(0, len(wave) - 1, factor)
    return np.interp(at, np.arange(len(wave)), wave).astype(np.float32)


def place(track: np.ndarray, wave: np.ndarray, start_s: float, gain: float, stop_s: float, release_s: float) -> None:
    """Add ``wave`` to ``track`` from ``start_s``, faded out over ``release_s`` seconds before ``stop_s``."""
    start = max(0, round(start_s * RATE_HZ))
    n = min(len(wave), len(track) - start, max(0, round((stop_s - start_s) * RATE_HZ)))
    if n <= 0:
        return
    sound = wave[:n] * np.float32(gain)
    fade = min(n, round(release_s * RATE_HZ))
    sound[n - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    track[start : start + n] += sound


class Song:
    """The choices that make one song, drawn from ``rng``, and the players that follow them."""

    def __init__(self, index: int, seconds: float, rng: np.random.Generator) -> None:
        self.rng, self.seconds = rng, seconds
        self.groove = GROOVES[index % len(GROOVES)]
        self.tempo_bpm = int(rng.integers(*self.groove.tempo_bpm, endpoint=True))
        self.step_s = 60 / self.tempo_bpm / 4
        self.bars = int(np.ceil(seconds / (STEPS * self.step_s)))
        self.kit_name = str(rng.choice(self.groove.kits))
        self.kit_tuning = float(rng.uniform(-2, 2))
        self.bass_name = str(rng.choice(list(BASSES)))
        self.transpose = int(rng.integers(-5, 7))
        self.scale_name = str(rng.choice(list(SCALES)))
        self.progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
        self.gate = float(rng.uniform(0.55, 0.95))
        self.lag_s = float(rng.uniform(0.0, 0.006))  # some players sit behind the beat

    def __str__(self) -> str:
        key = "C C# D D# E F F# G G# A A# B".split()[(BASSES[self.bass_name] + self.transpose) % 12]
        return (f"{self.groove.name}, {self.tempo_bpm} bpm, {key} {self.scale_name}, "
                f"{self.kit_name} kit, {self.bass_name}")  # fmt: skip

    def time_s(self, bar: int, step: int, spread_s: float) -> float:
        """When a step sounds: the grid, the swing, and a hand that is not a machine's."""
        swing = self.groove.swing * (step % 2)
        human_s = float(np.clip(self.rng.normal(0, spread_s), -2 * spread_s, 2 * spread_s))
        return max(0.0, (bar * STEPS + step + swing) * self.step_s + human_s)

    def bar_of_drums(self, bar: int) -> list[tuple[str, str]]:
        """The (part, pattern) rows of one bar: the groove, thinned at the start, varied in B, filled at the end."""
        groove, in_phrase = self.groove, bar % 8
        varied = in_phrase in (4, 5) or self.rng.random() < 0.15
        rows = [("kick", groove.kick_b if varied else groove.kick)]
        if in_phrase == 7:
            rows += FILLS[self.rng.integers(len(FILLS))]
        else:
            rows += [("snare", groove.snare), ("hat", groove.hat)]
            rows += groove.extras if bar >= 4 else ()
        if in_phrase == 0:
            rows.append(("crash", "9..............."))
        return rows

    def drums(self) -> list[Hit]:
        """Every hit of the song in order of time."""
        hits: list[Hit] = []
        for bar in range(self.bars):
            for part, pattern in self.bar_of_drums(bar):
                for step, mark in enumerate(pattern):
                    if mark == "." or (part in ("hat", "ghost", "perc") and self.rng.random() < 0.06):
                        continue
                    velocity = int(mark) / 9 * self.rng.uniform(0.85, 1.0)
                    hits.append((self.time_s(bar, step, 0.003), part, velocity))
        return sorted(hits)

    def riff(self) -> list[tuple[int, int, float]]:
        """Two bars of bass as (step, degree above the root, velocity): beat one stands, the rest is drawn."""
        notes: list[tuple[int, int, float]] = []
        for bar in (0, 1):
            for step, mark in enumerate(self.groove.bass):
                if mark == "." or self.rng.random() > int(mark) / 9:
                    continue
                degree = 0 if step == 0 else int(self.rng.choice((0, 0, 0, 7, 4, -1, 2, 1)))
                notes.append((bar * STEPS + step, degree, 1.0 if step == 0 else float(self.rng.uniform(0.65, 0.95))))
        return notes

    def bass(self) -> list[Note]:
        """Every note of the bass line; a run up the scale leads out of each phrase."""
        riffs = {"A": self.riff(), "B": self.riff()}
        steps: list[tuple[int, int, float]] = []
        for cell in range((self.bars + 1) // 2):
            root = self.progression[cell % 4]
            riff = riffs["AABA"[cell % 4]]
            if cell % 4 == 3:  # the last beats of the phrase: a rest, then a run into the next one
                run = self.rng.choice((24, 26, 28))
                riff = [note for note in riff if note[0] < run - 2] + [(s, i + 1, 0.8) for i, s in enumerate((28, 30))]
            steps += [(cell * 2 * STEPS + step, root + degree, velocity) for step, degree, velocity in riff]
        notes: list[Note] = []
        for (step, degree, velocity), (following, _, _) in zip(steps, [*steps[1:], (steps[-1][0] + 4, 0, 0.0)], strict=True):
            length_s = min(following - step, 6) * self.step_s * self.gate
            octave, place_in_scale = divmod(degree, 7)
            semitones = 12 * octave + SCALES[self.scale_name][place_in_scale]
            notes.append((self.time_s(*divmod(step, STEPS), 0.003) + self.lag_s, length_s, semitones, velocity))
        return notes

    def render_drums(self) -> np.ndarray:
        """Play the hits on the kit; a closed hat chokes an open one."""
        names = {**EVERY_KIT, **KITS[self.kit_name], "crash": "drum_cymbal_open"}
        sounds = {part: tuned(load(name), self.kit_tuning - 3 * (part == "crash")) for part, name in names.items()}
        track = np.zeros(round(self.seconds * RATE_HZ), np.float32)
        hits = self.drums()
        hat_times_s = np.array([time_s for time_s, part, _ in hits if part in ("hat", "open")] + [np.inf])
        for time_s, part, velocity in hits:
            stop_s = time_s + 4.0
            if part == "open":
                stop_s = min(stop_s, hat_times_s[np.searchsorted(hat_times_s, time_s, side="right")])
            level = LEVELS.get(part, 0.7) / np.abs(sounds[part]).max()
            place(track, sounds[part], time_s, level * velocity**1.5, stop_s, 0.03)
        return track

    def render_bass(self) -> np.ndarray:
        """Play the notes on the bass one-shot, each cut where it ends."""
        recorded = load(self.bass_name)
        track = np.zeros(round(self.seconds * RATE_HZ), np.float32)
        sounds: dict[int, np.ndarray] = {}
        for time_s, length_s, semitones, velocity in self.bass():
            if semitones not in sounds:
                sounds[semitones] = tuned(recorded, self.transpose + semitones)
            place(track, sounds[semitones], time_s, velocity, time_s + length_s, 0.03)
        return track


def finished(track: np.ndarray, peak: float) -> np.ndarray:
    """Scale to a peak and fade the last 20 ms, where the song is cut off."""
    track = track * np.float32(peak / np.abs(track).max())
    fade = min(len(track), RATE_HZ // 50)
    track[len(track) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return track


def main() -> None:
    """Read the options and write the songs."""
    parser = argparse.ArgumentParser(description="Play songs (bass and drums) from recorded one-shots.")
    parser.add_argument("out", type=Path, help="folder to write song-01/bass.flac, song-01/drums.flac ... into")
    parser.add_argument("--songs", type=int, default=12, help="how many (default 12)")
    parser.add_argument("--seconds", type=float, default=45.0, help="length of each (default 45)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds, other songs (default 0)")
    options = parser.parse_args()
    if options.songs < 1 or options.seconds < 1 or options.seed < 0:
        parser.error("--songs and --seconds must be at least 1, --seed at least 0")
    for index in range(options.songs):
        rng = np.random.default_rng([options.seed, index])  # song 3 is the same, however many songs there are
        song = Song(index, options.seconds, rng)
        folder = options.out / f"song-{index + 1:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        for role, track in (("bass", song.render_bass()), ("drums", song.render_drums())):
            sf.write(folder / f"{role}.flac", finished(track, float(rng.uniform(0.6, 0.9))), RATE_HZ, subtype="PCM_16")
        print(f"{folder}: {song}")


if __name__ == "__main__":
    main()
