"""The choice of FMA's songs, on a table made by hand in FMA's form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "fma_select.py"
TRACKS = """\
,album,album,set,track,track,track
,title,type,subset,genre_top,genres_all,title
track_id,,,,,,
2,Songs,Album,small,Pop,[10],One
134,"Alive, ""Delivered"" and Oliver",Album,full,Rock,"[66, 12]",Two
135,Rock of Ages,Album,full,Rock,[12],Three
1000,Live at WFMU,Live Performance,full,Pop,[10],Four
1001,Songs,Album,full,Soul-RnB,[14],Five (LIVE)
123456,Songs,Album,full,,"[10, 362]","Six
in two lines"
123457,,,full,,[],Seven
"""


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    path = tmp_path / "tracks.csv"
    path.write_text(TRACKS, encoding="utf-8")
    return path


def select(tracks: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, tracks, *options], capture_output=True, text=True)


def test_genres_and_those_below_without_the_word_live(tracks: Path) -> None:
    done = select(tracks)
    assert done.stdout.splitlines() == ["000/000002.mp3", "000/000134.mp3", "123/123456.mp3"]
    assert "3 found" in done.stderr
    assert select(tracks, "--genres", "Soul-RnB", "--live").stdout.splitlines() == ["001/001001.mp3"]
    assert len(select(tracks, "--live").stdout.splitlines()) == 5


def test_further_genres_come_from_the_table_beside(tracks: Path) -> None:
    refused = select(tracks, "--genres", "Rock")
    assert refused.returncode == 1
    assert "no genre 'Rock'; put FMA's genres.csv beside tracks.csv" in refused.stderr
    table = "genre_id,#tracks,parent,title,top_level\n12,32923,0,Rock,12\n66,8681,12,Indie-Rock,12\n"
    tracks.with_name("genres.csv").write_text(table, encoding="utf-8")
    assert select(tracks, "--genres", "rock").stdout.splitlines() == ["000/000134.mp3", "000/000135.mp3"]


def test_only_songs_that_are_there(tracks: Path, tmp_path: Path) -> None:
    song = tmp_path / "fma_full/000/000134.mp3"
    song.parent.mkdir(parents=True)
    song.touch()
    done = select(tracks, "--root", str(tmp_path / "fma_full"))
    assert done.stdout.splitlines() == [str(song)]
    assert "1 found, 2 more are not there" in done.stderr


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tracks.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = select(tmp_path / "tracks.csv")
    assert done.returncode == 1
    assert "is not FMA's tracks.csv" in done.stderr
