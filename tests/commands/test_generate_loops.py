"""`gantools generate loops`: which loops there are, how they are chosen and filled in, and what is written of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from small_loop_models import tiny_lm, write_pieces_and_codes
from small_loops import write_detector

from gantools.audio.tags import read_tags
from gantools.audio.tags.loops import read_loop_tags
from gantools.symbolic.midi import read_midi
from gantools.symbolic.roll import Roll, drums_and_bass
from gantools.training.loop import train


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model of loops ``m``, what it was made of, and a detector."""
    folder = tmp_path_factory.mktemp("loops")
    write_pieces_and_codes(folder)
    train(tiny_lm(folder, steps=2), folder / "m")
    write_detector(folder / "detector")
    return folder


@pytest.fixture
def make(gantools: Callable, place: Path, tmp_path: Path) -> Callable[..., list[dict]]:
    """Run ``gantools generate loops`` into ``tmp_path / out``; return the records."""

    def run(out: str, *words: object) -> list[dict]:
        chosen = ("--detector", place / "detector", "--json", "-d", "cpu")
        done = gantools("generate", "loops", place / "m", "-o", tmp_path / out, *words, *chosen)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def roll_of(record: dict) -> Roll:
    return drums_and_bass(read_midi(record.get("midi", record["path"])))


