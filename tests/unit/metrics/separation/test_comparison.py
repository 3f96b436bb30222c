"""Separated songs beside their true stems."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.errors import InputError
from gantools.metrics.metric import Conditions
from gantools.metrics.pairing import ClipSets
from gantools.metrics.registry import load
from gantools.metrics.separation.comparison import SeparatedSong, compare_separation, pair_stems, score_song
from gantools.metrics.separation.metric import SeparationConfig
from gantools.report.clip import Clip

RATE_HZ = 8000
NOISE = 0.1 * np.random.default_rng(0).standard_normal((4, 3 * RATE_HZ))


def clip(path: Path, song: str, role: str) -> Clip:
    return Clip(path, f"{song}/{role}", role, song)


def written(path: Path, wave: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave.T, rate_hz, subtype="FLOAT")
    return path


def test_stems_are_paired_by_song_and_role_and_unknown_instruments_are_the_rest() -> None:
    names = ("one/bass", "one/guitar", "one/keys", "one/mix", "two/bass")
    true = [clip(Path(f"{name}.wav"), *name.split("/")) for name in names]
    names = ("one/bass", "one/other", "one/drums", "three/bass")
    made = [clip(Path(f"made/{name}.wav"), *name.split("/")) for name in names]
    (song,) = pair_stems(made, true)
    assert (song.name, set(song.separated)) == ("one", {"bass", "other"})
    assert song.true == {"bass": (Path("one/bass.wav"),), "other": (Path("one/guitar.wav"), Path("one/keys.wav"))}
    with pytest.raises(InputError, match="the songs are one, two"):
        pair_stems(made[3:], true)


def test_figures_by_hand_of_mono_stereo_and_sums(tmp_path: Path) -> None:
    bass = written(tmp_path / "bass.wav", NOISE[0])
    keys, guitar = (written(tmp_path / f"{n}.wav", NOISE[i : i + 1]) for n, i in (("keys", 1), ("guitar", 2)))
    half = written(tmp_path / "made/bass.wav", np.stack([0.5 * NOISE[0]] * 2))
    rest = written(tmp_path / "made/other.wav", (NOISE[1] + NOISE[2])[: 2 * RATE_HZ])  # a third is missing
    song = SeparatedSong("one", {"bass": (half,), "other": (rest,)}, {"bass": (bass,), "other": (guitar, keys)})
    scores = score_song(song)[""]
    assert scores["bass"]["sdr_db"] == pytest.approx(20 * math.log10(2), abs=1e-4)
    assert scores["bass"]["si_sdr_db"] > 100
    assert scores["other"]["sdr_db"] == pytest.approx(10 * math.log10(3), abs=0.2)
    assert scores["other"]["chunks"] == 3


def test_means_over_songs_and_roles_leave_out_silence(tmp_path: Path) -> None:
    songs = []
    for number, gain in enumerate((0.9, 0.5)):
        true = {
            role: (written(tmp_path / f"{number}/{role}.wav", NOISE[i]),) for i, role in enumerate(("bass", "drums"))
        }
        made = {role: (written(tmp_path / f"m{number}/{role}.wav", gain * NOISE[i]),) for i, role in enumerate(true)}
        songs.append(SeparatedSong(f"song {number}", made, true))
    silent = written(tmp_path / "silent.wav", 0 * NOISE[0])
    songs.append(SeparatedSong("silent", {"bass": (silent,)}, {"bass": (silent,)}))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    songs.append(SeparatedSong("broken", {"bass": (broken,)}, {"bass": (silent,)}))
    failed: list[Path] = []
    result = compare_separation(songs, True, Conditions(lambda path, error: failed.append(path)))
    assert failed == [broken]
    assert (result["n"], result["silent"], len(result["rows"])) == (3, 1, 5)
    assert result["sdr_db"] == pytest.approx((20 + 20 * math.log10(2)) / 2, abs=1e-3)
    assert result["stems"]["drums"]["sdr_db"] == pytest.approx(result["sdr_db"], abs=1e-3)
    means = {name: figures["sdr_db"] for name, figures in result["baselines"].items()}
    assert means["mix as estimate"] == pytest.approx(0.0, abs=0.2)
    assert means["oracle ratio mask"] > 3
    with pytest.raises(InputError, match="no song could be measured"):
        compare_separation(songs[3:], False, Conditions(lambda path, error: None))


def test_what_has_no_truth_is_left_out_and_counted(tmp_path: Path) -> None:
    made = [clip(tmp_path / f"made/{role}.wav", "one", role) for role in ("bass", "drums")]
    sets = ClipSets({"generated": made, "real": [clip(tmp_path / "bass.wav", "one", "bass")]})
    groups = load("separation").pair(sets, SeparationConfig())
    assert [[(label, one.role) for label, one in group] for group in groups] == [
        [("true", "bass"), ("separated", "bass")]
    ]
    assert sets.left_out == {"generated files without a true stem of their song and role": 1}
