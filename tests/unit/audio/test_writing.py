"""Files as they are written: exact samples, no clipping, sizes beyond 32 bits, equal bytes, kept bit rates."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from gantools.audio.bitdepth import to_integers
from gantools.audio.bitrate import bit_rate
from gantools.audio.formats import CONTAINERS, SourceFormat, choose, written_as
from gantools.audio.io import AudioReader, read_audio
from gantools.audio.tags import Tags, read_tags, riff
from gantools.audio.writing import CEILING, AudioWriter, loudness_notice, lowering, write_audio
from gantools.errors import InputError

RATE_HZ = 44100


def noise(frames: int, channels: int = 2, level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(3).standard_normal((frames, channels))).astype(np.float32)


@pytest.mark.parametrize(("subtype", "bits"), [("PCM_U8", 8), ("PCM_16", 16), ("PCM_24", 24), ("PCM_32", 32)])
def test_integers_that_became_samples_come_back_unchanged(subtype: str, bits: int) -> None:
    codes = np.array([-(2 ** (bits - 1)), -12345 % 2 ** (bits - 2), -1, 0, 1, 2 ** (bits - 1) - 1], np.int64)
    samples = (codes / 2.0 ** (bits - 1)).astype(np.float64 if bits == 32 else np.float32)
    width = 16 if bits <= 16 else 32
    np.testing.assert_array_equal(to_integers(samples, subtype), codes << (width - bits))


def test_full_scale_and_beyond_are_the_outermost_integers() -> None:
    np.testing.assert_array_equal(to_integers(np.float32([1, 1.5, -1, -7]), "PCM_16"), [32767, 32767, -32768, -32768])
    np.testing.assert_array_equal(to_integers(np.float32([1, -1]), "PCM_32"), [2**31 - 1, -(2**31)])


@pytest.mark.parametrize("ending", ["wav", "flac", "aiff", "w64", "caf", "au", "rf64"])
@pytest.mark.parametrize(("bits", "kind", "width"), [("16", np.int16, 16), ("24", np.int32, 24)])
def test_reading_and_writing_changes_no_sample(tmp_path: Path, ending: str, bits: str, kind: type, width: int) -> None:
    full = 2 ** (width - 1)
    codes = np.random.default_rng(1).integers(-full, full, (3001, 1))
    codes[:2, 0] = -full, full - 1
    soundfile.write(
        tmp_path / "a.wav", (codes << (8 * np.dtype(kind).itemsize - width)).astype(kind), RATE_HZ, f"PCM_{bits}"
    )
    wave, _ = read_audio(tmp_path / "a.wav")
    with AudioWriter(tmp_path / f"b.{ending}", RATE_HZ, 1, bits) as writer:
        writer.append(wave.T)
    before, after = (soundfile.read(tmp_path / name, dtype="int32")[0] for name in ("a.wav", f"b.{ending}"))
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "m4a", "aiff"])
def test_what_would_clip_is_lowered_as_a_whole(tmp_path: Path, ending: str) -> None:
    wave = 3 * np.sin(np.arange(20000) / 7).astype(np.float32)[:, None]
    with AudioWriter(tmp_path / f"a.{ending}", RATE_HZ) as writer:
        writer.append(wave[:9000])
        writer.append(wave[9000:])
    assert writer.clipped == 0
    assert writer.gain == pytest.approx(CEILING / np.abs(wave).max())
    assert "lowered by 9.5 dB" in writer.notice
    made, _ = read_audio(tmp_path / f"a.{ending}")
    # AAC begins with its own delay, and all lossy formats change samples a little.
    assert np.abs(made).max() == pytest.approx(CEILING, abs=1e-4 if ending in ("wav", "flac", "aiff") else 0.1)


def test_floating_point_is_not_lowered_and_says_so(tmp_path: Path) -> None:
    with AudioWriter(tmp_path / "a.wav", RATE_HZ, bits="32f") as writer:
        writer.append(np.float32([0.5, -4.0]))
    assert writer.gain == 1
    assert "12.0 dB above full scale are kept" in writer.notice
    assert soundfile.read(tmp_path / "a.wav")[0].tolist() == [0.5, -4.0]
    assert lowering(1.0, "PCM_16") == 1
    assert lowering(4.0, "FLOAT") == 1


@pytest.mark.parametrize("ending", sorted(CONTAINERS))
def test_equal_samples_give_equal_bytes(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for name in "ab":
        with AudioWriter(tmp_path / f"{name}{ending}", 48000, 2, "32f", tags=Tags((("TITLE", "a"),))) as writer:
            writer.append(noise(5000))
        made.append((tmp_path / f"{name}{ending}").read_bytes())
    assert made[0] == made[1]
    if b"PEAK" in made[0][:4096]:
        place = made[0].index(b"PEAK")
        assert made[0][place + 12 : place + 16] == bytes(4)


def test_a_file_beyond_the_limit_of_wav_becomes_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riff, "LARGEST_RIFF", 20000)
    tags = Tags(family="riff", parts=((b"bext", bytes(602)), (b"odd ", b"123"), (b"even", b"1234")))
    block = noise(1000)
    with AudioWriter(tmp_path / "a.wav", RATE_HZ, 2, "32f", tags=tags) as writer:
        for _ in range(5):
            writer.append(block)
    data = (tmp_path / "a.wav").read_bytes()
    assert (data[:8], data[12:16]) == (b"RF64\xff\xff\xff\xff", b"ds64")
    riff_bytes, data_bytes, frames = struct.unpack_from("<QQQ", data, 20)
    assert (riff_bytes, data_bytes, frames) == (len(data) - 8, 5000 * 8, 5000)
    found = soundfile.info(tmp_path / "a.wav")
    assert (found.format, found.frames) == ("RF64", 5000)
    assert dict(read_tags(tmp_path / "a.wav").chunks) == dict(tags.parts)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0].T, np.tile(block, (5, 1)))


def test_a_short_wav_stays_plain_and_rf64_stays_rf64(tmp_path: Path) -> None:
    with AudioWriter(tmp_path / "a.wav", RATE_HZ) as writer:
        writer.append(noise(10, 1))
    data = (tmp_path / "a.wav").read_bytes()
    assert data[:4] == b"RIFF"
    assert data[12:16] == b"fmt "  # nothing before it, for readers that count bytes
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    soundfile.write(tmp_path / "b.wav", noise(1001, 1), RATE_HZ, "PCM_24", format="RF64")
    with AudioReader(tmp_path / "b.wav") as reader, AudioWriter(tmp_path / "c.wav", RATE_HZ, like=reader) as writer:
        for part in reader.blocks():
            writer.append(part)
    assert soundfile.info(tmp_path / "c.wav").format == "RF64"
    np.testing.assert_array_equal(soundfile.read(tmp_path / "c.wav")[0], soundfile.read(tmp_path / "b.wav")[0])


def test_aiff_beyond_its_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riff, "LARGEST_RIFF", 1000)
    refused = pytest.raises(InputError, match=r"a\.aiff: AIFF holds no more than 4 GiB; write \.wav")
    with refused, AudioWriter(tmp_path / "a.aiff", RATE_HZ, gain=1.0) as writer:
        writer.append(noise(1000, 1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("source", "bits", "name", "expected"), [
    ("PCM_24", "source", "a.wav", "PCM_24"),
    ("PCM_24", "16", "a.wav", "PCM_16"),
    ("FLOAT", "source", "a.wav", "FLOAT"),
    ("FLOAT", "source", "a.flac", "PCM_24"),
    ("DOUBLE", "source", "a.wav", "DOUBLE"),
    ("PCM_32", "source", "a.wav", "PCM_32"),
    ("PCM_32", "source", "a.flac", "PCM_24"),
    ("PCM_16", "source", "a.flac", "PCM_16"),
    ("PCM_16", "32f", "a.flac", "PCM_24"),
    ("PCM_U8", "source", "a.flac", "PCM_S8"),
    ("MPEG_LAYER_III", "source", "a.wav", "PCM_24"),
    ("ULAW", "source", "a.wav", "ULAW"),
    ("ULAW", "source", "a.flac", "PCM_16"),
    ("ALAC_24", "source", "a.wav", "PCM_24"),
    ("", "source", "a.wav", "PCM_16"),
])  # fmt: skip
def test_the_depth_of_the_source(source: str, bits: str, name: str, expected: str) -> None:
    container = {"MPEG_LAYER_III": "MP3", "ALAC_24": "M4A"}.get(source, "WAV")
    like = SourceFormat(Path("x"), container, source) if source else None
    assert choose(Path(name), bits, like)[1] == expected


def test_parts_of_coarse_sources_are_linear() -> None:
    for subtype in ("ULAW", "IMA_ADPCM", "PCM_U8"):
        assert SourceFormat(Path("x"), "WAV", subtype).for_parts().subtype == "PCM_16"
    assert SourceFormat(Path("x"), "WAV", "PCM_32").for_parts().subtype == "PCM_32"


def test_what_is_not_written_has_a_near_format(tmp_path: Path) -> None:
    assert [written_as(name) for name in ("a.wav", "a.M4A", "a.ogg", "missing.xyz")] == ["wav", "M4A", "ogg", "wav"]
    soundfile.write(tmp_path / "a.bwf", noise(100), RATE_HZ, format="WAV")
    assert written_as(tmp_path / "a.bwf") == "wav"
    encoded(tmp_path / "a.mka", "aac", 128000)
    encoded(tmp_path / "b.mkv", "pcm_s16le", 0)
    encoded(tmp_path / "c.webm", "libopus", 96000)
    encoded(tmp_path / "d.mp4", "aac", 96000)
    names = ("a.mka", "b.mkv", "c.webm", "d.mp4")
    assert [written_as(tmp_path / name) for name in names] == ["m4a", "flac", "opus", "m4a"]


def encoded(path: Path, codec: str, bps: int, **options: str) -> Path:
    """Write two seconds of noise with ffmpeg's encoder."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48000, layout="stereo", options=options)
        stream.bit_rate = bps
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(noise(96000).T), format="fltp", layout="stereo")
        frame.sample_rate = 48000
        packed = av.AudioResampler(stream.format.name, "stereo", 48000, stream.frame_size or None)
        for one in [*packed.resample(frame), *packed.resample(None)]:
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("name", "codec", "bps"), [
    ("a.mp3", "libmp3lame", 256000),
    ("a.mp3", "libmp3lame", 96000),
    ("a.opus", "libopus", 160000),
    ("a.m4a", "aac", 192000),
])  # fmt: skip
def test_lossy_files_keep_their_bit_rate(tmp_path: Path, name: str, codec: str, bps: int) -> None:
    source = encoded(tmp_path / name, codec, bps)
    before = bit_rate(source)
    (tmp_path / "out").mkdir()
    with AudioReader(source) as reader, AudioWriter(tmp_path / "out" / name, 48000, 2, like=reader) as writer:
        for part in reader.blocks():
            writer.append(part)
    after = bit_rate(tmp_path / "out" / name)
    assert before is not None
    assert after is not None
    assert after.bps == pytest.approx(before.bps, rel=0.08)
    assert after.constant == before.constant


