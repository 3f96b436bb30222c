"""`gantools loopscore`: scores of windows, and loops that are cut out."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_loops import write_detector, write_notes, write_song

from gantools.audio.tags import read_tags
from gantools.audio.tags.loops import read_loop_tags
from gantools.symbolic.midi import read_midi

INTRO = "EFGHIJKL"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of music whose loops are known, and a detector."""
    folder = tmp_path_factory.mktemp("loopscore")
    write_detector(folder / "detector")
    write_song(folder / "in/song.wav", 124.0, INTRO + "ABACABAC" + "MNOPQR", lead_s=0.7)
    write_song(folder / "in/break_4bar_120bpm.flac", 120.0, "ABAC")
    write_notes(folder / "in/tune.mid", INTRO + "ABACABAC" + "MNOP")
    write_notes(folder / "in/seven.mid", "ABAC" * 4, meter=(7, 8))
    return folder


@pytest.fixture
def score(gantools: Callable, place: Path) -> Callable:
    """Run ``gantools loopscore`` with that detector."""
    return lambda *words, **how: gantools("loopscore", *words, "--model", place / "detector", **how)


def records(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_repeating_bars_are_the_best(score: Callable, place: Path) -> None:
    done = score(place / "in", "--best", "--json")
    assert done.returncode == 0, done.stderr
    found = {Path(record["source"]).name: record for record in records(done.stdout)}
    song, tune = found["song.wav"], found["tune.mid"]
    assert (song["start_bar"], song["verdict"], song["tempo_from"]) == (9, "loop", "beats")
    assert song["bpm"] == pytest.approx(124.0, abs=0.01)
    assert song["start_s"] == pytest.approx(0.7 + 8 * 240 / 124, abs=0.01)
    assert (tune["start_bar"], tune["verdict"], tune["kind"], tune["bpm"]) == (9, "loop", "midi", 100.0)
    loop = found["break_4bar_120bpm.flac"]
    assert (loop["bars"], loop["bpm"], loop["tempo_from"], loop["verdict"]) == (4, 120.0, "name", "loop")
    assert found["seven.mid"]["end_s"] == pytest.approx(8 * 3.5 * 0.6)


def test_rows_are_columns_and_points_count_samples(score: Callable, place: Path) -> None:
    lines = score(place / "in/song.wav", "--top", "2").stdout.splitlines()
    assert lines[0].split() == ["file", "kind", "bars", "bpm", "start_bar", "score", "pct", "seam", "verdict"]
    assert lines[1].split()[1:5] == ["audio", "8", "124", "9"]
    start, end, name = score(place / "in/song.wav", "--points", "--best").stdout.split(" ", 2)
    assert int(end) - int(start) == round(8 * 240 / 124 * 22050)
    # A player may jump up to a sixteenth before the bar line, where less begins.
    bar = (0.7 + 8 * 240 / 124) * 22050
    assert bar - (240 / 124 / 16 + 0.01) * 22050 <= int(start) <= bar + 0.01 * 22050
    assert name.strip().endswith("song.wav")
    assert "notes" in score(place / "in/tune.mid", "--points").stderr


def test_loops_are_cut_named_tagged_and_skipped(score: Callable, place: Path, tmp_path: Path) -> None:
    done = score(place / "in", "--extract", "loops", "--top", "1", "--matrix", "--json")
    assert done.returncode == 0, done.stderr
    made = {Path(record["source"]).name: record for record in records(done.stdout)}
    wav = tmp_path / made["song.wav"]["path"]
    assert wav.name == "song_bar009_8bars_124bpm.wav"
    samples, rate_hz = soundfile.read(wav, dtype="float32")
    assert len(samples) == round(8 * 240 / 124 * rate_hz) == made["song.wav"]["samples"]
    # It is the sound of the song, and begins again without a click.
    song, _ = soundfile.read(place / "in/song.wav", dtype="float32")
    start = made["song.wav"]["start"]
    np.testing.assert_allclose(samples[:1000], song[start : start + 1000], atol=1e-6)
    assert made["song.wav"]["step"] < 1
    said = read_loop_tags(read_tags(wav))
    assert (said.start, said.end, said.bpm, said.beats) == (0, len(samples), 124.0, 32)
    # Markers keep the length of the notes' loop.
    loop = read_midi(tmp_path / made["tune.mid"]["path"])
    assert (len(loop.bars), len(loop.tracks), loop.bpm) == (8, 2, 100.0)
    assert made["seven.mid"]["ticks"] == 8 * 7 * 240
    page = (tmp_path / "loops/loops.html").read_text()
    assert page.count("<audio controls loop") == 4
    assert (tmp_path / "loops/song.matrix.png").stat().st_size > 5000
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "loops").rglob("*.*")}
    again = score(place / "in", "--extract", "loops", "--top", "1", "--matrix", "--json")
    assert {record["status"] for record in records(again.stdout)} == {"skipped"}
    assert "up to date" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in before if "manifest" not in path.name} == {
        path: time for path, time in before.items() if "manifest" not in path.name
    }


def test_what_is_not_made_any_more_goes_and_what_is_the_users_stays(
    score: Callable, place: Path, tmp_path: Path
) -> None:
    write_song(tmp_path / "two.wav", 120.0, "ABACABACABACABACDEFGHIJK")
    assert len(score("two.wav", "-o", "out").stdout.splitlines()) == 3
    kept = sorted((tmp_path / "out").glob("*.wav"))
    kept[1].write_bytes(b"my own")
    done = score("two.wav", "-o", "out", "--bars", "4", "--best")
    assert done.returncode == 0, done.stderr
    assert not kept[0].exists()
    assert kept[1].read_bytes() == b"my own"
    assert [path.name for path in (tmp_path / "out").glob("*_4bars_*")]


