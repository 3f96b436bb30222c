"""`gantools separate` beside Demucs' own command line: same weights, same songs, time and difference.

    python benchmarks/bench_separate.py [SONG ...]

Without weights of htdemucs on this machine a seeded network of its size takes their place: what it separates is
worthless, but it costs the same. Each song gives 10 s; both programs get all excerpts in one call. CPU time counts the
start of Python and the loading of the weights, as wall time does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[1]
SECONDS, COUNT = 10, 5
SNAPSHOT = f"models--adefossez--HTDemucs/snapshots/{'0' * 40}"


def seeded_weights(cache: Path) -> None:
    """Write a network of htdemucs' size as Hugging Face's cache would hold it: 42 M parameters."""
    import torch
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    arguments = {
        "sources": ["drums", "bass", "other", "vocals"],
        "bottom_channels": 512,
        "segment": {"_type": "fraction", "numerator": 39, "denominator": 5},
    }
    torch.manual_seed(0)
    net = HTDemucs(**{**arguments, "segment": Fraction(39, 5)})
    folder = cache / SNAPSHOT
    folder.mkdir(parents=True)
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(arguments)}
    save_file({name: t.contiguous() for name, t in net.state_dict().items()}, folder / "955717e8.safetensors", metadata)
    (folder / "htdemucs.yaml").write_text("models: ['955717e8']\n")
    (cache / "models--adefossez--HTDemucs/refs").mkdir()
    (cache / "models--adefossez--HTDemucs/refs/main").write_text("0" * 40)


def excerpts(folder: Path) -> list[str]:
    """Cut 10 s out of five songs at 44.1 kHz, in stereo; return their names."""
    named = [Path(name) for name in sys.argv[1:]]
    real = sorted((ROOT.parent / "shared/data/songs").rglob("*.[om][gp][g3]"))
    bundled = sorted((ROOT / "examples/audio").rglob("*.ogg"))
    names: list[str] = []
    for path in named or real or bundled:
        with soundfile.SoundFile(path) as song:
            if song.samplerate != 44100 or song.channels != 2 or song.frames < (SECONDS + 5) * 44100:
                continue
            song.seek(5 * 44100)
            soundfile.write(folder / f"{len(names)}.wav", song.read(SECONDS * 44100), 44100)
        names.append(f"{len(names)}.wav")
        if len(names) == COUNT:
            return names
    raise SystemExit(f"needs {COUNT} stereo songs of 15 s at 44.1 kHz; name some")


def timed(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a module as a program; return wall seconds, CPU seconds and the peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def difference_db(ours: Path, theirs: Path) -> list[float]:
    """Return the ratio of Demucs' output to the difference of ours from it, in dB, of every stem."""
    found = []
    for path in sorted(theirs.rglob("*.wav")):
        expected, got = (soundfile.read(p)[0] for p in (path, ours / path.relative_to(theirs)))
        error = float(np.square(got - expected).sum())
        found.append(10 * np.log10(float(np.square(expected).sum()) / max(error, 1e-30)))
    return found


def main() -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        songs = excerpts(folder)
        environment = {"HF_HUB_OFFLINE": "1"}
        if not os.environ.get("HF_HUB_CACHE"):
            seeded_weights(folder / "hub")
            environment["HF_HUB_CACHE"] = str(folder / "hub")
        options = ["--shifts", "0", "-d", "cpu"]
        rows = {
            "demucs": timed(
                ["demucs", "-n", "htdemucs", *options, "--float32", "--clip-mode", "none", "-o", "theirs", *songs],
                folder,
                environment,
            ),
            "gantools separate": timed(
                ["gantools", "separate", "--model", "htdemucs", *options, "--bits", "32f", "-o", "ours", *songs],
                folder,
                environment,
            ),
        }
        seconds = SECONDS * COUNT
        print(f"{'':>18} {'wall s':>8} {'CPU s':>8} {'x real time':>12} {'peak MB':>8}")
        for name, (wall_s, cpu_s, peak_mb) in rows.items():
            print(f"{name:>18} {wall_s:8.1f} {cpu_s:8.1f} {seconds / wall_s:12.2f} {peak_mb:8.0f}")
        (wall, cpu, _), (our_wall, our_cpu, _) = rows.values()
        print(f"{'ratio':>18} {wall / our_wall:8.2f} {cpu / our_cpu:8.2f}")
        found = difference_db(folder / "ours", folder / "theirs" / "htdemucs")
        print(f"SDR of ours to theirs over {len(found)} stems: {min(found):.0f} to {max(found):.0f} dB")


if __name__ == "__main__":
    main()
