"""CPU seconds from the command to its help, for the program and each verb; beside them an empty Python and Typer alone.

The least of several runs each, as everything else on the machine only adds. Run it as a script; it takes half a minute.
The limits are those of the design: 0.30 s for `gantools --help`, 0.35 s for a verb's.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from stopwatch import timed

from gantools.cli.app import VERBS

LIMIT_S, VERB_LIMIT_S = 0.30, 0.35


def least_cpu_s(arguments: list[str], runs: int) -> float:
    """Return the least CPU seconds of `runs` processes of this Python."""
    command = [sys.executable, *arguments]
    return min(
        timed(lambda: subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True))[1]
        for _ in range(runs)
    )


def main() -> None:
    """Print the table; exit 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    rows = {"python -c pass": (["-c", "pass"], 0.0), "import typer": (["-c", "import typer"], 0.0)}
    rows["gantools --help"] = (["-m", "gantools", "--help"], LIMIT_S)
    rows |= {f"gantools {verb} --help": (["-m", "gantools", verb, "--help"], VERB_LIMIT_S) for verb in VERBS}
    passed = False
    print(f"{'':26} CPU s  limit")
    for name, (arguments, limit_s) in rows.items():
        taken_s = least_cpu_s(arguments, runs)
        passed |= bool(limit_s) and taken_s > limit_s
        print(f"{name:26} {taken_s:5.2f}  {limit_s or '':>5}", flush=True)
    sys.exit(passed)


if __name__ == "__main__":
    main()
