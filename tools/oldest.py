#!/usr/bin/env python3
"""Try the lower bounds of pyproject.toml: install the lowest versions that they allow, and run tests with them.

    python tools/oldest.py [--venv .venv-oldest] [TESTS ...]

Needs uv, which resolves to the lowest versions (``--resolution lowest-direct``). On Linux that of PyTorch brings CUDA
along: 6 GB. Without TESTS a few files are run that use many dependencies.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = (
    "tests/unit/audio/test_mel.py",
    "tests/unit/symbolic",
    "tests/commands/test_melify.py",
    "tests/commands/test_fxnorm.py",
    "tests/commands/test_wavegan.py",
)


def main() -> int:
    """Install and test; return the exit code of the tests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv-oldest")
    parser.add_argument("--python", default="3.11", help="The oldest Python that is supported.")
    parser.add_argument("tests", nargs="*", default=TESTS)
    options = parser.parse_args()
    uv = shutil.which("uv")
    if uv is None:
        parser.error("needs uv: pip install uv")
    if not options.venv.is_dir():
        subprocess.run([uv, "venv", "--quiet", "--python", options.python, options.venv], check=True)
    python = options.venv / "bin/python"
    install = [uv, "pip", "install", "--quiet", "--python", python, "--resolution", "lowest-direct"]
    subprocess.run([*install, "--editable", f"{ROOT}[test]"], check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {line.partition(">=")[0].replace("-", "_") for line in project["dependencies"]}
    found = subprocess.run([uv, "pip", "freeze", "--python", python], check=True, capture_output=True, text=True).stdout
    print(*(line for line in found.splitlines() if line.partition("==")[0].replace("-", "_") in names), sep="\n")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run([python, "-m", "pytest", *options.tests], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
