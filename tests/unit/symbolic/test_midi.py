"""MIDI files: what is read of them, against an independent parser and by hand; what is wrong is said in one line."""

from __future__ import annotations

import os
import random
import struct
from collections import defaultdict, deque
from pathlib import Path

import mido
import numpy as np
import pytest
from midi_bytes import END, meta, meter, notes, smf, tempo

from gantools.errors import InputError
from gantools.symbolic.midi import LOOP_END, LOOP_START, read_midi, write_midi
from gantools.symbolic.score import Bars, Score, Track

BEAT = notes([(0, 60, 36), (480, 60, 38)])
PLAIN = smf(tempo(100) + meter(4, 4) + BEAT)


def read(folder: Path, data: bytes) -> Score:
    (folder / "a.mid").write_bytes(data)
    return read_midi(folder / "a.mid")


def by_mido(path: Path) -> tuple[list[tuple[int, int, int, int, bool]], list[tuple[int, float]]]:
    """Return the notes (onset, length, pitch, velocity, drum) and tempi of a file as mido reads them."""
    found, tempi = [], []
    for track in mido.MidiFile(path).tracks:
        at, sounding = 0, defaultdict(deque)
        for message in track:
            at += message.time
            if message.type == "set_tempo":
                tempi.append((at, 60e6 / message.tempo))
            if message.type == "note_on" and message.velocity:
                sounding[message.channel, message.note].append((at, message.velocity))
            elif message.type in ("note_on", "note_off") and sounding[message.channel, message.note]:
                onset, velocity = sounding[message.channel, message.note].popleft()
                drum = message.channel == 9
                found.append((onset, max(1, at - onset), message.note, velocity, drum))
    return sorted(found), tempi


@pytest.mark.parametrize("name", ["band/d_dm01.mid", "band/d_e1m4.mid", "band/d_bunny.mid"])
def test_real_pieces_are_read_as_an_independent_parser_reads_them(shared_data: Path, name: str) -> None:
    path = shared_data / "midi" / name
    score, (expected, tempi) = read_midi(path), by_mido(path)
    found = [
        (*note, track.is_drum)
        for track in score.tracks
        for note in zip(
            *(a.tolist() for a in (track.onsets, track.lengths, track.pitches, track.velocities)), strict=True
        )
    ]
    assert len(found) > 100
    assert sorted(found) == expected
    # The last tempo of a tick holds, and mido's own clock agrees with ours.
    named = dict(tempi)
    assert dict(zip(score.tempo_ticks.tolist(), score.tempo_bpm, strict=True)) == pytest.approx(named)
    assert float(score.seconds(score.end)) == pytest.approx(_seconds_by_hand(score, named), abs=1e-6)


def _seconds_by_hand(score: Score, tempi: dict[int, float]) -> float:
    at, seconds, bpm = 0, 0.0, 120.0
    for tick in [*sorted(tick for tick in tempi if tick < score.end), score.end]:
        seconds += mido.tick2second(tick - at, score.ticks_per_quarter, mido.bpm2tempo(bpm))
        at, bpm = tick, tempi.get(tick, bpm)
    return seconds


def test_written_files_are_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def part(name: str, program: int, is_drum: bool) -> Track:
        onsets = np.sort(rng.choice(40, 12, replace=False)) * 100
        columns = rng.integers(1, 101, 12), rng.integers(0, 128, 12), rng.integers(1, 128, 12)
        return Track(name, program, is_drum, onsets, *columns)

    edges = np.array([0, 1920, 3360, 4800, 6720])
    bars = Bars(edges, np.array([4, 3, 3, 4]), np.array([4, 4, 4, 4]))
    tracks = (part("drums", 0, True), part("bass", 34, False), part("", 127, False))
    score = Score(480, tracks, np.array([0, 960]), np.array([97.0, 143.0]), bars)
    path = tmp_path / "a.mid"
    write_midi(path, score, [(0, LOOP_START), (6720, LOOP_END)])
    again = read_midi(path)
    for track, read_ in zip(sorted(tracks, key=str), sorted(again.tracks, key=str), strict=True):
        assert (track.name, track.program, track.is_drum) == (read_.name, read_.program, read_.is_drum)
        for name in ("onsets", "lengths", "pitches", "velocities"):
            np.testing.assert_array_equal(getattr(track, name), getattr(read_, name), name)
    np.testing.assert_array_equal(again.bars.edges, edges)
    assert again.bars.numerators.tolist() == [4, 3, 3, 4]
    np.testing.assert_array_equal(again.tempo_ticks, [0, 960])
    np.testing.assert_allclose(again.tempo_bpm, [97, 143], rtol=1e-5)
    assert again.remarks == ()
    # The last bar is silent: the marker tells that it is there.
    assert again.end < 4800
    assert [m.text for t in mido.MidiFile(path).tracks for m in t if m.type == "marker"] == [LOOP_START, LOOP_END]


