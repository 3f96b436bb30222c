"""Tags and chunks survive a rewrite of the samples."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.audio.io import AudioReader
from gantools.audio.tags import read_tags
from gantools.audio.writing import AudioWriter

CUE = struct.pack("<IIIIIII", 1, 1, 500, 0x61746164, 0, 0, 500)
ACID = bytes(range(24))


def wav_with_chunks(path: Path) -> Path:
    soundfile.write(path, np.zeros((1001, 1), np.float32) + 0.25, 44100, subtype="PCM_24")
    info = b"INFO" + b"INAM" + struct.pack("<I", 5) + b"Tune\0\0" + b"IGNR" + struct.pack("<I", 4) + b"Dub\0"
    with open(path, "ab") as file:
        file.write(b"\0" * (path.stat().st_size % 2))
        for name, content in ((b"cue ", CUE), (b"acid", ACID), (b"LIST", info)):
            file.write(name + struct.pack("<I", len(content)) + content)
    data = bytearray(path.read_bytes())
    data[4:8] = struct.pack("<I", len(data) - 8)
    path.write_bytes(data)
    return path


def test_wav_chunks_are_carried_byte_for_byte(tmp_path: Path) -> None:
    source = wav_with_chunks(tmp_path / "a.wav")
    with AudioReader(source) as reader:
        tags = read_tags(source).with_comment("mark one").with_comment("mark two")
        with AudioWriter(tmp_path / "b.wav", 44100, 1, like=reader, tags=tags) as writer:
            for block in reader.blocks():
                writer.append(block)
    chunks = dict(read_tags(tmp_path / "b.wav").chunks)
    assert chunks[b"cue "] == CUE
    assert chunks[b"acid"] == ACID
    assert b"IGNR" in chunks[b"LIST"]
    with soundfile.SoundFile(tmp_path / "b.wav") as file:
        assert (file.title, file.comment, file.subtype, file.frames) == ("Tune", "mark two", "PCM_24", 1001)
        assert np.array_equal(file.read(), soundfile.read(source)[0])


@pytest.mark.parametrize("ending", ["flac", "ogg", "aiff"])
def test_text_tags_of_other_formats(tmp_path: Path, ending: str) -> None:
    source = tmp_path / f"a.{ending}"
    with soundfile.SoundFile(source, "w", 44100, 2) as file:
        file.title, file.artist = "Tune", "Somebody"
        file.write(np.zeros((5000, 2)) + 0.1)
    with (
        AudioReader(source) as reader,
        AudioWriter(
            tmp_path / f"b.{ending}", 44100, 2, like=reader, tags=read_tags(source).with_comment("mark one")
        ) as writer,
    ):
        for block in reader.blocks():
            writer.append(block)
    again = read_tags(tmp_path / f"b.{ending}").strings
    assert (again["title"], again["artist"], again["comment"]) == ("Tune", "Somebody", "mark one")
    with soundfile.SoundFile(source) as a, soundfile.SoundFile(tmp_path / f"b.{ending}") as b:
        assert (a.format, a.subtype, a.frames) == (b.format, b.subtype, b.frames)
