#!/usr/bin/env python3
"""Run the fuzzer: `python tests/fuzz/run.py --cases 20000 --seed 1`.

A find is an internal error, a traceback, another exit code than 0, 1 or 2, a message that does not say whose it is, a
crash, a hang, too much memory, or a good file that was not done because of its bad neighbour. Each is printed with what
makes it again: `--seed S --only NUMBER`.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from running import run_here  # noqa: E402

from fuzz.cases import Case, Maker  # noqa: E402
from fuzz.corpus import make_corpus  # noqa: E402

#: A case hangs when it has used so much processor time, which a busy machine does not lengthen, or waits for so long.
HANG_CPU_SECONDS, HANG_SECONDS = 120.0, 600.0
MEMORY_BYTES = 2 << 30
_PAGE, _TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")


def write(case: Case, folder: Path) -> None:
    """Write the files of a case."""
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def judge(case: Case, done: Any) -> str:
    """Return what is wrong with how a case ended, or an empty string."""
    lines = done.stderr.splitlines()
    for line in lines:
        if "internal error" in line:
            return f"internal error: {line}"
    if "Traceback" in done.stderr:
        return f"traceback: {done.stderr[-300:]}"
    if done.returncode not in (0, 1, 2):
        return f"exit code {done.returncode}"
    if "out of memory" in done.stderr:
        return f"memory: {lines[0]}"
    if done.returncode and not lines:
        return f"no message, exit code {done.returncode}"
    if done.returncode == 2 and [line for line in lines if not line.startswith("gantools ")]:
        return f"no line of ours: {lines}"
    if case.good:
        if done.returncode == 2:
            return f"lost good file: {lines[-1]}"
        records = [json.loads(line) for line in done.stdout.splitlines()]
        if not any(case.good in str(r["source"]) and r["status"] == "ok" for r in records):
            return f"lost good file: {done.stdout[-200:]} {done.stderr[-200:]}"
    return ""


def attempt(case: Case, folder: Path) -> tuple[str, Any]:
    """Run a case in `folder`, which it gets for itself, and judge it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write(case, folder)
    done = run_here(folder, *case.arguments, input=case.stdin)
    return judge(case, done), done


def _serve(maker: Maker, numbers: list[int], folder: Path, pipe: int) -> None:
    """Run cases in this process, which is a child, and tell through `pipe` when each begins and what came of it."""
    virtual = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    resource.setrlimit(resource.RLIMIT_AS, (virtual + MEMORY_BYTES, virtual + MEMORY_BYTES))
    with os.fdopen(pipe, "w", buffering=1) as told:
        for number in numbers:
            told.write(json.dumps({"begin": number}) + "\n")
            try:
                case = maker.case(number)
                find, _ = attempt(case, folder)
            except BaseException as error:
                find = f"escaped: {type(error).__name__}: {error}"
            told.write(json.dumps({"end": number, "find": find}) + "\n")


def _used(process: int) -> float:
    """Return the seconds of processor time of a process and of those of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def run_all(maker: Maker, numbers: list[int], folder: Path) -> Iterator[tuple[int, str, float]]:
    """Yield number, find and seconds of each case. A crash or a hang ends a child; the next goes on behind it."""
    waiting = list(numbers)
    while waiting:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                _serve(maker, waiting, folder, writer)
            finally:
                os._exit(0)
        os.close(writer)
        current, since, used = waiting[0], time.monotonic(), 0.0
        buffer, find = b"", ""
        while not find:
            if not select.select([reader], [], [], 5.0)[0]:
                if _used(child) - used < HANG_CPU_SECONDS and time.monotonic() - since < HANG_SECONDS:
                    continue
                find = "hang"
                os.kill(child, signal.SIGKILL)
                break
            data = os.read(reader, 1 << 16)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                message = json.loads(line)
                if "begin" in message:
                    current, since, used = message["begin"], time.monotonic(), _used(child)
                else:
                    waiting.remove(message["end"])
                    yield message["end"], message["find"], time.monotonic() - since
        os.close(reader)
        status = os.waitpid(child, 0)[1]
        if waiting:
            if os.WIFSIGNALED(status) and not find:
                find = f"crash: signal {os.WTERMSIG(status)}"
            current = current if current in waiting else waiting[0]
            waiting.remove(current)
            yield current, find or f"ended with status {status}", time.monotonic() - since


def main(arguments: list[str] | None = None) -> int:
    """Run cases, print finds and a summary; return 1 where there are finds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="run this case in this process, with its whole output")
    parser.add_argument("--keep", type=Path, help="with --only: folder to leave its files in")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gantools-fuzz-") as name:
        folder = Path(name)
        start = time.monotonic()
        make_corpus(folder / "corpus")
        maker = Maker(folder / "corpus", options.seed)
        print(f"corpus in {time.monotonic() - start:.1f} s", flush=True)
        if options.only is not None:
            return _show(maker.case(options.only), options.keep or folder / "case")
        start, kinds, verbs = time.monotonic(), collections.Counter[str](), collections.Counter[str]()
        slowest: list[tuple[float, int]] = []
        for number, find, seconds in run_all(
            maker, [*range(options.first, options.first + options.cases)], folder / "case"
        ):
            what = maker.case(number).what
            verbs[what.split(":")[0]] += 1
            slowest.append((seconds, number))
            if find:
                kinds[find.split(":")[0]] += 1
                print(f"#{number} {what}\n    {find[:400]}", flush=True)
        print(
            f"{options.cases} cases of seed {options.seed} in {time.monotonic() - start:.0f} s: {kinds.total()} finds, "
            f"{sum(os.times()[:4]):.0f} s of processor time"
        )
        print("finds: " + (", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"))
        print("cases: " + ", ".join(f"{count} {verb}" for verb, count in verbs.most_common()))
        for seconds, number in sorted(slowest, reverse=True)[:5]:
            print(f"slowest: {seconds:.2f} s #{number} {maker.case(number).what}")
    return 1 if kinds else 0


def _show(case: Case, folder: Path) -> int:
    print(case.what, case.arguments)
    find, done = attempt(case, folder)
    print(f"exit code {done.returncode}\n{done.stdout}{done.stderr}find: {find or 'none'}")
    if find.startswith("internal error"):
        print(run_here(folder, *case.arguments, "--debug", input=case.stdin).stderr)
    return 1 if find else 0


if __name__ == "__main__":
    sys.exit(main())
