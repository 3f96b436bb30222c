"""Generated loops against real ones: what sets of known kinds must get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loop_files import loop_roll, write_detector, write_loop, write_loops

from gantools.errors import InputError
from gantools.metrics.loops.comparison import compare_loops
from gantools.metrics.loops.config import LoopsConfig
from gantools.metrics.loops.phrases import made_phrases, real_phrases
from gantools.metrics.metric import Conditions
from gantools.metrics.pairing import ClipSets
from gantools.report.clip import Clip


def clips(folder: Path) -> list[Clip]:
    return [Clip(path, path.stem, "mix", path.stem) for path in sorted(folder.iterdir())]


def unforgiving(path: Path, error: Exception) -> None:
    raise AssertionError(f"{path}: {error}")


STRICT = Conditions(unforgiving)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector; two dozen loops, the same again, others, and a song whose second half has no drums."""
    folder = tmp_path_factory.mktemp("loops")
    write_detector(folder / "detector")
    write_loops(folder / "real", 24)
    write_loops(folder / "same", 24)
    write_loops(folder / "other", 24, first_seed=500)
    song = np.concatenate([loop_roll(0, 12), loop_roll(1, 8)])
    song[12 * 16 :, :9] = False
    write_loop(folder / "songs/song.mid", song)
    write_loop(folder / "songs/twin.mid", song)
    drums = loop_roll(2)
    drums[:, 9:] = False
    write_loop(folder / "songs/drums.mid", drums)
    return folder


def compare(folder: Path, generated: str, real: str, **options: int) -> tuple[dict, ClipSets]:
    config = replace(LoopsConfig(detector=str(folder / "detector"), random_networks=3, only_loops=False), **options)
    sets = ClipSets({"generated": clips(folder / generated), "real": clips(folder / real)})
    return compare_loops(sets, config, STRICT), sets


def test_equal_sets_are_all_real_and_all_copies(folder: Path) -> None:
    result, _ = compare(folder, "same", "real")
    assert [result[name] for name in ("precision", "recall", "coverage")] == [1.0, 1.0, 1.0]
    assert result["density"] >= 1
    assert result["f1_precision_recall"] == 1.0
    assert (result["novelty_p5"], result["novelty_median"], result["nearer_than_a_bar"]) == (0.0, 0.0, 1.0)
    assert result["loop_score"] == result["real"]["loop_score"]
    assert (result["compared"], result["phrases_real"], result["pieces_real"]) == (24, 24, 24)
    assert result["real"]["compared"] == 12


def test_other_loops_are_new_and_noise_is_not_real(folder: Path) -> None:
    result, _ = compare(folder, "other", "real")
    assert result["novelty_p5"] > result["bar_cells"]
    assert result["nearer_than_a_bar"] == 0.0
    assert result["noise"]["precision"] < 0.3 < 0.5 < result["precision"]
    assert result["noise"]["note_density"] > result["note_density"]
    assert result["shuffled"]["accepted"] < result["accepted"]
    assert compare(folder, "other", "real")[0] == result
    # Style is that of all phrases, however few are compared.
    fewer, _ = compare(folder, "other", "real", samples=9)
    assert (fewer["compared"], fewer["measured_generated"], fewer["phrases_real"]) == (9, 24, 24)


def test_real_phrases_are_those_that_the_detector_takes_for_loops(folder: Path) -> None:
    everything, _ = compare(folder, "same", "real")
    loops, _ = compare(folder, "same", "real", only_loops=True)
    assert 0 < everything["real"]["accepted"] < 1 == loops["real"]["accepted"]
    assert loops["phrases_real"] == round(everything["real"]["accepted"] * 24) == loops["pieces_real"]
    assert (loops["windows_real"], loops["learned"]) == (24, 24)
    # Those that are no loops were learned from all the same.
    assert loops["nearer_than_a_bar"] == 1.0


def test_what_was_learned_from_may_be_another_set(folder: Path) -> None:
    config = LoopsConfig(detector=str(folder / "detector"), random_networks=1, only_loops=False)
    places = {"generated": "same", "real": "other", "training": "real"}
    sets = ClipSets({name: clips(folder / place) for name, place in places.items()})
    result = compare_loops(sets, config, STRICT)
    assert result["nearer_than_a_bar"] == 1.0
    assert result["recall"] < 1
    # The real pieces among themselves are not held against the training.
    assert result["real"]["nearer_than_a_bar"] == 0.0


def test_phrases_of_real_pieces_lie_a_bar_apart_and_those_of_made_ones_end_to_end(folder: Path) -> None:
    config = LoopsConfig()
    songs = clips(folder / "songs")
    real, passed = real_phrases(songs, "real", config, STRICT)
    # Drums and bass play from bar 0 to 11; some more windows hold enough drums. One of the twins counts.
    starts = (real.starts // 16).tolist()
    assert starts[:5] == [0, 1, 2, 3, 4]
    assert set(real.pieces.tolist()) == {0}
    assert passed == {"with the notes of another": 1, "without 8 bars of drums and bass in 4/4": 1}
    made = made_phrases(songs, config, STRICT)
    # 20 bars hold two phrases; one without a bass counts too.
    assert made.pieces.tolist() == [0, 1, 1, 2, 2]
    assert np.array_equal(made.cut(np.array([1]))[0][0], loop_roll(0))


def test_what_a_file_repeats_counts_once(folder: Path, tmp_path: Path) -> None:
    write_loop(tmp_path / "a.mid", np.tile(loop_roll(0), (4, 1)))
    write_loop(tmp_path / "b.mid", np.concatenate([loop_roll(0), loop_roll(1), loop_roll(0)]))
    made = made_phrases(clips(tmp_path), LoopsConfig(), STRICT)
    assert made.pieces.tolist() == [0, 1, 1]


def test_a_file_without_notes_is_a_silent_phrase(folder: Path, tmp_path: Path) -> None:
    write_loops(tmp_path, 2)
    write_loop(tmp_path / "nothing.mid", np.zeros((8 * 16, 57), bool))
    config = LoopsConfig(detector=str(folder / "detector"))
    result = compare_loops(ClipSets({"generated": clips(tmp_path)}), config, STRICT)
    assert (result["phrases_generated"], result["silent"]) == (3, pytest.approx(1 / 3))
    assert result["note_density"] == pytest.approx(
        2 / 3 * np.mean([loop_roll(n).any(axis=1).mean() * 16 for n in (0, 1)])
    )
    assert np.isfinite(result["loop_score"])


def test_too_few_phrases_are_refused_and_short_files_fail_alone(folder: Path, tmp_path: Path) -> None:
    write_loops(tmp_path / "made", 3)
    write_loop(tmp_path / "made/short.mid", loop_roll(0, bars=4))
    failed: list[str] = []
    conditions = Conditions(lambda path, error: failed.append(f"{path.name} {error.message}"))
    sets = ClipSets({"generated": clips(tmp_path / "made"), "real": clips(folder / "real")})
    with pytest.raises(InputError, match="3 generated and 24 real phrases; k = 5 needs 6"):
        compare_loops(
            sets, LoopsConfig(detector=str(folder / "detector"), random_networks=1, only_loops=False), conditions
        )
    assert failed == ["short.mid has 4 bars, fewer than the 8 of a phrase"]
