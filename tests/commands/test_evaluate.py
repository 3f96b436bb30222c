"""`gantools evaluate` through its real interface."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import tone

#: The folder of generated files holds mixes too.
DRUMS = ("--role", "drums")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs with bass and drums, and drums generated from the bass, with mixes beside them."""
    tmp_path = tmp_path_factory.mktemp("music")
    for number in range(3):
        for role, hz, seed in (("bass", 60.0, number), ("drums", 900.0, number + 50)):
            path = tmp_path / f"songs/song {number}/{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(13.0, 22050, hz=hz, seed=seed), 22050)
        for role in ("drums", "mix"):
            path = tmp_path / f"made/song {number}/bass.{role}.ogg"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(13.0, 44100, 2, hz=700.0, seed=number + 90), 44100)
    return tmp_path


@pytest.fixture
def music(written: Path, tmp_path: Path) -> Path:
    """A copy of what is written, to change."""
    return shutil.copytree(written, tmp_path, dirs_exist_ok=True)


def test_frechet_prints_a_table_a_record_and_a_report(gantools, music: Path) -> None:
    table = gantools("evaluate", "frechet", "made", "songs", *DRUMS)
    assert table.returncode == 0, table.stderr
    assert table.stdout.startswith("Fréchet distance")
    done = gantools("evaluate", "frechet", "made", "songs", *DRUMS, "--json", "-o", "report")
    (record,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (record["action"], record["metric"], record["status"]) == ("evaluate", "frechet", "ok")
    assert (record["files_generated"], record["files_real"], record["n_real"]) == (3, 3, 21)
    assert (record["embedder"], record["layer"]) == ("musicnn-msd", "mean_pool")
    assert record["distance"] > 0
    assert "needs 100 vectors" in record["fad_infinity_refused"]
    assert sorted(path.name for path in (music / "report").iterdir()) == [
        "manifest.jsonl", "mels.png", "report.html", "report.json",
    ]  # fmt: skip
    again = gantools("evaluate", "frechet", "made", "songs", *DRUMS, "--json", "-o", "report")
    assert json.loads(again.stdout)["status"] == "skipped"
    assert json.loads(again.stdout)["distance"] == record["distance"]
    assert "nothing to do" in again.stderr
    other = gantools("evaluate", "frechet", "made", "songs", *DRUMS, "--layer", "penultimate", "-o", "report", "-q")
    assert other.stdout == "report/report.html\n"
    assert json.loads((music / "report/report.json").read_text())["layer"] == "penultimate"


def test_rhythm_pairs_by_name_and_compares_with_real_drums(gantools, music: Path) -> None:
    done = gantools("evaluate", "rhythm", "made", "songs", *DRUMS, "--real", "songs", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["n"], record["files"], record["real_n"]) == (6, 3, 6)
    assert 0 < record["p"] <= 1
    assert record["ratio_to_real"] == pytest.approx(record["own"] / record["real_own"])
    assert (music / "report/alignment.png").exists()
    assert "copy distance" in done.stderr


def test_stoi_takes_audio_and_mel_files(gantools, music: Path) -> None:
    gantools("melify", "songs", "-o", "mels", "--n-mels", "64", "-q")
    done = gantools("evaluate", "stoi", "mels", "songs", "--role", "drums", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["mean"] > 0.99
    literal = gantools("evaluate", "stoi", "made", "songs", *DRUMS, "--formula", "literal", "-o", "report", "-q")
    assert literal.returncode == 0, literal.stderr
    assert (music / "report/features.safetensors").exists()
    gantools("melify", "made", "-o", "other", "--n-mels", "32", "-q")
    mixed = gantools("evaluate", "stoi", "other", "mels", "--json")
    assert mixed.returncode == 1
    assert "n_mels is" in mixed.stderr


def test_separation_scores_stems_beside_baselines(gantools, music: Path) -> None:
    for number in range(2):
        for role, gain in (("bass", 0.5), ("drums", 0.9)):
            wave, rate_hz = soundfile.read(music / f"songs/song {number}/{role}.wav")
            path = music / f"separated/song {number}/{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, gain * wave, rate_hz, subtype="FLOAT")
    (music / "separated/song 0/vocals.wav").write_bytes(path.read_bytes())
    done = gantools("evaluate", "separation", "separated", "songs", "--baselines", "--json", "-o", "report")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["n"], record["silent"], record["metric"]) == (2, 0, "separation")
    assert record["stems"]["bass"]["sdr_db"] == pytest.approx(6.02, abs=0.01)
    assert record["stems"]["drums"]["sdr_db"] == pytest.approx(20.0, abs=0.01)
    assert record["sdr_db"] == pytest.approx(13.01, abs=0.01)
    assert set(record["baselines"]) == {"mix as estimate", "HPSS + low-pass", "oracle ratio mask"}
    assert record["left_out"] == {"generated files without a true stem of their song and role": 1}
    lines = done.stderr.splitlines()
    assert any(line.startswith("SDR, bass") and "6.021" in line for line in lines)
    names = sorted(path.name for path in (music / "report").iterdir())
    assert names == ["manifest.jsonl", "mels.png", "report.html", "report.json", "sdr.png"]
    page = (music / "report/report.html").read_text()
    assert page.count("<audio") == 8
    assert "song 1/drums" in page
    none = gantools("evaluate", "separation", "made", "separated", "--role", "mix")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no separated stem has a true one" in none.stderr


def test_broken_files_fail_alone_and_a_failed_metric_is_exit_1(gantools, music: Path) -> None:
    (music / "made/song 0/bass.drums.ogg").write_bytes(b"no sound")
    soundfile.write(music / "made/song 1/bass.drums.ogg", np.zeros(100), 22050)
    done = gantools("evaluate", "frechet", "made", "songs", *DRUMS, "--json", "-o", "report")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert (record["status"], record["files_generated"], len(record["failed"])) == ("ok", 1, 2)
    assert done.stderr.count("song 0/bass.drums.ogg: not an audio file") == 1
    for number in (1, 2):
        (music / f"made/song {number}/bass.drums.ogg").write_bytes(b"no sound")
    failed = gantools("evaluate", "frechet", "made", "songs", *DRUMS, "--json", "-o", "none")
    assert (failed.returncode, json.loads(failed.stdout)["status"]) == (1, "error")
    assert "none of the files could be embedded" in failed.stderr
    assert not (music / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("frechet", "made", "absent"), "no such file"),
        (("frechet", "made", "songs", "--embedder", "vggish"), "no embedder 'vggish'"),
        (("frechet", "made", "songs", "--layer", "tag"), "did you mean tags"),
        (("rhythm", "made", "songs", "--role", "vocals"), "no file has the role 'vocals'"),
        (("frechet", "made", "songs", "--embedder", "file:net.pt"), "run code"),
    ],
)
def test_nothing_starts_with_wrong_options(gantools, music: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = gantools("evaluate", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_roles_of_both_sides_can_be_named(gantools, music: Path) -> None:
    done = gantools(
        "evaluate", "frechet", "songs", "songs", "--role", "bass", "--real-role", "drums", "--json", "--no-infinity"
    )
    assert done.returncode == 0, done.stderr
    across = json.loads(done.stdout)
    same = json.loads(
        gantools("evaluate", "frechet", "songs", "songs", "--role", "bass", "--json", "--no-infinity").stdout
    )
    assert (across["files_generated"], across["files_real"]) == (3, 3)
    assert across["distance"] > 10 * abs(same["distance"]) + 1


def test_a_metric_of_sounds_names_the_kind_that_it_was_given(gantools, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for name in ("one.mid", "two.MIDI"):
        (tmp_path / "notes" / name).write_bytes(b"MThd")
    done = gantools("evaluate", "frechet", "notes/one.mid", "notes/two.MIDI")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gantools evaluate: notes/one.mid: is MIDI, and evaluate frechet reads audio\n"
    done = gantools("evaluate", "rhythm", "notes", "notes")
    assert done.returncode == 2
    assert "no input in notes; what is there is MIDI, which is notes and not sound; loopscore" in done.stderr
