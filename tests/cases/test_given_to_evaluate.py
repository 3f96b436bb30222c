"""`evaluate` measures what it is given: names decide nothing that was not asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gantools.files.manifest import Manifest

RATE_HZ = 16000
NAMES = ("ripper", "two", "three", "four")


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Four different sounds of 7 s."""
    random = np.random.default_rng(0)
    time = np.arange(7 * RATE_HZ) / RATE_HZ
    (tmp_path / "real").mkdir()
    for number, name in enumerate(NAMES):
        wave = 0.3 * np.sin(2 * np.pi * 110 * 2**number * time) + 0.05 * random.standard_normal(len(time))
        soundfile.write(tmp_path / "real" / f"{name}.wav", wave, RATE_HZ)
    return tmp_path / "real"


def measure(gantools, *arguments: str) -> dict:
    done = gantools("evaluate", *arguments, "--json", "-q")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_title_with_a_role_word_changes_no_figure(gantools, real: Path, tmp_path: Path) -> None:
    shutil.copytree(real, tmp_path / "named")
    (tmp_path / "named/ripper.wav").rename(tmp_path / "named/Drum Ripper.wav")
    (tmp_path / "named/two.wav").rename(tmp_path / "named/two - drums.wav")  # a part indeed, but none was asked for
    for pair in (("named", "real"), ("real", "named")):
        found = measure(gantools, "frechet", *pair, "--no-infinity")
        assert (found["files_generated"], found["files_real"]) == (4, 4)
        assert found["distance"] == pytest.approx(0.0, abs=1e-6)
        assert found["left_out"] == {}
    found = measure(gantools, "coverage", "named", "real", "--neighbours", "1")
    assert (found["files_generated"], found["recall"], found["coverage"]) == (4, 1.0, 1.0)


def test_a_role_that_is_asked_for_selects_and_the_table_counts_the_others(gantools, real: Path, tmp_path: Path) -> None:
    for folder in ("made", "songs"):
        for number, name in enumerate(NAMES):
            (tmp_path / folder / name).mkdir(parents=True)
            for role in ("drums", "bass")[: 2 - number % 2]:
                shutil.copyfile(real / f"{name}.wav", tmp_path / folder / name / f"{role}.wav")
    done = gantools("evaluate", "frechet", "made", "songs", "--role", "drums", "--no-infinity")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [
        "left",
        "out",
        "2",
        "generated",
        "files",
        "that",
        "are",
        "not",
        "drums,",
        "as",
        "their",
        "names",
        "say",
    ] in rows
    assert ["left", "out", "2", "real", "files", "that", "are", "not", "drums,", "as", "their", "names", "say"] in rows
    other = measure(gantools, "frechet", "made", "real", "--role", "drums", "--no-infinity")
    assert (other["files_generated"], other["files_real"]) == (4, 4)  # no name of the real ones says a part
    assert gantools("evaluate", "frechet", "made", "real", "--role", "oboe").returncode == 2
    mapped = gantools("evaluate", "pitch", "made", "--tracker", "yin", "--map", "x=y")
    assert mapped.returncode == 2  # pitch reads no roles


def test_what_stands_beside_the_results_is_not_measured(gantools, real: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    shutil.copytree(real, made)
    for name in ("two.mix.wav", "clip.wav", "mine.wav"):
        shutil.copyfile(real / "four.wav", made / name)
    base = {"config": "", "source": "x", "seed": 0, "version": "", "fields": {}}
    inputs = {"source": {"size": 1, "mtime_ns": 1, "hash": "x"}}
    manifest = Manifest(made)
    outputs = {"two.wav": 1, "two.mix.wav": 1}
    manifest.append({**base, "key": "two.wav", "inputs": inputs, "outputs": outputs, "beside": ["two.mix.wav"]})
    manifest.append({**base, "key": "ranked.csv", "inputs": {}, "outputs": {"clip.wav": 1}})
    found = measure(gantools, "frechet", "made", "real", "--no-infinity")
    assert found["files_generated"] == 5  # what the user put there is measured
    assert found["left_out"] == {"files that gantools put beside its results": 2}


def test_a_mix_beside_a_generated_part_is_known_by_the_manifest(gantools, real: Path, tmp_path: Path) -> None:
    from gantools.chunks.finding import Passed, find_files

    done = gantools("melify", "real/two.wav", "-o", "mels", "--image")
    assert done.returncode == 0, done.stderr
    record = Manifest(tmp_path / "mels").records["two.mel.safetensors"]
    assert (record["item"], record["role"], record["beside"]) == ("two", "mix", ["two.mel.png"])
    passed = Passed()
    assert [p.name for p, _ in find_files(tmp_path / "mels", (".safetensors", ".png"), passed, results_only=True)] == [
        "two.mel.safetensors"
    ]
    assert passed.text() == "passed over: 1 file that gantools put beside its results (two.mel.png)"
