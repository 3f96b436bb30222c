"""train drummer and generate drummer through their command lines: what lines up, what is said, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from small_drummer import TINY_FLAGS, bass_line
from small_loop_models import write_pieces

import gantools as gt
from gantools.symbolic.midi import read_midi

RATE_HZ = 22050


@pytest.fixture
def bass(tmp_path: Path) -> Path:
    """Twelve bars at 120 bpm, of which the bass rests in four, and a little more."""
    wave = bass_line(120.0, 12, RATE_HZ, rest=range(4, 8))
    soundfile.write(tmp_path / "bass.wav", np.append(wave, np.zeros(777, np.float32)), RATE_HZ)
    return tmp_path / "bass.wav"


def records(done: Any) -> list[dict[str, Any]]:
    """Return the records of a command that went well."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_drums_line_up_and_go_on_through_rests(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    (record,) = records(gantools("generate", "drummer", "bass.wav", "-o", "out", "--mix", "--midi", "--json"))
    assert record["path"] == "out/bass.drums.wav"
    assert record["bpm"] == pytest.approx(120, abs=0.05)
    assert record["clear"]
    assert record["bars"] == pytest.approx(12, abs=0.5)
    heard, drums, mix = (
        soundfile.read(tmp_path / path, always_2d=True)[0] for path in (bass, record["path"], record["mix"])
    )
    assert len(drums) == len(heard) == len(mix)
    assert mix.shape[1] == 1
    in_rest = drums[round(9 * RATE_HZ) : round(15 * RATE_HZ)]
    assert np.abs(in_rest).max() > 0.05
    score = read_midi(tmp_path / record["midi"])
    (track,) = score.tracks
    assert track.is_drum
    assert score.bpm == pytest.approx(record["bpm"], abs=0.01)
    # Every note of the file is where a hit begins in the sound: on its sixteenth.
    step = 15 / record["bpm"]
    places = score.seconds(track.onsets) / step % 1
    assert np.ptp((places - places[0] + 0.5) % 1) < 0.02
    assert len(track.onsets) == round(record["hits_per_bar"] * record["bars"])


