"""The songs of the demo: the same for the same seed, aligned, not clipped, never silent for long, on one beat."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from gantools.audio.mel import MelParams, mel_db
from gantools.metrics.rhythm.alignment import alignment_matrix, onset_envelope

SCRIPT = Path(__file__).parents[2] / "examples" / "play_songs.py"
SECONDS = 12


def play(out: Path, *options: str) -> list[str]:
    command = [sys.executable, str(SCRIPT), str(out), "--seconds", str(SECONDS), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("songs")
    assert len(play(out, "--songs", "6")) == 6
    return out


def stems(songs: Path, role: str) -> np.ndarray:
    return np.stack([sf.read(path, dtype="float32")[0] for path in sorted(songs.glob(f"*/{role}.flac"))])


@pytest.mark.parametrize("role", ["bass", "drums"])
def test_stems_are_aligned_loud_and_not_clipped(songs: Path, role: str) -> None:
    waves = stems(songs, role)
    assert waves.shape == (6, SECONDS * 44100)
    assert (np.abs(waves).max(1) < 0.95).all()
    assert (np.abs(waves).max(1) > 0.5).all()


@pytest.mark.parametrize("role", ["bass", "drums"])
def test_no_silence_is_longer_than_two_bars(songs: Path, role: str) -> None:
    two_bars_s = 2 * 4 * 60 / 140
    for wave in stems(songs, role):
        loud = np.flatnonzero(np.abs(wave) > 0.003)
        assert np.diff(loud, prepend=0, append=len(wave)).max() < two_bars_s * 44100


def test_bass_suits_its_own_drums_and_does_not_copy_them(songs: Path) -> None:
    bass, drums = (
        np.stack([onset_envelope(mel_db(wave[::2], MelParams())) for wave in stems(songs, role)])
        for role in ("bass", "drums")
    )
    matrix = alignment_matrix(bass, drums)
    own, other = np.diag(matrix).mean(), matrix[~np.eye(6, dtype=bool)].mean()
    assert 0.25 < own < 0.6
    assert other < 0.15


def test_a_song_depends_on_the_seed_alone(songs: Path, tmp_path: Path) -> None:
    play(tmp_path / "fewer", "--songs", "2")
    play(tmp_path / "other", "--songs", "2", "--seed", "1")
    name = "song-02/drums.flac"
    assert (tmp_path / "fewer" / name).read_bytes() == (songs / name).read_bytes()
    assert (tmp_path / "other" / name).read_bytes() != (songs / name).read_bytes()
