"""`gantools evaluate frechet | coverage | inception | treble | music` on sets, through their real interface."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

RATE = 16000


def piece(seed: int, seconds: float = 8.0, hz: float = 220.0) -> np.ndarray:
    """Return drums with held notes, float32 (n,)."""
    time = np.arange(round(seconds * RATE)) / RATE
    notes = hz * 2 ** (np.array([0, 4, 7, 12])[(time * 2 + seed).astype(int) % 4] / 12)
    tune = np.sin(2 * np.pi * np.cumsum(notes) / RATE) * np.exp(-2 * (time % 0.5))
    return (0.6 * drum_pattern(120.0, seconds, RATE, seed=seed)[0] + 0.3 * tune).astype(np.float32)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four real pieces, others of their kind in ``near``, and noise in ``far``."""
    folder = tmp_path_factory.mktemp("sets")
    for name in ("real", "near", "far"):
        (folder / name).mkdir()
    random = np.random.default_rng(0)
    for number in range(4):
        soundfile.write(folder / f"real/{number}.wav", piece(number), RATE)
        soundfile.write(folder / f"near/{number}.wav", piece(number + 10), RATE)
        soundfile.write(folder / f"far/{number}.wav", 0.1 * random.standard_normal(8 * RATE), RATE)
    return folder


