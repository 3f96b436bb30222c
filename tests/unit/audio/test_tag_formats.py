"""Tags from each kind of file to each other, against bytes by hand and ffmpeg's own reading."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from gantools.audio.io import AudioReader
from gantools.audio.tags import Picture, Tags, id3, iff, mp4, ogg, read_tags, riff, vorbis
from gantools.audio.tags.model import states_a_level
from gantools.audio.writing import AudioWriter

RATE_HZ = 48000
PICTURE = Picture(3, "image/png", "Hülle", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 600)
FIELDS = (
    ("TITLE", "Título 日本"),
    ("ARTIST", "Ärger & Søn"),
    ("ALBUMARTIST", "VA"),
    ("BPM", "128"),
    ("INITIALKEY", "Am"),
    ("ISRC", "DEX012300001"),
    ("TRACKNUMBER", "3/12"),
    ("MY OWN", "ü"),
    ("COMMENT", "hello"),
)
ENDINGS = ("wav", "rf64", "w64", "flac", "ogg", "opus", "mp3", "m4a", "aiff", "caf")


def written(path: Path, tags: Tags, frames: int = 2000) -> Path:
    wave = (0.1 * np.random.default_rng(0).standard_normal((frames, 2))).astype(np.float32)
    with AudioWriter(path, RATE_HZ, 2, "24", tags=tags) as writer:
        writer.append(wave)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_fields_arrive_in_every_format_and_from_it_in_flac(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"a.{ending}", Tags(FIELDS, (PICTURE,)))
    again = read_tags(written(tmp_path / "b.flac", read_tags(path)))
    assert sorted(read_tags(path).fields) == sorted(FIELDS)
    assert sorted(again.fields) == sorted(FIELDS)
    if ending != "caf":  # it has no place for pictures
        assert [p.data for p in again.pictures] == [PICTURE.data]
        assert again.pictures[0].mime == "image/png"
    with AudioReader(path) as reader:
        assert sum(len(block) for block in reader.blocks()) == pytest.approx(2000, abs=1024)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_format_twice_keeps_everything(tmp_path: Path, ending: str) -> None:
    first = written(tmp_path / f"a.{ending}", Tags(FIELDS, (PICTURE,)))
    second = written(tmp_path / f"b.{ending}", read_tags(first))
    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("ending", ["flac", "ogg", "opus", "mp3", "m4a", "aiff", "caf"])
def test_ffmpeg_reads_what_is_written(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"a.{ending}", Tags(FIELDS[:3]))
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    found = {name.lower().replace("_", ""): text for name, text in found.items()}
    assert (found["title"], found["artist"], found["albumartist"]) == tuple(text for _, text in FIELDS[:3])


def test_ogg_pages_have_the_checksums_and_numbers_of_the_format(tmp_path: Path) -> None:
    # From the description of Ogg: the CRC of "OggS" alone with this polynomial, worked out bit by bit.
    crc = 0
    for byte in b"OggS and more":
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    assert ogg.checksum(b"OggS and more") == crc
    data = written(tmp_path / "a.ogg", Tags(FIELDS, (PICTURE,)), 30000).read_bytes()
    position, number = 0, 0
    while position < len(data):
        segments = data[position + 27 : position + 27 + data[position + 26]]
        end = position + 27 + len(segments) + sum(segments)
        page = bytearray(data[position:end])
        stored, page[22:26] = bytes(page[22:26]), bytes(4)
        assert (stored, struct.unpack_from("<I", page, 18)[0]) == (struct.pack("<I", ogg.checksum(page)), number)
        position, number = end, number + 1
    assert number > 4


def frame(name: bytes, content: bytes, version: int) -> bytes:
    size = bytes((len(content) >> shift) & 127 for shift in (21, 14, 7, 0))
    return name + (size if version == 4 else struct.pack(">I", len(content))) + b"\0\0" + content


def tag(version: int, *frames: bytes) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, 0, *((len(body) >> shift) & 127 for shift in (21, 14, 7, 0))]) + body


def test_id3_of_each_version_and_coding() -> None:
    old = b"ID3\2\0\0\0\0\0\x1d" + b"TT2\0\0\5\0Caf\xe9" + b"TRC\0\0\4\0ABC" + b"XXX\0\0\1a"
    assert id3.parse(old).fields == (("TITLE", "Café"), ("ISRC", "ABC"))
    third = tag(
        3,
        frame(b"TIT2", b"\1" + "日本".encode("utf-16"), 3),
        frame(b"TKEY", b"\0Am", 3),
        frame(b"TYER", b"\x001999", 3),
    )
    assert id3.parse(third).fields == (("TITLE", "日本"), ("INITIALKEY", "Am"), ("DATE", "1999"))
    fourth = tag(4, frame(b"TPE1", b"\2" + "Ä".encode("utf-16-be"), 4), frame(b"TXXX", b"\3MOOD\0froh\0", 4))
    assert id3.parse(fourth).fields == (("ARTIST", "Ä"), ("MOOD", "froh"))
    for made in (third, fourth):
        assert (
            id3.build(id3.parse(made)) == made if b"TXXX" not in made else id3.parse(id3.build(id3.parse(made))).fields
        )


def test_id3_frames_stay_byte_for_byte_but_those_of_levels() -> None:
    private, image = frame(b"PRIV", b"owner\0\1\2\3", 3), frame(b"APIC", b"\0image/png\0\3\0PNG", 3)
    levels = (
        frame(b"RVAD", bytes(10), 3),
        frame(b"TXXX", b"\0replaygain_track_gain\0-3.1 dB", 3),
        frame(b"COMM", b"\0engiTunNORM\0 00000A", 3),
        frame(b"COMM", b"\0engiTunSMPB\0 00000000", 3),
    )
    tags = id3.parse(tag(3, private, *levels, image, frame(b"COMM", b"\0eng\0mine", 3)))
    made = id3.build(tags.with_comment("mark one"))
    assert private in made
    assert b"PNG" in made
    assert not any(word in made for word in (b"RVAD", b"replaygain", b"iTunNORM", b"iTunSMPB"))
    assert id3.parse(made).comment == "mine\nmark one"


@pytest.mark.parametrize("name", [
    "REPLAYGAIN_TRACK_GAIN", "replaygain_album_peak", "R128_TRACK_GAIN", "iTunNORM", "MP3GAIN_MINMAX", "LUFS",
    "TRUE PEAK", "Dynamic Range", "ALBUM DYNAMIC RANGE", "iTunSMPB", "LOUDNESS_RANGE", "TRACK_PEAK",
])  # fmt: skip
def test_names_that_state_a_level(name: str) -> None:
    assert states_a_level(name)


@pytest.mark.parametrize(
    "name", ["TITLE", "BPM", "COMMENT", "R1280", "PEAKING AT THE GATES", "GAIN CONTROL", "PUBLISHER"]
)
def test_names_that_state_none(name: str) -> None:
    assert states_a_level(name) == (name == "R1280")


def test_levels_leave_every_kind_of_file(tmp_path: Path) -> None:
    fields = (("TITLE", "a"), ("REPLAYGAIN_TRACK_GAIN", "-3 dB"), ("R128_TRACK_GAIN", "-100"))
    for ending in ("flac", "ogg", "opus", "mp3", "m4a", "caf"):
        path = written(tmp_path / f"a.{ending}", Tags(fields))
        assert b"replaygain" in path.read_bytes().lower()  # written as told; reading is what drops it
        assert read_tags(path).fields == (("TITLE", "a"),)


def bext(version: int) -> bytes:
    levels = struct.pack("<5h", -2300, 500, -100, -1800, -1900)
    return (
        b"take one".ljust(338, b"\0")
        + struct.pack("<QH", 171050880, version)
        + bytes(64)
        + levels
        + bytes(180)
        + b"A=PCM\r\n"
    )


@pytest.mark.parametrize(("container", "ending"), [("WAV", "wav"), ("RF64", "wav"), ("W64", "w64")])
def test_bext_keeps_all_but_its_loudness(tmp_path: Path, container: str, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    like = Tags(family="riff", parts=((b"bext", bext(2)),))
    with AudioWriter(tmp_path / f"a.{'rf64' if container == 'RF64' else ending}", RATE_HZ, 1, tags=like) as writer:
        writer.append(np.zeros(1001, np.float32))
    path = next(tmp_path.iterdir())
    assert soundfile.info(path).format == container
    found = dict(read_tags(path).chunks)[b"bext"].rstrip(b"\0")
    assert found[:412] == bext(2)[:412]
    assert struct.unpack_from("<5h", found, 412) == (0x7FFF,) * 5
    assert found[422:].startswith(bytes(180) + b"A=PCM")
    assert riff.kept(b"bext", bext(1)) == bext(1)  # its bytes mean nothing there


def test_ixml_loses_its_loudness_alone() -> None:
    text = b"<BWFXML><SCENE>4</SCENE>\n<LOUDNESS><LOUDNESS_VALUE>-23</LOUDNESS_VALUE></LOUDNESS>\n"
    more = b"<BEXT><BWF_LOUDNESS_VALUE>-23</BWF_LOUDNESS_VALUE><BWF_ORIGINATOR>x</BWF_ORIGINATOR></BEXT></BWFXML>"
    expected = b"<BWFXML><SCENE>4</SCENE>\n<BEXT><BWF_ORIGINATOR>x</BWF_ORIGINATOR></BEXT></BWFXML>"
    assert riff.kept(b"iXML", text + more) == expected


def riff_file(path: Path, chunks: list[tuple[bytes, bytes]], samples: bytes) -> Path:
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE_HZ, 3 * RATE_HZ, 3, 24)
    body = form + b"data" + struct.pack("<I", len(samples)) + samples + bytes(len(samples) % 2)
    body += b"".join(name + struct.pack("<I", len(c)) + c + bytes(len(c) % 2) for name, c in chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    return path


def test_unknown_chunks_of_odd_size_and_several_lists_are_kept(tmp_path: Path) -> None:
    info = [b"INFOINAM\4\0\0\0Caf\xe9", b"INFOICMT\3\0\0\0old\0IART\2\0\0\0me"]
    labels = b"adtllabl\x0a\0\0\0\1\0\0\0Verse\0"
    smpl = struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 100, 900, 0, 0)
    chunks = [
        (b"LIST", info[0]),
        (b"zzzz", b"123"),
        (b"LIST", labels),
        (b"smpl", smpl),
        (b"LIST", info[1]),
        (b"zzzz", b"4"),
    ]
    levels = [(b"PEAK", bytes(16)), (b"levl", bytes(120))]
    source = riff_file(tmp_path / "a.wav", chunks + levels, bytes(3 * 1001))
    with AudioReader(source) as reader:
        out = AudioWriter(tmp_path / "b.wav", RATE_HZ, 1, like=reader, tags=read_tags(source).with_comment("mark one"))
        with out as writer:
            for block in reader.blocks():
                writer.append(block)
    with open(tmp_path / "b.wav", "rb") as file:
        how = iff.layout(file)
        assert how is not None
        names = [name for name, _, _ in iff.chunks(file, how)]
    found = read_tags(tmp_path / "b.wav")
    assert [c for name, c in found.chunks if name in (b"zzzz", b"smpl")] == [b"123", smpl, b"4"]
    assert (b"LIST", labels) in found.chunks
    assert b"PEAK" not in names
    assert b"levl" not in names
    assert found.strings == {"title": "Café", "artist": "me", "comment": "old\nmark one"}


def test_a_picture_in_a_vorbis_comment_and_a_damaged_one() -> None:
    block = vorbis.picture_block(PICTURE)
    assert vorbis.read_picture(block) == PICTURE
    assert vorbis.read_picture(block[:-1]) is None
    comments = vorbis.comments(Tags((("TITLE", "a"),), (PICTURE,)), pictures=True)
    assert b"METADATA_BLOCK_PICTURE=" + base64.b64encode(block) in comments
    assert vorbis.read_comments(comments) == ([("TITLE", "a")], [PICTURE])
    assert vorbis.read_comments(comments[:20]) == ([], [])


def test_itunes_atoms_stay_byte_for_byte(tmp_path: Path) -> None:
    made = mp4.build(Tags((("COMPILATION", "1"), ("BPM", "128"), ("DISCNUMBER", "1/2"), ("ISRC", "X"))))
    rating = struct.pack(">I4sI4sII", 25, b"rtng", 17, b"data", 21, 0) + b"\1"
    tags = Tags(FIELDS, family="mp4", parts=((b"rtng", rating[8:]),))
    path = written(tmp_path / "a.m4a", tags)
    assert rating in path.read_bytes()
    assert dict(read_tags(path).parts)[b"rtng"] == rating[8:]
    assert b"tmpo" in made
    assert b"com.apple.iTunes" in made


def test_flac_keeps_cue_sheet_and_application_blocks(tmp_path: Path) -> None:
    end = struct.pack(">QB", 2000, 255) + bytes(27)
    sheet, application = (b"\5", bytes(395) + b"\1" + end), (b"\2", b"test1234")
    path = written(tmp_path / "a.flac", Tags((("TITLE", "a"),), family="flac", parts=(sheet, application)))
    assert read_tags(path).parts == (sheet, application)
    assert path.read_bytes().count(b"TITLE=a") == 1
    assert soundfile.info(path).frames == 2000