@pytest.mark.parametrize(
    ("meters", "edges"),
    [
        (meter(7, 8), [0, 1680, 3360, 5040]),
        (meter(3, 4), [0, 1440, 2880, 4320, 5760]),
        (meter(6, 8), [0, 1440, 2880, 4320, 5760]),
        (meter(4, 4) + meter(3, 4, 1920), [0, 1920, 3360, 4800, 6240]),
        # A change in the middle of a bar cuts it short.
        (meter(4, 4) + meter(2, 4, 2400), [0, 1920, 2400, 3360, 4320, 5280]),
        # A first meter that comes late holds for what is before it too.
        (meter(3, 4, 1440), [0, 1440, 2880, 4320, 5760]),
        (b"", [0, 1920, 3840, 5760]),
    ],
)
def test_bars(tmp_path: Path, meters: bytes, edges: list[int]) -> None:
    score = read(tmp_path, smf(meters, notes([(0, 10, 36), (4800, 10, 38)])))
    assert score.bars.edges.tolist() == edges
    assert ("names no meter: taken as 4/4" in score.remarks) == (not meters)


def test_what_a_file_does_not_say_is_remarked(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN).remarks == ()
    assert read(tmp_path, smf(BEAT)).remarks == ("names no tempo: taken as 120 bpm", "names no meter: taken as 4/4")
    late = read(tmp_path, smf(tempo(90, 4800) + meter(4, 4), BEAT))
    assert (late.tempo_ticks.tolist(), late.bpm) == ([0, 4800], pytest.approx(90, rel=1e-5))
    wild = read(tmp_path, smf(meta(0x51, bytes(3)) + tempo(80, 100), BEAT))
    np.testing.assert_allclose(wild.tempo_bpm, [80, 80], rtol=1e-5)


def test_notes_that_are_odd(tmp_path: Path) -> None:
    [drums] = read(tmp_path, smf(b"\x00\x99\x24\x5a" + BEAT)).tracks  # a kick that never ends
    assert drums.pitches.tolist() == [36, 38]
    [drums] = read(tmp_path, smf(b"\x00\x99\x24\x5a\x00\x89\x24\x00")).tracks
    assert drums.lengths.tolist() == [1]
    with pytest.raises(InputError, match="holds no notes"):
        read(tmp_path, smf(b"\x00\x99\x24\x5a"))
    # Velocity 0 ends a note; two of one pitch end in the order in which they began.
    two = b"\x00\x90\x3c\x5a" + b"\x64\x3c\x50" + b"\x64\x3c\x00" + b"\x64\x3c\x00"
    [track] = read(tmp_path, smf(two)).tracks
    assert (track.onsets.tolist(), track.lengths.tolist(), track.velocities.tolist()) == (
        [0, 100],
        [200, 200],
        [90, 80],
    )


def test_type_0_holds_a_part_for_each_channel_and_program(tmp_path: Path) -> None:
    one = b"\x00\xc1\x21" + notes([(0, 480, 40)], channel=1) + notes([(0, 10, 36)])
    score = read(tmp_path, smf(tempo(120) + one, kind=0))
    assert {(t.program, t.is_drum, t.is_bass) for t in score.tracks} == {(33, False, True), (0, True, False)}


@pytest.mark.parametrize(("frames", "ticks", "quarter"), [(25, 40, 500), (30, 80, 1200), (29, 100, 1499)])
def test_smpte_time_is_taken_as_120_bpm(tmp_path: Path, frames: int, ticks: int, quarter: int) -> None:
    score = read(tmp_path, smf(tempo(90) + meter(4, 4), BEAT, division=(256 - frames) << 8 | ticks))
    assert (score.ticks_per_quarter, score.bpm) == (quarter, 120)
    assert float(score.seconds(480)) == pytest.approx(480 / ({29: 29.97}.get(frames, frames) * ticks), rel=1e-3)
    assert score.remarks == ("counts in SMPTE frames, not in beats: taken as 120 bpm",)


