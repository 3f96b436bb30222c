#!/usr/bin/env python3
"""Try the lower bounds of pyproject.toml: install the lowest versions that they allow, and run tests with them.

    python tools/oldest.py [--venv .venv-oldest] [TESTS ...]
    python tools/oldest.py --over .venv [TESTS ...]

The first needs uv, which resolves to the lowest versions (``--resolution lowest-direct``). On Linux that of PyTorch
brings CUDA along: 6 GB. The second needs neither: it puts the recorded versions over those of an environment that is
there, all but PyTorch's, and takes a minute. Without TESTS a few files are run that use many dependencies; once they
pass, the first records the versions in ``tools/oldest.txt``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tools/oldest.txt"
TESTS = (
    "tests/unit/audio/test_mel.py",
    "tests/unit/symbolic",
    "tests/unit/metrics/collapse",
    "tests/commands/test_melify.py",
    "tests/commands/test_fxnorm.py",
    "tests/commands/test_wavegan.py",
)
#: They are an environment's largest and depend on each other exactly: `--over` leaves them as they are.
TORCH = ("torch", "torchaudio", "triton")


def plain(name: str) -> str:
    """Return the name of a package as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, str]:
    """Return the version of each package in a file of lines ``name==version``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {plain(name): version for name, found, version in (line.partition("==") for line in lines) if found}


def direct() -> set[str]:
    """Return the packages that pyproject.toml names for users and for the tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["test"]
    return {plain(re.split(r"[^\w.-]", line)[0]) for line in lines}


def install_lowest(uv: str, venv: Path, version: str) -> Path:
    """Make an environment of the lowest versions; return its Python."""
    if not venv.is_dir():
        _do(uv, "venv", "--quiet", "--python", version, venv)
    python = venv / "bin/python"
    lowest = ("--quiet", "--resolution", "lowest-direct")
    _do(uv, "pip", "install", "--python", python, *lowest, "--editable", f"{ROOT}[test]")
    return python


def record(uv: str, python: Path, version: str) -> None:
    """Write what is installed: all that pyproject.toml names, and of the rest what is older than what CI has."""
    frozen = _said(uv, "pip", "freeze", "--python", python)
    newest, named = pins(ROOT / "constraints.txt"), direct()
    head = f"# The lowest that pyproject.toml allows, as tools/oldest.py tested it: {date.today()}, Python {version}."
    kept = [head]
    for line in frozen.splitlines():
        name, found, at = line.partition("==")
        if found and (plain(name) in named or _numbers(at) < _numbers(newest.get(plain(name), "0"))):
            kept.append(f"{plain(name)}=={at}")
    RECORD.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _do(*command: str | Path) -> None:
    subprocess.run(command, check=True)


def _said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])]


def install_over(below: Path, venv: Path) -> Path:
    """Make an environment of the recorded versions, with all else from the environment `below`; return its Python."""
    listed = _said(below / "bin/python", "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check")
    there = {plain(line.partition("==")[0]): line.partition("==")[2] for line in listed.splitlines()}
    lower = [f"{name}=={at}" for name, at in pins(RECORD).items() if name not in TORCH and there.get(name) != at]
    _do(below / "bin/python", "-m", "venv", "--clear", venv)
    python = venv / "bin/python"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile")
    _do(python, "-m", "pip", "install", *quiet, "--no-deps", *lower)
    # Behind its own packages come those of the other environment, with what makes gantools editable there.
    [own], [other] = venv.glob("lib/python*/site-packages"), below.resolve().glob("lib/python*/site-packages")
    (own / "over.pth").write_text(f"import site; site.addsitedir({str(other)!r})\n", encoding="utf-8")
    print(f"over {below}:", *lower, flush=True)
    return python


def main() -> int:
    """Install and test; return the exit code of the tests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--venv", type=Path, help="Where to make it: .venv-oldest, or .venv-over where there is --over."
    )
    parser.add_argument("--python", default="3.11", help="The oldest Python that is supported.")
    parser.add_argument("--over", type=Path, metavar="VENV", help="Take PyTorch and what is not recorded from there.")
    parser.add_argument("tests", nargs="*", default=TESTS)
    options = parser.parse_args()
    venv = options.venv or ROOT / (".venv-over" if options.over else ".venv-oldest")
    uv = shutil.which("uv")
    if options.over:
        python = install_over(options.over, venv)
    elif uv:
        python = install_lowest(uv, venv, options.python)
    else:
        parser.error("needs uv: pip install uv")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    code = subprocess.run([python, "-m", "pytest", *options.tests], cwd=ROOT, env=environment).returncode
    if uv and not options.over and not code and options.tests is TESTS:
        record(uv, python, options.python)
    return code


if __name__ == "__main__":
    sys.exit(main())
