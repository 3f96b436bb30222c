"""Sound as it exists: compressed by others, written to pipes, joined, cut short, and headers that promise too much."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from encoding import encode
from sounds import stem, tone

from gantools.audio.io import AudioReader
from gantools.audio.writing import AudioWriter
from gantools.effects.stem import read_stem
from gantools.errors import InputError

ENCODED = Path(__file__).parent / "encoded"
#: Blocks end inside of frames of every codec.
BLOCK = 1000
#: Half a step of ffmpeg's 16-bit references, and the float arithmetic of two decoders; lame rounds twice.
TOLERANCE = {"ffmpeg": 0.5 / 32768 + 2e-6, "lame": 1.5 / 32768}
MUSIC = stem("bass", 1.2, 44100)
PCM = (np.random.default_rng(0).integers(-9000, 9000, (6000, 2))).astype("<i2")


def read(path: Path) -> tuple[np.ndarray, int]:
    """Return a file read in short blocks, and its rate."""
    with AudioReader(path) as reader:
        return np.concatenate([block.copy() for block in reader.blocks(BLOCK)]), reader.rate_hz


def read_whole(path: Path) -> np.ndarray:
    """Return a file read by libsndfile at once, where its decoder of MP3 is not interrupted: an independent decoder."""
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def duration(gantools, path: Path) -> float:
    """Return the length that a verb sees, in seconds."""
    done = gantools("fxnorm", "measure", path, "--json", "-q")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["duration_s"]


@pytest.mark.parametrize(
    ("name", "reference", "decoder"),
    [
        ("vbr", "vbr", "ffmpeg"),
        ("abr", "abr", "ffmpeg"),
        ("piped", "piped", "ffmpeg"),
        ("picture", "vbr", "ffmpeg"),
        ("free", "free", "lame"),
    ],
)
def test_mp3_files_of_lame_are_sample_exact(name: str, reference: str, decoder: str) -> None:
    """Variable and average bit rate with gapless lengths, no Xing header behind a quiet intro, an ID3v2.4 picture, and
    free format, against what the programs ffmpeg and lame decode."""
    expected = read_whole(ENCODED / f"{reference}.flac")
    found, rate_hz = read(ENCODED / f"{name}.mp3")
    assert rate_hz == 44100
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= TOLERANCE[decoder]


@pytest.mark.parametrize("rate_hz", [32000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [{"qscale": q} for q in (0, 2, 4, 6, 9)] + [{"bit_rate": 128000}, {"abr": 1}])
def test_mp3_of_every_kind_has_no_clicks_at_the_edges_of_blocks(
    tmp_path: Path, rate: dict[str, int], channels: int, rate_hz: int
) -> None:
    options = {"global_quality": 118 * rate["qscale"], "flags": "+qscale"} if "qscale" in rate else rate
    wave = MUSIC[:20000, :channels]
    path = encode(tmp_path / "a.mp3", wave, rate_hz, "libmp3lame", bit_rate=options.pop("bit_rate", 0), **options)
    expected, found = read_whole(path), read(path)[0]
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5


def test_mp3_without_a_header_is_read_to_its_end(tmp_path: Path, gantools) -> None:
    encode(tmp_path / "piped.mp3", MUSIC, 44100, "libmp3lame", mux_write_xing=0, global_quality=472, flags="+qscale")
    # What the encoder adds is unknown without the header: a delay of 1105 samples, and up to two frames.
    assert 0 <= len(read(tmp_path / "piped.mp3")[0]) - len(MUSIC) < 3 * 1152
    assert duration(gantools, tmp_path / "piped.mp3") == pytest.approx(1.2, abs=0.08)


def test_joined_mp3_files_are_read_through(tmp_path: Path) -> None:
    """`cat a.mp3 b.mp3`, the tags and the picture of the second in the middle."""
    data = (ENCODED / "picture.mp3").read_bytes()
    (tmp_path / "joined.mp3").write_bytes(data + data)
    found, alone = read(tmp_path / "joined.mp3")[0], read(ENCODED / "picture.mp3")[0]
    np.testing.assert_array_equal(found[: len(alone)], alone)
    # ffmpeg 8 has 1387 samples more before the second: what it cannot tell from sound in the middle of a file.
    second = found[-len(alone) - 2 * 1152 :]
    shift = next(n for n in range(2 * 1152 + 1) if np.array_equal(second[n + 4000 : n + 4100], alone[4000:4100]))
    np.testing.assert_allclose(second[shift + 4000 : shift + 24000], alone[4000:24000], atol=1e-6)


LOSSLESS = [
    ("a.m4a", "alac", "s16p"),
    ("a.wv", "wavpack", "s16p"),
    ("a.tta", "tta", "s16"),
    ("a.mka", "flac", "s16"),
    ("a.oga", "flac", "s16"),
]


@pytest.mark.parametrize(("name", "codec", "kind"), LOSSLESS)
def test_lossless_codecs_give_the_samples_that_went_in(tmp_path: Path, name: str, codec: str, kind: str) -> None:
    muxer = {"a.mka": "matroska", "a.oga": "ogg"}.get(name)
    path = encode(tmp_path / name, PCM / np.float32(32768), 44100, codec, muxer, sample_format=kind)
    found, rate_hz = read(path)
    assert rate_hz == 44100
    np.testing.assert_array_equal(found * 32768, PCM)


LOSSY = [
    ("a.m4a", "aac", {}, 44100),
    ("a.aac", "aac", {}, 44100),
    ("a.mp4", "aac", {}, 44100),
    ("a.opus", "libopus", {"sample_format": "s16"}, 48000),
    ("a.webm", "libopus", {"sample_format": "s16"}, 48000),
    ("a.wma", "wmav2", {}, 44100),
    ("a.mkv", "ac3", {}, 48000),
    ("a.mp2", "mp2", {"sample_format": "s16"}, 44100),
]


@pytest.mark.parametrize(("name", "codec", "options", "rate_hz"), LOSSY)
def test_lossy_codecs_are_decoded_in_place(tmp_path: Path, name: str, codec: str, options: dict, rate_hz: int) -> None:
    """The sound comes back within what the codec loses. Where the container says what the encoder added in front
    (M4A, Opus, WebM) nothing is shifted."""
    path = encode(tmp_path / name, MUSIC, rate_hz, codec, bit_rate=192000, **options)
    found, found_hz = read(path)
    assert found_hz == rate_hz
    assert found.shape[1] == 2
    if name.endswith((".aac", ".wma", ".mkv", ".mp2")):
        size = 1 << 17
        spectrum = np.fft.rfft(found[:, 0], size) * np.conj(np.fft.rfft(MUSIC[:, 0], size))
        lag = int(np.argmax(np.roll(np.fft.irfft(spectrum), 4096)[:8192])) - 4096
        found = found[lag:] if lag > 0 else np.concatenate([np.zeros((-lag, 2), np.float32), found])
    n = min(len(found), len(MUSIC))
    assert n >= len(MUSIC) - 4096
    part = slice(4096, n - 4096) if name.endswith(".wma") else slice(0, n)  # WMA has no first and last block
    error = found[part] - MUSIC[part]
    assert 10 * np.log10((error**2).sum() / (MUSIC[part] ** 2).sum()) < -15


def test_the_content_decides_and_not_the_ending(tmp_path: Path) -> None:
    encode(tmp_path / "a.m4a", PCM / np.float32(32768), 44100, "alac", sample_format="s16p")
    for name in ("a.wav", "a.mp3", "song of the year"):
        os.replace(next(tmp_path.iterdir()), tmp_path / name)
        np.testing.assert_array_equal(read(tmp_path / name)[0] * 32768, PCM)


def test_a_folder_of_several_kinds_is_read_and_said(tmp_path: Path, gantools) -> None:
    (tmp_path / "in").mkdir()
    encode(tmp_path / "in/a.m4a", MUSIC, 44100, "aac")
    soundfile.write(tmp_path / "in/b.wav", MUSIC, 44100)
    done = gantools("melify", "in", "-o", "out")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == "gantools melify: 2 done (1 m4a, 1 wav)\n"


# Ogg


def write_ogg(path: Path, wave: np.ndarray, rate_hz: int = 44100, subtype: str = "VORBIS") -> bytes:
    soundfile.write(path, wave, rate_hz, format="OGG", subtype=subtype)
    return path.read_bytes()


@pytest.mark.parametrize(("subtype", "rate_hz"), [("VORBIS", 44100), ("OPUS", 48000)])
def test_all_streams_of_a_chain_are_read(tmp_path: Path, subtype: str, rate_hz: int, gantools) -> None:
    parts = [tone(0.7, rate_hz, 2), tone(0.5, rate_hz, 2, hz=300.0), tone(0.3, rate_hz, 2, hz=90.0)]
    alone, whole = [], b""
    for number, part in enumerate(parts):
        whole += write_ogg(tmp_path / f"{number}.ogg", part, rate_hz, subtype)
        alone.append(read(tmp_path / f"{number}.ogg")[0])
    (tmp_path / "chain.ogg").write_bytes(whole)
    np.testing.assert_array_equal(read(tmp_path / "chain.ogg")[0], np.concatenate(alone))
    assert duration(gantools, tmp_path / "chain.ogg") == pytest.approx(1.5, abs=1e-3)


def test_flac_in_ogg_may_be_chained_too(tmp_path: Path) -> None:
    whole = b""
    for number in range(2):
        path = encode(tmp_path / f"{number}.oga", PCM / np.float32(32768), 44100, "flac", "ogg", sample_format="s16")
        whole += path.read_bytes()
    (tmp_path / "chain.oga").write_bytes(whole)
    np.testing.assert_array_equal(read(tmp_path / "chain.oga")[0] * 32768, np.concatenate([PCM, PCM]))


@pytest.mark.parametrize(("rate_hz", "channels"), [(48000, 2), (44100, 1)])
def test_a_chain_that_changes_is_refused_with_the_place(tmp_path: Path, rate_hz: int, channels: int) -> None:
    first = write_ogg(tmp_path / "1.ogg", tone(0.5, 44100, 2))
    second = write_ogg(tmp_path / "2.ogg", tone(0.5, rate_hz, channels), rate_hz)
    (tmp_path / "chain.ogg").write_bytes(first + second)
    with pytest.raises(InputError, match=rf"changes from 44100 Hz, 2 .* to {rate_hz} Hz, {channels} .* at 0\.50 s"):
        read(tmp_path / "chain.ogg")


# Cut short


def _cut_kinds(folder: Path) -> dict[str, Path]:
    pcm = PCM / np.float32(32768)
    for suffix in ("wav", "aiff", "w64", "caf", "au", "flac", "ogg"):
        soundfile.write(folder / f"a.{suffix}", pcm, 44100)
    soundfile.write(folder / "rf64.wav", pcm, 44100, format="RF64")
    encode(folder / "a.mp3", MUSIC, 44100, "libmp3lame")
    encode(folder / "a.m4a", MUSIC, 44100, "aac")
    encode(folder / "front.m4a", MUSIC, 44100, "aac", mux_movflags="+faststart")
    encode(folder / "a.opus", MUSIC, 48000, "libopus", sample_format="s16")
    encode(folder / "a.webm", MUSIC, 48000, "libopus", sample_format="s16")
    encode(folder / "a.wma", MUSIC, 44100, "wmav2", bit_rate=128000)
    encode(folder / "a.wv", np.tile(pcm, (10, 1)), 44100, "wavpack", sample_format="s16p")
    return {path.name: path for path in sorted(folder.iterdir())}


def test_what_is_cut_short_is_refused_and_what_is_whole_is_not(tmp_path: Path) -> None:
    kinds = _cut_kinds(tmp_path)
    assert len(kinds) == 15
    for name, path in kinds.items():
        read(path)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(InputError, match=r"truncated|decoding fails") as error:
            read(path)
        assert name in ("a.flac", "a.wv") or "truncated" in str(error.value), name


# Headers that were never completed


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content + b"\0" * (len(content) % 2)


def wav(size: int, riff: int, *, data: bytes = PCM.tobytes(), rate_hz: int = 44100, channels: int = 2) -> bytes:
    layout = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * 2 * channels & 0xFFFFFFFF, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVE" + chunk(b"fmt ", layout) + chunk(b"data", data, size)


def rf64(name: bytes, size: int) -> bytes:
    sizes = struct.pack("<QQQI", 0, size, 0, 0)
    layout = struct.pack("<HHIIHH", 1, 2, 44100, 176400, 4, 16)
    ds64 = chunk(b"ds64", sizes)
    return name + b"\xff" * 4 + b"WAVE" + ds64 + chunk(b"fmt ", layout) + chunk(b"data", PCM.tobytes(), 0xFFFFFFFF)


FULL = PCM.nbytes
HEADERS = {
    "zero": wav(0, 0),
    "zero but for the file": wav(0, FULL + 36),
    "largest": wav(0xFFFFFFFF, 0xFFFFFFFF),
    "largest but for the file": wav(0xFFFFFFFF, FULL + 36),
    "as SoX writes to a pipe": wav(0x7FFFF000, 0x7FFFF024),
    "as arecord writes to a pipe": wav(0x80000000, 0x80000024),
    "no size of the file": wav(FULL, 0),
    "RF64": rf64(b"RF64", FULL),
    "BW64": rf64(b"BW64", FULL),
    "RF64, never completed": rf64(b"RF64", 0),
    "BW64, largest": rf64(b"BW64", (1 << 64) - 1),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_headers_that_were_never_completed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.wav").write_bytes(HEADERS[kind])
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0] * 32768, PCM)


@pytest.mark.parametrize("missing", [1, 3])
def test_an_odd_size_costs_the_torn_frame_only(tmp_path: Path, missing: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(FULL - missing, FULL - missing + 36, data=PCM.tobytes()[:-missing]))
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0] * 32768, PCM[:-1])


def test_an_empty_sound_before_other_chunks_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(0, 0, data=b"") + chunk(b"LIST", b"INFO"))
    with pytest.raises(InputError, match="no samples"):
        read(tmp_path / "a.wav")


def test_flac_that_was_written_to_a_pipe(tmp_path: Path, gantools) -> None:
    soundfile.write(tmp_path / "a.flac", PCM, 44100)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0  # the 36 bits of the length
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    np.testing.assert_array_equal(read(tmp_path / "a.flac")[0] * 32768, PCM)
    assert read_stem(tmp_path / "a.flac").wave.shape == (2, len(PCM))
    assert gantools("melify", "a.flac", "-o", "out").returncode == 0


def test_flac_of_32_bits(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", MUSIC, 44100, "flac", sample_format="s32", strict="experimental")
    found = read(path)[0]
    assert np.abs(found - MUSIC).max() <= 2**-24


# Limits


@pytest.mark.parametrize("rate_hz", [0, 1, 999, 768_001, 0x7FFFFFFF, 0xFFFFFFFF])
def test_rates_outside_1_khz_to_768_khz_are_refused(tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(FULL, FULL + 36, rate_hz=rate_hz))
    with pytest.raises(InputError, match=r"1 kHz to 768 kHz|not an audio file"):
        AudioReader(tmp_path / "a.wav")


@pytest.mark.parametrize("rate_hz", [1000, 768_000])
def test_rates_at_the_limits_are_read(tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(FULL, FULL + 36, rate_hz=rate_hz))
    assert read(tmp_path / "a.wav")[1] == rate_hz


def test_channels_beyond_256_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(FULL, FULL + 36, channels=257))
    with pytest.raises(InputError, match="257 channels; up to 256"):
        AudioReader(tmp_path / "a.wav")


@pytest.mark.parametrize(("level", "fine"), [(9.9e5, True), (1.1e6, False), (1e20, False), (-1e38, False)])
def test_samples_beyond_120_dbfs_are_refused(tmp_path: Path, level: float, fine: bool) -> None:
    wave = tone(0.1, 44100)
    wave[2205] = level
    soundfile.write(tmp_path / "a.bass.wav", wave, 44100, subtype="FLOAT")
    if fine:
        read(tmp_path / "a.bass.wav")
        return
    for nan in ("error", "zero"):
        with pytest.raises(InputError, match=r"beyond \+120 dBFS at 0.05 s"):
            read_stem(tmp_path / "a.bass.wav", nan=nan)


def test_one_such_file_costs_that_file(tmp_path: Path, gantools) -> None:
    """Samples of 1e20 once killed the process inside a compiled loop."""
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in/a.bass.wav", MUSIC, 44100)
    hot = MUSIC.copy()
    hot[20000:20100] = 1e20
    soundfile.write(tmp_path / "in/b.bass.wav", hot, 44100, subtype="FLOAT")
    (tmp_path / "in/c.bass.wav").write_bytes(wav(FULL, FULL + 36, rate_hz=1))
    done = gantools("fxnorm", "apply", "in", "-o", "out", "--target", "musdb18")
    assert done.returncode == 1
    assert [line.split(": ")[1] for line in done.stderr.splitlines() if ": in/" in line] == [
        "in/b.bass.wav",
        "in/c.bass.wav",
    ]
    assert (tmp_path / "out/a.bass.wav").exists()


@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg", "rf64", "caf"])
def test_a_length_that_no_file_holds_takes_no_memory(tmp_path: Path, kind: str, monkeypatch) -> None:
    """A header that claims hours in a small file is refused, and no array is made for the hours."""
    path = tmp_path / f"a.{kind}"
    if kind == "mp3":
        data = bytearray(encode(path, MUSIC, 44100, "libmp3lame").read_bytes())
        place = max(data.find(b"Xing"), data.find(b"Info"))
        data[place + 8 : place + 12] = b"\x7f\xff\xff\xff"
    elif kind == "rf64":
        data = bytearray(rf64(b"RF64", 1 << 45))
    else:
        soundfile.write(path, MUSIC, 44100)
        data = bytearray(path.read_bytes())
        if kind == "flac":
            data[21:26] = bytes([data[21] | 0xF]) + b"\xff" * 4
        elif kind == "ogg":
            data = _with_last_position(data, 1 << 60)
        else:
            place = data.find(b"data") + 4
            data[place : place + 8] = struct.pack(">q", 1 << 50)
    path.write_bytes(data)
    largest = 0
    allocate = np.empty

    def counted(shape, *args, **kwargs):
        nonlocal largest
        largest = max(largest, int(np.prod(shape)))
        return allocate(shape, *args, **kwargs)

    monkeypatch.setattr(np, "empty", counted)
    with pytest.raises(InputError, match="truncated"):
        read_stem(path)
    assert largest <= 1 << 24


def _with_last_position(data: bytearray, position: int) -> bytearray:
    """Return an Ogg file whose last page claims to end at a sample, with the checksum of that page."""
    start = data.rfind(b"OggS")
    page = data[start:]
    page[6:14], page[22:26] = struct.pack("<q", position), bytes(4)
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ (0x104C11DB7 if checksum & 0x80000000 else 0)) & 0xFFFFFFFF
    page[22:26] = struct.pack("<I", checksum)
    return data[:start] + page


# Pipes, devices, folders


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.wav")
    for path, word in ((tmp_path / "p.wav", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=word):
            AudioReader(path)


# Loud is not clipped


def test_float_above_full_scale_is_not_called_clipped(tmp_path: Path, gantools) -> None:
    soundfile.write(tmp_path / "hot.bass.wav", 6 * MUSIC, 44100, subtype="FLOAT")
    soundfile.write(tmp_path / "flat.bass.wav", np.clip(6 * MUSIC, -1, 1), 44100, subtype="PCM_16")
    assert np.abs(6 * MUSIC).max() > 2
    assert read_stem(tmp_path / "hot.bass.wav").clipped_runs == 0
    assert read_stem(tmp_path / "flat.bass.wav").clipped_runs > 10
    done = gantools("fxnorm", "apply", "hot.bass.wav", "flat.bass.wav", "-o", "out", "--target", "musdb18")
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines() if "clipped in" in line] == [
        "flat.bass.wav"
    ]


# What libraries would say by themselves


def test_decoders_say_nothing(tmp_path: Path, gantools) -> None:
    """A damaged MP3, and one in free format: one line for each, ours."""
    data = bytearray((ENCODED / "vbr.mp3").read_bytes())
    for place in range(4000, len(data), 700):
        data[place : place + 40] = b"\xa5" * 40
    (tmp_path / "a.mp3").write_bytes(data)
    data = bytearray((ENCODED / "free.mp3").read_bytes())
    for place in range(9000, len(data), 900):
        data[place : place + 40] = b"\xa5" * 40
    (tmp_path / "b.mp3").write_bytes(data)
    done = gantools("melify", "a.mp3", "b.mp3", "-o", "out")
    assert all(line.startswith("gantools melify: ") for line in done.stderr.splitlines()), done.stderr
    assert len(done.stderr.splitlines()) <= 3


# What an encoder cannot take


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels"), [("a.ogg", 384_000, 2), ("a.ogg", 44100, 256), ("a.flac", 200_001, 1)]
)
def test_rates_and_channels_that_an_encoder_cannot_take_are_refused(
    tmp_path: Path, name: str, rate_hz: int, channels: int
) -> None:
    """libsndfile kills the process where Vorbis is asked for more than 200 kHz, and writes FLAC that it cannot read."""
    with (
        pytest.raises(InputError, match=f"cannot hold {channels} channels at {rate_hz} Hz"),
        AudioWriter(tmp_path / name, rate_hz, channels) as writer,
    ):
        writer.append(np.zeros((1000, channels), np.float32))
    assert not list(tmp_path.iterdir())
