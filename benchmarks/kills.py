"""Kill every verb at random moments, run it again, and compare with a run that nobody disturbed.

Prints a table: kills, reruns that failed, outputs that differ in a byte (models: in a tensor), temporaries left. A
process with the libraries already loaded is forked for each command, so that a kill falls into the work and costs what
the work costs. `--jobs 2` is among the commands; their workers are processes of their own, as always.

    python benchmarks/kills.py --kills 500 --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.update({f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")})

import numpy as np
import soundfile
from safetensors.numpy import load_file

RATE_HZ = 22050
#: Commands, each after those whose outputs it reads. What it writes is last.
COMMANDS: dict[str, tuple[str, ...]] = {
    "melify": ("melify", "in", "-o", "mels"),
    "melify -j 2": ("melify", "in", "-j", "2", "-o", "mels2"),
    "invert": ("invert", "mels", "--effort", "draft", "-o", "back"),
    "invert -j 2": ("invert", "mels", "--effort", "draft", "-j", "2", "-o", "back2"),
    "chunk": ("chunk", "mels", "--frames", "32", "--stride", "16", "--split", "1/0/0", "-o", "chunks"),
    "chunk -j 2": ("chunk", "mels", "--frames", "32", "--split", "1/0/0", "-j", "2", "-o", "chunks2"),
    "separate": ("separate", "in", "--model", "tiny", "-o", "stems"),
    "fxnorm fit": ("fxnorm", "fit", "in", "-o", "features.json"),
    "fxnorm apply": ("fxnorm", "apply", "in", "--target", "musdb18", "--no-table", "-o", "norm"),
    "train wavegan": (
        *("train", "wavegan", "in", "--preset", "small", "--variant", "baseline", "--width", "4", "--batch-size", "4"),
        *(
            "--samples",
            "4096",
            "--validation-clips",
            "8",
            "--steps",
            "12",
            "--validate-every",
            "4",
            "--save-every",
            "2",
        ),
        *("--threads", "1", "-d", "cpu", "-o", "model"),
    ),
    "generate wavegan": ("generate", "wavegan", "model", "--count", "6", "-d", "cpu", "-o", "clips"),
    "evaluate rhythm": ("evaluate", "rhythm", "in", "in", "--role", "drums", "--source-role", "bass", "-o", "report"),
}


def make_inputs(folder: Path) -> None:
    """Write three songs of two stems, a tone and noise that beat."""
    draw = np.random.default_rng(0)
    time_s = np.arange(7 * RATE_HZ) / RATE_HZ
    for song in range(3):
        for role in ("bass", "drums"):
            beats = np.exp(-8 * np.mod(time_s * (2 + song / 2), 1))
            tone = np.sin(2 * np.pi * (60 + 20 * song) * time_s) if role == "bass" else draw.normal(size=time_s.size)
            path = folder / f"in/song{song}/{role}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, (0.3 * beats * tone / np.abs(tone).max()).astype(np.float32), RATE_HZ)


def start(folder: Path, arguments: Sequence[str]) -> int:
    """Start a command in a fork of this process, in a group of its own; return its number."""
    process = os.fork()
    if process:
        return process
    os.setsid()
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, descriptor in enumerate((null, null, said)):
        os.dup2(descriptor, number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate(("r", "w", "w")))
    code = 1
    try:
        from gantools.cli.app import main

        main([*arguments, "-q"])
    except SystemExit as stop:
        code = int(stop.code or 0) if not isinstance(stop.code, str) else 1
    finally:
        os._exit(code)


def run(folder: Path, arguments: Sequence[str]) -> int:
    """Run a command to its end and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(start(folder, arguments), 0)[1])


