"""What the package imports is what it declares; the source distribution has all that is tracked."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Modules of extras, by their distributions: they need not be installed.
OPTIONAL = {name: name for name in ("distributed", "music21", "onnx", "onnxruntime", "pyloudnorm")}
#: Declared without an import: onnx's exporter in torch imports it.
BEHIND = {"onnxscript"}


def plain(requirement: str) -> str:
    """Return the name of a requirement as registries compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def imported() -> dict[str, str]:
    """Return each module that is imported from elsewhere, and one file that does it."""
    found: dict[str, str] = {}
    for path in sorted(p for folder in ("src", "commands") for p in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names}:
                if top not in sys.stdlib_module_names and top != "gantools":
                    found[top] = path.relative_to(ROOT).as_posix()
    return found


def test_what_is_imported_is_declared_and_nothing_else() -> None:
    declared = {plain(line) for line in PROJECT["dependencies"]}
    users = {"musicxml", "pyloudnorm", "dask", "onnx"}
    extras = {plain(line) for extra in users for line in PROJECT["optional-dependencies"][extra]}
    found = packages_distributions()
    needed = {top: plain(OPTIONAL.get(top) or found[top][0]) for top in imported()}
    assert {top: name for top, name in needed.items() if name not in declared | extras} == {}
    assert declared - set(needed.values()) == set()
    assert extras - set(needed.values()) == BEHIND


def test_every_dependency_has_a_lower_bound_that_the_tested_versions_keep() -> None:
    from packaging.requirements import Requirement

    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    pins = {plain(name): version for name, version in pins.items()}
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for line in PROJECT["dependencies"] + extras:
        requirement = Requirement(line)
        assert any(bound.operator == ">=" for bound in requirement.specifier), line
        version = pins.get(plain(requirement.name))
        assert version is None or requirement.specifier.contains(version), f"{line}: {version}"


def test_every_lower_bound_is_the_version_that_was_tried() -> None:
    """`make oldest` records in tools/oldest.txt what it resolved and ran tests with."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    lines = (ROOT / "tools/oldest.txt").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"# .*: \d{4}-\d\d-\d\d, Python " + re.escape(PROJECT["requires-python"][2:]) + r"\.", lines[0])
    tried = {plain(name): Version(version) for name, version in (line.split("==") for line in lines[1:])}
    for requirement in map(Requirement, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]):
        bounds = [Version(bound.version) for bound in requirement.specifier if bound.operator == ">="]
        assert bounds == [tried[plain(requirement.name)]], requirement.name


def test_the_source_distribution_has_all_that_is_tracked(tmp_path: Path) -> None:
    """By the file list that setuptools makes of MANIFEST.in, which takes a second, instead of the archive."""
    git = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no checkout: nothing tells what is tracked")
    pytest.importorskip("setuptools")
    script = f"""
import os, sys
from setuptools import Distribution
from setuptools.command.egg_info import manifest_maker
os.chdir({str(ROOT)!r})
distribution = Distribution()
distribution.script_name = "setup.py"
distribution.parse_config_files()
command = distribution.get_command_obj("egg_info")
command.egg_base = {str(tmp_path)!r}
command.ensure_finalized()
maker = manifest_maker(distribution)
maker.manifest = {str(tmp_path / "SOURCES.txt")!r}
maker.template = "MANIFEST.in"
command.filelist = None
os.makedirs(command.egg_info, exist_ok=True)
maker.run()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    members = set((tmp_path / "SOURCES.txt").read_text(encoding="utf-8").splitlines())
    wanted = {name for name in listed.stdout.splitlines() if not name.startswith(".") and (ROOT / name).is_file()}
    assert wanted - members == set()


def test_the_image_has_the_torch_of_the_constraints_and_no_privileges() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    torch = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert any(f"torch=={torch} --index-url https://download.pytorch.org/whl/cpu" in line for line in lines)
    assert lines[0] == f"FROM python:{PROJECT['requires-python'].removeprefix('>=')}-slim"
    assert lines.index("USER musician") < lines.index('ENTRYPOINT ["gantools"]')
