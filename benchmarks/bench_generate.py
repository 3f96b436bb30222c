"""Generation of whole songs: speed, seams, and memory that does not grow with the song.

    python benchmarks/bench_generate.py [MODEL]

Without a model, one of two steps is trained on synthesised songs: speed and memory do not depend on what it learnt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile


def gantools(*arguments: str, cwd: Path) -> tuple[str, float, float]:
    """Run a command; return stdout, the peak memory in MB and the CPU-seconds of the child."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gantools", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"gantools {' '.join(arguments)} failed")
    return text, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def song(path: Path, minutes: float) -> None:
    """Write a bass line of decaying notes with some noise."""
    rate_hz, rng = 44100, np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", rate_hz, 1) as file:
        for _ in range(round(minutes * 120)):
            time = np.arange(rate_hz // 2) / rate_hz
            note = np.sin(2 * np.pi * 55 * 2 ** (rng.integers(12) / 12) * time) * np.exp(-4 * time)
            file.write(0.5 * note + 0.003 * rng.standard_normal(len(time)))


def main() -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if len(sys.argv) > 1:
            model = str(Path(sys.argv[1]).resolve())
        else:
            for role in ("bass", "drums"):
                (folder / "stems/a").mkdir(parents=True, exist_ok=True)
                song(folder / f"stems/a/{role}.wav", 0.4)
            gantools("melify", "stems", "-o", "mels", "-q", cwd=folder)
            gantools("chunk", "mels", "-o", "chunks", "--split", "1/0/0", "-q", cwd=folder)
            gantools(
                "train", "cyclegan", "chunks", "-o", "model", "--preset", "small", "--steps", "2", "-q", cwd=folder
            )
            model = "model"
        print(f"{'song':>8} {'CPU s':>8} {'x real time':>12} {'peak MB':>8} {'seam ratio':>11}")
        peaks = []
        for minutes in (3, 30):
            song(folder / f"bass{minutes}.wav", minutes)
            text, peak_mb, cpu_s = gantools(
                "generate",
                "cyclegan",
                model,
                f"bass{minutes}.wav",
                "-o",
                f"out{minutes}",
                "--mix",
                "--json",
                cwd=folder,
            )
            record = json.loads(text)
            frames = soundfile.info(folder / record["path"]).frames
            assert frames == soundfile.info(folder / f"bass{minutes}.wav").frames, "length differs"
            peaks.append(peak_mb)
            speed, seam = 60 * minutes / cpu_s, record["seam_ratio"]
            print(f"{minutes:>5} min {cpu_s:>8.1f} {speed:>12.1f} {peak_mb:>8.0f} {seam:>11.3f}")
        print(f"memory for 30 minutes over that for 3: {peaks[1] - peaks[0]:+.0f} MB")


if __name__ == "__main__":
    main()