def test_more_loops_change_none(make: Callable, tmp_path: Path) -> None:
    few, many = make("few", "--count", 2), make("many", "--count", 3)
    names = ["loop-00000.mid", "loop-00001.mid"]
    assert [Path(record["path"]).name for record in few] == names
    assert {record["status"] for record in make("few", "--count", 3)} == {"skipped", "ok"}
    picked = make("picked", "--seeds", "1")
    later = make("later", "--count", 1, "-s", 1)
    for name in names:
        assert (tmp_path / "few" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()
    assert len({(tmp_path / "many" / f"loop-0000{n}.mid").read_bytes() for n in range(3)}) == 3
    assert Path(picked[0]["path"]).read_bytes() == Path(later[0]["path"]).read_bytes() == (
        tmp_path / "many/loop-00001.mid"
    ).read_bytes()  # fmt: skip
    assert many[0]["loop_score"] > 0
    assert 0 <= many[0]["percentile"] <= 100
    assert 0 <= many[0]["novelty"] < 2000
    assert 0 < many[0]["note_density"] <= 16


def test_sound_is_exactly_in_tempo_and_joins(make: Callable, tmp_path: Path) -> None:
    once, four = (
        make("once", "--count", 1, "--wav", "--bpm", 137),
        make("four", "--count", 1, "--wav", "--bpm", 137, "--repeat", 4),
    )
    exact = 8 * 4 * 60 / 137 * 44100
    (one, rate_hz), (all_of_it, _) = (soundfile.read(record["path"]) for record in (once[0], four[0]))
    assert (rate_hz, len(one), len(all_of_it)) == (44100, round(exact), round(4 * exact))
    assert np.abs(one).max() > 0.05
    steps = np.abs(np.diff(one, axis=0)).max(axis=1)
    assert np.abs(one[0] - one[-1]).max() < max(0.02, 2 * np.percentile(steps, 99))
    score = read_midi(Path(four[0]["path"]).with_suffix(".mid"))
    assert (score.bpm, len(score.bars)) == (pytest.approx(137, abs=1e-3), 32)
    tags = read_loop_tags(read_tags(Path(once[0]["path"])))
    assert (tags.start, tags.end, tags.beats) == (0, len(one), 32)
    assert tags.bpm == pytest.approx(137)
    page = (tmp_path / "once/loops.html").read_text()
    assert 'src="loop-00000.wav"' in page
    assert "<audio controls loop" in page
    assert make("silent", "--count", 1, "--no-page")
    assert not (tmp_path / "silent/loops.html").exists()


def test_a_page_without_sound_files_carries_the_sound(make: Callable, tmp_path: Path) -> None:
    make("out", "--count", 2)
    page = (tmp_path / "out/loops.html").read_text()
    assert page.count("data:audio/ogg;base64,") == page.count("data:image/png;base64,") == 2


def test_the_detector_chooses(make: Callable, gantools: Callable, place: Path, tmp_path: Path) -> None:
    plain, best = make("plain", "--count", 4, "--no-page"), make("best", "--count", 4, "--best-of", 5, "--no-page")
    scores = [[record["loop_score"] for record in records] for records in (plain, best)]
    assert all(after <= before for before, after in zip(*scores, strict=True))
    assert sum(scores[1]) < sum(scores[0])
    assert {record["attempts"] for record in best} == {5}
    limit = sorted(scores[0])[1]  # two of the four are good enough at once
    chosen = make("chosen", "--count", 4, "--max-loop-score", limit, "--attempts", 40, "--no-page")
    assert all(record["loop_score"] <= limit for record in chosen)
    assert min(record["attempts"] for record in chosen) == 1
    assert max(record["attempts"] for record in chosen) > 1
    words = ("--max-loop-score", 1e-9, "--attempts", 3, "--count", 1, "--detector", place / "detector")
    done = gantools("generate", "loops", place / "m", "-o", tmp_path / "none", *words)
    assert done.returncode == 0
    assert "the best of 3 loops has a loop score of" in done.stderr


def test_bars_that_are_kept_are_the_same_to_the_bit(make: Callable, place: Path) -> None:
    given = drums_and_bass(read_midi(place / "piece0.mid"))
    made = make("filled", "--keep", "1-2,6", "--in", place / "piece0.mid", "--count", 2)
    rolls = [roll_of(record) for record in made]
    for bar in (0, 1, 5):
        part = slice(16 * bar, 16 * bar + 16)
        for roll in rolls:
            np.testing.assert_array_equal(roll.sounding[part], given.sounding[part])
    assert not np.array_equal(rolls[0].sounding, given.sounding[:128])
    assert not np.array_equal(rolls[0].sounding, rolls[1].sounding)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--keep 1-4", "--keep and --in belong together"),
        ("--keep 1-8 --in {}", "all 8 bars stay"),
        ("--keep 9 --in {}", "bar 9 is not in"),
        ("--keep 4-1 --in {}", "write bars and ranges"),
        ("--max-loop-score low", "write a number above 0, or auto"),
        ("--count 2 --seeds 3", "give one of them"),
        ("--bpm 7", "20 to 400"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    gantools: Callable, place: Path, tmp_path: Path, words: str, says: str
) -> None:
    given = [place / "piece0.mid" if word == "{}" else word for word in words.split()]
    done = gantools("generate", "loops", place / "m", "-o", tmp_path / "x", "--detector", place / "detector", *given)
    assert (done.returncode, done.stdout) == (2, "")
    *_, line = done.stderr.splitlines()
    assert says in line
    assert not (tmp_path / "x").exists()


def test_codes_without_a_prior_make_no_loops(gantools: Callable, place: Path, tmp_path: Path) -> None:
    done = gantools("generate", "loops", place / "vae", "-o", tmp_path / "x")
    assert done.returncode == 2
    assert "codes without a prior; gantools train looplm --vae" in done.stderr


def test_in_python_a_loop_is_its_sound(place: Path) -> None:
    import gantools as gt

    model = gt.load(place / "m")
    options: dict[str, Any] = {"detector": str(place / "detector"), "bpm": 120, "device": "cpu"}
    audio, rate_hz = model.generate(seed=3, **options)
    assert (audio.shape, rate_hz) == ((2, 16 * 44100), 44100)
    first, second = model.generate_all(seeds="3,5", **options)
    np.testing.assert_array_equal(first.audio, audio)
    assert second.record["seed"] == 5
    assert second.record["loop_score"] > 0


def test_the_model_that_ships_makes_loops_without_being_named(gantools: Callable, tmp_path: Path) -> None:
    done = gantools("generate", "loops", "--count", 16, "-o", tmp_path / "out", "--no-page", "--json", "-d", "cpu")
    assert done.returncode == 0, done.stderr
    assert "taking loops, which ships with gantools" in done.stderr
    made = [json.loads(line) for line in done.stdout.splitlines()]
    # It was measured at 97 %, and the detector is the one that ships.
    assert sum(record["is_loop"] for record in made) >= 12
    assert not any("novelty" in record for record in made)  # the music that it learnt from does not ship
    assert 11 < np.mean([record["note_density"] for record in made]) <= 16