@pytest.mark.parametrize("level", [0.2, 0.5, 0.8])
def test_vorbis_keeps_its_quality(tmp_path: Path, level: float) -> None:
    options = {"format": "OGG", "subtype": "VORBIS", "compression_level": level}
    with soundfile.SoundFile(tmp_path / "a.ogg", "w", RATE_HZ, 2, **options) as file:
        file.write(noise(RATE_HZ))
    with AudioReader(tmp_path / "a.ogg") as reader, AudioWriter(tmp_path / "b.ogg", RATE_HZ, 2, like=reader) as writer:
        for part in reader.blocks():
            writer.append(part)
    before, after = bit_rate(tmp_path / "a.ogg"), bit_rate(tmp_path / "b.ogg")
    assert before is not None
    assert after is not None
    assert after.bps == pytest.approx(before.bps, rel=0.01)  # the rate that the headers name


def test_alac_stays_alac_and_exact(tmp_path: Path) -> None:
    codes = np.random.default_rng(1).integers(-32768, 32768, (5000, 2)).astype(np.float32) / 32768
    like = SourceFormat(tmp_path / "x.m4a", "M4A", "ALAC_16")
    with AudioWriter(tmp_path / "a.m4a", RATE_HZ, 2, like=like) as writer:
        writer.append(codes)
    with AudioReader(tmp_path / "a.m4a") as reader:
        assert SourceFormat.of(reader).subtype == "ALAC_16"
        np.testing.assert_array_equal(np.concatenate(list(reader.blocks())), codes)


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    for gain in (None, 1.0):
        with pytest.raises(RuntimeError), AudioWriter(tmp_path / "a.wav", RATE_HZ, gain=gain) as writer:
            writer.append(noise(100, 1))
            raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_empty_block_adds_nothing(tmp_path: Path) -> None:
    for gain in (None, 1.0):
        with AudioWriter(tmp_path / "a.wav", RATE_HZ, 2, gain=gain) as writer:
            writer.append(np.zeros((0, 2), np.float32))
            writer.append(noise(10))
        assert soundfile.info(tmp_path / "a.wav").frames == 10


