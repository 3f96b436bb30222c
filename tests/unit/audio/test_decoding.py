"""Sources: what a decoder says of a file before it reads it, the samples, and the descriptors that it gives back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from encoding import encode

from gantools.audio.decoding import ChainedSource, SoundfileSource, open_source
from gantools.audio.ffmpeg import FfmpegSource
from gantools.errors import InputError

ENCODED = Path(__file__).parents[2] / "cases/encoded"
PCM = np.random.default_rng(0).integers(-9000, 9000, (6000, 2)) / 32768


@pytest.fixture(autouse=True)
def no_descriptor_is_kept() -> Iterator[None]:
    """Each test closes what it opened; what is refused is closed by the one who refuses."""

    def there() -> set[str]:
        return set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()

    before = there()
    yield
    assert there() <= before  # what others left open may close meanwhile


def everything(path: Path, frames: int = 1000) -> np.ndarray:
    source, blocks = open_source(path), []
    while len(block := source.read(frames)):
        assert (block.dtype, block.shape[1]) == (np.float32, source.channels)
        assert len(block) <= frames
        blocks.append(block.copy())
    source.close()
    return np.concatenate(blocks)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("suffix", ["wav", "w64", "aiff", "caf", "au", "flac", "rf64"])
def test_what_libsndfile_reads_exactly_it_reads(tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, PCM[:, :channels], 8000)
    source = open_source(path)
    assert isinstance(source, SoundfileSource)
    assert (source.rate_hz, source.channels, source.subtype, source.slack_frames) == (8000, channels, "PCM_16", 0)
    assert source.container == {"rf64": "RF64"}.get(suffix, suffix.upper())
    assert source.frames == source.expected_frames == 6000
    source.close()
    np.testing.assert_array_equal(everything(path), PCM[:, :channels].astype(np.float32))


def test_a_stream_whose_length_nobody_wrote_promises_nothing(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", PCM, 8000)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    source = open_source(tmp_path / "a.flac")
    assert (source.frames, source.expected_frames) == (0, 0)
    source.close()


@pytest.mark.parametrize("frames", [3000, 1 << 33])
def test_what_only_ffmpeg_reads_has_the_length_of_its_header(tmp_path: Path, frames: int) -> None:
    wave = PCM[:3000].astype(np.float32)
    path = encode(tmp_path / "a.flac", wave, 8000, "flac", sample_format="s32", strict="experimental")
    data = bytearray(path.read_bytes())
    data[21:26] = (int.from_bytes(data[21:26], "big") & ~0xFFFFFFFFF | frames).to_bytes(5, "big")
    path.write_bytes(data)
    source = open_source(path)
    assert isinstance(source, FfmpegSource)
    assert source.frames == frames
    source.close()
    mp3 = open_source(ENCODED / "vbr.mp3")
    assert isinstance(mp3, FfmpegSource)
    assert mp3.frames == soundfile.info(ENCODED / "vbr.flac").frames
    mp3.close()


def test_free_format_is_read_without_a_word(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = open_source(ENCODED / "free.mp3")
    assert isinstance(source, SoundfileSource)
    source.close()
    assert everything(ENCODED / "free.mp3").shape[1] == source.channels
    os.write(2, b"still heard")
    assert capfd.readouterr().err == "still heard"


def chain(path: Path, *lengths: int) -> Path:
    data = b""
    for length in lengths:
        soundfile.write(path, PCM[:length], 8000, format="OGG", subtype="VORBIS")
        data += path.read_bytes()
    path.write_bytes(data)
    return path


def test_one_stream_promises_its_length_and_a_chain_has_an_estimate(tmp_path: Path) -> None:
    source = open_source(chain(tmp_path / "a.ogg", 6000))
    assert isinstance(source, ChainedSource)
    assert (source.container, source.subtype) == ("OGG", "VORBIS")
    assert source.frames == source.expected_frames == 6000
    source.close()
    source = open_source(chain(tmp_path / "b.ogg", 5000, 6000, 5000))
    assert source.frames == 0
    assert source.expected_frames == pytest.approx(16000, rel=0.1)
    assert isinstance(source.expected_frames, int)
    source.close()
    parts = [everything(chain(tmp_path / "c.ogg", length)) for length in (5000, 6000, 5000)]
    np.testing.assert_array_equal(everything(tmp_path / "b.ogg"), np.concatenate(parts))


def test_opus_and_films_go_to_ffmpeg(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.opus", PCM.astype(np.float32), 48000, "libopus", sample_format="s16")
    source = open_source(path)
    assert (source.rate_hz, source.frames, source.expected_frames > 0) == (48000, 0, True)
    source.close()


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "slow.wav", PCM, 999)
    soundfile.write(tmp_path / "wide.wav", np.zeros((10, 257)), 8000)
    soundfile.write(tmp_path / "cut.wav", PCM, 8000)
    chain(tmp_path / "cut.ogg", 6000)
    encode(tmp_path / "cut.m4a", PCM.astype(np.float32), 48000, "aac")
    for name in ("cut.wav", "cut.ogg", "cut.m4a"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: data.index(b"moov") - 4 if name == "cut.m4a" else len(data) // 2])
    (tmp_path / "text.flac").write_bytes(b"fLaC, of which nothing is true" * 9)
    (tmp_path / "text.ogg").write_bytes(b"OggS, of which nothing is true" * 9)
    (tmp_path / "text.mp3").write_bytes(b"ID3, of which nothing is true" * 9)
    (tmp_path / "empty").write_bytes(b"")
    said = {
        "slow.wav": "has a sample rate of 999 Hz; 1 kHz to 768 kHz can be read",
        "wide.wav": "has 257 channels; up to 256 can be read",
        "cut.wav": "truncated: 50% of the file is missing",
        "cut.ogg": "truncated: the Ogg stream breaks off before its last page",
        "cut.m4a": "truncated: its index (moov), which comes last, is missing",
        "empty": "is empty (0 bytes)",
        **dict.fromkeys(("text.flac", "text.ogg", "text.mp3"), "not an audio file that can be decoded"),
    }
    for name, words in said.items():
        with pytest.raises(InputError) as refused:
            open_source(tmp_path / name)
        assert str(refused.value.path) == str(tmp_path / name)
        assert refused.value.message.startswith(words), name
    soundfile.write(tmp_path / "widest.wav", np.zeros((10, 256)), 8000)
    assert everything(tmp_path / "widest.wav").shape == (10, 256)


def test_files_that_may_not_be_read_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.wav").write_bytes(b"")
    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(InputError, match=r"a\.wav: cannot be read \(Permission denied\)"):
        open_source(tmp_path / "a.wav")


@pytest.mark.parametrize("head", [b"MThd\0\0\0\6\0\0\0\1\0`", b"RIFF\x20\0\0\0RMIDdata\x14\0\0\0MThd"])
def test_midi_is_called_by_its_name(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(head + b"\0" * 40)
    with pytest.raises(InputError, match="is MIDI, which is notes and not sound; loopscore, train loopvae and"):
        open_source(tmp_path / "a.wav")
