"""Inputs found and outputs named: links, odd names, lists, and files that meet under one name."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

BOM = b"\xef\xbb\xbf"


def names(folder: Path) -> list[str]:
    return sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != "manifest.jsonl"
    )


@pytest.fixture
def tone(write_tone, tmp_path: Path):
    """Put one short sound under each of some names below the folder of the test."""
    made = write_tone(tmp_path / "tone.wav", 0.1)

    def put(*places: str | bytes) -> None:
        for place in places:
            path = os.path.join(os.fsencode(tmp_path), os.fsencode(place))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copyfile(made, path)

    return put


def test_leading_dots_are_a_name_and_one_dot_hides(gantools, tone, tmp_path: Path) -> None:
    tone("in/...And Justice for All/One.wav", "in/...Baby One More Time.wav", "in/n.wav", "in/._n.wav", "in/.h/x.wav")
    (tmp_path / "in/.DS_Store").write_bytes(b"")
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == [
        "...And Justice for All/One.mel.safetensors",
        "...Baby One More Time.mel.safetensors",
        "n.mel.safetensors",
    ]
    assert "passed over: 1 hidden file (._n.wav)" in done.stderr
    assert gantools("melify", "in/...Baby One More Time.wav", "-o", "one").returncode == 0
    assert names(tmp_path / "one") == ["...Baby One More Time.mel.safetensors"]


def test_links_that_lead_back_end_and_others_are_followed(gantools, tone, tmp_path: Path) -> None:
    tone("in/a/s.wav", "elsewhere/song/e.wav")
    for target, link in (
        ("..", "in/a/up"),
        (".", "in/self"),
        ("../elsewhere", "in/0"),
        ("../../elsewhere/song", "in/a/z"),
    ):
        os.symlink(target, tmp_path / link)
    os.symlink("a/s.wav", tmp_path / "in/0s.wav")
    os.symlink("gone.wav", tmp_path / "in/dead.wav")
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    # What has a place of its own keeps it, and what lies elsewhere comes once.
    assert names(tmp_path / "out") == ["0/song/e.mel.safetensors", "a/s.mel.safetensors"]
    said = [line for line in done.stderr.split("\n") if "passed over" in line]
    assert len(said) == 1
    assert "1 link that leads nowhere (dead.wav)" in said[0]
    assert "4 links to what is there already" in said[0]


def test_pipes_and_unread_kinds_are_counted(gantools, tone, tmp_path: Path) -> None:
    tone("in/x.wav", "in/b.shn", "in/cover.jpg")
    os.mkfifo(tmp_path / "in/p.wav")
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert "1 pipe or device (p.wav)" in done.stderr
    assert "1 file of a kind that is not read here (b.shn)" in done.stderr
    assert "cover" not in done.stderr
    assert gantools("melify", "in/p.wav", "-o", "out").returncode == 2
    (tmp_path / "in/x.wav").unlink()
    assert "no input in in" in gantools("melify", "in", "-o", "out").stderr


@pytest.mark.parametrize("out", ["in/out", "in/deep/out", "out"])
def test_the_output_folder_is_never_an_input(gantools, tone, tmp_path: Path, out: str) -> None:
    tone("in/x.wav", f"{out}/before/old.wav")
    os.symlink(tmp_path / out, tmp_path / "in/link")
    os.symlink(tmp_path / out / "before", tmp_path / "in/inner")
    os.symlink(tmp_path / out / "before/old.wav", tmp_path / "in/old.wav")
    done = gantools("separate", "in", "-o", out, "--model", "tiny", "--json", "-q")
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["source"] for line in done.stdout.splitlines()} == {"in/x.wav"}
    again = gantools("separate", "in", "-o", out, "--model", "tiny", "--json")
    assert {json.loads(line)["status"] for line in again.stdout.splitlines()} == {"skipped"}


@pytest.mark.parametrize("verb", ["melify", "separate", "invert", "chunk", "train wavegan", "evaluate pitch"])
def test_a_folder_is_not_its_own_output(gantools, tone, tmp_path: Path, verb: str) -> None:
    tone("in/x.wav")
    os.symlink("in", tmp_path / "alias")
    for given in ("in", "alias", "in/../in"):
        done = gantools(*verb.split(), given, "-o", "in")
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "output folder" in done.stderr
    assert names(tmp_path / "in") == ["x.wav"]


def test_the_folder_that_one_stands_in_may_be_the_output(gantools, tone, tmp_path: Path) -> None:
    tone("x.wav", "in/y.wav", "else/z.wav")
    os.symlink("../else", tmp_path / "in/else")
    assert gantools("melify", "x.wav", "-o", ".").returncode == 0
    done = gantools("melify", "in", "-o", ".")
    assert done.stdout.splitlines() == ["y.mel.safetensors", "else/z.mel.safetensors"]


def test_a_folder_that_cannot_be_read_is_said_and_the_rest_is_done(gantools, tone, tmp_path, monkeypatch) -> None:
    tone("in/a/x.wav", "in/locked/y.wav")
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)  # a test that root runs cannot lock a folder
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 1
    assert "in/locked: cannot be read (Permission denied); left out" in done.stderr
    assert names(tmp_path / "out") == ["a/x.mel.safetensors"]


def test_braces_in_names_and_in_the_output_folder(gantools, tone, tmp_path: Path) -> None:
    tone("{rel}/{demo} a.wav")
    done = gantools("melify", "-", "-o", "{stem}", input="{rel}/{demo} a.wav\n")
    assert done.stdout == "{stem}/{rel}/{demo} a.mel.safetensors\n", done.stderr
    assert gantools("melify", "{rel}", "-o", "{}").stdout == "{}/{demo} a.mel.safetensors\n"


def test_line_separators_of_unicode_are_no_line_ends(gantools, tone, tmp_path: Path) -> None:
    odd = ["l\u2028s.wav", "p\u2029.wav", "n\x85.wav", "v\x0bf\x0c.wav", "e\x1b[31m.wav"]
    tone(*odd)
    done = gantools("melify", "-", "-o", "mels", "--json", input="\n".join(odd) + "\n")
    assert done.returncode == 0, done.stderr
    back = gantools("invert", "-", "-o", "back", "--effort", "draft", input=done.stdout)
    assert back.returncode == 0, back.stderr
    assert names(tmp_path / "back") == sorted(odd)
    # The manifest is read line by line as well.
    assert gantools("melify", *odd, "-o", "mels").stderr == "gantools melify: nothing to do: 5 up to date\n"


@pytest.mark.parametrize(
    "listing",
    [
        BOM + "Tür.wav\nb.wav\n".encode(),
        BOM + b"#EXTM3U\r\n#EXTINF:3,Somebody - T\r\n" + "Tür.wav\r\nb.wav\r\n".encode(),
        "Tür.wav\r\n\r\nb.wav".encode(),
        "\ufeffTür.wav\r\nb.wav\r\n".encode("utf-16-le"),
    ],
)
def test_lists_as_other_programs_write_them(gantools, tone, tmp_path: Path, listing: bytes) -> None:
    tone("in/Tür.wav", "in/b.wav")
    (tmp_path / "in/list.m3u8").write_bytes(listing)
    done = gantools("melify", "in/list.m3u8", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == ["in/Tür.mel.safetensors", "in/b.mel.safetensors"]
    for name in ("Tür.wav", "b.wav"):
        shutil.copyfile(tmp_path / "in" / name, tmp_path / name)
    assert gantools("melify", "-", "-o", "two", input=listing).returncode == 0
    assert names(tmp_path / "two") == ["Tür.mel.safetensors", "b.mel.safetensors"]


def test_a_name_that_begins_with_a_number_sign_is_no_comment(gantools, tone, tmp_path: Path) -> None:
    tone("#1 hit.wav")
    assert gantools("melify", "-", "-o", "out", input="#1 hit.wav\n").returncode == 0
    assert names(tmp_path / "out") == ["#1 hit.mel.safetensors"]


def test_a_file_given_twice_is_done_once_and_said(gantools, tone, tmp_path: Path) -> None:
    tone("in/x.wav")
    done = gantools("melify", "in/x.wav", "in", "./in/x.wav", "-o", "out")
    assert (done.returncode, done.stdout) == (0, "out/x.mel.safetensors\n")
    assert "2 files given twice, done once (x.wav, x.wav)" in done.stderr


def test_names_as_long_as_the_disk_takes(gantools, tone, tmp_path: Path) -> None:
    one, two = "ü" * 125 + "1", "ü" * 125 + "2"
    tone(f"in/{one}.wav", f"in/{two}.wav", f"in/{'L' * 226}.wav")
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    made = names(tmp_path / "out")
    assert len(made) == 3
    assert all(len(name.encode()) <= 255 for name in made)
    assert made[0] == "L" * 226 + ".mel.safetensors"
    assert all(name.startswith("ü" * 100) for name in made[1:])
    assert gantools("melify", "in", "-o", "out").stderr == "gantools melify: nothing to do: 3 up to date\n"


def test_one_name_with_two_endings(gantools, tone, tmp_path: Path) -> None:
    tone("in/x.wav", "in/x.flac", "in/y.wav")
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    made = ["x-flac.mel.safetensors", "x-wav.mel.safetensors", "y.mel.safetensors"]
    assert names(tmp_path / "out") == made
    other = gantools("melify", "in/y.wav", "in/x.wav", "in/x.flac", "-o", "other", "-j", "2")
    assert (other.returncode, names(tmp_path / "other")) == (0, made)
    # An output that keeps the ending meets nobody.
    kept = gantools("fxnorm", "apply", "in", "--role", "other", "--target", "musdb18", "-o", "norm", "-q")
    assert kept.returncode == 0, kept.stderr
    assert names(tmp_path / "norm") == ["x.flac", "x.wav", "y.wav"]


def test_a_file_added_later_takes_nothing_from_the_first(gantools, tone, write_tone, tmp_path: Path) -> None:
    tone("in/x.wav")
    assert gantools("melify", "in", "-o", "out").stdout == "out/x.mel.safetensors\n"
    first = (tmp_path / "out/x.mel.safetensors").read_bytes()
    write_tone(tmp_path / "other.wav", 0.2, hz=100.0).rename(tmp_path / "in/x.aiff")
    done = gantools("melify", "in", "-o", "out", "--json")
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ok", "skipped"], done.stderr
    assert names(tmp_path / "out") == ["x-aiff.mel.safetensors", "x.mel.safetensors"]
    assert (tmp_path / "out/x.mel.safetensors").read_bytes() == first
    assert "2 up to date" in gantools("melify", "in", "-o", "out").stderr


def test_two_albums_with_equal_names(gantools, tone, tmp_path: Path) -> None:
    tone("A/01.wav", "B/01.wav", "B/02.wav", "C/CD1/01.wav", "D/CD1/01.wav")
    done = gantools("melify", "A", "B", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "out") == ["02.mel.safetensors", "A/01.mel.safetensors", "B/01.mel.safetensors"]
    gantools("melify", "C", "D", "-o", "discs")
    assert names(tmp_path / "discs") == ["C/CD1/01.mel.safetensors", "D/CD1/01.mel.safetensors"]
    listed = gantools("melify", "B/01.wav", "A/01.wav", "-o", "two")
    assert names(tmp_path / "two") == ["A/01.mel.safetensors", "B/01.mel.safetensors"], listed.stderr


def test_a_template_that_drops_what_differs(gantools, tone, tmp_path: Path) -> None:
    tone("in/song/bass.wav", "in/song/drums.wav", "in/one.wav")
    done = gantools("melify", "in", "-o", "out", "--name", "{song}.{ext}")
    assert done.returncode == 0, done.stderr
    made = ["one.mel.safetensors", "song-bass.mel.safetensors", "song-drums.mel.safetensors"]
    assert names(tmp_path / "out") == made
    assert "3 up to date" in gantools("melify", "in", "-o", "out", "--name", "{song}.{ext}").stderr
    assert gantools("melify", "in", "-o", "out", "--name", "../{stem}.{ext}").returncode == 2


def test_equal_names_in_a_chunk_folder(gantools, tone, tmp_path: Path) -> None:
    tone("in/x.wav", "in/x.flac", "more/x.wav")
    done = gantools("chunk", "in", "more", "-o", "out", "--samples", "1000")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out/index.jsonl").read_text().splitlines()]
    assert {row["source"] for row in rows} == {"in/x-flac", "in/x-wav", "more/x"}


def test_links_to_song_folders_train_every_system(gantools, write_tone, tmp_path: Path) -> None:
    (tmp_path / "link").mkdir()
    for song in ("one", "two"):
        for part in ("Kick", "Snare", "Bass DI", "Lead Vox", "Gtr", "Pad"):
            write_tone(tmp_path / f"songs/{song}/{part}.wav", 0.5)
        os.symlink(tmp_path / "songs" / song, tmp_path / "link" / song)
    for command in (
        ["separator", "link"],
        ["automix", "link", "--mixes", "link", "--target", "musdb18", "--crop", "8192"],
        ["wavegan", "link"],
    ):
        done = gantools("train", *command, "-o", "model", "--preset", "small", "--dry-run")
        assert done.returncode == 0, done.stderr
    done = gantools("train", "separator", "link", "-o", "model", "--preset", "small", "--dry-run")
    assert "one: drums is the sum of Kick.wav, Snare.wav" in done.stderr


def test_a_part_that_no_name_tells_comes_with_the_way_out(gantools, tone, tmp_path: Path) -> None:
    tone("in/song/Kick.wav", "in/song/Bass.wav", "in/song/Waterphone.wav", "in/Plain Song.wav")
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "--map" in line]
    assert "in/song/Waterphone.wav" in line
    assert "--map 'Waterphone=drums'" in line
    assert "Plain" not in line
    mapped = gantools("melify", "in", "-o", "out", "--map", "waterphone=other", "--json")
    found = {
        Path(r["source"]).stem: (r["role"], r["song"], r["status"]) for r in map(json.loads, mapped.stdout.splitlines())
    }
    assert found == {
        "Kick": ("drums", "song", "skipped"),
        "Bass": ("bass", "song", "skipped"),
        "Waterphone": ("other", "song", "ok"),  # its role is in the mel file
        "Plain Song": ("mix", "Plain Song", "skipped"),
    }
    assert gantools("melify", "in", "-o", "out", "--map", "waterphone").returncode == 2


def test_equal_names_become_a_model_each(gantools, write_tone, tmp_path: Path) -> None:
    for ending in ("wav", "flac"):
        write_tone(tmp_path / f"in/take.{ending}", 1.0)
    done = gantools("train", "caw", "in", "-o", "models", "--preset", "small", "--dry-run")
    assert done.stdout == "models/take-flac\nmodels/take-wav\n", done.stderr