def test_what_is_lowered_and_what_is_said_at_the_limit() -> None:
    assert [lowering(peak, "PCM_16") for peak in (0.0, 1.0, 1.5, 3.0)] == [1, 1, CEILING / 1.5, CEILING / 3]
    assert [lowering(peak, "DOUBLE") for peak in (0.5, 1.5)] == [1, 1]
    assert [loudness_notice(peak, 1.0) for peak in (0.5, 1.0)] == ["", ""]
    assert loudness_notice(1.5, 1.0) == "peaks 3.5 dB above full scale are kept: floating point holds them"
    assert loudness_notice(1.5, 0.5) == (
        "its peaks would be 3.5 dB above full scale; lowered by 6.0 dB, so that nothing clips"
    )


@pytest.mark.parametrize("bits", ["16", "32f"])
def test_a_gain_that_is_given_is_applied_and_what_clips_is_counted(tmp_path: Path, bits: str) -> None:
    with AudioWriter(tmp_path / "a.wav", RATE_HZ, 2, bits, gain=2.0, frames=3) as writer:
        assert (writer.frames, writer.peak, writer.clipped, writer.notice) == (0, 0, 0, "")
        writer.append(np.float32([[0.5, -0.5], [0.75, -0.625]]))
        writer.append(np.float32([[0.25, -0.125]]))
    assert (writer.frames, writer.peak, writer.gain) == (3, 0.75, 2.0)
    assert writer.clipped == (2 if bits == "16" else 0)
    expected = np.array([[1, -1], [1.5, -1.25], [0.5, -0.25]])
    made = soundfile.read(tmp_path / "a.wav")[0]
    np.testing.assert_allclose(made, np.clip(expected, -1, 1) if bits == "16" else expected, atol=1 / 32767)


