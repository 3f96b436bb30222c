"""The parts of a song in one .stem.mp4, read as if they were files of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stem_files import TRACKS, write_stem_file

from gantools.audio.bitrate import bit_rate
from gantools.audio.io import read_audio
from gantools.chunks.multitrack import Recording, find_multitracks
from gantools.errors import InputError
from gantools.files.manifest import fingerprint
from gantools.files.members import holder, is_part, track_of, with_parts


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "train/Some Band - A Song.stem.mp4"
    write_stem_file(path)
    return path


def test_each_track_is_its_part(song: Path) -> None:
    waves = write_stem_file(song)
    for name in TRACKS:
        found, rate_hz = read_audio(song / f"{name}.m4a")
        assert rate_hz == 44100
        # AAC pads its last frame.
        assert 0 <= found.shape[1] - waves[name].shape[1] < 1024
        error = found[:, : waves[name].shape[1]] - waves[name]
        assert np.linalg.norm(error) < 0.05 * np.linalg.norm(waves[name])
    whole, _ = read_audio(song)
    np.testing.assert_array_equal(whole, read_audio(song / "mixture.m4a")[0])


def test_a_part_leads_to_its_file(song: Path) -> None:
    part = song / "bass.m4a"
    assert (is_part(part), holder(part), track_of(part)) == (True, song, 2)
    assert (is_part(song), holder(song), track_of(song)) == (False, song, 0)
    assert track_of(song.with_name("other.mp4")) is None
    assert fingerprint(part) == fingerprint(song)
    assert [rel for _, rel in with_parts(song, "train")] == ["train/Some Band - A Song"] * 5
    assert 1e4 < bit_rate(part).bps < 3e5  # type: ignore[union-attr]
    folder = song.parent / "folder.stem.mp4"
    folder.mkdir()
    assert not is_part(folder / "bass.m4a")


def test_songs_are_found_with_their_parts(song: Path) -> None:
    (track,) = find_multitracks([song.parent])
    assert track.song == "Some Band - A Song"
    assert sorted(track.stems) == ["bass", "drums", "other", "vocals"]
    assert track.mixture == song / "mixture.m4a"
    recording = Recording(track.stems["bass"])
    assert recording.peak == pytest.approx(0.15, abs=0.02)


def test_another_number_of_tracks_is_said(tmp_path: Path) -> None:
    write_stem_file(tmp_path / "two.stem.mp4", tracks=2)
    with pytest.raises(InputError, match=r"has 2 sound tracks, not the 5 of musdb18: mixture, drums, bass, other, voc"):
        read_audio(tmp_path / "two.stem.mp4/bass.m4a")
    assert read_audio(tmp_path / "two.stem.mp4")[0].shape[0] == 2
    with pytest.raises(InputError, match="cannot be read"):
        read_audio(tmp_path / "none.stem.mp4/bass.m4a")
