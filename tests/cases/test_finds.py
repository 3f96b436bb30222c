"""What the fuzzer found, each as small as it gets: one line that names the file, the right code, the others done."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import made_here, run_here
from small_caw import small_model
from sounds import tone

from gantools.audio.writing import write_audio

DEEP = "[" * 100_000
MEL = "in/bad.bass.mel.safetensors"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sounds, mel files, a chunk folder, features and a model."""
    folder = tmp_path_factory.mktemp("finds")
    for name in ("good", "bad"):
        write_audio(folder / f"sounds/{name}.bass.wav", tone(0.6).reshape(-1), 22050)
    sizes = ("--n-mels", "32", "--n-fft", "512", "--hop-samples", "256", "-q")
    made_here(folder, "melify", "sounds", "-o", "in", *sizes)
    made_here(folder, "chunk", "in", "-o", "chunks", "--frames", "16", "--split", "1/0/0", "-q")
    made_here(folder, "fxnorm", "fit", "sounds", "-o", "f.json", "--measure", "raw", "--min-active-seconds", "0", "-q")
    small_model(folder / "riff", seconds=1.0)
    return folder


@pytest.fixture
def here(corpus: Path, tmp_path: Path) -> Path:
    """A copy of the corpus to damage."""
    shutil.copytree(corpus, tmp_path, dirs_exist_ok=True)
    return tmp_path


def in_json(path: Path, *keys: Any, value: Any) -> None:
    """Replace a part of a JSON file; a `str` of brackets is put in as it is."""
    content = json.loads(path.read_text())
    part = content
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = "@@" if value is DEEP else value
    path.write_text(json.dumps(content).replace('"@@"', DEEP))