def test_wrappers_and_foreign_chunks_are_seen_through(tmp_path: Path) -> None:
    info = b"LIST\x04\x00\x00\x00INFO"
    wrapped = b"RMID" + info + b"data" + struct.pack("<I", len(PLAIN)) + PLAIN
    at = PLAIN.index(b"MTrk")
    karaoke = smf(meta(1, b"@KMIDI KARAOKE FILE") + meta(5, "hé-".encode("latin-1")) + meta(3, b"Caf\xe9\xff") + BEAT)
    for data in (
        b"RIFF" + struct.pack("<I", len(wrapped)) + wrapped,
        bytes(128) + PLAIN,  # MacBinary
        PLAIN[:at] + b"XFIH\x00\x00\x00\x03abc" + PLAIN[at:],
        PLAIN + b"trailing rubbish",
        karaoke,
        # A head of eight bytes, and a track that ends without saying so.
        PLAIN[:4] + struct.pack(">I", 8) + PLAIN[8:14] + b"\0\0" + PLAIN[14:],
        smf(BEAT).replace(END, b"").replace(struct.pack(">I", len(BEAT) + 4), struct.pack(">I", len(BEAT))),
    ):
        [track] = read(tmp_path, data).tracks
        assert (track.onsets.tolist(), track.lengths.tolist(), track.pitches.tolist()) == ([0, 480], [60, 60], [36, 38])
    counted = bytearray(PLAIN)
    counted[11] = 3
    assert "has 1 of the 3 tracks that its head counts" in read(tmp_path, bytes(counted)).remarks


def test_a_status_may_run_on_over_other_events(tmp_path: Path) -> None:
    lyric, message = meta(5, b"la"), b"\x00\xf0\x01\xf7"
    over = b"\x00\x99\x24\x5a" + lyric + b"\x3c\x24\x00" + message + b"\x3c\x26\x5a\x3c\x26\x00" + lyric
    score = read(tmp_path, smf(over + b"\x00\xc1\x21" + lyric + b"\x00\x22" + notes([(0, 9, 40)], 1)))
    [bass, drums] = sorted(score.tracks, key=lambda track: track.is_drum)
    assert (bass.program, bass.pitches.tolist()) == (34, [40])
    assert (drums.onsets.tolist(), drums.lengths.tolist(), drums.pitches.tolist()) == ([0, 120], [60, 60], [36, 38])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello", "is no MIDI file, whatever its name says"),
        (b"", "is no MIDI file"),
        (PLAIN[:10], "is cut short within its head"),
        (PLAIN[:14], "is cut short"),
        (smf(), "holds no notes"),
        (smf(meta(1, b"hi")), "holds no notes"),
        (smf(BEAT, BEAT, kind=2), "MIDI type 2"),
        (smf(BEAT, division=0), "a quarter has no ticks"),
        (smf(BEAT, division=0xFF01), "SMPTE frames that no second holds"),
        (smf(b"\x00\x99\xc8\x40" + BEAT), "is damaged"),
        (smf(b"\x00\x24\x40" + BEAT), "is damaged"),
        (smf(b"\x00\xf4" + BEAT), "is damaged"),
        (smf(b"\x00\xff\x01\x7f" + BEAT), "is damaged"),
        (smf(notes([(0, 10, 36), (1 << 27, 10, 36)])), "a note far behind all others"),
        (smf(b"\xff\xff\xff\x7f\xff\x01\x00" * 9 + BEAT), "is damaged"),  # beyond 32 bits
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("a.mid") == 1


def test_no_part_of_a_file_is_taken_for_the_whole(tmp_path: Path) -> None:
    for size in range(len(PLAIN)):
        with pytest.raises(InputError):
            read(tmp_path, PLAIN[:size])


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    for name in ("pipe.mid", ".", "gone.mid"):
        with pytest.raises(InputError, match=r"is a pipe|is a folder|cannot be read \(No such"):
            read_midi(tmp_path / name)


def test_damage_is_an_error_or_music_and_nothing_else(tmp_path: Path) -> None:
    data = smf(
        tempo(100) + meter(4, 4) + meta(5, b"la"),
        notes([(120 * i, 60, 36 + i % 9) for i in range(32)]) + b"\x00\xf0\x02\x01\xf7",
        b"\x00\xc0\x21" + notes([(240 * i, 200, 30 + i) for i in range(16)], channel=0),
    )
    rng, read_ = random.Random(0), 0
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 2, 8))):
            damaged[rng.randrange(len(damaged))] = rng.choice((0, 127, 128, 255, rng.randrange(256)))
        try:
            score = read(tmp_path, bytes(damaged))
        except InputError:
            continue
        read_ += 1
        for track in score.tracks:
            assert track.onsets.min() >= 0
            assert track.lengths.min() >= 1
            assert (np.stack([track.pitches, track.velocities]) < 128).all()
        assert (np.diff(score.bars.edges) > 0).all()
        assert score.bars.edges[-1] >= score.end
    assert 40 < read_ < 360


def test_many_tracks_and_many_notes(tmp_path: Path) -> None:
    many = [notes([(10 * i, 5, 30 + i % 40) for i in range(2500)], channel=n % 16) for n in range(40)]
    score = read(tmp_path, smf(tempo(120) + meter(4, 4), *many))
    assert len(score.tracks) == 40
    assert sum(len(track.onsets) for track in score.tracks) == 100_000
