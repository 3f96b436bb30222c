"""Where the bars of a sound lie: what files say, their length, and their beats."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_loops import song

from gantools.audio.tags import Tags
from gantools.audio.tags.loops import loop_tags, read_loop_tags
from gantools.audio.writing import AudioWriter
from gantools.errors import InputError
from gantools.structure.loops.tempo import Said, bars_of_length, find_grid, read_name, read_said

RATE_HZ = 22050


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("break_130bpm_4bar", (130.0, 4)),
        ("122_bpm loop", (122.0, 0)),
        ("loop_bpm97.5", (97.5, 0)),
        ("8 bars at 90 BPM", (90.0, 8)),
        ("808bpmless kick", (0.0, 0)),
        ("take 122", (0.0, 0)),
        ("barbecue_12", (0.0, 0)),
        ("1200bpm", (0.0, 0)),
    ],
)
def test_names_say_tempo_and_bars(name: str, said: tuple[float, int]) -> None:
    assert read_name(name) == said


@pytest.mark.parametrize(
    ("seconds", "bars"), [(1.846, 1), (3.692, 2), (6.857, 4), (8.005, 4), (10.674, 4), (16.0, 8), (0.884, 0)]
)
def test_the_length_of_a_trimmed_loop_tells_its_bars(seconds: float, bars: int) -> None:
    assert bars_of_length(seconds)[0] == bars


def test_every_shared_loop_has_its_bars_by_its_length(shared_data: Path) -> None:
    import csv

    wrong = []
    with open(shared_data / "MANIFEST.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["role"].startswith("loop:")]
    for row in rows:
        bpm, bars = (float(text) for text in row["role"].removeprefix("loop:").split(","))
        found, heard = bars_of_length(soundfile.info(shared_data / row["file"]).duration)
        if found != bars or abs(heard / bpm - 1) > 0.002:
            wrong.append(row["file"])
    assert len(rows) == 149
    assert wrong == []


def test_a_song_is_heard_to_the_millisecond() -> None:
    clip = song(127.3, "ABABCDCD" * 5, RATE_HZ, lead_s=1.37)[None]
    grid = find_grid(clip, RATE_HZ, Said())
    assert grid.source == "beats"
    assert grid.bpm == pytest.approx(127.3, rel=1e-4)
    # The bars are those of the music; those that lie before it count too.
    apart = (grid.edges_s - 1.37) / (240 / 127.3)
    np.testing.assert_allclose(apart, np.round(apart), atol=0.005)
    assert len(grid) >= 40


def test_a_rounded_tempo_is_sharpened_and_an_exact_one_stays() -> None:
    clip = song(127.3, "ABABCDCD" * 5, RATE_HZ, lead_s=0.4)[None]
    assert find_grid(clip, RATE_HZ, Said(127.0, "name")).bpm == pytest.approx(127.3, rel=1e-4)
    assert find_grid(clip, RATE_HZ, Said(127.3, "given")).bpm == 127.3
    grid = find_grid(clip, RATE_HZ, Said(127.3, "given", offset_s=0.4 + 3 * 240 / 127.3))
    assert grid.edges_s[0] == pytest.approx(0.4)


def test_a_loop_has_the_tempo_of_its_length_whatever_its_name_rounds() -> None:
    clip = song(97.27, "ABAC", RATE_HZ)[None]
    grid = find_grid(clip, RATE_HZ, Said(97.0, "name"))
    assert (len(grid), grid.trimmed) == (4, True)
    assert grid.edges_s[-1] == clip.shape[1] / RATE_HZ
    assert grid.bpm == pytest.approx(97.27, rel=1e-4)


def test_bars_that_are_no_power_of_two_are_heard() -> None:
    grid = find_grid(song(120.0, "ABCABCABCABC", RATE_HZ)[None], RATE_HZ, Said())
    assert (len(grid), round(grid.bpm, 3)) == (12, 120.0)


def test_a_stretch_that_is_no_loop_is_none() -> None:
    clip = song(120.0, "ABACABACAB", RATE_HZ)[None][:, : round(15.3 * RATE_HZ)]
    grid = find_grid(clip, RATE_HZ, Said())
    assert (grid.source, grid.trimmed) == ("beats", False)
    assert grid.bpm == pytest.approx(120.0, rel=1e-3)


def test_noise_has_no_bars_and_ten_milliseconds_neither() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 70 * 8000)).astype(np.float32) * 0.1
    with pytest.raises(InputError, match="no clear pulse"):
        find_grid(noise, 8000, Said())
    with pytest.raises(InputError, match="too short"):
        find_grid(noise[:, :80], 8000, Said())


def test_flags_tags_names_and_acid_count_in_this_order(tmp_path: Path) -> None:
    path = tmp_path / "x_99bpm.wav"
    tags = loop_tags(Tags((("TITLE", "x"),)), 44100, RATE_HZ, 111.0, 8)
    with AudioWriter(path, RATE_HZ, 1, tags=tags) as writer:
        writer.append(np.zeros(44100, np.float32))
    # A WAV file has no field for the tempo: its acid chunk does, and the name comes first.
    assert (read_said(path, RATE_HZ).bpm, read_said(path, RATE_HZ).source) == (99.0, "name")
    assert read_said(path, RATE_HZ, 140.0).source == "given"
    path.rename(tmp_path / "x.wav")
    said = read_said(tmp_path / "x.wav", RATE_HZ)
    assert (said.bpm, said.source, said.bars) == (111.0, "acid", 2.0)
    assert said.loop_s == (0.0, 2.0)
    flac = tmp_path / "x_99bpm.flac"
    with AudioWriter(flac, RATE_HZ, 1, tags=Tags((("BPM", "88,5"),))) as writer:
        writer.append(np.zeros(44100, np.float32))
    assert (read_said(flac, RATE_HZ).bpm, read_said(flac, RATE_HZ).source) == (88.5, "tag")


def test_damaged_chunks_say_nothing() -> None:
    good = loop_tags(Tags(), 1000, RATE_HZ, 120.0, 4)
    smpl, acid = dict(good.parts)[b"smpl"], dict(good.parts)[b"acid"]
    assert read_loop_tags(good).end == 1000

    def read(**parts: bytes) -> object:
        return read_loop_tags(Tags(family="riff", parts=tuple((n.encode(), c) for n, c in parts.items())))

    nothing = read_loop_tags(Tags())
    assert read(smpl=smpl[:40], acid=acid[:10]) == nothing
    assert read(smpl=smpl[:28] + struct.pack("<I", 1 << 31) + smpl[32:36]) == nothing
    assert read(acid=acid[:20] + struct.pack("<f", float("nan"))).bpm == 0.0  # type: ignore[attr-defined]
    # Loops that play to and fro or end before they begin are none.
    assert read(smpl=smpl[:40] + struct.pack("<I", 1) + smpl[44:]) == nothing
    assert read(smpl=smpl[:44] + struct.pack("<II", 9, 9) + smpl[52:]) == nothing
    one_shot = struct.pack("<I", 1) + acid[4:]
    assert read(acid=one_shot).one_shot  # type: ignore[attr-defined]
