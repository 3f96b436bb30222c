"""`gantools chunk --for symphony`, `train symphony` and `generate symphony`: what goes in, and what comes out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_symphony import TINY_FLAGS, tiny_symphony, write_pieces

from gantools.files.containers import read_state
from gantools.symbolic.midi import read_midi, write_midi
from gantools.symbolic.mmr.score import DRUMS, GridScore, on_grid
from gantools.training.loop import train

_LEARN = (*TINY_FLAGS.split(), "--steps", "2", "--threads", "1", "--precision", "float32", "-d", "cpu")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pieces in ``midi`` and a small model ``m``."""
    folder = tmp_path_factory.mktemp("symphony")
    write_pieces(folder / "midi")
    train(tiny_symphony(folder / "midi", steps=2), folder / "m")
    return folder


@pytest.fixture
def make(gantools: Callable, place: Path, tmp_path: Path) -> Callable[..., list[dict]]:
    """Run ``gantools generate symphony`` into ``tmp_path / out``; return the records."""

    def run(out: str, *words: object) -> list[dict]:
        done = gantools(
            "generate", "symphony", place / "m", "-o", tmp_path / out, *words, "--json", "-d", "cpu"
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def score_of(record: dict) -> GridScore:
    return on_grid(read_midi(record["path"]), 24)


def sounding(score: GridScore, first: int, last: int) -> Counter[tuple[int, ...]]:
    """The multiset of (program, onset, pitch) of notes that begin in some bars, from 0."""
    onset, track, pitch, _, _ = score.notes.T
    inside = (onset >= score.edges[first]) & (onset < score.edges[last])
    found = np.stack([score.programs[track], onset, pitch], 1)[inside]
    return Counter(map(tuple, found.tolist()))


def test_more_pieces_change_none_and_the_page_shows_them(make: Callable, tmp_path: Path) -> None:
    one, two = make("one", "--bars", 2), make("two", "--bars", 2, "--count", 2)
    assert [Path(record["path"]).name for record in two] == ["symphony-00000.mid", "symphony-00001.mid"]
    files = [(tmp_path / name).read_bytes() for name in ("one/symphony-00000.mid", "two/symphony-00000.mid")]
    assert files[0] == files[1]
    assert {record["status"] for record in make("two", "--bars", 2, "--count", 2)} == {"skipped"}
    assert all(record["valid"] and record["bars"] == 2 and record["notes"] for record in one + two)
    assert all(0 <= told["probability"] <= 1 for told in one[0]["instruments"])
    page = (tmp_path / "two/symphony.html").read_text()
    assert page.count("<audio") == 2


def test_a_prime_stays_and_is_gone_on_from(make: Callable, place: Path) -> None:
    path = place / "midi/piece1.mid"
    (record,) = make("a", "--prime", path, "--prime-bars", 3, "--bars", 2, "--no-page", "--bpm", 77)
    given, made = on_grid(read_midi(path), 24), score_of(record)
    assert record["bars"] == 5
    assert record["given_bars"] == 3
    assert sounding(given, 0, 3) == sounding(made, 0, 3)
    assert (made.notes[:, 0] >= 3 * 96).any()
    assert np.allclose(made.tempi, 77, rtol=0.01)


def test_bars_are_filled_in_between_given_ones(make: Callable, place: Path) -> None:
    path = place / "midi/piece1.mid"
    (record,) = make("a", "--prime", path, "--infill", "3-4", "--attempts", 2, "--no-page")
    given, made = on_grid(read_midi(path), 24), score_of(record)
    assert sounding(given, 0, 2) == sounding(made, 0, 2)
    assert sounding(given, 4, 6) == sounding(made, 4, 6)
    assert sounding(given, 2, 4) != sounding(made, 2, 4)


def test_orchestrating_keeps_every_note(make: Callable, place: Path) -> None:
    path = place / "midi/piece0.mid"
    (record,) = make("a", "--orchestrate", path, "--instruments", "brass,40", "--no-page")
    given, made = read_midi(path), read_midi(record["path"])
    for before, after in zip(given.tracks, made.tracks, strict=True):
        assert before.is_drum == after.is_drum
        assert before.is_drum or after.program in (40, *range(56, 62))
        for name in ("onsets", "lengths", "pitches", "velocities"):
            assert np.array_equal(getattr(before, name), getattr(after, name))
    told = {entry["instrument"] for entry in record["instruments"]}
    assert "Drums" in told
    assert DRUMS not in [track.program for track in made.tracks]


def test_instruments_and_sound(make: Callable) -> None:
    (record,) = make("a", "--bars", 2, "--instruments", "strings", "--wav", "--chords", "C G", "--no-page")
    assert Path(record["path"]).suffix == ".wav"
    programs = on_grid(read_midi(Path(record["path"]).with_suffix(".mid")), 24).programs.tolist()
    assert set(programs) <= {40, 41, 42, 43, 44, 45, 48, 49}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--chords", "C Hm"), "'Hm' is no chord"),
        (("--instruments", "violas"), "'violas' is no instrument"),
        (("--infill", "3"), "--infill and --prime belong together"),
        (("--prime", "midi/piece0.mid", "--prime-bars", "70"), "has 6 bars, not 70"),
        (("--prime", "midi/piece0.mid", "--infill", "5-9"), "bar 9 is not in"),
        (("--prime", "broken.mid"), "is no MIDI file"),
        (("--orchestrate", "gone.mid"), "gone.mid"),
    ],
)
def test_what_makes_no_sense_is_one_line(words: tuple[str, ...], says: str, gantools: Callable, place: Path) -> None:
    (place / "broken.mid").write_bytes(b"none" * 9)
    given = [place / word if word.endswith(".mid") else word for word in words]
    done = gantools("generate", "symphony", place / "m", "-o", place / "none", *given)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not (place / "none").exists()


def test_a_corpus_is_written_once_and_trains(gantools: Callable, place: Path, tmp_path: Path) -> None:
    command = ("chunk", place / "midi", "-o", tmp_path / "corpus", "--for", "symphony", "--json")
    first, second = (json.loads(gantools(*command).stdout) for _ in range(2))
    assert [first["status"], second["status"]] == ["ok", "skipped"]
    assert first["pieces"] == 3
    done = gantools("train", "symphony", tmp_path / "corpus", "-o", tmp_path / "m", *_LEARN)
    assert done.returncode == 0, done.stderr
    wrong = gantools("chunk", place / "midi", "-o", tmp_path / "c", "--for", "symfony")
    assert wrong.returncode == 2
    assert "did you mean symphony?" in wrong.stderr


def test_going_on_with_a_model_keeps_its_merges(gantools: Callable, place: Path, tmp_path: Path) -> None:
    """Other pieces would have taught other merges, and the words of the model would mean other notes."""
    (tmp_path / "midi").mkdir()
    for number in range(3):
        score = read_midi(place / f"midi/piece{number}.mid")
        score.tracks[1].pitches[:] += 2
        write_midi(tmp_path / f"midi/piece{number}.mid", score)
    done = gantools("train", "symphony", tmp_path / "midi", "--from", place / "m", "-o", tmp_path / "m", *_LEARN)
    assert done.returncode == 0, done.stderr
    pairs = [read_state(folder / "decoder.safetensors")[0]["pairs"] for folder in (place / "m", tmp_path / "m")]
    assert pairs[0].equal(pairs[1])
    assert pairs[0].any()