def differences(whole: Path, other: Path) -> list[str]:
    """Return the outputs that differ: tensors of weights, bytes of all else but records of times and paths."""
    if whole.is_file():
        one, two = (json.loads(path.read_text()) for path in (whole, other))
        dated = ("created", "written")  # the time, and a hash of all with it
        return [f"{whole.name}: {key}" for key in one if key not in dated and one[key] != two.get(key)]
    found = []
    names = {p.relative_to(f).as_posix() for f in (whole, other) for p in f.rglob("*") if p.is_file()}
    for name in sorted(names):
        if name.endswith((".jsonl", "report.json", "report.html", "config.json")) and "index" not in name:
            continue  # seconds and times are in them
        one, two = whole / name, other / name
        there = one.exists() and two.exists()
        if not there or (one.read_bytes() != two.read_bytes() and not _same_tensors(one, two)):
            found.append(name)
    return found


def _same_tensors(one: Path, two: Path) -> bool:
    if one.suffix != ".safetensors":
        return False
    a, b = load_file(one), load_file(two)
    return a.keys() == b.keys() and all(a[key].tobytes() == b[key].tobytes() for key in a)


def kill(folder: Path, arguments: Sequence[str], after_s: float) -> tuple[bool, int]:
    """Start a command and kill it, not its workers, after a while.

    Returns
    -------
    bool, int
        Whether it lived that long; how many of its workers are alive after it.
    """
    process = start(folder, arguments)
    time.sleep(after_s)
    alive = os.waitpid(process, os.WNOHANG)[0] == 0
    if alive:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    return alive, survivors(process)


def survivors(session: int) -> int:
    """Return how many processes of a command's session are alive two seconds after its end."""
    until = time.monotonic() + 2.0
    while (count := _alive_in(session)) and time.monotonic() < until:
        time.sleep(0.1)
    return count


def _alive_in(session: int) -> int:
    count = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        count += int(fields[3]) == session and fields[0] != "Z"
    return count


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60, help="kills in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="a part of the name of a command")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    # Loaded before the forks, but nothing is computed: threads would not survive one.
    import matplotlib.figure
    import numba
    import torch

    import gantools.cli.app
    import gantools.training.loop

    del matplotlib, numba, torch, gantools
    with tempfile.TemporaryDirectory(prefix="kills-") as scratch:
        folder = Path(scratch)
        make_inputs(folder)
        chosen = [name for name in COMMANDS if options.only in name]
        seconds: dict[str, float] = {}
        for name, arguments in COMMANDS.items():
            begun = time.monotonic()
            if code := run(folder, arguments):
                sys.exit(f"{name}: exit code {code}: {(folder / 'said.txt').read_text().strip()}")
            seconds[name] = time.monotonic() - begun
        rows = {name: [0, 0, 0, 0, 0, 0] for name in chosen}
        for turn in range(options.kills):
            name = chosen[turn % len(chosen)]
            arguments, row = COMMANDS[name], rows[name]
            whole = folder / arguments[-1]
            other = whole.with_name(f"killed-{whole.name}")
            command = (*arguments[:-1], other.name)
            alive, orphans = kill(folder, command, draw.uniform(0, seconds[name]))
            row[0] += 1
            row[1] += alive
            row[5] += orphans
            if code := run(folder, command):
                row[2] += 1
                print(f"{name}: rerun ended with {code}: {(folder / 'said.txt').read_text().strip()}", file=sys.stderr)
            elif found := differences(whole, other):
                row[3] += 1
                print(f"{name}: {', '.join(found)} differ", file=sys.stderr)
            row[4] += sum(1 for _ in other.rglob(".*.tmp")) if other.is_dir() else 0
            row[4] += sum(1 for _ in folder.glob(".killed-*"))
            shutil.rmtree(other, ignore_errors=True)
            other.unlink(missing_ok=True) if other.is_file() else None
            for left in folder.glob(".killed-*"):
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink()
    columns = ("kills", "alive", "failed", "differ", "left", "orphans")
    print(f"{'command':18} {'s':>5} " + " ".join(f"{name:>7}" for name in columns))
    for name, row in rows.items():
        print(f"{name:18} {seconds[name]:5.1f} " + " ".join(f"{count:7}" for count in row))
    total = [sum(row[column] for row in rows.values()) for column in range(len(columns))]
    print(f"{'all':18} {'':5} " + " ".join(f"{count:7}" for count in total))
    sys.exit(any(total[2:]))


if __name__ == "__main__":
    main()
