"""Bad input: one clear line, the other files done, no partial file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import tone


def bad_files(folder: Path) -> dict[str, str]:
    """Write one file of each bad kind; return file name -> word that its message must hold ("" where it works)."""
    folder.mkdir()
    good = tone(4.0)
    soundfile.write(folder / "good.wav", good, 22050)
    soundfile.write(folder / "silence.wav", np.zeros(22050), 22050)
    soundfile.write(folder / "ten-ms.wav", good[:220], 22050)
    nan = good.copy()
    nan[10000] = np.nan
    soundfile.write(folder / "nan.wav", nan, 22050, subtype="FLOAT")
    soundfile.write(folder / "six.wav", tone(4.0, channels=6), 22050)
    soundfile.write(folder / "8k.wav", tone(4.0, 8000), 8000)
    soundfile.write(folder / "192k.wav", tone(4.0, 192000), 192000)
    soundfile.write(folder / "whole.mp3", tone(20.0, 44100, 2), 44100)
    data = (folder / "whole.mp3").read_bytes()
    (folder / "cut.mp3").write_bytes(data[: len(data) // 3])
    (folder / "text.wav").write_text("this is a letter\n" * 100)
    (folder / "empty.wav").write_bytes(b"")
    data = (folder / "good.wav").read_bytes()
    (folder / "half.wav").write_bytes(data[: len(data) // 2])
    soundfile.write(folder / "none.wav", np.zeros(0), 22050)
    words = {
        "ten-ms": "too short",
        "nan": "NaN",
        "text": "not an audio file",
        "empty": "is empty (0 bytes)",
        "cut": "truncated",
        "half": "truncated",
        "none": "no samples",
    }
    names = {path.name: words.get(path.stem, "") for path in folder.iterdir()}
    (folder / "gone.wav").symlink_to("nowhere.wav")
    if os.geteuid() != 0:
        (folder / "locked.wav").write_bytes(data)
        (folder / "locked.wav").chmod(0)
        names["locked.wav"] = "Permission denied"
    return names


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_melify(gantools, tmp_path: Path, jobs: str) -> None:
    expected = bad_files(tmp_path / "in")
    done = gantools("melify", "in", "-o", "out", "-j", jobs, "--json")
    assert done.returncode == 1
    found = {Path(r["source"]).name: r for r in map(json.loads, done.stdout.splitlines())}
    lines = done.stderr.splitlines()
    for name, word in expected.items():
        assert found[name]["status"] == ("error" if word else "ok"), (name, found[name])
        if word:
            (line,) = [line for line in lines if f"in/{name}:" in line]
            assert word in line
    failed = [name for name, word in expected.items() if word]
    warned = [line for line in lines if ": warning: " in line]
    (passed_over,) = [line for line in lines if "passed over" in line]
    assert "gone.wav" in passed_over
    assert len(lines) == len(failed) + len(warned) + 2, done.stderr  # one each, what was passed over, the sum
    outputs = {p.name for p in (tmp_path / "out").iterdir()} - {"manifest.jsonl"}
    assert outputs == {Path(r["path"]).name for r in found.values() if r["status"] == "ok"}
    again = gantools("melify", "in", "-o", "out", "--json")
    assert again.returncode == 1
    assert {r["status"] for r in map(json.loads, again.stdout.splitlines())} == {"skipped", "error"}


def test_damaged_mels_fail_alone(gantools, write_tone, tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        write_tone(tmp_path / f"in/{name}/bass.wav", seconds=8.0)
    gantools("melify", "in", "-o", "mels", "-q")
    flipped = tmp_path / "mels/b/bass.mel.safetensors"
    data = bytearray(flipped.read_bytes())
    data[-1000] ^= 0xFF
    flipped.write_bytes(data)
    cut = tmp_path / "mels/c/bass.mel.safetensors"
    cut.write_bytes(cut.read_bytes()[:30000])
    gantools("melify", "in/d", "-o", "other", "--n-mels", "128", "-q")
    os.replace(tmp_path / "other/bass.mel.safetensors", tmp_path / "mels/d/bass.mel.safetensors")
    done = gantools("chunk", "mels", "-o", "chunks", "--json")
    assert done.returncode == 1
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["ok", "error", "error", "error"]
    for word in ("checksum", "cut short", "n_mels is 128"):
        assert sum(word in line for line in done.stderr.splitlines()) == 1, done.stderr
