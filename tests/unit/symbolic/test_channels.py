"""Parts of many programs in one MIDI file: no program plays for another as long as there are channels."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from gantools.symbolic.channels import shared_channels
from gantools.symbolic.midi import read_midi, write_midi
from gantools.symbolic.score import Bars, Score, Track


def test_parts_of_one_program_share_a_channel() -> None:
    assert shared_channels([40, 73, 0, 40], [False, False, True, False]) == [0, 1, 9, 0]
    many = shared_channels(list(range(0, 60, 3)), [False] * 20)
    assert len(set(many[:15])) == 15
    assert 9 not in many


def test_a_file_of_twenty_parts_keeps_them(tmp_path: Path) -> None:
    programs = [40 + number // 2 for number in range(20)]
    onsets, length = np.array([0, 960]), np.array([480, 480])
    tracks = [
        Track(
            f"{number}", program, number == 7, onsets, length, np.array([60, 61 + number]), np.array([80, 9 + number])
        )
        for number, program in enumerate(programs)
    ]
    bars = Bars(np.array([0, 1920]), np.array([4]), np.array([4]))
    write_midi(tmp_path / "x.mid", Score(480, tracks, np.zeros(1, np.int64), np.array([120.0]), bars))
    channels: dict[int, set[int]] = {}
    data = (tmp_path / "x.mid").read_bytes()
    found = [re.findall(rb"[\x90-\x9f](?=<[\x01-\x7f])", body) for body in data.split(b"MTrk")[1:]]
    with_notes = [statuses for statuses in found if statuses]
    assert len(with_notes) == 20
    for number, (status, *_) in enumerate(with_notes):
        channels.setdefault(status[0] & 15, set()).add(-1 if number == 7 else programs[number])
    assert all(len(own) == 1 for own in channels.values()), channels
    read = read_midi(tmp_path / "x.mid")
    for before, after in zip(tracks, read.tracks, strict=True):
        assert after.is_drum == before.is_drum
        assert before.is_drum or after.program == before.program
        assert after.pitches.tolist() == before.pitches.tolist()
