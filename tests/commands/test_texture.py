"""`gantools evaluate texture` through its real interface."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

RATE = 22050


def band(seconds: float, seed: int) -> np.ndarray:
    """Return drums with a part of held notes, float32 (n,)."""
    time = np.arange(round(seconds * RATE)) / RATE
    hz = 220.0 * 2 ** (np.array([0, 3, 7, 5])[(time * 2).astype(int) % 4] / 12 + seed / 12)
    notes = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-2 * (time % 0.5))
    return (drum_pattern(120.0, seconds, RATE, seed=seed)[0] + 0.3 * notes).astype(np.float32)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pieces in ``real``, the first of them in another form and noise in ``made``."""
    folder = tmp_path_factory.mktemp("texture")
    for name in ("real", "made"):
        (folder / name).mkdir()
    for seed in range(2):
        soundfile.write(folder / f"real/piece {seed}.wav", band(16.0, seed), RATE)
    noise = np.random.default_rng(0).standard_normal(16 * RATE)
    soundfile.write(folder / "made/noise.wav", 0.1 * noise, RATE)
    stereo = np.stack([band(16.0, 0)] * 2, axis=1) * 0.01
    soundfile.write(folder / "made/piece 0.wav", np.repeat(stereo, 2, axis=0), 2 * RATE, subtype="FLOAT")
    return folder


def test_noise_is_told_from_music_beside_real_music_and_its_brackets(gantools, written: Path, tmp_path: Path) -> None:
    done = gantools("evaluate", "texture", written / "made", "--real", written / "real", "--brackets", "-o", "report")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert any(line.startswith("partials last") and "noise of its shape" in line for line in lines)
    found = json.loads((tmp_path / "report/report.json").read_text())
    noise, music = sorted(found["rows"], key=lambda row: row["file"])
    assert (noise["file"], music["file"]) == ("noise", "piece 0")
    real, shaped = found["real"], found["noise"]
    for name in ("partial_ms", "held_share", "attack_db", "attack_p90_db", "pulse", "bar_next"):
        assert max(noise[name], shaped[name]) < 0.8 * min(real[name], music[name]), name
    assert real["bar_next"] > found["shuffled"]["bar_next"]
    assert real["bar_p"] < 0.05
    assert found["place"]["partial_ms"] == pytest.approx(
        (found["partial_ms"] - shaped["partial_ms"]) / (real["partial_ms"] - shaped["partial_ms"])
    )
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["manifest.jsonl", "mels.png", "report.html", "report.json", "texture.png"]
    again = gantools("evaluate", "texture", written / "made", "--real", written / "real", "--brackets", "-o", "report")
    assert "nothing to do" in again.stderr


def test_rate_channels_and_level_change_no_figure(gantools, written: Path, tmp_path: Path) -> None:
    one = json.loads(gantools("evaluate", "texture", written / "real/piece 0.wav", "--json").stdout)
    two = json.loads(gantools("evaluate", "texture", written / "made/piece 0.wav", "--json").stdout)
    # Two samples for one and brought down again: what lies near half the rate is not quite the same.
    for name in ("partial_ms", "held_share", "attack_db", "pulse", "bar_next", "onsets_per_second"):
        assert two[name] == pytest.approx(one[name], rel=0.1), name
    assert one["rows"][0]["clips"] == 1
    cut = json.loads(
        gantools("evaluate", "texture", written / "real/piece 0.wav", "--clip-seconds", "4", "--json").stdout
    )
    assert cut["rows"][0]["clips"] == 4


def test_bad_files_fail_alone_with_a_line_each(gantools, written: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    wave = band(4.0, 1)
    soundfile.write(tmp_path / "in/good.wav", wave, RATE)
    soundfile.write(tmp_path / "in/silent.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "in/ten-ms.wav", wave[:220], RATE)
    wave[100] = np.nan
    soundfile.write(tmp_path / "in/nan.wav", wave, RATE, subtype="FLOAT")
    done = gantools("evaluate", "texture", "in", "--json", "-q")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["status"], found["files"], len(found["failed"])) == ("ok", 1, 3)
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    for name, word in (("silent", "is silent"), ("ten-ms", "too short"), ("nan", "NaN")):
        (line,) = [line for line in lines if f"in/{name}.wav: " in line]
        assert word in line
    none = gantools("evaluate", "texture", "in/silent.wav", "--json")
    assert (none.returncode, json.loads(none.stdout)["status"]) == (1, "error")


def test_rests_of_the_other_stem_are_paired_by_song(gantools, tmp_path: Path) -> None:
    time = np.arange(16 * RATE) / RATE
    # The bass rests in the second half of each bar, and so does one of the parts.
    bass = np.sin(2 * np.pi * 60 * time) * (time % 2 < 1)
    for song, plays in (("a", True), ("b", False)):
        folder = tmp_path / f"songs/{song}"
        folder.mkdir(parents=True)
        soundfile.write(folder / "bass.wav", 0.5 * bass, RATE)
        drums = drum_pattern(120.0, 16.0, RATE)[0] * (plays | (time % 2 < 0.9))
        soundfile.write(folder / "drums.wav", drums, RATE)
    options = ("--role", "drums", "--with", "songs", "--source-role", "bass", "--bpm", "120")
    done = gantools("evaluate", "texture", "songs", *options, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = {row["file"]: row for row in found["rows"]}
    assert (rows["a/drums"]["rests"], rows["a/drums"]["rests_played"]) == (8, 1.0)
    assert rows["b/drums"]["rests_played"] < 0.2
    assert found["rests"] == 16
    assert "rests played" in done.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--brackets",), "--brackets goes with --real"),
        (("--source-role", "bass"), "--source-role goes with --with"),
        (("--clip-seconds", "1"), "out of range"),
        (("--real", "absent"), "no such file"),
    ],
)
def test_nothing_starts_with_wrong_options(gantools, written: Path, options: tuple[str, ...], reason: str) -> None:
    done = gantools("evaluate", "texture", written / "made", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