def in_header(path: Path, change: Callable[[dict[str, Any]], None], inner: Callable[[Any], None] | None = None) -> None:
    """Change the header of a safetensors file, and the JSON of gantools in its metadata."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    if inner:
        content = json.loads(header["__metadata__"]["gantools"])
        inner(content)
        header["__metadata__"]["gantools"] = json.dumps(content)
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])


def refused(done: Any, *words: str) -> None:
    """Check one line, exit code 1 or 2, that holds the words."""
    assert done.returncode in (1, 2), done.stderr
    assert "internal error" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if " done" not in line]
    for word in words:
        assert word in line


HEADERS: dict[str, tuple[Callable[[Any], None], Callable[[Any], None] | None]] = {
    "checksums are a number": (lambda header: None, lambda inner: inner.update(crc32=5)),
    "checksum of a tensor that is not there": (lambda header: None, lambda inner: inner["crc32"].update(other=1)),
    "metadata are a list": (lambda header: None, lambda inner: inner.update(meta=[])),
    "a histogram of one": (lambda header: None, lambda inner: inner["meta"].update(histogram=[1])),
    "a song of numbers": (lambda header: None, lambda inner: inner["meta"].update(song=[1])),
    "no length": (lambda header: None, lambda inner: inner["meta"].update(n_samples=None)),
    "another type": (lambda header: header["mel_db"].update(dtype="BF16"), None),
    "a type that is a list": (lambda header: header["mel_db"].update(dtype=[]), None),
    "a shape of floats": (lambda header: header["mel_db"].update(shape=[1.5, 32]), None),
    "a shape of one number": (lambda header: header["mel_db"].update(shape=7), None),
    "a shape beyond the bytes": (lambda header: header["mel_db"].update(shape=[1 << 40, 32]), None),
    "bytes before the file": (lambda header: header["mel_db"].update(data_offsets=[-64, 0]), None),
    "metadata that are no text": (lambda header: header["__metadata__"].update(gantools=[]), None),
    "a rate beyond all": (lambda header: None, lambda inner: inner["meta"]["params"].update(sample_rate_hz=10**30)),
    "no metadata": (lambda header: header.update(__metadata__=None), None),
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_of_another_shape_costs_its_file(here: Path, what: str) -> None:
    in_header(here / MEL, *HEADERS[what])
    for command in (("invert", "in", "-o", "out", "--effort", "draft"), ("chunk", "in", "-o", "cut", "--frames", "16")):
        done = run_here(here, *command, "--json", "-q")
        refused(done, MEL)
        assert {json.loads(line)["status"] for line in done.stdout.splitlines()} == {"ok", "error"}


def test_a_header_that_is_nested_without_end_costs_its_file(here: Path) -> None:
    text = f'{{"mel_db": {DEEP}'.encode()
    (here / MEL).write_bytes(struct.pack("<Q", len(text)) + text)
    refused(run_here(here, "invert", "in", "-o", "out", "--effort", "draft"), MEL, "not a safetensors file")


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        ("dataset.json", ["kind"], 5),
        ("dataset.json", ["db_range"], [1]),
        ("dataset.json", ["params"], None),
        ("dataset.json", ["params", "n_mels"], DEEP),
        ("dataset.json", ["config"], []),
        ("index.jsonl", ["shard"], "../secret.safetensors"),
        ("index.jsonl", ["shard"], 5),
        ("index.jsonl", ["start"], 1 << 40),
        ("index.jsonl", ["start"], "first"),
        ("index.jsonl", ["role"], []),
        ("index.jsonl", ["split"], {}),
        ("index.jsonl", ["song"], DEEP),
    ],
)
def test_a_chunk_folder_of_another_shape_is_refused(here: Path, name: str, keys: list[str], value: Any) -> None:
    path = here / "chunks" / name
    path.write_text(path.read_text().splitlines()[0] + "\n" if name == "index.jsonl" else path.read_text())
    in_json(path, *keys, value=value)
    refused(run_here(here, "train", "cyclegan", "chunks", "-o", "m", "-n", "-d", "cpu"), name, "chunk")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["stems", "bass", "sums", "loudness_lufs", "sum"], [1, 2]),
        (["stems", "bass", "sums", "eq_db", "sum"], 5),
        (["stems", "bass", "sums", "eq_db", "n"], 0),
        (["stems", "bass", "n_files"], DEEP),
        (["stems", "bass", "active_seconds"], "long"),
        (["stems"], []),
        (["settings", "drc"], 5),
    ],
)
def test_features_of_another_shape_are_refused(here: Path, keys: list[str], value: Any) -> None:
    in_json(here / "f.json", *keys, value=value)
    command = (
        "fxnorm",
        "fit",
        "sounds",
        "--merge",
        "f.json",
        "-o",
        "g.json",
        "--measure",
        "raw",
        "--min-active-seconds",
        "0",
    )
    for done in (run_here(here, *command, "-q"), run_here(here, "fxnorm", "measure", "sounds", "--target", "f.json")):
        assert "internal error" not in done.stderr
        assert done.returncode == 2
        assert "f.json: " in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["data rates_hz", "data channels", "config layers", "system", "config"])
@pytest.mark.parametrize("value", [DEEP, None, [[]], 1e400])
def test_a_model_of_another_shape_is_refused(here: Path, name: str, value: Any) -> None:
    in_json(here / "riff/config.json", *name.split(), value=value)
    refused(run_here(here, "generate", "caw", "riff", "-o", "out", "--seconds", "0.2", "-d", "cpu"), "riff")


def test_a_scale_that_lacks_a_part_is_refused(here: Path) -> None:
    (path, *_) = sorted((here / "riff/scales").rglob("scale.safetensors"))
    in_header(path, lambda header: header.update(other=header.pop("amplitude")), lambda inner: inner.update(crc32={}))
    done = run_here(here, "generate", "caw", "riff", "-o", "out", "--seconds", "0.2", "-d", "cpu")
    refused(done, "scale.safetensors", "damaged")


SOUNDS = {
    "an Ogg page that begins nothing": b"OggS" + bytes(60),
    "an Ogg page cut in its table": b"OggS\0\2" + bytes(20) + b"\xff\0",
    "a CAF chunk beyond all files": b"caff\0\1\0\0free" + b"\x7f" + b"\xff" * 7 + bytes(64),
    "a CAF chunk of 2^64 bytes": b"caff\0\1\0\0free" + b"\xff" * 8 + bytes(64),
    "an MP4 box beyond all files": struct.pack(">I4sQ", 1, b"ftyp", (1 << 63) - 1) + bytes(64),
    "a W64 chunk beyond all files": b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00" + b"\xff" * 48 + bytes(64),
}


@pytest.mark.parametrize("what", SOUNDS)
def test_a_sound_whose_headers_lie_costs_its_file(here: Path, what: str) -> None:
    (here / "sounds/bad.bass.wav").write_bytes(SOUNDS[what])
    done = run_here(here, "melify", "sounds", "-o", "out", "--json")
    refused(done, "sounds/bad.bass.wav: ")
    assert {json.loads(line)["status"] for line in done.stdout.splitlines()} == {"ok", "error"}


LISTS: dict[str, tuple[bytes, str]] = {
    "a path that is a list": (b'{"path": ["in/a.wav"]}', "path is no text"),
    "a path that is a number": (b'{"path": 5}', "path is no text"),
    "a folder that is a number": (b'{"path": "sounds/good.bass.wav", "rel": 5}', "rel is no text"),
    "a folder that is 0": (b'{"path": "sounds/good.bass.wav", "rel": 0}', "rel is no text"),
    "a song that is an object": (b'{"path": "sounds/good.bass.wav", "song": {}}', "song is no text"),
    "a role that is true": (b'{"path": "sounds/good.bass.wav", "role": true}', "role is no text"),
    "a status that is a list": (b'{"path": "sounds/good.bass.wav", "status": []}', "status is no text"),
    "half a letter in a path": (b'{"path": "\\ud83d.wav"}', "path is no text that a file name can hold"),
    "half a letter in a role": (b'{"path": "sounds/good.bass.wav", "role": "\\udbff"}', "role is no text"),
    "NUL in a path": (b'{"path": "a\\u0000b.wav"}', "path is no text that a file name can hold"),
    "a record without end": (b'{"path":' + DEEP.encode(), "not a JSON record"),
    "half a record": (b'{"path": "sounds/go', "not a JSON record"),
    "names that end with NUL": (b"sounds/good.bass.wav\0sounds/bad.bass.wav\0", "-0"),
    "a sound": (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(500), "NUL bytes"),
    "a line of a million letters": (b"x" * 1_000_000, "can be no file name"),
    "a record with a path of a million letters": (b'{"path": "' + b"x" * 1_000_000 + b'"}', "can be no file name"),
}


@pytest.mark.parametrize("what", LISTS)
def test_what_is_no_list_is_one_short_line_and_starts_nothing(here: Path, what: str) -> None:
    data, word = LISTS[what]
    for before in (b"", b'{"path": "sounds/good.bass.wav"}\n'):
        done = run_here(here, "melify", "-", "-o", "out", input=before + data)
        assert (done.returncode, done.stdout) == (2, "")
        refused(done, "standard input", word)
        assert len(done.stderr) < 500
        assert not (here / "out").exists()


def test_null_and_missing_fields_of_a_record_are_unset(here: Path) -> None:
    record = b'{"path": "sounds/good.bass.wav", "role": null, "song": null, "rel": null, "status": null}\n'
    done = run_here(here, "melify", "-", "-o", "out", "--json", input=record)
    assert done.returncode == 0, done.stderr
    (made,) = map(json.loads, done.stdout.splitlines())
    assert (made["role"], made["rel"], made["status"]) == ("bass", "", "ok")


def test_a_record_that_names_a_folder_fails(here: Path) -> None:
    done = run_here(here, "melify", "-", "-o", "out", input=b'{"path": "sounds"}\n')
    assert (done.returncode, done.stdout) == (1, "")
    refused(done, "gantools melify: sounds: is a folder; give a file")


def test_a_name_beyond_what_the_disk_takes_costs_its_file(here: Path) -> None:
    names = f"sounds/good.bass.wav\n{'y' * 300}.wav\n".encode()
    done = run_here(here, "melify", "-", "-o", "out", "--json", input=names)
    assert done.returncode == 1
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ok", "error"]


def test_a_name_of_nothing_but_an_ending_is_a_name(here: Path) -> None:
    done = run_here(here, "fxnorm", "measure", "-", "--json", input=b"sounds/good.bass.wav\n.wav\n")
    assert done.returncode == 1
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ok", "error"]
    refused(done, "gantools fxnorm: .wav: cannot be read")