def test_rests_may_stop_the_drums(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    records(gantools("generate", "drummer", "bass.wav", "-o", "out", "--rests", "stop", "--bpm", "120", "--json"))
    drums = soundfile.read(tmp_path / "out/bass.drums.wav")[0]
    assert np.abs(drums[: 8 * RATE_HZ]).max() > 0.05
    assert np.abs(drums[round(12.5 * RATE_HZ) : round(15.8 * RATE_HZ)]).max() < 0.02


def test_several_are_numbered_and_one_is_the_same_alone(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    made = records(gantools("generate", "drummer", "bass.wav", "-o", "all", "--count", "3", "-s", "5", "--json"))
    assert [record["path"] for record in made] == [f"all/bass-{n:05d}.drums.wav" for n in (5, 6, 7)]
    records(gantools("generate", "drummer", "bass.wav", "-o", "one", "--seeds", "6", "--json"))
    sounds = [(tmp_path / record["path"]).read_bytes() for record in made]
    assert (tmp_path / "one/bass-00006.drums.wav").read_bytes() == sounds[1]
    assert len(set(sounds)) == 3


def test_density_swing_and_kit_change_what_is_played(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    common = ("generate", "drummer", "bass.wav", "--bpm", "120", "--midi", "--json")
    thin, full = (
        np.mean([r["hits_per_bar"] for r in records(gantools(*common, "-o", d, "--density", d, "--count", "6"))])
        for d in ("0.1", "0.9")
    )
    assert full > 1.3 * thin
    (plain,) = records(gantools(*common, "-o", "plain"))
    (swung,) = records(gantools(*common, "-o", "swung", "--swing", "0.66"))
    (house,) = records(gantools(*common, "-o", "house", "--kit", "house"))
    scores = [read_midi(tmp_path / record["midi"]) for record in (plain, swung, house)]
    times = [score.seconds(score.tracks[0].onsets) for score in scores]
    assert times[0] == pytest.approx(times[2])
    moved = times[1] - times[0]
    # Every second sixteenth, by .16 of an eighth of a quarter of a second.
    assert set(np.round(moved, 3)) <= {0.0, 0.04}
    assert (tmp_path / house["path"]).read_bytes() != (tmp_path / plain["path"]).read_bytes()


def test_sections_leave_out_drums_unless_none_is_to(gantools: Callable, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", bass_line(120.0, 34, RATE_HZ), RATE_HZ)
    common = ("generate", "drummer", "long.wav", "--bpm", "120", "--downbeat", "0", "--form", "A", "--midi", "--json")
    (broken,) = records(gantools(*common, "-o", "broken"))
    (whole,) = records(gantools(*common, "-o", "whole", "--no-breaks"))
    notes = []
    for record in (broken, whole):
        score = read_midi(tmp_path / record["midi"])
        bars = np.floor((score.seconds(score.tracks[0].onsets) + 0.05) / 2).astype(int)
        notes.append(set(zip(bars.tolist(), score.tracks[0].onsets.tolist(), score.tracks[0].pitches, strict=True)))
    # Hits are left out and none is added: all in the first section, and in the others no bar has lost every one.
    assert notes[0] < notes[1]
    assert {note for note in notes[1] - notes[0] if note[0] < 7} == set()
    assert {note[0] for note in notes[0]} == {note[0] for note in notes[1]}


def test_the_kit_may_be_a_recording_of_drums(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    (first,) = records(gantools("generate", "drummer", "bass.wav", "-o", "house", "--kit", "house", "--json"))
    (record,) = records(gantools("generate", "drummer", "bass.wav", "-o", "own", "--kit", first["path"], "--json"))
    assert "kick" in record["kit"]
    again = gantools("generate", "drummer", "bass.wav", "-o", "own", "--kit", first["path"], "--json")
    assert records(again)[0]["status"] == "skipped"
    # Another recording under the same name is another kit.
    (tmp_path / "rock").mkdir()
    records(gantools("generate", "drummer", "bass.wav", "-o", "rock", "--json"))
    (tmp_path / "rock/bass.drums.wav").replace(tmp_path / first["path"])
    changed = gantools("generate", "drummer", "bass.wav", "-o", "own", "--kit", first["path"], "--json")
    assert records(changed)[0]["status"] == "ok"


@pytest.mark.parametrize(
    ("rate_hz", "channels", "name"), [(8000, 1, "a.wav"), (48000, 6, "a.flac"), (44100, 2, "a.ogg")]
)
def test_rate_and_length_are_those_of_the_input(
    gantools: Callable, tmp_path: Path, rate_hz: int, channels: int, name: str
) -> None:
    wave = np.repeat(bass_line(110.0, 6, rate_hz)[:, None], channels, axis=1)
    soundfile.write(tmp_path / name, wave, rate_hz)
    (record,) = records(gantools("generate", "drummer", name, "-o", "out", "--mix", "--json"))
    drums, mix = (soundfile.info(tmp_path / record[key]) for key in ("path", "mix"))
    assert (drums.samplerate, drums.channels) == (rate_hz, 2)
    assert (mix.samplerate, mix.channels) == (rate_hz, channels)
    assert drums.frames == mix.frames == soundfile.info(tmp_path / name).frames


def test_what_holds_no_pulse_is_said_and_what_cannot_be_used_refused(gantools: Callable, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ * 6), RATE_HZ)
    soundfile.write(tmp_path / "short.wav", np.full(RATE_HZ // 100, 0.1), RATE_HZ)
    broken = bass_line(120.0, 2, RATE_HZ)
    broken[999] = np.nan
    soundfile.write(tmp_path / "nan.wav", broken, RATE_HZ, subtype="FLOAT")
    done = gantools("generate", "drummer", "silence.wav", "short.wav", "nan.wav", "-o", "out", "--json")
    assert done.returncode == 1
    found = {Path(r["source"]).stem: r for r in map(json.loads, done.stdout.splitlines())}
    assert {name: record["status"] for name, record in found.items()} == {
        "silence": "ok", "short": "error", "nan": "error"
    }  # fmt: skip
    assert not found["silence"]["clear"]
    assert "name the tempo with --bpm" in found["silence"]["warning"]
    for name, word in (("short", "too short for drums"), ("nan", "NaN"), ("silence", "no clear pulse")):
        (line,) = [line for line in done.stderr.splitlines() if f"{name}.wav: " in line]
        assert word in line
    (record,) = records(gantools("generate", "drummer", "silence.wav", "-o", "named", "--bpm", "90", "--json"))
    assert record["clear"]
    assert "warning" not in record
    assert np.abs(soundfile.read(tmp_path / record["path"])[0]).max() > 0.05


def test_a_bad_file_is_named_once_and_not_for_each_result(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    done = gantools("generate", "drummer", "bass.wav", "text.wav", "-o", "out", "--count", "3", "--json")
    assert done.returncode == 1
    assert done.stderr.count("text.wav") == 1
    assert "3 done, 3 failed" in done.stderr
    assert sum(json.loads(line)["status"] == "error" for line in done.stdout.splitlines()) == 3


def test_options_that_make_no_sense_are_refused(gantools: Callable, bass: Path) -> None:
    for words, says in (
        (("--bpm", "20"), "30 to 300"),
        (("--count", "2", "--seeds", "1"), "give one of them"),
        (("--kit", "tin"), "tin"),
        (("--swing", "20"), "50 to 75"),
        (("--model", "symphony"), "is a model of symphony, not of drummer"),
    ):
        done = gantools("generate", "drummer", "bass.wav", "-o", "out", *words)
        assert done.returncode == 2, words
        assert says in done.stderr


def test_a_model_of_ones_own_is_trained_and_plays(gantools: Callable, bass: Path, tmp_path: Path) -> None:
    write_pieces(tmp_path / "midi")
    done = gantools("train", "drummer", "midi", "-o", "m", *TINY_FLAGS.split(), "--steps", "3", "--json")
    (record,) = records(done)
    assert record["step"] == 3
    assert "songs: train 2, val 1, test 0" in done.stderr
    assert list((tmp_path / "m/samples").glob("*.mid"))
    drums, rate_hz = gt.load(tmp_path / "m").generate(bass, bpm=120)
    assert (drums.shape, rate_hz) == ((2, soundfile.info(bass).frames), RATE_HZ)
    results = gt.load("drummer").generate_all(bass, mix=True)
    assert [result.record["role"] for result in results] == ["drums", "mix"]
