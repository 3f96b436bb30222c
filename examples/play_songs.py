#!/usr/bin/env python3
"""Play short songs, a bass line and a drum part each, from the recorded one-shots of gantools.

    python examples/play_songs.py OUT --songs 12 --seed 0 --seconds 45

writes OUT/song-01/bass.flac, OUT/song-01/drums.flac, OUT/song-02/... : mono, 44.1 kHz, sample-aligned and
equally long. Tempo, key, groove, kit and bass sound change from song to song; the same seed, the same songs.

A song is made of 8-bar phrases, each of four 2-bar cells in the form A A B A, with a fill in its last bar. A
bar has 16 steps. The bass keeps beat one, shares some of its notes with the kick and plays around the others.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from gantools.symbolic.oneshots import RATE_HZ, one_shot

STEPS = 16  # per bar

# The bass one-shots that hold a pitch, and the MIDI number of that pitch.
BASSES = {
    "bass_thick_c": 36, "bass_trance_c": 36, "bass_woodsy_c": 36, "bass_hard_c": 24, "bass_dnb_f": 29,
    "bass_drop_c": 36, "bass_voxy_hit_c": 36, "glitch_bass_g": 31,
}  # fmt: skip
KEYS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SCALES = {"minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10), "major": (0, 2, 4, 5, 7, 9, 11)}
PROGRESSIONS = ((0, 0, 3, 0), (0, 0, -2, -1), (0, 0, -2, -3), (0, 0, -1, 0), (0, 0, 2, -1))  # roots of cells

# The recording of each part, where a kit has its own.
KITS = {
    "rock": {"kick": "drum_heavy_kick", "snare": "drum_snare_hard"},
    "house": {"kick": "bd_haus", "snare": "sn_dub"},
    "club": {"kick": "bd_klub", "snare": "sn_zome", "hat": "drum_cymbal_pedal"},
    "electro": {"kick": "bd_808", "snare": "elec_hi_snare", "hat": "elec_tick", "tom": "elec_bong"},
    "street": {"kick": "bd_fat", "snare": "perc_snap", "perc": "elec_wood"},
    "garage": {"kick": "drum_bass_hard", "snare": "sn_dolf", "perc": "drum_cowbell"},
    "tabla": {"kick": "bd_tek", "snare": "drum_snare_hard", "hat": "tabla_te1", "perc": "tabla_na"},
}
EVERY_KIT = {
    "ghost": "drum_snare_soft", "hat": "drum_cymbal_closed", "open": "drum_cymbal_open", "perc": "elec_pop",
    "crash": "drum_cymbal_open", "low tom": "drum_tom_lo_hard", "tom": "drum_tom_mid_hard",
    "high tom": "drum_tom_hi_hard",
}  # fmt: skip
# Relative to the kick; toms have 0.7.
LEVELS = {"kick": 1.0, "snare": 0.8, "hat": 0.4, "open": 0.3, "ghost": 0.35, "perc": 0.3, "crash": 0.4}


@dataclass(frozen=True)
class Groove:
    """One bar of a beat. Digits are velocities (in `bass`: chances of a note, in ninths), dots are rests."""

    name: str
    tempo_bpm: tuple[int, int]
    kits: tuple[str, ...]
    kick: str
    kick_b: str  # in the B cell, and now and then elsewhere
    snare: str
    hat: str
    bass: str
    extra: tuple[str, str]  # a part that joins after four bars
    swing: float = 0.0  # delay of every second step, as a part of a step


GROOVES = (
    Groove("four on the floor", (114, 130), ("house", "club"), "9...9...9...9...", "9...9...9...9..6",
           "....8.......8...", "..8...8...8...83", "9.73..8.5.73..82", ("open", "......6.......6.")),
    Groove("rock backbeat", (100, 140), ("rock", "garage"), "9.......9.7.....", "9.....7.9.7.....",
           "....9.......9...", "7...5...7.5.7...", "9...5.4.9.7.6.3.", ("ghost", ".......4.4......")),
    Groove("break", (120, 140), ("rock", "street", "tabla"), "9.8.......8.....", "9.8.......8..6..",
           "....9..4.4..9...", "8...6...8...8.6.", "9.82.21.4.8.6.33", ("open", "..............5.")),
    Groove("half-time", (120, 140), ("street", "club"), "9.....6...7.....", "9.....7.....7.6.",
           "........9.......", "7...7...5...7.55", "9..2..82..7.4.52", ("perc", "...4......4.....")),
    Groove("electro", (104, 126), ("electro", "club"), "9..7..8.....8...", "9..7..8...7.8...",
           "....9.......9...", "6...4...6...4.4.", "9..7..82.1..8.42", ("perc", "..5.....5.5.....")),
    Groove("shuffle", (90, 104), ("garage", "rock", "tabla"), "9......7..8.....", "9.7....7..8.....",
           "....9.......9...", "8...8..48...8..4", "9..3...83.8.2.52", ("ghost", ".4.....4.4......"), 0.28),
)  # fmt: skip
FILLS = (
    (("snare", "....9.......6789"), ("high tom", "........98......"), ("low tom", "..........89....")),
    (("high tom", "........8.8....."), ("tom", "..........8.88.."), ("low tom", "..............99")),
    (("snare", "....9.......8.89"), ("ghost", "..4..44.4.44....")),
    (("snare", "....9...56678899"),),
)


def tuned(wave: np.ndarray, semitones: float) -> np.ndarray:
    """Play a recording faster or slower, as a sampler does."""
    at = np.arange(0, len(wave) - 1, 2.0 ** (semitones / 12))
    return np.asarray(np.interp(at, np.arange(len(wave)), wave), np.float32)


def place(track: np.ndarray, wave: np.ndarray, gain: float, start_s: float, stop_s: float) -> None:
    """Add `wave` to `track` from `start_s`, faded out over the 30 ms before `stop_s`."""
    start = round(start_s * RATE_HZ)
    n = min(len(wave), len(track) - start, round((stop_s - start_s) * RATE_HZ))
    if n > 0:
        fade = min(n, RATE_HZ * 30 // 1000)
        sound = wave[:n] * np.float32(gain)
        sound[n - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        track[start : start + n] += sound


class Song:
    """The choices that make one song, drawn from `rng`, and the two players that follow them."""

    def __init__(self, groove: Groove, tempo_bpm: float, bass: str, rng: np.random.Generator) -> None:
        self.groove, self.tempo_bpm, self.bass_name, self.rng = groove, tempo_bpm, bass, rng
        self.step_s = 60 / tempo_bpm / 4
        self.kit = str(rng.choice(groove.kits))
        self.kit_tuning = float(rng.uniform(-2, 2))
        self.key = int(rng.integers(31, 43))  # MIDI number of the keynote, G1 to F#2
        self.scale = str(rng.choice(list(SCALES)))
        self.progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
        self.gate = float(rng.uniform(0.6, 0.95))
        self.lag_s = float(rng.uniform(0.0, 0.006))  # some bass players sit behind the beat

    def __str__(self) -> str:
        key = KEYS[self.key % 12]
        sounds = f"{self.kit} kit, {self.bass_name}"
        return f"{self.groove.name}, {self.tempo_bpm:.1f} bpm, {key} {self.scale}, {sounds}"

    def time_s(self, bar: int, step: int) -> float:
        """When a step sounds: the grid, the swing, and a hand that is not a machine's (3 ms)."""
        late = self.groove.swing * (step % 2)
        human_s = float(np.clip(self.rng.normal(0, 0.003), -0.006, 0.006))
        return max(0.0, (bar * STEPS + step + late) * self.step_s + human_s)

    def bar_of_drums(self, bar: int) -> list[tuple[str, str]]:
        """The (part, pattern) rows of a bar: the groove, fuller later on, varied in B, a fill at the end."""
        groove, in_phrase = self.groove, bar % 8
        varied = in_phrase in (4, 5) or self.rng.random() < 0.15
        rows = [("kick", groove.kick_b if varied else groove.kick)]
        if in_phrase == 7:
            return rows + list(FILLS[self.rng.integers(len(FILLS))])
        rows += [("snare", groove.snare), ("hat", groove.hat)]
        return rows + [groove.extra] * (bar >= 4) + [("crash", "9...............")] * (in_phrase == 0)

    def play_drums(self, seconds: float) -> np.ndarray:
        """Play the drums, (n,) float32; a hit of the hats chokes an open one."""
        names = {**EVERY_KIT, **KITS[self.kit]}
        sounds = {part: tuned(one_shot(name), self.kit_tuning) for part, name in names.items()}
        hits: list[tuple[float, str, float]] = []
        for bar in range(int(np.ceil(seconds / (STEPS * self.step_s)))):
            for part, pattern in self.bar_of_drums(bar):
                for step, mark in enumerate(pattern):
                    forgotten = part in ("hat", "ghost", "perc") and self.rng.random() < 0.06
                    if mark != "." and not forgotten:
                        velocity = int(mark) / 9 * self.rng.uniform(0.85, 1.0)
                        hits.append((self.time_s(bar, step), part, velocity))
        track = np.zeros(round(seconds * RATE_HZ), np.float32)
        hat_times_s = sorted(time_s for time_s, part, _ in hits if part in ("hat", "open"))
        for time_s, part, velocity in hits:
            choked_s = [*(t for t in hat_times_s if t > time_s), seconds][0] if part == "open" else np.inf
            gain = LEVELS.get(part, 0.7) / np.abs(sounds[part]).max() * velocity**1.5
            place(track, sounds[part], gain, time_s, min(choked_s, time_s + 4.0))
        return track

    def riff(self) -> list[tuple[int, int, float]]:
        """Two bars of bass as (step, degree above the root, velocity): beat one stands, the rest is drawn."""
        notes = [(0, 0, 1.0)]
        for step, mark in enumerate(self.groove.bass * 2):
            if step and mark != "." and self.rng.random() < int(mark) / 9:
                degree = int(self.rng.choice((0, 0, 0, 7, 4, -1, 2, 1))) if step % STEPS else 0
                notes.append((step, degree, float(self.rng.uniform(0.65, 0.95))))
        return notes

    def play_bass(self, seconds: float) -> np.ndarray:
        """Play the bass line, (n,) float32, one note at a time; a run leads out of each phrase."""
        riffs = {"A": self.riff(), "B": self.riff()}
        steps: list[tuple[int, int, float]] = []
        for cell in range(int(np.ceil(seconds / (2 * STEPS * self.step_s)))):
            riff = riffs["AABA"[cell % 4]]
            if cell % 4 == 3:
                riff = [note for note in riff if note[0] < 24] + [(28, 1, 0.8), (30, 2, 0.9)]
            root = self.progression[cell % 4]
            steps += [(cell * 2 * STEPS + step, root + degree, velocity) for step, degree, velocity in riff]
        ends = [step for step, _, _ in steps[1:]] + [steps[-1][0] + 4]
        recorded = one_shot(self.bass_name)
        track = np.zeros(round(seconds * RATE_HZ), np.float32)
        for (step, degree, velocity), end in zip(steps, ends, strict=True):
            pitch = self.key + 12 * (degree // 7) + SCALES[self.scale][degree % 7]
            sound = tuned(recorded, pitch - BASSES[self.bass_name])
            start_s = self.time_s(*divmod(step, STEPS)) + self.lag_s
            length_s = min(end - step, 6) * self.step_s * self.gate
            place(track, sound, velocity, start_s, start_s + length_s)
        return track


def compose(songs: int, seed: int) -> list[Song]:
    """Choose grooves and basses in turn and tempos apart from each other; a song depends on no later one."""
    basses = np.random.default_rng(seed).permutation(list(BASSES))
    composed: list[Song] = []
    for index in range(songs):
        rng = np.random.default_rng([seed, index])
        groove = GROOVES[index % len(GROOVES)]
        tempos_bpm = rng.uniform(*groove.tempo_bpm, 16)
        taken_bpm = np.array([song.tempo_bpm for song in composed] or [0.0])
        tempo_bpm = max(tempos_bpm, key=lambda tempo_bpm: np.abs(taken_bpm - tempo_bpm).min())
        composed.append(Song(groove, tempo_bpm, str(basses[index % len(basses)]), rng))
    return composed


def finished(track: np.ndarray, peak: float) -> np.ndarray:
    """Scale to a peak, and fade the last 20 ms, where the song is cut off."""
    track = track * np.float32(peak / np.abs(track).max())
    fade = RATE_HZ // 50
    track[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return track


def main() -> None:
    """Read the options and write the songs."""
    parser = argparse.ArgumentParser(description="Play songs (bass and drums) from recorded one-shots.")
    parser.add_argument("out", type=Path, help="folder for song-01/bass.flac, song-01/drums.flac ...")
    parser.add_argument("--songs", type=int, default=12, help="how many (default 12)")
    parser.add_argument("--seconds", type=float, default=45.0, help="length of each (default 45)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds, other songs (default 0)")
    options = parser.parse_args()
    if options.songs < 1 or options.seconds < 1 or options.seed < 0:
        parser.error("--songs and --seconds must be at least 1, --seed at least 0")
    for index, song in enumerate(compose(options.songs, options.seed)):
        folder = options.out / f"song-{index + 1:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        for role, play in (("bass", song.play_bass), ("drums", song.play_drums)):
            track = play(options.seconds)
            peak = float(song.rng.uniform(0.6, 0.9))
            sf.write(folder / f"{role}.flac", finished(track, peak), RATE_HZ, subtype="PCM_16")
        print(f"{folder}: {song}")


if __name__ == "__main__":
    main()
