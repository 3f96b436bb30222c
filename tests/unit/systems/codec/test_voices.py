"""Speech beside songs: its share, however short it is, and sides that stay apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_codec import tiny_codec_config
from sounds import stem

from gantools.systems.codec.objective import CodecObjective
from gantools.systems.codec.voices import SongsAndSpeech
from gantools.training.songs import SongClips


@pytest.fixture
def clips(tmp_path: Path) -> tuple[SongClips, SongsAndSpeech]:
    """A long song, and ten words that are shorter than a clip and all above it in level."""
    config = tiny_codec_config(speech_share=0.25, val_songs="song1")
    songs, words = [], []
    for number in range(3):
        songs.append((f"song{number}", tmp_path / f"song{number}.wav"))
        soundfile.write(songs[-1][1], 0.1 * stem("other", 4.0, 8000, number), 8000)
    for number in range(10):
        words.append((f"word{number}", tmp_path / f"word{number}.wav"))
        soundfile.write(words[-1][1], np.full(500, 0.9 - 0.01 * number) * (-1) ** np.arange(500), 8000)
    plain = SongClips([*songs, *words], config)
    return plain, SongsAndSpeech(SongClips(songs, config), words, config)


def test_short_words_are_heard_as_often_as_asked(clips: tuple[SongClips, SongsAndSpeech]) -> None:
    plain, both = clips
    shares = []
    for one in (plain, both):
        drawn = [np.abs(one.draw(np.random.default_rng(n))).max() for n in range(400)]
        shares.append(np.mean(np.array(drawn) > 0.75))
    # Among songs, by length, they hardly come.
    assert shares[0] < 0.02
    assert shares[1] == pytest.approx(0.25, abs=0.06)
    loud = {round(float(np.abs(both.draw(np.random.default_rng(n), "val")).max()), 2) for n in range(200)}
    words = {level for level in loud if level > 0.75}
    # A tenth of the recordings is kept for validation, and nothing else of speech is heard there.
    assert len(words) == 1


def test_a_codec_learns_from_both_and_a_resumed_run_must_find_both(clips: tuple[SongClips, SongsAndSpeech]) -> None:
    _, both = clips
    system = CodecObjective(tiny_codec_config(speech_share=0.25, val_songs="song1"), both)
    assert set(system.data) == {"rate_hz", "songs", "sounds", "speech"}
    assert any("25% of what is heard is speech" in note for note in system.notes)
    batch = system.batch(0, range(16))["wave"]
    assert batch.shape[0] == 16