def test_samples_wait_beside_their_file_and_come_back_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantools.audio.writing._MEMORY_BYTES", 100)
    monkeypatch.setattr("gantools.audio.writing._BLOCK_FRAMES", 7)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))  # the disk of the result is the one with room
    codes = np.random.default_rng(0).integers(-32768, 32767, (100, 2)).astype(np.float32) / 32768
    with AudioWriter(tmp_path / "a.wav", RATE_HZ, 2) as writer:
        for block in np.split(codes, [1, 30]):
            writer.append(block)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "a.wav")[0], codes)
    assert (writer.frames, writer.peak) == (100, np.abs(codes).max())


def test_each_seed_has_its_dither_and_none_has_none(tmp_path: Path) -> None:
    def codes(dither: int | None) -> list[int]:
        with AudioWriter(tmp_path / "a.wav", RATE_HZ, dither=dither) as writer:
            writer.append(np.full(200, 0.1 + 0.3 / 32768, np.float32))
        return soundfile.read(tmp_path / "a.wav", dtype="int16")[0].tolist()

    assert len(set(codes(None))) == 1
    made = {tuple(codes(seed)) for seed in (0, 1, 2)}
    assert len(made) == 3
    assert codes(0) in map(list, made)
    assert all(len(set(one)) > 1 for one in made)


@pytest.mark.parametrize("gain", [None, 1.0])
def test_what_a_format_cannot_hold_is_refused_before_the_work(tmp_path: Path, gain: float | None) -> None:
    with pytest.raises(InputError) as refused, AudioWriter(tmp_path / "a.mp3", RATE_HZ, 3, gain=gain):
        pytest.fail("work begins that will be refused")
    assert str(refused.value.path) == str(tmp_path / "a.mp3")
    assert list(tmp_path.iterdir()) == []


def test_an_error_at_the_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riff, "LARGEST_RIFF", 1000)
    with pytest.raises(InputError, match="4 GiB"), AudioWriter(tmp_path / "a.aiff", RATE_HZ) as writer:
        writer.append(noise(1000, 1))
    assert list(tmp_path.iterdir()) == []


def test_whole_waves_are_written_channel_by_channel(tmp_path: Path) -> None:
    wave = np.float32([[0.5, 0.25, 0.125], [-0.5, -0.25, -0.125]])
    writer = write_audio(tmp_path / "a.wav", wave, 8000)
    assert (writer.frames, writer.peak, writer.subtype, writer.container) == (3, 0.5, "PCM_16", "WAV")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "a.wav")[0], wave.T)
    assert write_audio(tmp_path / "b.wav", wave[0], 8000, "24").subtype == "PCM_24"
    np.testing.assert_array_equal(soundfile.read(tmp_path / "b.wav")[0], wave[0])
