"""Loops found in sound, beside PyMusicLooper; MIDI files scored, and parsed beside pretty_midi.

    python benchmarks/bench_loopscore.py [--songs 40] [--midi 1000] [--method svdd]

It reads the shared music (`../shared/data`): 149 loops of known tempo and bars, and songs that are assembled from them,
with music of another kind before and behind. PyMusicLooper (MIT, on PyPI) is no dependency of gantools. It is run where
it has an environment of its own:

    python3 -m venv looper && looper/bin/pip install pymusiclooper==3.6.0 pretty_midi
    LOOPER=looper/bin/python python benchmarks/bench_loopscore.py

All files have names that tell nothing. A loop counts as found when what was found is whole bars of it, to 10 ms.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from gantools.audio.io import read_audio
from gantools.audio.resample import resample
from gantools.runtime.seeds import item_seed
from gantools.structure.loops.seam import flux_at, measure_seam

DATA = Path(__file__).resolve().parents[2] / "shared/data"
RATE_HZ = 44100
TOLERANCE_S = 0.010
#: Targets: loops that are found, and CPU seconds of 1,000 MIDI files on two cores of which each has 60.
LEAST_FOUND, MOST_CPU_S = 0.9, 120.0
#: What is before and behind the loops of a song that is assembled.
_AROUND = ("songs/piano", "songs/orchestral", "songs/folk")
_LOOPER = """
import sys
from pymusiclooper.core import MusicLooper
least = float(sys.argv[1]) or None
for path in sys.stdin.read().split("\\n"):
    try:
        looper = MusicLooper(path)
        best = looper.find_loop_pairs(**({"min_loop_duration": least} if least else {}))[0]
        print(looper.mlaudio.trim_offset and 0, best.loop_start, best.loop_end, path, sep="\\t")
    except Exception as error:
        print("none", type(error).__name__, path, sep="\\t", file=sys.stderr)
"""

_PARSE = """
import sys, time
from pathlib import Path
{}
begun = time.process_time()
for p in sorted(Path(sys.argv[1]).glob("*.mid")):
    try:
        {}
    except Exception as error:
        print(p.name, error, file=sys.stderr)
print(time.process_time() - begun)
"""


@dataclass(frozen=True)
class Known:
    """A file and the length of its loop's bar."""

    path: Path
    bar_s: float
    bars: int


