"""`evaluate` on folders with bad files: a clear line for each, the others measured, exit code 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import drum_pattern

RATE = 22050
SECONDS = 9.0
#: What each command can do nothing with, beside what no command can.
COMMANDS = {
    "frechet bad real --no-infinity": {"short"},
    "coverage bad real --neighbours 2": {"short"},
    "inception bad real": {"short"},
    "treble bad real": {"silent"},
    "music bad real --window-seconds 4": {"short", "silent"},
    "texture bad": {"short", "silent"},
    "seams bad --patch-seconds 2": {"short", "silent"},
    "novelty bad real/0.wav": {"short", "silent"},
    "neighbours bad real real": {"short", "silent"},
    "pitch bad --tracker yin": {"short"},
    "stoi bad same": {"short"},
    "rhythm bad source": {"short"},
    "mix bad same": {"short", "silent", "six"},
    "dataset bad": set(),
}


def piece(seed: int) -> np.ndarray:
    """Return drums with held notes, float32 (n,)."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    notes = 220 * 2 ** (np.array([0, 4, 7, 12])[(time * 2 + seed).astype(int) % 4] / 12)
    tune = np.sin(2 * np.pi * np.cumsum(notes) / RATE) * np.exp(-2 * (time % 0.5))
    return (0.6 * drum_pattern(120.0, SECONDS, RATE, seed=seed)[0] + 0.3 * tune).astype(np.float32)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bad`` with two good files, six channels, silence, 10 ms, NaN and a text; good ones of the names elsewhere."""
    folder = tmp_path_factory.mktemp("sets")
    for name in ("bad", "real", "same", "source"):
        (folder / name).mkdir()
    nan = piece(2)
    nan[5000] = np.nan
    waves = {
        "good0": piece(0),
        "good1": piece(1),
        "six": np.stack([piece(3) * (n + 1) / 6 for n in range(6)], axis=1),
        "silent": np.zeros(round(SECONDS * RATE), np.float32),
        "short": piece(4)[:220],
        "nan": nan,
    }
    for number, (name, wave) in enumerate(waves.items()):
        soundfile.write(folder / f"bad/{name}.bass.wav", wave, RATE, subtype="FLOAT")
        for other in ("same", "source"):
            ending = ".bass" if other == "same" else ""
            soundfile.write(folder / f"{other}/{name}{ending}.wav", piece(number + 5), RATE)
    for number in range(3):
        soundfile.write(folder / f"real/{number}.wav", piece(number + 20), RATE)
    (folder / "bad/text.bass.wav").write_text("this is a letter\n" * 100)
    for other, ending in (("same", ".bass"), ("source", "")):
        soundfile.write(folder / f"{other}/text{ending}.wav", piece(12), RATE)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_each_bad_file_has_a_line_and_the_others_are_measured(gantools, folders: Path, command: str) -> None:
    words = [str(folders / word) if (folders / word).exists() else word for word in command.split()]
    done = gantools("evaluate", *words)
    assert done.returncode == 1, done.stderr
    said = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert all(line.startswith(f"gantools evaluate: {folders}/bad/") for line in said), done.stderr
    named = sorted(Path(line.split(": ")[1]).name.split(".")[0] for line in said)
    assert named == sorted({"nan", "text"} | COMMANDS[command])
    assert done.stdout
    assert "Traceback" not in done.stderr