def test_brackets_and_another_set_stand_beside_the_distances(gantools, written: Path, tmp_path: Path) -> None:
    places = [str(written / name) for name in ("near", "real", "far")]
    done = gantools("evaluate", "frechet", *places, "--brackets", "--no-infinity", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kad_low"] < found["kad"] < found["kad_high"]
    assert list(found["brackets"]) == ["generated", "copy", "held_out", "shuffled", "noise"]
    distances = {name: one["distance"] for name, one in found["brackets"].items()}
    assert distances["copy"] == pytest.approx(0, abs=1e-6)
    assert distances["copy"] < min(distances["held_out"], distances["generated"])
    assert max(distances["held_out"], distances["generated"]) < distances["noise"]
    (other,) = found["compared"]
    assert (other["place"], other["n"], other["unit"]) == (places[2], 16, "runs of windows")
    for figure in other["figures"].values():
        assert figure["better"] == "generated"
        assert figure["low"] <= figure["difference"] <= figure["high"] < 0
        assert figure["difference"] == pytest.approx(figure["generated"] - figure["other"])
    assert "Against every other real file" in done.stderr
    page = (tmp_path / "report/report.html").read_text()
    rows = json.loads((tmp_path / "report/report.json").read_text())["rows"]
    assert sorted(row["file"] for row in rows) == ["0", "1", "2", "3"]
    assert rows == sorted(rows, key=lambda row: -row["distance"])
    # The three that are farthest, each beside the real file of its name.
    assert page.count("<audio") == 6
    assert page.index(f"{rows[0]['file']}, from") < page.index(f"{rows[1]['file']}, from")


def test_one_set_twice_shows_no_difference(gantools, written: Path) -> None:
    near, real = written / "near", written / "real"
    done = gantools("evaluate", "coverage", near, real, near, "--neighbours", "2", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["compared"][0]["figures"]
    assert list(figures)[-1] == "f1_density_coverage"
    assert {(one["difference"], one["better"]) for one in figures.values()} == {(0.0, None)}
    assert "no difference seen" in done.stderr


def test_files_of_the_same_names_are_compared_in_pairs(gantools, written: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for number in range(5):
        for name, level in (("one", 0.0), ("two", 0.05)):
            (tmp_path / name).mkdir(exist_ok=True)
            wave = piece(number, hz=110 * 2 ** (number / 3)) + level * random.standard_normal(8 * RATE)
            soundfile.write(tmp_path / name / f"{number}.wav", wave, RATE)
    asked = ("evaluate", "frechet", "one", written / "real", "two", "--no-infinity", "--embedder", "rand-cnn", "--json")
    done = gantools(*asked)
    assert done.returncode == 0, done.stderr
    (paired,) = json.loads(done.stdout)["compared"]
    assert paired["unit"] == "pairs of files"
    assert "whose pairs of files are drawn anew" in done.stderr
    (tmp_path / "two/4.wav").rename(tmp_path / "two/5.wav")
    (apart,) = json.loads(gantools(*asked).stdout)["compared"]
    assert apart["unit"] == "files"
    for name, figure in paired["figures"].items():
        other = apart["figures"][name]
        assert figure["difference"] == pytest.approx(other["difference"], rel=1e-3)
        assert figure["high"] - figure["low"] < other["high"] - other["low"]


def test_a_single_real_file_has_no_brackets(gantools, written: Path) -> None:
    done = gantools("evaluate", "frechet", written / "near", written / "real/0.wav", "--brackets", "--no-infinity")
    assert done.returncode == 0, done.stderr
    assert "No brackets: brackets need two real files" in done.stdout


def test_the_inception_score_stands_beside_that_of_real_music(gantools, written: Path) -> None:
    done = gantools("evaluate", "inception", written, written / "real", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["layer"], found["n_generated"]) == ("tags", 48)
    # The real pieces are all of one kind, and among the generated ones are noises.
    assert 1 <= found["real_inception"] < found["inception"] < 50
    assert "It knows no real music" in done.stderr
    wrong = gantools("evaluate", "inception", written / "far", written / "real", "--embedder", "rand-cnn")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "rand-cnn knows no tags" in wrong.stderr


def test_treble_is_what_a_low_pass_leaves(gantools, written: Path, tmp_path: Path) -> None:
    (tmp_path / "dull").mkdir()
    for number in range(4):
        wave, _ = soundfile.read(written / f"real/{number}.wav")
        spectrum, hz = np.fft.rfft(wave), np.fft.rfftfreq(len(wave), 1 / RATE)
        spectrum[hz >= 4000] *= 0.1
        soundfile.write(tmp_path / f"dull/{number}.wav", np.fft.irfft(spectrum, len(wave)), RATE, subtype="FLOAT")
    done = gantools("evaluate", "treble", "dull", written / "real", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["above_4k_db"] == pytest.approx(-20, abs=0.2)
    assert found["above_4k_db_low"] <= found["above_4k_db"] <= found["above_4k_db_high"]
    # At 16 kHz there is only the last bin.
    assert found["above_8k_db"] is None or found["above_8k_db"] < -15
    assert found["source"] == "dull"
    assert "above 4 kHz" in done.stderr
    rows = json.loads((tmp_path / "report/report.json").read_text())["rows"]
    assert [row["rate_hz"] for row in rows] == [RATE] * 4
    none = gantools("evaluate", "treble", "dull", "absent")
    assert (none.returncode, none.stdout) == (2, "")


def test_music_that_moves_is_told_from_real_music_and_chance(gantools, tmp_path: Path) -> None:
    for name in ("stays", "moves"):
        (tmp_path / name).mkdir()
    for number in range(3):
        stays = np.concatenate([piece(0, 20.0, 220 * 2 ** (number / 12))])
        soundfile.write(tmp_path / f"stays/{number}.wav", stays, RATE)
        moves = [piece(0, 5.0, 220 * 2 ** ((number + step) / 12)) for step in (0, 1, 6, 8)]
        soundfile.write(tmp_path / f"moves/{number}.wav", np.concatenate(moves), RATE)
    done = gantools("evaluate", "music", "moves", "stays", "--window-seconds", "5", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["real_key_kept"] == 1.0
    assert found["key_kept"] <= 0.5
    assert found["tempo_kept"] == found["real_tempo_kept"] == 1.0
    assert found["chance"]["key_kept"] < 0.8
    rows = json.loads((tmp_path / "report/report.json").read_text())["rows"]
    assert all(math.isclose(row["bpm"], 120, rel_tol=0.02) for row in rows)
    alone = gantools("evaluate", "music", "stays/0.wav", "--window-seconds", "12", "--json")
    assert alone.returncode == 1
    assert "two are needed" in alone.stderr


def test_all_runs_what_fits_in_one_report(gantools, written: Path, tmp_path: Path) -> None:
    done = gantools("evaluate", "all", written / "near", written / "real", "--json", "-o", "report", "-d", "cpu")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert list(record["measures"]) == ["frechet", "coverage", "inception", "treble", "texture"]
    # Eight seconds hold no two windows of twelve, which is no fault of the files.
    assert list(record["refused"]) == ["music"]
    assert record["failed"] == []
    assert "details" not in record
    page = (tmp_path / "report/report.html").read_text()
    assert "frechet: kernel distance" in page
    assert "above 4 kHz, dB" in page
    alone = gantools("evaluate", "frechet", written / "near", written / "real", "--json")
    assert json.loads(alone.stdout)["kad"] == record["measures"]["frechet"]["kad"]


def test_all_takes_the_last_samples_of_a_model_and_needs_no_real_music(gantools, written: Path, tmp_path: Path) -> None:
    samples = tmp_path / "model/samples"
    samples.mkdir(parents=True)
    (tmp_path / "model/config.json").write_text("{}")
    for step in (1, 200):
        soundfile.write(samples / f"step-{step:08d}.wav", piece(step, 26.0), RATE)
    done = gantools("evaluate", "all", "model", "--json", "-d", "cpu")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert list(record["measures"]) == ["texture", "music"]
    assert record["measures"]["texture"]["files"] == 1
    assert record["left_out"] == {"generated samples that are not of the last step": 1}
    (samples / "step-00000200.wav").write_bytes(b"no sound")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/a.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "broken/b.wav", piece(0, 26.0), RATE)
    done = gantools("evaluate", "all", "broken", "--json")
    assert done.returncode == 1
    assert done.stderr.count("a.wav: not an audio file") == 1
    assert json.loads(done.stdout)["refused"] == {}
    failed = gantools("evaluate", "all", "model", "--json")
    assert (failed.returncode, json.loads(failed.stdout)["status"]) == (1, "error")
