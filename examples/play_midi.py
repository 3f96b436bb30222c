#!/usr/bin/env python3
"""Play the beginnings of MIDI pieces by SoundFonts, as FLAC files: music with any instruments, to train on.

python examples/play_midi.py MIDI OUT --sf2 FluidR3_GM.sf2 --seconds 60 --pieces 40
python examples/play_midi.py MIDI OUT --sf2 A.sf3 B.sf3 --stems      a folder for each piece: drums, bass, other

With several SoundFonts each part draws its own; of `--stems`, a third of the drums and basses are played by the bundled
recordings, and drums by other kits of the SoundFont too.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from gantools.audio.writing import write_audio
from gantools.errors import GantoolsError
from gantools.symbolic.config import BASS_NAMES, KIT_NAMES, SoundConfig
from gantools.symbolic.midi import read_midi
from gantools.symbolic.rendering import render
from gantools.symbolic.score import Score, Track
from gantools.symbolic.soundfont import play_soundfont

RATE_HZ = 44100
PEAK = 0.8
#: Kits that SoundFonts of General MIDI usually have: standard, room, power, electronic, analogue, jazz, brush.
KIT_PROGRAMS = (0, 8, 16, 24, 25, 32, 40)
RECORDED_SHARE = 1 / 3


def main() -> None:
    """Play so many pieces, evenly spread over the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("midi", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sf2", required=True, nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pieces", type=int, default=40)
    parser.add_argument("--stems", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    files = sorted(path for path in asked.midi.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    chosen = np.linspace(0, len(files) - 1, min(asked.pieces, len(files))).astype(int)
    for number, path in enumerate(files[index] for index in chosen):
        random = np.random.default_rng((asked.seed, number))
        try:
            score = read_midi(path)
            for name, tracks in parts(score).items() if asked.stems else [("", tuple(score.tracks))]:
                target = (
                    asked.out / path.stem / f"{name}.flac"
                    if name
                    else asked.out / f"{path.parent.name}_{path.stem}.flac"
                )
                write(target, play(score, tracks, name, asked.sf2, asked.seconds, random), asked.seconds)
        except GantoolsError as error:
            print(error)


def parts(score: Score) -> dict[str, tuple[Track, ...]]:
    """Return the drums, the basses and the rest of a piece, where there are any."""
    found: dict[str, list[Track]] = {"drums": [], "bass": [], "other": []}
    for track in score.tracks:
        found["drums" if track.is_drum else "bass" if track.is_bass else "other"].append(track)
    return {name: tuple(tracks) for name, tracks in found.items() if any(len(track.onsets) for track in tracks)}


def play(
    score: Score, tracks: tuple[Track, ...], part: str, fonts: list[str], seconds: float, random: np.random.Generator
) -> np.ndarray:
    """Return the beginning of some tracks, played by a SoundFont or by the bundled recordings."""
    if part in ("drums", "bass") and random.random() < RECORDED_SHARE:
        sounds = SoundConfig(kit=str(random.choice(KIT_NAMES)), bass=str(random.choice(BASS_NAMES)))
        return render(dataclasses.replace(score, tracks=begun(score, tracks, seconds)), sounds, rate_hz=RATE_HZ)
    if part == "drums":
        program = int(random.choice(KIT_PROGRAMS))
        tracks = tuple(dataclasses.replace(track, program=program) for track in tracks)
    if part == "bass":
        program = int(random.integers(32, 40))
        tracks = tuple(dataclasses.replace(track, program=program) for track in tracks)
    font = fonts[int(random.integers(len(fonts)))]
    return play_soundfont(dataclasses.replace(score, tracks=tracks), font, RATE_HZ, seconds)


def begun(score: Score, tracks: tuple[Track, ...], seconds: float) -> tuple[Track, ...]:
    """Return tracks without the notes that begin later than some seconds."""
    kept = []
    for track in tracks:
        early = score.seconds(track.onsets) < seconds
        kept.append(
            dataclasses.replace(
                track, onsets=track.onsets[early], lengths=track.lengths[early], pitches=track.pitches[early],
                velocities=track.velocities[early],
            )
        )  # fmt: skip
    return tuple(kept)


def write(target: Path, wave: np.ndarray, seconds: float) -> None:
    """Write the beginning of a piece at a usual peak; what is silent is left out."""
    wave = wave[:, : int(seconds * RATE_HZ)]
    peak = float(np.abs(wave).max()) if wave.size else 0.0
    if peak < 1e-4:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    write_audio(target, wave * np.float32(PEAK / peak), RATE_HZ, "16")


if __name__ == "__main__":
    main()