@pytest.mark.parametrize("ending", ["flac", "ogg"])
def test_flac_and_ogg_say_where_they_loop(score: Callable, place: Path, tmp_path: Path, ending: str) -> None:
    done = score(place / "in/song.wav", "-o", "out", "--best", "--format", ending)
    path = tmp_path / done.stdout.strip()
    tags = read_tags(path).strings
    assert (tags["loopstart"], tags["bpm"]) == ("0", "124")
    assert int(tags["looplength"]) == soundfile.info(path).frames


def test_chunks_are_as_samplers_read_them(score: Callable, place: Path, tmp_path: Path) -> None:
    data = (tmp_path / score(place / "in/song.wav", "-o", "out", "--best").stdout.strip()).read_bytes()
    at = data.index(b"smpl") + 8
    head = struct.unpack_from("<9I", data, at)
    _, kind, first, last, fraction, plays = struct.unpack_from("<6I", data, at + 36)
    assert (head[7], kind, first, fraction, plays) == (1, 0, 0, 0, 0)
    assert last == soundfile.info(tmp_path / "out/song_bar009_8bars_124bpm.wav").frames - 1
    at = data.index(b"acid") + 8
    kind, _, _, _, beats, denominator, numerator, bpm = struct.unpack_from("<IHHfIHHf", data, at)
    assert (kind & 1, beats, numerator, denominator, bpm) == (0, 32, 4, 4, 124.0)


def test_one_bar_a_drone_and_silence_are_told_apart(score: Callable, place: Path, tmp_path: Path) -> None:
    write_song(tmp_path / "in/one_120bpm.wav", 120.0, "A")
    time = np.arange(60 * 8000) / 8000
    soundfile.write(tmp_path / "in/drone.wav", 0.3 * np.sin(2 * np.pi * 110 * time), 8000)
    soundfile.write(tmp_path / "in/silence.wav", np.zeros(60 * 8000), 8000)
    # It has no bars, and is no broken file.
    soundfile.write(tmp_path / "in/sea.wav", np.random.default_rng(0).standard_normal(60 * 8000) / 10, 8000)
    write_notes(tmp_path / "in/same.mid", "A" * 9)
    write_notes(tmp_path / "in/through.mid", "ABCDEFGHIJKL")
    done = score("in", "--best", "--json")
    found = {Path(r["source"]).name: r["verdict"] for r in records(done.stdout)}
    assert "sea.wav: warning: 60.0 s with no clear pulse" in done.stderr
    assert found == {
        "drone.wav": "trivial",
        "one_120bpm.wav": "trivial",
        "same.mid": "trivial",
        "sea.wav": "no",
        "silence.wav": "silent",
        "through.mid": "no",
    }


def test_short_loops_are_repeated_until_a_window_is_full(score: Callable, tmp_path: Path) -> None:
    write_notes(tmp_path / "three.mid", "ABC")
    write_notes(tmp_path / "eight.mid", "ABCABCAB")
    short, long = records(score("three.mid", "eight.mid", "--json").stdout)
    assert (short["bars"], long["bars"]) == (3, 8)
    assert short["score"] == long["score"]
    # The join of the short one is that of C and A, of the long one of B and A.
    assert short["seam"] != long["seam"]


def test_a_bad_file_costs_that_file_alone(score: Callable, place: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("text.wav", "text.mid"):
        (tmp_path / "in" / name).write_text("no music" * 20)
    (tmp_path / "in/cut.mid").write_bytes((place / "in/tune.mid").read_bytes()[:200])
    (tmp_path / "in/empty.flac").write_bytes(b"")
    write_song(tmp_path / "in/good_120bpm.wav", 120.0, "ABAC")
    done = score("in", "--json")
    status = {Path(r["source"]).name: r["status"] for r in records(done.stdout)}
    assert status.pop("good_120bpm.wav") == "ok"
    assert list(status.values()) == ["error"] * 4
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 4
    assert "is cut short" in done.stderr


def test_usage_errors_start_nothing(score: Callable, gantools: Callable, place: Path) -> None:
    song = place / "in/song.wav"
    for words, why in (
        (("--bars", "5"), "4, 8, 16"),
        (("--features", "paper"), "--features grid"),
        (("--matrix",), "-o"),
        (("--extract", "a", "-o", "b"), "one option"),
    ):
        done = score(song, *words)
        assert done.returncode == 2, words
        assert why in done.stderr
    assert gantools("loopscore", song, "--model", "nowhere").returncode == 2


@pytest.mark.parametrize("method", ["bookend", "meancorr"])
def test_methods_without_a_model(gantools: Callable, place: Path, method: str) -> None:
    done = gantools("loopscore", place / "in/tune.mid", "--method", method, "--json")
    found = {record["start_bar"]: record for record in records(done.stdout)}
    assert found[9]["percentile"] is None
    if method == "meancorr":
        assert min(found, key=lambda bar: found[bar]["score"]) == 9
    else:  # bar 9 does not come again in bar 17; a piece that ends has no bar to compare with
        assert found[13]["score"] is None
        assert found[9]["score"] > 0.1


def test_results_do_not_depend_on_jobs(score: Callable, place: Path) -> None:
    one = score(place / "in", "--json", "--top", "2").stdout
    assert score(place / "in", "--json", "--top", "2", "-j", "2").stdout == one


def test_from_python(place: Path) -> None:
    import gantools as gt

    found = gt.loopscore(place / "in/tune.mid", best=True, model=place / "detector")
    assert [(record["start_bar"], record["verdict"]) for record in found] == [(9, "loop")]