def known_loops(folder: Path) -> list[Known]:
    """Copy the loops of the shared data under names that tell nothing."""
    found: list[Known] = []
    with open(DATA / "MANIFEST.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["role"].startswith("loop:"):
                bpm, bars = row["role"].removeprefix("loop:").split(",")
                path = folder / f"loop-{len(found):03}{Path(row['file']).suffix}"
                shutil.copyfile(DATA / row["file"], path)
                found.append(Known(path, 240 / float(bpm), int(bars)))
    return found


def assembled(folder: Path, loops: list[Known], count: int) -> list[Known]:
    """Write songs: music of another kind, a loop again and again for 12 bars or more, and other music again."""
    around = sorted(path for place in _AROUND for path in (DATA / place).glob("*.ogg"))
    made = []
    for number, loop in enumerate(loops[:: max(1, len(loops) // count)][:count]):
        random = np.random.default_rng(item_seed(0, "assembled", number))
        clip, rate_hz = read_audio(loop.path)
        clip = np.stack([resample(np.ascontiguousarray(channel), rate_hz, RATE_HZ) for channel in clip])
        # The loop begins again at its own length, which is no whole number of samples.
        times = -(-12 // loop.bars)
        period = loop.bar_s * loop.bars * RATE_HZ
        middle = np.zeros((2, round(times * period)), np.float32)
        for turn in range(times):
            start, end = round(turn * period), round((turn + 1) * period)
            piece = clip[:, : end - start]
            middle[:, start : start + piece.shape[1]] = np.resize(piece, (2, piece.shape[1]))
        parts = [_excerpt(around, random), middle, _excerpt(around, random)]
        path = folder / f"song-{number:03}.wav"
        soundfile.write(path, np.concatenate(parts, axis=1).T, RATE_HZ)
        made.append(Known(path, loop.bar_s, loop.bars))
    return made


def _excerpt(around: list[Path], random: np.random.Generator) -> np.ndarray:
    wave, rate_hz = read_audio(around[int(random.integers(len(around)))])
    seconds = float(random.uniform(5, 12))
    start = int(random.integers(max(1, wave.shape[1] - int(seconds * rate_hz))))
    piece = np.resize(wave[:, start : start + int(seconds * rate_hz)], (2, int(seconds * rate_hz)))
    fade = np.minimum(1, np.linspace(0, 20, piece.shape[1], dtype=np.float32))
    return np.asarray(0.5 * piece * fade * fade[::-1], np.float32)


def run(command: list[str], stdin: str) -> tuple[str, float, float]:
    """Run a program; return its output, its CPU seconds and its seconds."""
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as said:
        given.write(stdin)
        given.seek(0)
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=said, stderr=subprocess.DEVNULL, text=True)
        _, _, usage = os.wait4(process.pid, 0)
        said.seek(0)
        return said.read(), usage.ru_utime + usage.ru_stime, time.perf_counter() - begun


def points_of(text: str) -> dict[str, tuple[int, int]]:
    """Return the loop of each file from lines of start, end and file; the first of each counts."""
    found: dict[str, tuple[int, int]] = {}
    for line in text.splitlines():
        start, end, name = line.split("\t")[-3:] if "\t" in line else line.split(" ", 2)
        found.setdefault(name, (int(start), int(end)))
    return found


_missed: list[str] = []


def judge(known: list[Known], points: dict[str, tuple[int, int]]) -> tuple[str, float]:
    """Return the cells of a row: loops found as whole bars and as whole loops, and what is heard at their joins.

    The second result is the share of whole loops.

    The flux at the join over the median inside, as a median; the same over the flux that the recording itself has where
    the loop begins, which is what begins there anyway; and joins whose step is above the 99th percentile inside.
    """
    bars = loops = clicks = 0
    flux, over = [], []
    for one in known:
        if str(one.path) not in points:
            continue
        start, end = points[str(one.path)]
        clip, rate_hz = read_audio(one.path)
        length = (end - start) / rate_hz
        whole = max(1, round(length / one.bar_s))
        bars += abs(length - whole * one.bar_s) <= TOLERANCE_S
        turns = max(1, round(length / (one.bar_s * one.bars)))
        loops += abs(length - turns * one.bar_s * one.bars) <= TOLERANCE_S
        seam = measure_seam(clip[:, start:end], rate_hz)
        flux.append(seam.flux)
        clicks += seam.step > 1
        reach = rate_hz // 20
        if start > reach and end - start > 2 * reach:
            beginning = clip[:, start : start + reach]
            natural = flux_at(clip[:, start - reach : start], beginning, rate_hz)
            over.append(flux_at(clip[:, end - reach : end], beginning, rate_hz) / max(natural, 1e-9))
    count = len(known)
    own = f"{np.median(over):10.2f}" if over else f"{'-':>10}"
    middle = np.median(flux) if flux else np.nan
    cells = f"{bars / count:10.1%} {loops / count:11.1%} {middle:12.2f} {own} {clicks / max(1, len(flux)):7.1%}"
    return cells, loops / count


def compare(title: str, known: list[Known], method: list[str]) -> None:
    """Print how gantools and PyMusicLooper do on some files."""
    names = "\n".join(str(one.path) for one in known)
    own = [sys.executable, "-m", "gantools", "loopscore", "-", "--points", "--best", "-q", *method]
    programs = {"gantools": own}
    if looper := os.environ.get("LOOPER"):
        programs["PyMusicLooper"] = [looper, "-c", _LOOPER, "0"]
        programs["PyMusicLooper, loops from 1 s"] = [looper, "-c", _LOOPER, "1"]
    seconds = sum(soundfile.info(one.path).duration for one in known)
    print(f"\n{title}: {len(known)} files, {seconds / 60:.1f} min")
    heads = f"{'whole bars':>10} {'whole loops':>11} {'flux at join':>12} {'over own':>10} {'clicks':>7}"
    print(f"{'':30} {heads} {'CPU s':>7}")
    for name, command in programs.items():
        text, cpu_s, _ = run(command, names)
        cells, share = judge(known, points_of(text))
        print(f"{name:30} {cells} {cpu_s:7.1f}", flush=True)
        if name == "gantools" and share < LEAST_FOUND:
            _missed.append(f"{title}: {share:.1%} of loops found, {LEAST_FOUND:.0%} wanted")


def notes(folder: Path, count: int, method: list[str]) -> None:
    """Print how long MIDI files take."""
    originals = sorted((DATA / "midi").rglob("*.mid"))
    for number in range(count):
        shutil.copyfile(originals[number % len(originals)], folder / f"{number:04}.mid")
    own = [sys.executable, "-m", "gantools", "loopscore", str(folder), "--best", "-q", *method]
    print(f"\n{count} MIDI files")
    for jobs in ("1", "2"):
        _, cpu_s, wall_s = run([*own, "-j", jobs], "")
        print(f"scored, {jobs} job{'s' if jobs > '1' else ' '}  {wall_s:7.1f} s  {cpu_s:7.1f} CPU s", flush=True)
        if cpu_s > MOST_CPU_S * count / 1000:
            _missed.append(f"{cpu_s:.0f} CPU s for {count} MIDI files")
    programs = {"gantools": (sys.executable, "from gantools.symbolic.midi import read_midi", "read_midi(p)")}
    if looper := os.environ.get("LOOPER"):
        programs["pretty_midi"] = (looper, "import pretty_midi", "pretty_midi.PrettyMIDI(str(p))")
    few = folder.parent / "few"
    few.mkdir()
    for path in originals:
        shutil.copyfile(path, few / path.name)
    for name, (python, first, each) in programs.items():
        text, _, _ = run([python, "-c", _PARSE.format(first, each), str(few)], "")
        print(f"parsed, {len(originals)} files, {name:12} {float(text or 'nan'):7.2f} CPU s", flush=True)


def main() -> None:
    """Print three tables; exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=int, default=40)
    parser.add_argument("--midi", type=int, default=1000)
    parser.add_argument("--method", default="svdd")
    given = parser.parse_args()
    if not DATA.is_dir():
        print(f"left out: {DATA}, which holds the loops, is absent")
        return
    if not os.environ.get("LOOPER"):
        print(
            "PyMusicLooper is left out: LOOPER names no Python that has it; the head of this file tells how to get it"
        )
    method = ["--method", given.method]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("loops", "songs", "midi"):
            (folder / name).mkdir()
        loops = known_loops(folder / "loops")
        compare("Loops", loops, method)
        if given.songs:
            compare("Songs assembled from them", assembled(folder / "songs", loops, given.songs), method)
        if given.midi:
            notes(folder / "midi", given.midi, method)
    if _missed:
        raise SystemExit("missed: " + "; ".join(_missed))


if __name__ == "__main__":
    main()
