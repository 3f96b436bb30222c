"""What is written keeps what it should: depth, bit rate, samples, level, tags, balance; as users meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from sounds import stem, tone

from gantools.audio.bitrate import bit_rate
from gantools.audio.tags import Tags, read_tags
from gantools.audio.writing import AudioWriter

Run = Callable[..., Any]
RATE_HZ = 44100
APPLY = ("fxnorm", "apply", "--target", "musdb18", "--no-table")
FIELDS = (("TITLE", "Título 日本"), ("ALBUMARTIST", "VA"), ("BPM", "128"), ("INITIALKEY", "Am"), ("ISRC", "X"))


def records(done: Any) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_16", "FLOAT", "PCM_32"])
def test_stems_are_as_deep_as_their_song(gantools: Run, tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "song.wav", tone(1.5, RATE_HZ, 2), RATE_HZ, subtype)
    records(gantools("separate", "song.wav", "-o", "out", "--model", "tiny", "--json"))
    assert {soundfile.info(path).subtype for path in (tmp_path / "out/song").glob("*.wav")} == {subtype}


def test_stems_of_a_lossy_song_have_24_bits_and_bits_overrides(gantools: Run, tmp_path: Path) -> None:
    with AudioWriter(tmp_path / "song.mp3", RATE_HZ, 2) as writer:
        writer.append(tone(1.5, RATE_HZ, 2))
    records(gantools("separate", "song.mp3", "-o", "a", "--model", "tiny", "--json"))
    records(gantools("separate", "song.mp3", "-o", "b", "--model", "tiny", "--json", "--bits", "16"))
    found = [soundfile.info(tmp_path / folder / "song/vocals.wav").subtype for folder in "ab"]
    assert found == ["PCM_24", "PCM_16"]


def test_a_hot_song_is_told_and_what_would_clip_is_lowered_together(gantools: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hot.wav", 6 * tone(1.5, RATE_HZ, 2), RATE_HZ, "FLOAT")
    kept = gantools("separate", "hot.wav", "-o", "a", "--model", "tiny", "--json")
    lowered = gantools("separate", "hot.wav", "-o", "b", "--model", "tiny", "--json", "--bits", "24")
    assert {record["gain_db"] for record in records(kept)} == {0.0}
    assert "dB above full scale are kept" in kept.stderr
    gains = {record["gain_db"] for record in records(lowered)}
    assert len(gains) == 1
    assert gains.pop() < -3
    assert "lowered by" in lowered.stderr


def test_inverted_mels_do_not_clip(gantools: Run, tmp_path: Path) -> None:
    wave = np.tanh(8 * tone(2.0, RATE_HZ, 1))
    soundfile.write(tmp_path / "loud.wav", wave / np.abs(wave).max(), RATE_HZ, "PCM_24")
    records(gantools("melify", "loud.wav", "-o", "mels", "--json"))
    done = gantools("invert", "mels", "-o", "back", "--json", "--effort", "draft")
    (record,) = records(done)
    assert record["clipped"] == 0
    assert record["gain_db"] < 0
    assert "lowered by" in done.stderr
    assert np.abs(soundfile.read(tmp_path / "back/loud.wav")[0]).max() < 1


@pytest.mark.parametrize(("name", "subtype"), [
    ("a.drums.wav", "PCM_16"), ("a.drums.wav", "PCM_24"), ("a.drums.wav", "PCM_32"), ("a.drums.wav", "FLOAT"),
    ("a.drums.wav", "DOUBLE"), ("a.drums.wav", "PCM_U8"), ("a.drums.flac", "PCM_24"), ("a.drums.aiff", "PCM_16"),
    ("a.drums.mp3", "MPEG_LAYER_III"),
])  # fmt: skip
def test_an_amount_of_nothing_changes_nothing(gantools: Run, tmp_path: Path, name: str, subtype: str) -> None:
    soundfile.write(tmp_path / name, stem("drums", 2.0), RATE_HZ, subtype)
    for options in (["--amount", "0"], ["--effects", ""]):
        records(gantools(*APPLY, name, *options, "--dither", "none", "--true-peak-db", "20", "-o", "out", "--json"))
        kind = "float64" if subtype in ("FLOAT", "DOUBLE") else "int32"
        before, after = (soundfile.read(path, dtype=kind)[0] for path in (tmp_path / name, tmp_path / "out" / name))
        np.testing.assert_array_equal(after, before)


def test_nothing_changed_in_another_format_is_exact_too(gantools: Run, tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(-(2**15), 2**15, (RATE_HZ, 2)).astype(np.int16)
    codes[:2] = [[-(2**15), 2**15 - 1], [2**15 - 1, -1]]
    soundfile.write(tmp_path / "a.drums.wav", codes, RATE_HZ)
    options = ["--amount", "0", "--true-peak-db", "20", "--name", "{stem}.flac", "-o", "out", "--json"]
    records(gantools(*APPLY, "a.drums.wav", *options))
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out/a.drums.flac", dtype="int16")[0], codes)


@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "opus", "flac", "aiff", "wav"])
def test_normalised_stems_keep_tags_and_bit_rate(gantools: Run, tmp_path: Path, ending: str) -> None:
    name = f"a.drums.{ending}"
    rate_hz = 48000 if ending == "opus" else RATE_HZ
    fields = (*FIELDS, ("REPLAYGAIN_TRACK_GAIN", "-9 dB"))
    with AudioWriter(tmp_path / name, rate_hz, 2, tags=Tags(fields)) as writer:
        writer.append(stem("drums", 3.0, rate_hz))
    records(gantools(*APPLY, name, "-o", "out", "--json"))
    found = read_tags(tmp_path / "out" / name).fields
    assert set(FIELDS) <= set(found)
    assert not any("REPLAYGAIN" in field for field, _ in found)
    if ending in ("mp3", "m4a", "ogg", "opus"):
        before, after = bit_rate(tmp_path / name), bit_rate(tmp_path / "out" / name)
        assert before is not None
        assert after is not None
        assert after.bps == pytest.approx(before.bps, rel=0.2)


def test_a_film_gives_a_sound_file_without_loss(gantools: Run, tmp_path: Path) -> None:
    codes = (stem("drums", 1.0) * 20000).astype(np.int16)
    with av.open(str(tmp_path / "a.drums.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="stereo")
        frame = av.AudioFrame.from_ndarray(codes.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE_HZ
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (record,) = records(gantools(*APPLY, "a.drums.mkv", "--amount", "0", "-o", "out", "--json"))
    assert record["path"].endswith("a.drums.flac")
    np.testing.assert_array_equal(soundfile.read(tmp_path / record["path"], dtype="int16")[0], codes)


def test_effects_that_would_clip_are_lowered_and_told(gantools: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.bass.wav", 0.5 * stem("bass", 3.0), RATE_HZ, "PCM_16")
    options = ["--lufs", "-3", "--true-peak-db", "20", "--effects", "loudness", "-o", "out", "--json"]
    done = gantools(*APPLY, "a.bass.wav", *options)
    (record,) = records(done)
    assert "lowered" in record["flags"]
    assert "lowered by" in done.stderr
    made = soundfile.read(tmp_path / "out/a.bass.wav")[0]
    assert np.abs(made).max() == pytest.approx(0.9999, abs=1e-3)
    measured = records(gantools("fxnorm", "measure", "out/a.bass.wav", "--json"))[0]
    assert record["lufs"][1] == pytest.approx(measured["lufs"], abs=0.02)


@pytest.mark.parametrize("effects", ["loudness", "eq,pan,loudness"])
def test_a_group_keeps_its_balance_at_a_ceiling(gantools: Run, tmp_path: Path, effects: str) -> None:
    (tmp_path / "song").mkdir()
    for role, level in (("drums", 0.9), ("bass", 0.05), ("vocals", 0.05)):
        soundfile.write(tmp_path / f"song/{role}.wav", level * stem(role, 3.0), RATE_HZ, "PCM_24")
    options = ["--group", "--lufs", "-8", "--effects", effects, "-o", "out", "--json"]
    made = records(gantools(*APPLY, "song", *options))
    changes = [record["lufs"][1] - record["lufs"][0] for record in made]
    assert max(changes) - min(changes) < 0.01
    assert max(record["true_peak_db"][1] for record in made) == pytest.approx(-1.0, abs=0.01)
    assert all("tp_limited" in record["flags"] for record in made)


def test_apply_counts_mono_as_two_channels_where_told(gantools: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.bass.wav", 0.2 * stem("bass", 3.0)[:, :1], RATE_HZ, "PCM_24")
    options = ["--effects", "loudness", "--lufs", "-30", "--json"]
    (plain,) = records(gantools(*APPLY, "a.bass.wav", *options, "-o", "a"))
    (dual,) = records(gantools(*APPLY, "a.bass.wav", *options, "-o", "b", "--dual-mono"))
    assert plain["gain_db"] - dual["gain_db"] == pytest.approx(3.01, abs=0.01)
    checked = gantools(
        "fxnorm", "check", "a.bass.wav", "b/a.bass.wav", "--target", "musdb18", "--dual-mono", *options[:4]
    )
    assert checked.returncode == 0, checked.stdout


def test_inverted_sides_are_told_and_heard(gantools: Run, tmp_path: Path) -> None:
    wave = stem("bass", 2.0)[:, 0]
    soundfile.write(tmp_path / "a.bass.wav", np.stack([wave, -wave], 1), RATE_HZ, "PCM_24")
    soundfile.write(tmp_path / "one.bass.wav", wave, RATE_HZ, "PCM_24")
    done = gantools("melify", "a.bass.wav", "one.bass.wav", "-o", "mels", "--json")
    both, one = records(done)
    assert "inverted in polarity" in both["warning"]
    assert "silent" not in done.stderr
    assert "warning" not in one
    from gantools.audio.melfile import read_mel

    heard, expected = (read_mel(tmp_path / "mels" / f"{name}.bass.mel.safetensors").frames() for name in ("a", "one"))
    np.testing.assert_allclose(heard, expected, atol=0.1)
    cut = ["chunk", "--samples", "8192", "--sample-rate", "16000", "-o", "chunks"]
    for verb in (["fxnorm", "measure"], [*APPLY, "-o", "out"], cut):
        told = gantools(*verb, "a.bass.wav", "--json")
        assert "inverted in polarity" in records(told)[0]["warning"]
        assert "inverted in polarity" in told.stderr


def test_uncorrelated_and_one_sided_stereo_is_not_inverted(gantools: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "wide.wav", 0.1 * rng.standard_normal((RATE_HZ, 2)), RATE_HZ)
    soundfile.write(tmp_path / "left.wav", 0.1 * rng.standard_normal((RATE_HZ, 2)) * [1, 0], RATE_HZ)
    soundfile.write(tmp_path / "none.wav", np.zeros((RATE_HZ, 2)), RATE_HZ)
    found = records(gantools("melify", "wide.wav", "left.wav", "none.wav", "-o", "mels", "--json"))
    assert [record.get("warning") for record in found] == [None, None, "silent"]
